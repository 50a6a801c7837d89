"""What was worked out lately, so that it need not be again: bounded by entries and bytes, the least used goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from lodestream_server.metrics import Metrics

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_ENTRY = 200
"""Bytes that an entry takes beside its key's and its value's content, about."""


class Cache(Generic[K, V]):
    """Values by key, shared by all threads: their arrays become read-only. Counts under ``name`` in the metrics."""

    def __init__(self, name: str, entries: int, size: int, metrics: Metrics) -> None:
        """Keeps at most ``entries`` of at most ``size`` bytes in all; 0 of either keeps nothing."""
        self._entries = entries
        self._size = size
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._hits = metrics.cache_hits.labels(name)
        self._misses = metrics.cache_misses.labels(name)
        self._gauge = metrics.cache_bytes.labels(name)

    def __len__(self) -> int:
        """Number of values kept."""
        return len(self._kept)

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of ``key``: kept, or made now outside of any lock. Whatever ``make`` raises is not kept."""
        with self._lock:
            if kept := self._kept.get(key):
                self._kept.move_to_end(key)
                self._hits.inc()
                return kept[0]
        self._misses.inc()
        value = make()
        self._keep(key, value)
        return value

    def _keep(self, key: K, value: V) -> None:
        weight = _ENTRY + _weight(key) + _weight(value)
        if not self._entries or weight > self._size:
            return
        with self._lock:
            self._bytes += weight - self._kept.pop(key, (None, 0))[1]
            self._kept[key] = value, weight
            while len(self._kept) > self._entries or self._bytes > self._size:
                self._bytes -= self._kept.popitem(last=False)[1][1]
            self._gauge.set(self._bytes)


def _weight(item: Any) -> int:
    """Bytes of the content; arrays on the way are made read-only."""
    if isinstance(item, np.ndarray):
        item.flags.writeable = False
        return item.nbytes
    if isinstance(item, str):
        return 4 * len(item)
    if isinstance(item, tuple):
        return sum(map(_weight, item))
    if is_dataclass(item):
        return sum(_weight(getattr(item, f.name)) for f in fields(item))
    return 8
