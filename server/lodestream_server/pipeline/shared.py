"""Work that several wait for and that is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """A piece of work under way; given up when nobody waits for it any more."""

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self._task = asyncio.ensure_future(work)
        self._waiting = 0
        self.useless = False

    async def result(self) -> T:
        """What comes of it, or what it raises."""
        self._waiting += 1
        try:
            return await asyncio.shield(self._task)
        finally:
            self._waiting -= 1
            if not self._waiting and not self._task.done():
                self._task.cancel()
                self.useless = True
            elif self._task.done() and (self._task.cancelled() or self._task.exception() is not None):
                self.useless = True


class Once:
    """Results by key: the first who asks has the work done, all others get what came of it. Failures are forgotten."""

    def __init__(self) -> None:
        self._work: dict[Hashable, Shared[Any]] = {}

    def __contains__(self, key: Hashable) -> bool:
        """Whether the work is under way or done."""
        return key in self._work

    async def get(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What ``make`` returned or will return for ``key``."""
        work: Shared[T] | None = self._work.get(key)
        if work is None:
            work = self._work[key] = Shared(make())
        try:
            return await work.result()
        finally:
            if work.useless and self._work.get(key) is work:
                del self._work[key]

    def forget(self, key: Hashable) -> None:
        """The next who asks has the work done anew."""
        self._work.pop(key, None)
