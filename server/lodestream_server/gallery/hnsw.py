"""Nearest neighbours among millions of rows: a graph in a file that is mapped into memory, not read.

HNSW (Malkov and Yashunin 2016, arXiv:1603.09320) as usearch implements it, which comes with the extra ``scale``.
"""

from __future__ import annotations

import importlib
import threading
from pathlib import Path
from typing import Any

import numpy as np

from lodestream_server.avatar import Float
from lodestream_server.errors import BundleError

FILE = "gallery.usearch"
CONNECTIVITY = 16
"""Neighbours of a node; twice as many on the lowest layer."""
EXPANSION_BUILD = 128
"""Candidates looked at to insert a row …"""
EXPANSION_SEARCH = 256
"""… and to find one: docs/gallery-search.md has what it costs and brings."""
_ROWS = 1 << 16


class HnswIndex:
    """Finds most of the best rows in the logarithm of their number. Thread-safe; the same file, the same answers.

    Rows are kept in half precision: similarities are off by some 1e-4.
    """

    def __init__(self, path: Path) -> None:
        """Maps a file that ``build`` wrote.

        Raises:
            BundleError: usearch is not installed, or the file is no such index.
        """
        try:
            usearch = _usearch()
        except ImportError as error:
            raise BundleError(f"{path} needs usearch: install lodestream with the extra scale") from error
        try:
            self._index: Any = usearch.Index.restore(path, view=True)
        except Exception as error:  # usearch raises what its C++ throws
            raise BundleError(f"{path} is no index of usearch: {error}") from error
        if self._index is None or self._index.metric_kind != usearch.MetricKind.IP:
            raise BundleError(f"{path} is no index of inner products")
        self._index.expansion_search = EXPANSION_SEARCH
        self._lock = threading.Lock()  # calls with one thread share that thread's scratch memory

    def __len__(self) -> int:
        """Number of rows."""
        return len(self._index)

    def search(self, query: Float, count: int) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """See ``Index``. ``query`` (D,), unit length."""
        with self._lock:
            found = self._index.search(query, count, threads=1)
        return tuple(int(row) for row in found.keys), tuple(1.0 - float(d) for d in found.distances)


def build(embeddings: Float, path: Path, threads: int = 1) -> None:
    """Writes the index of ``embeddings`` (N, D), rows of unit length. With one thread the file depends on them alone.

    Raises:
        ImportError: usearch is not installed.
    """
    index = _usearch().Index(
        ndim=embeddings.shape[1],
        metric="ip",
        dtype="f16",
        connectivity=CONNECTIVITY,
        expansion_add=EXPANSION_BUILD,
    )
    for start in range(0, len(embeddings), _ROWS):
        rows = np.ascontiguousarray(embeddings[start : start + _ROWS], dtype=np.float32)
        index.add(np.arange(start, start + len(rows), dtype=np.uint64), rows, threads=threads)
    unfinished = path.with_name(path.name + ".part")
    index.save(unfinished)
    unfinished.replace(path)


def _usearch() -> Any:
    return importlib.import_module("usearch.index")
