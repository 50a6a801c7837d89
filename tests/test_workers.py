"""The order of work."""

from __future__ import annotations

import asyncio
import threading
from functools import partial

import pytest

from lodestream_server.errors import OverloadedError
from lodestream_server.metrics import Metrics
from lodestream_server.pipeline.workers import Workers


def test_the_most_urgent_goes_first_and_the_older_of_equals() -> None:
    workers = Workers(1, 10, Metrics())
    gate, done = threading.Event(), []

    async def main() -> None:
        busy = asyncio.ensure_future(workers.run(0, gate.wait))
        await asyncio.sleep(0.1)
        calls = [partial(done.append, (u, n)) for n, u in enumerate([3, 0, 2, 0])]
        rest = [asyncio.ensure_future(workers.run(u, call)) for u, call in zip([3, 0, 2, 0], calls, strict=True)]
        while len(workers._heap) < len(rest):  # noqa: ASYNC110 (the queue has no event to wait for)
            await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(busy, *rest)

    asyncio.run(main())
    workers.close()
    assert done == [(0, 1), (0, 3), (2, 2), (3, 0)]


def test_a_full_queue_refuses() -> None:
    workers = Workers(1, 1, Metrics())
    gate = threading.Event()

    async def main() -> None:
        first = asyncio.ensure_future(workers.run(0, gate.wait))
        await asyncio.sleep(0.1)
        second = asyncio.ensure_future(workers.run(0, gate.wait))
        await asyncio.sleep(0.1)
        try:
            with pytest.raises(OverloadedError):
                await workers.run(0, gate.wait)
        finally:
            gate.set()
            await asyncio.gather(first, second)

    asyncio.run(main())
    workers.close()
