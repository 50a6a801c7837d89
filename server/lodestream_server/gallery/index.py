"""Nearest neighbours by cosine similarity: the seam, and the exact search behind it."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from lodestream_server.avatar import Float


class Index(Protocol):
    """Finds the rows that are most similar to a query."""

    def __len__(self) -> int:
        """Number of rows."""

    def search(self, query: Float, count: int) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """Rows and cosine similarities of the ``count`` best, best first."""


class ExactIndex:
    """Compares with every row: one matrix product, well below 1 ms for thousands of rows, 0.1 s a million."""

    def __init__(self, embeddings: Float) -> None:
        """``embeddings`` (N, D), rows of unit length."""
        self._embeddings = np.array(embeddings, dtype=np.float32, order="C")

    def __len__(self) -> int:
        """Number of rows."""
        return len(self._embeddings)

    def search(self, query: Float, count: int) -> tuple[tuple[int, ...], tuple[float, ...]]:
        """See ``Index``. ``query`` (D,), unit length."""
        scores = self._embeddings @ query
        count = min(count, len(scores))
        rows = np.sort(np.argpartition(-scores, count - 1)[:count])
        rows = rows[np.argsort(-scores[rows], kind="stable")]
        return tuple(int(row) for row in rows), tuple(float(scores[row]) for row in rows)
