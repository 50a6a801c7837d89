"""Small tools of the painters: soft steps, stripes, region mixing. All on (R, R) float32 arrays, lengths in metres."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.floating[Any]]


def step(distance: Float, width: float = 0.004) -> Float:
    """0 below -width/2, 1 above width/2, smooth between (Hermite)."""
    t = np.clip(distance / width + 0.5, 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), dtype=np.float32)


def fill(distance: Float) -> Float:
    """1 well inside a shape, 0 well outside: a ramp so wide that its logit interpolates like a distance."""
    return step(distance, 0.022)


def bump(distance: Float, radius: float) -> Float:
    """1 at 0, 0 from ``radius`` on, smooth."""
    t = np.clip(1.0 - np.abs(distance) / radius, 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), dtype=np.float32)


def band(coordinate: Float, low: float, high: float, width: float = 0.003) -> Float:
    """1 between low and high."""
    return step(coordinate - low, width) * step(high - coordinate, width)


def stripes(coordinate: Float, period: float, share: float, width: float = 0.005) -> Float:
    """1 on stripes that take ``share`` of each period."""
    phase = np.abs((coordinate / period) % 1.0 - 0.5) * period
    return step(share * period / 2 - phase, width)


def over(weights: Float, region: int, alpha: Float) -> None:
    """Paints a region over what is there. ``weights`` (K, R, R) sum to 1 and still do afterwards; in place."""
    weights *= 1.0 - alpha
    weights[region] += alpha
