"""How often and how patiently a lost connection is taken up again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Retry:
    """``attempts`` in a row without progress before giving up; waits ``first`` seconds, doubling up to ``longest``."""

    attempts: int = 4
    first: float = 0.1
    longest: float = 2.0
