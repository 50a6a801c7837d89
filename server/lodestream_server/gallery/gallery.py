"""Pictures with their ids, CLIP embeddings and ViT features."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Float
from lodestream_server.errors import BundleError
from lodestream_server.gallery.arrays import mapped
from lodestream_server.gallery.hnsw import HnswIndex
from lodestream_server.gallery.index import ExactIndex, Index
from lodestream_server.pipeline.asset import Match

CHOICES = 5
"""A seed other than 0 picks among this many best matches …"""
TEMPERATURE = 0.05
"""… with probabilities softmax(similarity / TEMPERATURE)."""


Found = tuple[tuple[int, ...], tuple[float, ...]]
"""Rows and cosine similarities, best first."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """N pictures: ``ids`` (N,), ``features`` (N, F), and an index over their embeddings."""

    ids: NDArray[np.str_]
    features: NDArray[Any]
    index: Index

    def search(self, embedding: Float) -> Found:
        """The best matches for CLIP's embedding of a prompt, (D,) unit length."""
        return self.index.search(embedding, CHOICES)

    def choose(self, found: Found, seed: int) -> tuple[Match, Float]:
        """One of the matches.

        Args:
            found: What ``search`` gave.
            seed: 0 takes the best match, others pick among the best ones.

        Returns:
            The match and its ViT features, (F,) float32.
        """
        rows, scores = found
        chosen = 0 if seed == 0 else _pick(scores, seed)
        return Match(str(self.ids[rows[chosen]]), scores[chosen]), np.array(self.features[rows[chosen]], np.float32)


def load(path: Path, index: Path | None = None) -> Gallery:
    """Reads ``gallery.npz``: ``ids`` (N,), ``embeddings`` (N, D) unit length, ``features`` (N, F).

    Args:
        path: The file.
        index: An index that ``hnsw.build`` wrote; then ``embeddings`` are not needed, and the rest is mapped, not
            read. Without one the search is exact.

    Raises:
        BundleError: The arrays are missing or do not fit each other, or the index does not fit them.
    """
    arrays = mapped(path) if index else _read(path)
    needed = {"ids", "features"} if index else {"ids", "embeddings", "features"}
    if missing := needed - set(arrays):
        raise BundleError(f"{path} lacks {', '.join(sorted(missing))}")
    ids, features = arrays["ids"], arrays["features"]
    rows: Index = HnswIndex(index) if index else ExactIndex(arrays["embeddings"])
    if not len(ids) or len(ids) != len(rows) or len(ids) != len(features):
        raise BundleError(f"{path}: {len(ids)} ids, {len(rows)} embeddings, {len(features)} features")
    return Gallery(ids, features, rows)


def _read(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _pick(scores: tuple[float, ...], seed: int) -> int:
    """An index into ``scores``, the same for the same seed on every machine and library version."""
    uniform = int.from_bytes(hashlib.sha256(f"match {seed}".encode()).digest()[:6]) / 2**48
    weights = np.exp((np.asarray(scores) - max(scores)) / TEMPERATURE)
    return min(int(np.searchsorted(np.cumsum(weights) / weights.sum(), uniform, side="right")), len(scores) - 1)
