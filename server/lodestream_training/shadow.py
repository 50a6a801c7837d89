"""What light from one direction reaches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lodestream_server.field.scan import scan

Float = NDArray[np.float32]
Int = NDArray[np.int32]

_FAR = 50.0  # metres that depths are moved away, so that their perspective interpolation is as good as linear


class ShadowMap:
    """The depths of ``triangles`` seen in parallel from ``direction``, around a sphere of interest.

    Args:
        positions: (V, 3) metres. triangles: (T, 3).
        direction: (3,) unit, towards the light.
        centre: (3,). radius: of what can be asked about, metres; beyond, all is lit.
        size: texels of a side.
    """

    def __init__(
        self, positions: Float, triangles: Int, direction: Float, centre: Float, radius: float, size: int
    ) -> None:
        self.direction = direction
        self._size, self._centre = size, centre
        self._texel = 2 * radius / size
        spare = np.eye(3)[np.argmin(np.abs(direction))]
        right = np.cross(spare, direction)
        right /= np.linalg.norm(right)
        self._axes = np.stack([right, np.cross(direction, right), direction]).astype(np.float32)
        pixels, depth = self._place(positions)
        fragments = scan(pixels, depth, triangles, size, size)
        nearest = np.full(size * size, np.inf, np.float32)
        np.minimum.at(nearest, fragments.pixel, fragments.depth)
        self._nearest = nearest

    def _place(self, points: Float) -> tuple[NDArray[np.float64], Float]:
        local = (points - self._centre) @ self._axes.T
        return local[:, :2].astype(np.float64) / self._texel + self._size / 2, np.asarray(
            _FAR - local[:, 2], np.float32
        )

    def visible(self, points: Float, normals: Float) -> Float:
        """How much light reaches ``points`` (N, 3) with unit ``normals`` (N, 3) -> (N,) 0 to 1.

        Points are lifted by their normal by as much as a texel can be wrong, and four texels are weighed.
        """
        result = np.zeros(len(points), np.float32)
        lit = np.flatnonzero(normals @ self.direction > -0.35)
        pixels, depth = self._place(points[lit] + normals[lit] * np.float32(1.6 * self._texel))
        depth = depth - np.float32(0.8 * self._texel)
        place = pixels - 0.5
        corner = np.floor(place).astype(np.int64)
        fx, fy = (place - corner).T.astype(np.float32)
        inside = np.all((corner >= 0) & (corner < self._size - 1), axis=1)
        first = np.where(inside, corner[:, 1] * self._size + corner[:, 0], 0)
        n, s = self._nearest, self._size
        upper = (n[first] >= depth) * (1 - fx) + (n[first + 1] >= depth) * fx
        lower = (n[first + s] >= depth) * (1 - fx) + (n[first + s + 1] >= depth) * fx
        result[lit] = np.where(inside, upper * (1 - fy) + lower * fy, 1.0)
        return result
