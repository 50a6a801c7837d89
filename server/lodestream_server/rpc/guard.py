"""What surrounds every call: draining, errors, counting."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
from grpc_status import rpc_status

from lodestream_server.errors import DrainingError
from lodestream_server.metrics import Metrics
from lodestream_server.rpc.status import to_status

_log = logging.getLogger(__name__)


class Guard:
    """Turns errors into statuses, counts calls, and turns new ones away once the server drains."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._active = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.draining = False

    async def drain(self, seconds: float) -> bool:
        """Takes nothing new and waits for what runs; false if it has not finished after ``seconds``."""
        self.draining = True
        try:
            await asyncio.wait_for(self._idle.wait(), seconds)
        except TimeoutError:
            return False
        return True

    @asynccontextmanager
    async def call(self, method: str, context: grpc.aio.ServicerContext) -> AsyncIterator[None]:
        """Surrounds one call. An error inside ends it with the status from the table in ``errors``."""
        code = "OK"
        self._active += 1
        self._idle.clear()
        try:
            self._check()
            yield
        except asyncio.CancelledError:
            code = _gone(context)
            raise
        except Exception as error:
            if context.done():
                code = _gone(context)
                raise asyncio.CancelledError from error
            status, error_id = to_status(error)
            code = next(c.name for c in grpc.StatusCode if c.value[0] == status.code)
            if error_id is None:
                _log.info("refused", extra={"method": method, "code": code, "reason": status.message})
            else:
                _log.exception("internal error", extra={"method": method, "error_id": error_id})
            await context.abort_with_status(rpc_status.to_status(status))
        finally:
            self._metrics.requests.labels(method, code).inc()
            self._active -= 1
            if not self._active:
                self._idle.set()

    def _check(self) -> None:
        if self.draining:
            raise DrainingError


def _gone(context: grpc.aio.ServicerContext) -> str:
    """Why the client is no longer there."""
    left = context.time_remaining()
    return "DEADLINE_EXCEEDED" if left is not None and left <= 0 else "CANCELLED"
