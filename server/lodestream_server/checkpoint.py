"""Where long work may end early, or give way to more urgent work on the same thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class _Here(threading.local):
    pause: Callable[[], None] | None = None
    gone: Callable[[], bool] | None = None
    given: float = 0.0  # seconds


_HERE = _Here()


def checkpoint() -> None:
    """Long work calls this every few milliseconds, holding no lock.

    Raises:
        AbandonedError: Nobody waits any more for the work that this thread is at.
    """
    if _HERE.pause is not None:
        _HERE.pause()


def gone() -> Callable[[], bool]:
    """Says, asked from any thread, whether nobody waits any more for the work that this thread is at now."""
    return _HERE.gone or (lambda: False)


def own_seconds() -> float:
    """A clock of this thread that stands still while more urgent work runs in a ``checkpoint``."""
    return time.perf_counter() - _HERE.given


@contextmanager
def pausing(pause: Callable[[], None], gone: Callable[[], bool] | None = None) -> Iterator[None]:
    """While inside, a ``checkpoint`` of this thread does ``pause``; ``gone`` says that its work is wanted no more."""
    before = _HERE.pause, _HERE.gone
    _HERE.pause, _HERE.gone = pause, gone
    try:
        yield
    finally:
        _HERE.pause, _HERE.gone = before


@contextmanager
def giving() -> Iterator[None]:
    """What runs inside is not the work of whoever called ``checkpoint``."""
    began = own_seconds()
    try:
        yield
    finally:
        _HERE.given += own_seconds() - began
