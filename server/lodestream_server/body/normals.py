"""Smooth vertex normals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Float


def vertex_normals(points: NDArray[np.floating[Any]], triangles: NDArray[np.integer[Any]]) -> Float:
    """Area-weighted unit normals.

    Args:
        points: (V, 3). triangles: (T, 3), counter-clockwise seen from outside.
    Returns:
        (V, 3) unit; +Y where no triangle meets the vertex.
    """
    a, b, c = (points[triangles[:, i]] for i in range(3))
    (ux, uy, uz), (vx, vy, vz) = (b - a).T, (c - a).T
    faces = (uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx)
    flat = triangles.ravel()
    x, y, z = (np.bincount(flat, np.repeat(face, 3), len(points)) for face in faces)
    length = np.sqrt(x * x + y * y + z * z)
    met = length > 1e-12
    out = np.stack([x, y, z], axis=1) / np.where(met, length, 1.0)[:, None]
    out[~met] = [0.0, 1.0, 0.0]
    return out.astype(np.float32)
