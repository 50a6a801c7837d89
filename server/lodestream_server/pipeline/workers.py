"""Worker threads that take the most urgent piece of work first, and from all clients in turn."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import Any, TypeVar

from lodestream_server.checkpoint import giving, own_seconds, pausing
from lodestream_server.errors import AbandonedError, OutOfTimeError, OverloadedError
from lodestream_server.metrics import Metrics

T = TypeVar("T")
_MAX_TURNS = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """Who wants a piece of work, and until when: seconds of ``time.monotonic``."""

    client: str = ""
    deadline: float = inf


@dataclass(slots=True, eq=False)
class _Item:
    urgency: int
    call: Callable[[], Any]
    client: str
    until: Callable[[], float]
    context: Context = field(default_factory=copy_context)
    since: float = field(default_factory=time.perf_counter)
    future: Future[Any] = field(default_factory=Future)
    abandoned: bool = False


class _Pace:
    """How long work of one urgency takes at least, of late."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque((0.0,), maxlen=16)
        self._at = -inf

    def quickest(self) -> float:
        """Seconds; 0 if that was a minute ago or more, for things may have changed."""
        return min(self._seconds) if time.monotonic() - self._at < 60.0 else 0.0

    def add(self, seconds: float) -> None:
        self._seconds.append(seconds)
        self._at = time.monotonic()


class Workers:
    """``count`` threads over one queue, ordered by urgency (smaller is sooner), then by turn, then by age.

    Within an urgency, clients take turns as in start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996), all work
    of an urgency counting alike: a client's n-th waiting piece goes after everybody else's first n - 1.

    Work below ``pressing`` does not wait for what was begun: a thread does it at the next ``checkpoint`` of less urgent
    work, and then goes on with that.

    Attributes:
        limit: Calls that may wait.
    """

    def __init__(self, count: int, queue: int, metrics: Metrics, pressing: int = 0) -> None:
        self.limit = queue
        self._pressing = pressing
        self._metrics = metrics
        self._order = itertools.count()
        self._heap: list[tuple[int, int, int, _Item]] = []
        self._turn: dict[int, int] = {}  # by urgency: whose turn it is
        self._next: dict[tuple[int, str], int] = {}  # by urgency and client: the turn of what comes next
        self._paces: dict[int, _Pace] = {}
        self._ready = threading.Condition()
        self._closed = False
        self._threads = [threading.Thread(target=self._work, name=f"worker-{i}", daemon=True) for i in range(count)]
        for thread in self._threads:
            thread.start()

    def admit(self) -> None:
        """Whether something new may begin.

        Raises:
            OverloadedError: The queue is full.
        """
        if (waiting := len(self._heap)) >= self.limit:
            raise OverloadedError(waiting, retry_after=1.0)

    async def run(
        self,
        urgency: int,
        call: Callable[[], T],
        client: str = "",
        until: Callable[[], float] = lambda: inf,
        *,
        admitted: bool = False,
    ) -> T:
        """Runs ``call`` on a worker thread, in the caller's context.

        Cancelling the waiting task withdraws a call that has not begun, and ends one that has at its next
        ``checkpoint``.

        Args:
            urgency: Smaller is sooner.
            call: The work.
            client: Whose it is, to be fair.
            until: Says by when it must be done, in seconds of ``time.monotonic``; asked when it would begin.
            admitted: Whether it belongs to something that was admitted before, and must not be refused any more.

        Raises:
            OverloadedError: The queue is full.
            OutOfTimeError: It cannot be done in time; it was not begun.
        """
        item = _Item(urgency, call, client, until)
        self._push(item, admitted)
        try:
            return await asyncio.wrap_future(item.future)
        except asyncio.CancelledError:
            self._abandon(item)
            raise

    def close(self) -> None:
        """Lets running calls finish, drops waiting ones, ends the threads."""
        with self._ready:
            self._closed = True
            for *_, item in self._heap:
                item.future.cancel()
            self._heap.clear()
            self._ready.notify_all()
        for thread in self._threads:
            thread.join()

    def _push(self, item: _Item, admitted: bool) -> None:
        with self._ready:
            if self._closed:
                item.future.cancel()
                return
            if not admitted:
                self.admit()
            turn = self._take_turn(item.urgency, item.client)
            heapq.heappush(self._heap, (item.urgency, turn, next(self._order), item))
            self._ready.notify()

    def _take_turn(self, urgency: int, client: str) -> int:
        if len(self._next) >= _MAX_TURNS:  # who is not ahead of the others starts like a stranger anyway
            self._next = {key: turn for key, turn in self._next.items() if turn > self._turn.get(key[0], 0)}
        turn = max(self._turn.get(urgency, 0), self._next.get((urgency, client), 0))
        self._next[urgency, client] = turn + 1
        return turn

    def _abandon(self, item: _Item) -> None:
        with self._ready:
            item.abandoned = True
            kept = [entry for entry in self._heap if entry[-1] is not item]
            if len(kept) < len(self._heap):
                heapq.heapify(kept)
                self._heap = kept

    def _work(self) -> None:
        while True:
            with self._ready:
                while not self._heap and not self._closed:
                    self._ready.wait()
                if self._closed:
                    return
                item = self._take()
            self._do(item)
            del item  # it holds an avatar, and the next may be long in coming

    def _take(self) -> _Item:
        urgency, turn, _, item = heapq.heappop(self._heap)
        self._turn[urgency] = max(turn, self._turn.get(urgency, 0))
        return item

    def _pause(self, item: _Item) -> None:
        """A checkpoint of ``item``."""
        if item.abandoned:
            raise AbandonedError
        limit = min(self._pressing, item.urgency)
        while True:
            with self._ready:
                if not self._heap or self._heap[0][0] >= limit:
                    return
                pressing = self._take()
            with giving():
                self._do(pressing)

    def _do(self, item: _Item) -> None:
        if not item.future.set_running_or_notify_cancel():
            return
        pace = self._paces.setdefault(item.urgency, _Pace())
        self._metrics.queue.observe(time.perf_counter() - item.since)
        if time.monotonic() + pace.quickest() > item.until():
            item.future.set_exception(OutOfTimeError())
            return
        began = own_seconds()
        try:
            with pausing(partial(self._pause, item), lambda: item.abandoned):
                result = item.context.run(item.call)
        except BaseException as error:  # noqa: BLE001 (it belongs to whoever waits)
            item.future.set_exception(error)
        else:
            pace.add(own_seconds() - began)
            item.future.set_result(result)
