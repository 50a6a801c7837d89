"""Signed distances of the pattern pieces, metres on the reference body: necklines, armholes, polygons."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_training.synth.brush import step
from lodestream_training.synth.measure import ARM
from lodestream_training.synth.tops.form import FAR, Form

Float = NDArray[np.floating[Any]]
Corners = tuple[tuple[float, float], ...]

SLEEVES = {"short": 0.165, "long": ARM - 0.012}  # metres down the arm


def scoop(f: Form, width: float, front: float, back: float) -> Float:
    """Metres outside a round neckline, half ``width`` on the shoulders, down to the heights ``front`` and ``back``."""
    return _over_shoulder(f, _ellipse(f, width, front), _ellipse(f, width, back))


def vee(f: Form, width: float, point: float, back: float) -> Float:
    """Metres outside a neckline that runs to a point in front, at the height ``point``."""
    return _over_shoulder(f, wedge(f, width, point), _ellipse(f, width, back))


def wedge(f: Form, width: float, point: float) -> Float:
    """Metres outside a V of half ``width`` at the shoulders, its tip at ``point``; front and back alike."""
    rise = 0.745 - point
    length = np.hypot(rise, width)
    near = np.sqrt(f.x**2 + 0.006**2) - 0.004
    return np.asarray((near * rise - (f.y - point) * width) / length)


def ring(f: Form, front: float, back: float) -> Float:
    """Metres below a line around the neck at the heights ``front`` and ``back``, along neck and shoulders."""
    line = back + (front - back) * (f.z + 0.035) / 0.125
    across = np.hypot(f.x, (f.z - 0.027) * 1.15) - 0.072
    away = np.hypot(np.maximum(across, 0), f.y - line)
    return np.asarray(np.where(f.y < line, away, line - f.y))


def armhole(f: Form, shoulder: float) -> Float:
    """Metres inside the armhole of a sleeveless garment that ends ``shoulder`` metres from the middle, y = 0.70."""
    return np.asarray(-((f.ax - shoulder) * 0.972 + (f.y - 0.70) * 0.235))


def sleeve(f: Form, end: float) -> Float:
    """Metres to the end of a sleeve of ``end`` metres; far on the trunk."""
    return np.asarray(np.where(f.limb >= 1, end - f.arm, FAR))


def polygon(f: Form, corners: Corners, side: int = 0) -> Float:
    """Metres inside a polygon seen from the front, exact (N,); negative outside.

    Args:
        f: the form. corners: (x, y) of the C corners. side: 1 the avatar's left, -1 its right, 0 both, mirrored.
    """
    known = f.pieces.get((corners, side))
    if known is None:
        known = _polygon(side * f.x if side else f.ax, f.y, np.array(corners, dtype=np.float32))
        f.pieces[corners, side] = known
    return known


def _polygon(px: Float, py: Float, points: Float) -> Float:
    nearest = np.full(px.shape, np.inf, dtype=np.float32)
    inside = np.zeros(px.shape, dtype=bool)
    for a, b in zip(points, np.roll(points, -1, axis=0), strict=True):
        ex, ey = b - a
        wx, wy = px - a[0], py - a[1]
        t = np.clip((wx * ex + wy * ey) / (ex * ex + ey * ey), 0, 1)
        nearest = np.minimum(nearest, (wx - t * ex) ** 2 + (wy - t * ey) ** 2)
        if ey:
            inside ^= ((a[1] > py) != (b[1] > py)) & (wx < wy * (ex / ey))
    return np.asarray(np.where(inside, 1, -1) * np.sqrt(nearest), dtype=np.float32)


def box(px: Float, py: Float, centre: tuple[float, float], half: tuple[float, float], corner: float = 0.012) -> Float:
    """Metres inside a rectangle with round corners (N,)."""
    qx = np.abs(px - centre[0]) - half[0] + corner
    qy = np.abs(py - centre[1]) - half[1] + corner
    out = np.hypot(np.maximum(qx, 0), np.maximum(qy, 0)) + np.minimum(np.maximum(qx, qy), 0) - corner
    return np.asarray(-out)


def oval(px: Float, py: Float, centre: tuple[float, float], half: tuple[float, float]) -> Float:
    """First-order metres inside an ellipse (N,)."""
    qx, qy = px - centre[0], py - centre[1]
    k0 = np.hypot(qx / half[0], qy / half[1])
    k1 = np.hypot(qx / half[0] ** 2, qy / half[1] ** 2)
    return np.asarray(k0 * (1 - k0) / np.maximum(k1, 1e-3))


def _ellipse(f: Form, width: float, low: float) -> Float:
    """First-order distance to an ellipse that stands on the line ``low`` and is widest at the shoulders."""
    centre = max(0.775, low + 0.02)
    return -oval(f.x, np.minimum(f.y, centre), (0.0, centre), (width, centre - low))


def _over_shoulder(f: Form, front: Float, back: Float) -> Float:
    s = step(f.z - 0.012, 0.05)
    return np.asarray(front * s + back * (1 - s))
