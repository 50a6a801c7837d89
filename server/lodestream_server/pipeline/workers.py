"""Worker threads that take the most urgent piece of work first."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar

from lodestream_server.errors import OverloadedError
from lodestream_server.metrics import Metrics

T = TypeVar("T")


class Workers:
    """``count`` threads over one queue ordered by urgency (smaller is sooner), then by age.

    Attributes:
        limit: Calls that may wait.
    """

    def __init__(self, count: int, queue: int, metrics: Metrics) -> None:
        self.limit = queue
        self._metrics = metrics
        self._order = itertools.count()
        self._heap: list[tuple[int, int, float, Future[Any], Callable[[], Any]]] = []
        self._ready = threading.Condition()
        self._closed = False
        self._threads = [threading.Thread(target=self._work, name=f"worker-{i}", daemon=True) for i in range(count)]
        for thread in self._threads:
            thread.start()

    async def run(self, urgency: int, call: Callable[[], T]) -> T:
        """Runs ``call`` on a worker thread, in the caller's context.

        Cancelling the waiting task also withdraws a call that has not begun.

        Raises:
            OverloadedError: The queue is full.
        """
        return await asyncio.wrap_future(self._submit(urgency, call))

    def close(self) -> None:
        """Lets running calls finish, drops waiting ones, ends the threads."""
        with self._ready:
            self._closed = True
            for *_, future, _call in self._heap:
                future.cancel()
            self._heap.clear()
            self._ready.notify_all()
        for thread in self._threads:
            thread.join()

    def _submit(self, urgency: int, call: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        with self._ready:
            if self._closed:
                future.cancel()
                return future
            if len(self._heap) >= self.limit:
                self._heap = [item for item in self._heap if not item[3].cancelled()]
                heapq.heapify(self._heap)
            if (waiting := len(self._heap)) >= self.limit:
                raise OverloadedError(waiting, retry_after=1.0)
            work: Callable[[], Any] = partial(copy_context().run, call)
            heapq.heappush(self._heap, (urgency, next(self._order), time.perf_counter(), future, work))
            self._ready.notify()
        return future

    def _work(self) -> None:
        while True:
            with self._ready:
                while not self._heap and not self._closed:
                    self._ready.wait()
                if self._closed:
                    return
                _, _, since, future, call = heapq.heappop(self._heap)
            if not future.set_running_or_notify_cancel():
                continue
            self._metrics.queue.observe(time.perf_counter() - since)
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 (it belongs to whoever waits)
                future.set_exception(error)
