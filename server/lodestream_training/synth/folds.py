"""Folds of cloth: single creases along segments and the waves of hanging cloth. Lengths in metres."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.floating[Any]]
#: u and v of both ends, half width, strength
Crease = tuple[float, float, float, float, float, float]


def creases(u: Float, v: Float, lines: Iterable[Crease]) -> Float:
    """Ridges along segments, each with a trough on its right side and tapering towards its ends.

    Args:
        u, v: (R, R) coordinates on the cloth. lines: in the same coordinates; a segment that runs towards +u has its
            trough below, at smaller v.
    Returns:
        (R, R), about +strength on a ridge and -strength/2 in its trough.
    """
    out = np.zeros_like(u)
    for u0, v0, u1, v1, width, strength in lines:
        du, dv = u1 - u0, v1 - v0
        length = float(np.hypot(du, dv))
        along = ((u - u0) * du + (v - v0) * dv) / length**2 - 0.5
        across = ((u - u0) * dv - (v - v0) * du) / (length * width)
        taper = np.clip(1.0 - (along / 0.72) ** 2, 0.0, 1.0)
        out += strength * taper * (np.exp(-(across**2)) - 0.55 * np.exp(-((across - 1.6) ** 2)))
    return out


def waves(phase: Float) -> Float:
    """Broad ridges and narrow troughs of hanging cloth, from about -1.3 to 0.8, one per 2π of ``phase``."""
    wave = np.cos(phase)
    return np.asarray(wave - 0.3 * (2.0 * wave * wave - 1.0))
