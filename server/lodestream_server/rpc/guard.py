"""What surrounds every call: who calls, draining, errors, counting."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress

import grpc
from grpc_status import rpc_status

from lodestream_server import logs, tracing
from lodestream_server.errors import (
    INTERNAL,
    DrainingError,
    InvalidRequestError,
    StalledError,
    UnauthenticatedError,
    new_request_id,
    outside,
)
from lodestream_server.metrics import Metrics
from lodestream_server.rpc.status import to_status
from lodestream_server.security.gate import Caller, Gate

SCOPES: Mapping[str, tuple[str, ...]] = {
    "StreamAvatar": ("generate", "resume"),
    "RenderPreview": ("preview",),
    "GetServerInfo": (),
}
"""What callers of a method need, any of it; nothing more than being known, if it is empty."""
REQUEST_ID = "x-request-id"
"""The header of answers that says the call's id."""
_log = logging.getLogger(__name__)


class Guard:
    """Lets callers in, turns errors into statuses, counts calls, and turns new ones away once the server drains."""

    def __init__(self, metrics: Metrics, gate: Gate) -> None:
        self._metrics = metrics
        self._gate = gate
        self._active = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._farewells: set[asyncio.Task[None]] = set()
        self.draining = False

    async def drain(self, seconds: float) -> bool:
        """Takes nothing new and waits for what runs; false if it has not finished after ``seconds``."""
        self.draining = True
        try:
            await asyncio.wait_for(self._idle.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def stranger(self, headers: Iterable[tuple[str, str | bytes]]) -> UnauthenticatedError | None:
        """What is to be said to somebody whose headers show no good token; ``None`` if they do, or need not."""
        try:
            self._gate.caller(headers, "")
        except UnauthenticatedError as error:
            return error
        return None

    @asynccontextmanager
    async def call(self, method: str, context: grpc.aio.ServicerContext) -> AsyncIterator[Caller]:
        """Surrounds one call, says whose it is. Errors inside end it with the status from the table in ``errors``."""
        code = "OK"
        request_id = new_request_id()
        logs.request_id.set(request_id)
        began = time.perf_counter()
        self._active += 1
        self._idle.clear()
        try:
            headers = context.invocation_metadata() or ()
            with tracing.call(method, request_id, headers):
                await context.send_initial_metadata(((REQUEST_ID, request_id),))
                self._check()
                caller = self._gate.caller(headers, context.peer())
                caller.require(*SCOPES[method])
                with self._gate.admit(caller):
                    yield caller
        except asyncio.CancelledError:
            code = _gone(context)
            raise
        except Exception as error:
            if context.done():
                code = _gone(context)
                raise asyncio.CancelledError from error
            status = to_status(error, request_id)
            code = next(c.name for c in grpc.StatusCode if c.value[0] == status.code)
            if outside(error) is not INTERNAL:
                # what is wrong with a request may quote it
                reason = error.field if isinstance(error, InvalidRequestError) else status.message
                ms = round((time.perf_counter() - began) * 1e3, 1)
                _log.info("refused", extra={"method": method, "code": code, "reason": reason, "ms": ms})
            else:
                _log.exception("internal error", extra={"method": method, "error_id": request_id})
            farewell = context.abort_with_status(rpc_status.to_status(status))
            if isinstance(error, StalledError):  # it comes after what is not read: nobody should wait for that
                self._leave(farewell)
                raise asyncio.CancelledError from None
            await farewell
        finally:
            self._metrics.requests.labels(method, code).inc()
            self._active -= 1
            if not self._active:
                self._idle.set()

    def _leave(self, farewell: Awaitable[None]) -> None:
        """Says it behind everybody's back. A server cannot break a stream off: its status and one chunk stay behind."""

        async def say() -> None:
            with suppress(grpc.aio.BaseError):  # it ends by raising, whatever happens
                await farewell

        task = asyncio.create_task(say())
        self._farewells.add(task)
        task.add_done_callback(self._farewells.discard)

    def _check(self) -> None:
        if self.draining:
            raise DrainingError


def _gone(context: grpc.aio.ServicerContext) -> str:
    """Why the client is no longer there."""
    left = context.time_remaining()
    return "DEADLINE_EXCEEDED" if left is not None and left <= 0 else "CANCELLED"
