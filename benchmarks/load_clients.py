"""What one process of the load tool does: clients that read well, read slowly, or change their minds."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc.aio

import lodestream
from benchmarks import common
from lodestream._connection import channel_credentials, metadata
from lodestream._errors import from_grpc
from lodestream._requests import stream_request
from lodestream.v1 import avatar_pb2 as pb
from lodestream.v1.avatar_pb2_grpc import AvatarServiceStub

_SLOW_CHUNK = 1024  # bytes, one a second
# without these a client's gRPC takes megabytes off the wire before anybody reads
SMALL_WINDOW = (
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.lookahead_bytes", 16_384),
    ("grpc.use_local_subchannel_pool", 1),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """The part of one process.

    Attributes:
        address: ``HOST:PORT``.
        connect: ``token``, ``tls``, ``root_certificates``, ``client_certificate`` of the SDK's clients.
        clients: Clients of the closed loop: each sends its next request when the last is over.
        rate: Requests a second of the open loop, which come whether or not others are over; 0: closed loop.
        seconds: How long requests are begun.
        levels: Levels asked for.
        slow: Clients that read 1 KiB a second.
        stalled: Clients that read nothing after the stream was accepted.
        cancel: Share of the requests that are cancelled, after 0 to 1 s.
        timeout: Seconds that a request may take.
        seed: Of arrivals and cancels.
        ramp: Seconds over which the closed loop's clients come; 0: all in one instant.
    """

    address: str
    connect: dict[str, Any]
    clients: int
    rate: float
    seconds: float
    levels: tuple[int, ...]
    slow: int = 0
    stalled: int = 0
    cancel: float = 0.0
    timeout: float = 120.0
    seed: int = 0
    ramp: float = 0.0


@dataclass(slots=True)
class Outcome:
    """One request: when it was due, in seconds from the beginning; milliseconds to its levels and to its end.

    ``error`` is empty if it was finished, ``cancelled``, or the class of the SDK's exception.
    """

    at: float
    kind: str = "reader"
    levels: dict[int, float] = field(default_factory=dict)
    ms: float = 0.0
    error: str = ""


def run(plan: Plan) -> list[Outcome]:
    """Plays the part."""
    return asyncio.run(_Players(plan).play())


class _Players:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._random = random.Random(plan.seed)
        self._work: Iterator[tuple[str, int]] = (
            (prompt, seed * 1024 + plan.seed % 1024) for prompt, seed in common.requests()
        )
        self._began = time.perf_counter()
        self._end = self._began + plan.seconds
        self._outcomes: list[Outcome] = []

    async def play(self) -> list[Outcome]:
        plan = self._plan
        slow = [asyncio.create_task(self._slow(1.0)) for _ in range(plan.slow)]
        slow += [asyncio.create_task(self._slow(None)) for _ in range(plan.stalled)]
        options: dict[str, Any] = {"timeout": plan.timeout, "retry": lodestream.Retry(attempts=1), **plan.connect}
        async with contextlib.AsyncExitStack() as stack:
            clients = [lodestream.AsyncClient(plan.address, **options) for _ in range(plan.clients)]
            for client in clients:
                await stack.enter_async_context(client)
            self._began = time.perf_counter()
            self._end = self._began + plan.seconds
            if plan.rate:
                await self._open(clients)
            else:
                waits = (plan.ramp * n / len(clients) for n in range(len(clients)))
                await asyncio.gather(*map(self._closed, clients, waits))
        await asyncio.gather(*slow)
        return self._outcomes

    async def _closed(self, client: lodestream.AsyncClient, wait: float) -> None:
        await asyncio.sleep(wait)
        while (now := time.perf_counter()) < self._end:
            outcome = await self._request(client, now)
            if outcome.error not in ("", "cancelled"):
                await asyncio.sleep(0.05)

    async def _open(self, clients: list[lodestream.AsyncClient]) -> None:
        """Poisson arrivals; a request that is sent late counts from when it was due."""
        due, requests = self._began, []
        for client in itertools.cycle(clients):
            due += self._random.expovariate(self._plan.rate)
            if due >= self._end:
                break
            await asyncio.sleep(max(due - time.perf_counter(), 0.0))
            requests.append(asyncio.create_task(self._request(client, due)))
        await asyncio.gather(*requests)

    async def _request(self, client: lodestream.AsyncClient, due: float) -> Outcome:
        outcome = self._outcome(due, "reader")
        try:
            if self._random.random() < self._plan.cancel:
                async with asyncio.timeout(self._random.random()):
                    await self._read(client, due, outcome)
            else:
                await self._read(client, due, outcome)
        except TimeoutError:
            outcome.error = "cancelled"
        except lodestream.LodestreamError as error:
            outcome.error = type(error).__name__
        outcome.ms = _ms(due)
        return outcome

    async def _read(self, client: lodestream.AsyncClient, due: float, outcome: Outcome) -> None:
        prompt, seed = next(self._work)
        async for event in client.generate(prompt, seed=seed, levels=self._plan.levels):
            if isinstance(event, lodestream.Level):
                outcome.levels[event.level] = _ms(due)

    async def _slow(self, pause: float | None) -> None:
        """Reads a chunk of 1 KiB every ``pause`` seconds, or only that the stream was accepted, until it is cut off."""
        plan = self._plan
        credentials = channel_credentials(
            plan.connect.get("tls"), plan.connect.get("root_certificates"), plan.connect.get("client_certificate")
        )
        headers = metadata(plan.address, plan.connect.get("token"), plan.connect.get("tls"), credentials is not None)
        channel = (
            grpc.aio.insecure_channel(plan.address, options=SMALL_WINDOW)
            if credentials is None
            else grpc.aio.secure_channel(plan.address, credentials, options=SMALL_WINDOW)
        )
        async with channel:
            stub = AvatarServiceStub(channel)  # type: ignore[no-untyped-call]
            while time.perf_counter() < self._end:
                await self._slow_request(stub, headers, pause)

    async def _slow_request(self, stub: AvatarServiceStub, headers: Any, pause: float | None) -> None:
        prompt, seed = next(self._work)
        request = stream_request(prompt, None, seed, self._plan.levels, "mixamo", "layers", (), _SLOW_CHUNK, 0)
        due = time.perf_counter()
        outcome = self._outcome(due, "slow" if pause else "stalled")
        call = stub.StreamAvatar(request, metadata=headers)
        try:
            while (message := await call.read()) is not grpc.aio.EOF:
                if isinstance(message, pb.StreamAvatarResponse) and message.HasField("level_end"):
                    outcome.levels[message.level_end.level] = _ms(due)
                await asyncio.sleep(min(max(self._end - time.perf_counter(), 0.0), pause or self._plan.seconds))
                if pause and time.perf_counter() >= self._end:
                    outcome.error = "cancelled"
                    break
        except grpc.aio.AioRpcError as error:
            outcome.error = type(from_grpc(error)).__name__
        finally:
            call.cancel()
        outcome.ms = _ms(due)
        if outcome.error not in ("", "cancelled"):
            await asyncio.sleep(0.5)

    def _outcome(self, due: float, kind: str) -> Outcome:
        outcome = Outcome(round(due - self._began, 3), kind)
        self._outcomes.append(outcome)
        return outcome


def _ms(since: float) -> float:
    return round((time.perf_counter() - since) * 1e3, 2)
