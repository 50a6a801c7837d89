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
_TARGET = 0.1  # seconds that new pressing work may wait for its turn
_INTERVAL = 0.2  # seconds without anybody in time after which a queue stands, and is no burst
_MEMORY = 2.0  # seconds that a standing queue is remembered


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
    new: bool
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


class _Newcomers:
    """Tells a queue that stands from a burst that passes.

    After Nichols and Jacobson, Controlling Queue Delay (ACM Queue, 2012): it stands if for an interval nobody's turn
    came within the target.
    """

    def __init__(self) -> None:
        self._in_time = self._stood = -inf

    def began(self, waited: float) -> None:
        """Somebody's turn came after ``waited`` seconds."""
        now = time.monotonic()
        if waited < _TARGET:
            self._in_time = now
        elif now - self._in_time > _INTERVAL:
            self._stood = now

    def queue_up(self) -> bool:
        """Whether there was a standing queue of late."""
        return time.monotonic() - self._stood < _MEMORY


class Workers:
    """``count`` threads over one queue, ordered by urgency (smaller is sooner), then by turn, then by age.

    Within an urgency, clients take turns as in start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996), all work
    of an urgency counting alike: a client's n-th waiting piece goes after everybody else's first n - 1.

    Work below ``pressing`` does not wait for what was begun: a thread does it at the next ``checkpoint`` of less urgent
    work, and then goes on with that. It is done one piece at a time, and other threads rest at their checkpoints
    meanwhile: being mostly Python, two at once take twice as long each. While it waits too long all the same, nothing
    new is admitted: better a client that is told to come again than all of them late.

    Attributes:
        limit: Calls that may wait.
    """

    def __init__(self, count: int, queue: int, metrics: Metrics, pressing: int = 0) -> None:
        self.limit = queue
        self._pressing = pressing
        self._metrics = metrics
        self._order = itertools.count()
        self._urgent: list[tuple[int, int, int, _Item]] = []  # heaps: pressing work, and the rest
        self._patient: list[tuple[int, int, int, _Item]] = []
        self._hurried = False  # whether a thread is at pressing work
        self._turn: dict[int, int] = {}  # by urgency: whose turn it is
        self._turns: dict[tuple[int, str], int] = {}  # by urgency and client: the turn of what comes next
        self._paces: dict[int, _Pace] = {}
        self._newcomers = _Newcomers()
        self._ready = threading.Condition()
        self._closed = False
        self._threads = [threading.Thread(target=self._work, name=f"worker-{i}", daemon=True) for i in range(count)]
        for thread in self._threads:
            thread.start()

    def admit(self) -> None:
        """Whether something new may begin.

        Raises:
            OverloadedError: The queue is full, or pressing work has been late for a while.
        """
        with self._ready:
            waiting = len(self._urgent) + len(self._patient)
            late = self._newcomers.queue_up() and any(item.new for *_, item in self._urgent)
        if waiting >= self.limit or late:
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
        item = _Item(urgency, call, client, until, not admitted)
        self._push(item)
        try:
            return await asyncio.wrap_future(item.future)
        except asyncio.CancelledError:
            self._abandon(item)
            raise

    def close(self) -> None:
        """Lets running calls finish, drops waiting ones, ends the threads."""
        with self._ready:
            self._closed = True
            for *_, item in (*self._urgent, *self._patient):
                item.future.cancel()
            self._urgent.clear()
            self._patient.clear()
            self._ready.notify_all()
        for thread in self._threads:
            thread.join()

    def _push(self, item: _Item) -> None:
        with self._ready:
            if self._closed:
                item.future.cancel()
                return
            if item.new:
                self.admit()
            turn = self._take_turn(item.urgency, item.client)
            heap = self._urgent if item.urgency < self._pressing else self._patient
            heapq.heappush(heap, (item.urgency, turn, next(self._order), item))
            self._ready.notify_all()  # one alone may be a thread that rests at a checkpoint

    def _take_turn(self, urgency: int, client: str) -> int:
        if len(self._turns) >= _MAX_TURNS:  # who is not ahead of the others starts like a stranger anyway
            self._turns = {key: turn for key, turn in self._turns.items() if turn > self._turn.get(key[0], 0)}
        turn = max(self._turn.get(urgency, 0), self._turns.get((urgency, client), 0))
        self._turns[urgency, client] = turn + 1
        return turn

    def _abandon(self, item: _Item) -> None:
        with self._ready:
            item.abandoned = True
            for heap in (self._urgent, self._patient):
                kept = [entry for entry in heap if entry[-1] is not item]
                if len(kept) < len(heap):
                    heap[:] = kept
                    heapq.heapify(heap)

    def _work(self) -> None:
        while (item := self._next()) is not None:
            self._do(item)
            del item  # it holds an avatar, and the next may be long in coming

    def _next(self) -> _Item | None:
        """Waits for work; none once closed."""
        with self._ready:
            while not self._closed:
                if (item := self._urgently() or self._patiently()) is not None:
                    return item
                self._ready.wait()
        return None

    def _urgently(self) -> _Item | None:
        if not self._urgent or self._hurried:
            return None
        self._hurried = True
        return self._pop(self._urgent)

    def _patiently(self) -> _Item | None:
        return self._pop(self._patient) if self._patient else None

    def _pop(self, heap: list[tuple[int, int, int, _Item]]) -> _Item:
        urgency, turn, _, item = heapq.heappop(heap)
        self._turn[urgency] = max(turn, self._turn.get(urgency, 0))
        return item

    def _pause(self, item: _Item) -> None:
        """A checkpoint of ``item``."""
        if item.abandoned:
            raise AbandonedError
        while item.urgency >= self._pressing:
            with self._ready:
                while (urgent := self._urgently()) is None and self._hurried and not self._closed:
                    self._ready.wait()
            if urgent is None:
                return
            with giving():
                self._do(urgent)

    def _do(self, item: _Item) -> None:
        try:
            self._call(item)
        finally:
            if item.urgency < self._pressing:
                with self._ready:
                    self._hurried = False
                    self._ready.notify_all()

    def _call(self, item: _Item) -> None:
        if not item.future.set_running_or_notify_cancel():
            return
        pace = self._paces.setdefault(item.urgency, _Pace())
        waited = time.perf_counter() - item.since
        self._metrics.queue.observe(waited)
        if item.new and item.urgency < self._pressing:
            self._newcomers.began(waited)
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
