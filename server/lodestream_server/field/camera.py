"""A pinhole camera. Frame: glTF's, +Y up, the avatar faces +Z, metres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lodestream_server.avatar import Float


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole. ``rotation`` rows are the camera's right, up and backward axes in the world."""

    position: Float  # (3,)
    rotation: Float  # (3, 3)
    fov: float = 25.0  # vertical, degrees

    @classmethod
    def look(
        cls,
        azimuth: float,
        elevation: float,
        target: Sequence[float] | Float,
        height_span: float,
        fov: float = 25.0,
    ) -> Camera:
        """Looks at ``target`` so that ``height_span`` metres there fill the picture's height.

        Args:
            azimuth: degrees; 0 sees the front, 90 the avatar's left side, 180 the back.
            elevation: degrees; positive looks down from above.
            target: (3,) metres.
            height_span: metres.
            fov: vertical field of view, degrees.
        """
        a, e = np.radians(azimuth), np.radians(elevation)
        backward = np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])
        right = np.array([np.cos(a), 0.0, -np.sin(a)])
        up = np.cross(backward, right)
        distance = height_span / 2 / np.tan(np.radians(fov) / 2)
        position = np.asarray(target, np.float64) + backward * distance
        return cls(position.astype(np.float32), np.stack([right, up, backward]).astype(np.float32), fov)

    @classmethod
    def full(cls, points: Float, azimuth: float = 0.0, elevation: float = 4.0, margin: float = 1.08) -> Camera:
        """Sees the whole of ``points`` (V, 3) in a square picture."""
        low, high = points.min(0), points.max(0)
        side = float(max(high[1] - low[1], min(high[0] - low[0], 1.15 * (high[1] - low[1]))))
        return cls.look(azimuth, elevation, (low + high) / 2, side * margin)

    @classmethod
    def front_full(cls, points: Float) -> Camera:
        """The whole figure from the front."""
        return cls.full(points, 0.0)

    @classmethod
    def side_full(cls, points: Float) -> Camera:
        """The whole figure from its left side."""
        return cls.full(points, 90.0)

    @classmethod
    def back_full(cls, points: Float) -> Camera:
        """The whole figure from behind."""
        return cls.full(points, 180.0)

    @classmethod
    def face(cls, points: Float, eyes: Float | None = None, azimuth: float = 0.0) -> Camera:
        """The head of a standing figure; centred by the ``eyes``' vertices where given, else by its topmost part."""
        low, high = points.min(0), points.max(0)
        height = float(high[1] - low[1])
        if eyes is not None and len(eyes):
            target = eyes.mean(0) + np.array([0.0, -0.012 * height, -0.03 * height])
        else:
            head = points[points[:, 1] > high[1] - 0.13 * height]
            target = np.array([head[:, 0].mean(), high[1] - 0.07 * height, head[:, 2].mean()])
        return cls.look(azimuth, 2.0, target, 0.2 * height)
