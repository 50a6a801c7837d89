"""How far one session's outputs are from another's, and how far they may be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lodestream_server.encoders.engines.base import Array, Feeds, Session

NEIGHBOURS = 10

Search = Callable[[Array, int], Sequence[int]]
"""Rows of the gallery that are nearest to an embedding (D,), best first."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of two sessions on the same inputs.

    ``cosine`` is the smallest over all outputs and rows, ``difference`` the largest absolute one, ``recall`` the mean
    share of the reference's nearest pictures that the candidate's embeddings find too (1 where nothing is searched).
    """

    cosine: float
    difference: float
    recall: float


@dataclass(frozen=True, slots=True)
class Gate:
    """The least that a session must reach before it may serve."""

    cosine: float
    recall: float

    def passes(self, agreement: Agreement) -> bool:
        """Whether it does; never if an output is not finite."""
        return agreement.cosine >= self.cosine and agreement.recall >= self.recall


GATES = {
    "fp32": Gate(cosine=0.9999, recall=0.99),
    "fp16": Gate(cosine=0.999, recall=0.97),
    "bf16": Gate(cosine=0.99, recall=0.95),
    "int8": Gate(cosine=0.97, recall=0.95),
}
"""By precision: half precision is held to what rounding alone explains, eight bits to what retrieval tolerates."""


def agreement(
    reference: Session, candidate: Session, feeds: Sequence[Feeds], search: Search | None = None
) -> Agreement:
    """Runs both sessions on all ``feeds`` and compares what comes out.

    Args:
        reference: Usually fp32 on the CPU.
        candidate: The session in question.
        feeds: Inputs as they occur in service, any batch size.
        search: Where embeddings are looked up; their recall is compared if the networks have an ``embedding``.
    """
    cosines, differences, recalls = [1.0], [0.0], []
    for feed in feeds:
        expected, made = reference.run(feed), candidate.run(feed)
        for name, rows in expected.items():
            other = np.asarray(made[name], np.float32)
            differences.append(float(np.abs(rows - other).max()))
            cosines += [cosine(a, b) for a, b in zip(rows, other, strict=True)]
        if search is not None and "embedding" in expected:
            recalls += [
                recall(search(a, NEIGHBOURS), search(b, NEIGHBOURS))
                for a, b in zip(expected["embedding"], made["embedding"], strict=True)
            ]
    return Agreement(min(cosines), max(differences), float(np.mean(recalls)) if recalls else 1.0)


def cosine(a: Array, b: Array) -> float:
    """Of two arrays of one shape; 1 for two that vanish, -1 if ``b`` is not finite."""
    if not np.isfinite(b).all():
        return -1.0
    x, y = a.ravel().astype(np.float64), b.ravel().astype(np.float64)
    lengths = float(np.linalg.norm(x) * np.linalg.norm(y))
    if lengths == 0.0:
        return 1.0 if float(np.abs(x - y).max(initial=0.0)) < 1e-3 else 0.0
    return float(x @ y) / lengths


def recall(expected: Sequence[int], found: Sequence[int]) -> float:
    """Share of ``expected`` that is among ``found``."""
    return len(set(expected) & set(found)) / max(len(expected), 1)
