"""The painters' map of the scalp: hairline, noise and combing directions over the head and hair charts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from lodestream_training.synth.texels import Canvas

Float = NDArray[np.floating[Any]]

CENTRE = np.array([0.0, 0.935, 0.05], dtype=np.float32)  # inside the skull
EARS = np.deg2rad(64.0)  # azimuth in front of the ears, where hair that falls past the face begins
# the hairline seen from the side, from the nape over the ear and the sideburn to the forehead: (z, y) metres
_LINE = np.array(
    [
        (-0.090, 0.816),
        (-0.010, 0.820),
        (0.014, 0.842),
        (0.026, 0.876),
        (0.036, 0.909),
        (0.046, 0.918),
        (0.057, 0.914),
        (0.063, 0.898),
        (0.067, 0.882),
        (0.081, 0.882),
        (0.086, 0.902),
        (0.091, 0.930),
        (0.099, 0.948),
        (0.113, 0.965),
        (0.127, 0.971),
        (0.141, 0.968),
        (0.160, 0.963),
        (0.200, 0.960),
    ],
    dtype=np.float32,
)


def hairline(position: Float) -> Float:
    """Signed distance above the hairline, metres, of points (..., 3) on the head; lengths as seen from the side."""
    y, z = position[..., 1], position[..., 2]
    best = np.full(y.shape, np.inf, dtype=np.float32)
    for (z0, y0), (z1, y1) in pairwise(_LINE):
        dz, dy = z1 - z0, y1 - y0
        t = np.clip(((z - z0) * dz + (y - y0) * dy) / (dz * dz + dy * dy), 0.0, 1.0)
        best = np.minimum(best, (z - z0 - t * dz) ** 2 + (y - y0 - t * dy) ** 2)
    sign = np.where(y > np.interp(z, _LINE[:, 0], _LINE[:, 1]), 1.0, -1.0)
    return np.asarray(sign * np.sqrt(best), dtype=np.float32)


def waves(across: Float, along: Float, period: float) -> Float:
    """Fibres in [-1, 1]: waves of mixed length over ``across`` that wander along ``along``; all metres."""
    u = 2 * np.pi / period * across
    out = (
        0.45 * np.sin(u + 1.1 * np.sin(along * 31.0 + 0.21 * u))
        + 0.33 * np.sin(1.73 * u + 1.6 * np.sin(along * 23.0 + 0.13 * u) + 1.0)
        + 0.30 * np.sin(0.41 * u + 0.9 * np.sin(along * 17.0) + 2.0)
    )
    return np.asarray(out, dtype=np.float32)


def cells(position: Float, count: int, unrest: float = 0.75) -> tuple[Float, Float]:
    """Cells over the skull, ``count`` on the whole sphere, more uneven with more ``unrest``.

    Returns:
        Metres to the nearest cell's middle, and metres on to the second nearest; both as on a sphere of 0.1 m.
    """
    i = np.arange(count) + 0.5
    polar, turn = np.arccos(1 - 2 * i / count), np.pi * (1 + 5**0.5) * i
    jitter = np.random.default_rng(count).normal(size=(count, 3)) * unrest / np.sqrt(count)
    seeds = np.stack([np.cos(turn) * np.sin(polar), np.cos(polar), np.sin(turn) * np.sin(polar)], axis=1) + jitter
    ray = (position - CENTRE).reshape(-1, 3)
    ray = ray / np.linalg.norm(ray, axis=1, keepdims=True)
    distance, _ = cKDTree(seeds).query(ray, k=2)
    distance = distance.reshape(*position.shape[:-1], 2) * 0.1
    return np.asarray(distance[..., 0], np.float32), np.asarray(distance[..., 1] - distance[..., 0], np.float32)


@dataclass(frozen=True)
class Sheet:
    """What the hair styles ask about a hair canvas; all (R, R), metres and radians."""

    canvas: Canvas
    x: Float
    y: Float
    z: Float
    azimuth: Float  # 0 at the face, positive to +X
    turn: Float  # its absolute value
    drop: Float
    hang: Float  # below the skull's rim
    cap: Float  # signed distance above the hairline
    rim: Float  # signed distance above the skull's rim
    plumb: (
        Float  # what the sheet lacks to hang straight down from the skull's widest ring; 0 above it and before the face
    )

    @staticmethod
    def of(canvas: Canvas) -> Sheet:
        """The map of a canvas of the hair shell."""
        assert canvas.azimuth is not None
        assert canvas.drop is not None
        x, y, z = np.moveaxis(canvas.position, -1, 0)
        drop = canvas.drop
        rim = np.where(drop < 1.0, 0.125 * (1.0 - drop), 1.0 - drop).astype(np.float32)
        cap = hairline(canvas.position)
        hang = (drop - 1.0).clip(0)
        plumb = _plumb(x, z, canvas.azimuth, drop) * (1 - 0.8 * np.clip((hang - 0.10) / 0.08, 0, 1))
        return Sheet(canvas, x, y, z, canvas.azimuth, np.abs(canvas.azimuth), drop, hang, cap, rim, plumb)

    def behind(self, azimuth: float | Float) -> Float:
        """Metres behind an azimuth (radians) on both sides of the face."""
        return np.asarray(0.09 * (self.turn - azimuth), dtype=np.float32)

    def beside(self, x: float, y: float, z: float) -> Float:
        """Metres across strands that are combed to two knots, one on either side of the head."""
        ray = np.stack([np.abs(self.x), self.y, self.z], axis=-1) - CENTRE
        return _around(ray, np.array([x, y, z], dtype=np.float32) - CENTRE)

    def parted(self, x: float, front: float = 0.15, back: float = -0.01) -> tuple[Float, Float]:
        """Hair combed to both sides of a parting along z at ``x``.

        Returns:
            Metres across the strands, and metres from the parting, negative on the right.
        """
        along = np.clip(self.z, back, front)
        side = self.x - x
        angle = np.arctan2(self.z - along, np.abs(side) + 0.004)
        across = along + 0.065 * angle + np.where(side < 0, 0.4, 0.0)
        return np.asarray(across, np.float32), np.asarray(side, np.float32)

    def gathered(self, x: float, y: float, z: float) -> tuple[Float, Float]:
        """Hair combed towards a knot at a point of the scalp.

        Returns:
            Metres across the strands (as on a sphere of 0.07 m), and metres from the knot.
        """
        knot = np.array([x, y, z], dtype=np.float32)
        away = np.linalg.norm(self.canvas.position - knot, axis=-1)
        return _around(self.canvas.position - CENTRE, knot - CENTRE), np.asarray(away, np.float32)


def _around(ray: Float, axis: Float) -> Float:
    """Metres around an axis through the skull, as on a cylinder of 0.07 m; ``ray`` (..., 3) from its middle."""
    axis = axis / np.linalg.norm(axis)
    right = np.cross(np.array([0.0, 1.0, 0.0], dtype=np.float32), axis)
    right /= np.linalg.norm(right)
    return np.asarray(0.07 * np.arctan2(ray @ right, ray @ np.cross(axis, right)), np.float32)


def _plumb(x: Float, z: Float, azimuth: Float, drop: Float) -> Float:
    """Metres from the sheet out to the cylinder that stands on the skull's widest ring, from that ring down."""
    radius = np.hypot(x, z - CENTRE[2])
    ring = np.abs(drop - 0.85) < 0.06
    order = np.argsort(azimuth[ring])
    at, wide = azimuth[ring][order], radius[ring][order]
    edges = np.linspace(-np.pi, np.pi, 49)
    bins = np.clip(np.digitize(at, edges) - 1, 0, 47)
    mean = np.bincount(bins, wide, 48) / np.maximum(np.bincount(bins, minlength=48), 1)
    target = np.interp(azimuth, (edges[:-1] + edges[1:]) / 2, mean, period=2 * np.pi)
    lacking = np.clip(target - radius, -0.022, 0.016)
    lacking = lacking * np.clip((drop - 0.85) / 0.1, 0, 1) * np.clip((np.abs(azimuth) - 0.7) / 0.4, 0, 1)
    return np.asarray(lacking, dtype=np.float32)
