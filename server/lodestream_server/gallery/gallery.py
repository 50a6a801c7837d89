"""Pictures with their ids, CLIP embeddings and ViT features."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lodestream_server.avatar import Float
from lodestream_server.errors import BundleError
from lodestream_server.gallery.index import ExactIndex, Index
from lodestream_server.pipeline.asset import Match

CHOICES = 5
"""A seed other than 0 picks among this many best matches …"""
TEMPERATURE = 0.05
"""… with probabilities softmax(similarity / TEMPERATURE)."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """N pictures: ``ids`` (N,), ``features`` (N, F), and an index over their embeddings."""

    ids: tuple[str, ...]
    features: Float
    index: Index

    def find(self, embedding: Float, seed: int) -> tuple[Match, Float]:
        """The picture for a query.

        Args:
            embedding: (D,) unit length, CLIP's embedding of the prompt.
            seed: 0 takes the best match, others pick among the best ones.

        Returns:
            The match and its ViT features (F,).
        """
        rows, scores = self.index.search(embedding, 1 if seed == 0 else CHOICES)
        chosen = 0 if seed == 0 else _pick(scores, seed)
        return Match(self.ids[rows[chosen]], scores[chosen]), self.features[rows[chosen]]


def load(path: Path) -> Gallery:
    """Reads ``gallery.npz``: ``ids`` (N,), ``embeddings`` (N, D) unit length, ``features`` (N, F).

    Raises:
        BundleError: The arrays are missing or do not fit each other.
    """
    with np.load(path, allow_pickle=False) as arrays:
        if missing := {"ids", "embeddings", "features"} - set(arrays.files):
            raise BundleError(f"{path} lacks {', '.join(sorted(missing))}")
        ids, embeddings, features = arrays["ids"], arrays["embeddings"], arrays["features"]
    if not len(ids) or len(ids) != len(embeddings) or len(ids) != len(features):
        raise BundleError(f"{path}: {len(ids)} ids, {len(embeddings)} embeddings, {len(features)} features")
    return Gallery(tuple(str(i) for i in ids), features.astype(np.float32), ExactIndex(embeddings))


def _pick(scores: tuple[float, ...], seed: int) -> int:
    """An index into ``scores``, the same for the same seed on every machine and library version."""
    uniform = int.from_bytes(hashlib.sha256(f"match {seed}".encode()).digest()[:6]) / 2**48
    weights = np.exp((np.asarray(scores) - max(scores)) / TEMPERATURE)
    return min(int(np.searchsorted(np.cumsum(weights) / weights.sum(), uniform, side="right")), len(scores) - 1)
