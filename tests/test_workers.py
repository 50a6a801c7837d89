"""The order of work."""

from __future__ import annotations

import asyncio
import threading
import time
from functools import partial

import pytest

from lodestream_server.checkpoint import checkpoint
from lodestream_server.errors import AbandonedError, OutOfTimeError, OverloadedError
from lodestream_server.metrics import Metrics
from lodestream_server.pipeline.stopwatch import Stopwatch
from lodestream_server.pipeline.workers import Workers


def test_the_most_urgent_goes_first_and_the_older_of_equals() -> None:
    workers = Workers(1, 10, Metrics())
    gate, done = threading.Event(), []

    async def main() -> None:
        busy = asyncio.ensure_future(workers.run(0, gate.wait))
        await asyncio.sleep(0.1)
        calls = [partial(done.append, (u, n)) for n, u in enumerate([3, 0, 2, 0])]
        rest = [asyncio.ensure_future(workers.run(u, call)) for u, call in zip([3, 0, 2, 0], calls, strict=True)]
        while len(workers._patient) < len(rest):  # noqa: ASYNC110 (the queue has no event to wait for)
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


def test_clients_take_turns() -> None:
    """One who wants much does not keep another waiting, who comes later and wants little, again and again."""
    workers = Workers(1, 100, Metrics())
    gate, done = threading.Event(), []

    async def little() -> None:
        for n in range(3):
            await workers.run(0, partial(done.append, f"little {n}"), "little")

    async def main() -> None:
        busy = asyncio.ensure_future(workers.run(0, gate.wait, "other"))
        await asyncio.sleep(0.1)
        much = [asyncio.ensure_future(workers.run(0, partial(done.append, f"much {n}"), "much")) for n in range(8)]
        await asyncio.sleep(0)
        rest = asyncio.ensure_future(little())
        await asyncio.sleep(0.05)
        gate.set()
        await asyncio.gather(busy, rest, *much)

    asyncio.run(main())
    workers.close()
    assert done.index("little 0") <= 1
    assert [word for word in done if word.startswith("much")] == [f"much {n}" for n in range(8)]


def test_turns_are_given_out_in_order_and_nobody_is_owed_for_waiting() -> None:
    workers = Workers(1, 100, Metrics())
    workers.close()
    assert [workers._take_turn(0, "a") for _ in range(3)] == [0, 1, 2]
    assert workers._take_turn(0, "b") == 0
    workers._turn[0] = 2
    assert workers._take_turn(0, "b") == 2, "not 1: what was not used is gone"
    assert workers._take_turn(0, "a") == 3
    assert workers._take_turn(1, "a") == 0, "urgencies count apart"
    for n in range(10_000):
        workers._take_turn(0, f"client {n}")
        workers._turn[0] += 1
    assert len(workers._turns) <= 4096


def test_what_cannot_be_done_in_time_is_not_begun() -> None:
    workers = Workers(1, 10, Metrics())
    begun = []

    async def main() -> None:
        for _ in range(16):
            await workers.run(0, partial(time.sleep, 0.05))
        with pytest.raises(OutOfTimeError):
            await workers.run(0, partial(begun.append, 1), until=lambda: time.monotonic() + 0.02)
        await workers.run(0, partial(begun.append, 2), until=lambda: time.monotonic() + 5)
        await workers.run(1, partial(begun.append, 3), until=lambda: time.monotonic() + 0.02)

    asyncio.run(main())
    workers.close()
    assert begun == [2, 3]


def test_who_was_admitted_is_not_refused_later() -> None:
    workers = Workers(1, 1, Metrics())
    gate = threading.Event()

    async def main() -> None:
        first = asyncio.ensure_future(workers.run(0, gate.wait))
        await asyncio.sleep(0.1)
        rest = [asyncio.ensure_future(workers.run(0, gate.wait, admitted=True)) for _ in range(3)]
        await asyncio.sleep(0.1)
        with pytest.raises(OverloadedError):
            workers.admit()
        gate.set()
        await asyncio.gather(first, *rest)
        workers.admit()

    asyncio.run(main())
    workers.close()


def test_abandoned_work_ends_between_two_stages() -> None:
    workers = Workers(1, 10, Metrics())
    watch = Stopwatch(lambda *_: None)
    inside, gate, ended, reached = threading.Event(), threading.Event(), threading.Event(), []

    def work() -> None:
        try:
            with watch.stage("decode"):
                inside.set()
                gate.wait()
            with watch.stage("extract"):
                reached.append("extract")
        finally:
            ended.set()

    async def main() -> None:
        task = asyncio.ensure_future(workers.run(0, work))
        waiting = asyncio.ensure_future(workers.run(0, partial(reached.append, "waiting")))
        await asyncio.to_thread(inside.wait)
        for each in (task, waiting):
            each.cancel()
        await asyncio.gather(task, waiting, return_exceptions=True)
        assert not workers._patient, "what waits is let go of at once"
        gate.set()
        await asyncio.to_thread(ended.wait)
        await workers.run(0, lambda: watch.stage("next").__enter__())

    asyncio.run(main())
    workers.close()
    assert reached == []


def test_pressing_work_does_not_wait_for_what_was_begun() -> None:
    """Less urgent work gives way at its next checkpoint, and the time it gives is not its own."""
    workers = Workers(1, 10, Metrics(), pressing=2)
    begun, done = threading.Event(), []
    watch = Stopwatch(lambda _stage, _seconds: None)

    def long() -> None:
        with watch.stage("long"):
            begun.set()
            while "urgent" not in done and len(done) < 500:
                done.append("step")
                time.sleep(0.01)
                checkpoint()
        done.append("long")

    def urgent() -> None:
        time.sleep(0.5)
        done.append("urgent")

    async def main() -> None:
        first = asyncio.ensure_future(workers.run(4, long))
        await asyncio.to_thread(begun.wait)
        patient = asyncio.ensure_future(workers.run(2, partial(done.append, "patient")))
        await workers.run(1, urgent)
        await asyncio.gather(first, patient)

    asyncio.run(main())
    workers.close()
    assert [word for word in done if word != "step"] == ["urgent", "long", "patient"]
    assert watch.stages_ms["long"] < 400


def test_pressing_work_is_done_one_by_one_while_the_rest_rests() -> None:
    """Two at once would share the interpreter and take twice as long each."""
    workers = Workers(3, 10, Metrics(), pressing=2)
    begun, now, most, steps = threading.Event(), [], [], []

    def long() -> None:
        begun.set()
        while not steps or steps[-1] != "over":
            steps.append("step")
            time.sleep(0.002)
            checkpoint()

    def urgent() -> None:
        now.append(1)
        most.append(len(now))
        time.sleep(0.1)
        before = len(steps)
        time.sleep(0.1)
        most.append(len(steps) - before)
        now.pop()

    async def main() -> None:
        first = asyncio.ensure_future(workers.run(4, long))
        await asyncio.to_thread(begun.wait)
        await asyncio.gather(*(workers.run(1, urgent) for _ in range(3)))
        steps.append("over")
        await first

    asyncio.run(main())
    workers.close()
    assert most == [1, 0] * 3


def test_a_queue_that_stands_takes_nobody_new_and_a_burst_passes() -> None:
    workers = Workers(1, 100, Metrics(), pressing=2)

    def new() -> asyncio.Future[None]:
        return asyncio.ensure_future(workers.run(1, partial(time.sleep, 0.05)))

    async def main() -> None:
        burst = [new() for _ in range(12)]  # the last begins after 0.55 s
        await asyncio.sleep(0.1)
        workers.admit()
        await asyncio.sleep(0.35)
        with pytest.raises(OverloadedError):
            workers.admit()
        with pytest.raises(OverloadedError):
            await new()
        await workers.run(0, lambda: None, admitted=True)  # who was admitted is served
        await asyncio.gather(*burst)
        await new()  # nobody waits any more

    asyncio.run(main())
    workers.close()


def test_work_that_gave_way_can_still_be_abandoned() -> None:
    workers = Workers(1, 10, Metrics(), pressing=2)
    begun, ended = threading.Event(), []

    def long() -> None:
        begun.set()
        try:
            while True:
                time.sleep(0.005)
                checkpoint()
        except BaseException as error:
            ended.append(type(error))
            raise

    async def main() -> None:
        first = asyncio.ensure_future(workers.run(4, long))
        await asyncio.to_thread(begun.wait)
        with pytest.raises(ZeroDivisionError):
            await workers.run(0, lambda: 1 // 0)
        assert not ended, "another's failure is not its own"
        first.cancel()
        await workers.run(5, lambda: None)

    asyncio.run(main())
    workers.close()
    assert ended == [AbandonedError]
