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
    face = np.cross(b - a, c - a)
    flat = triangles.ravel()
    count = len(points)
    out = np.stack([np.bincount(flat, np.repeat(face[:, i], 3), count) for i in range(3)], axis=1)
    length = np.linalg.norm(out, axis=1, keepdims=True)
    return np.where(length > 1e-12, out / np.maximum(length, 1e-12), [[0.0, 1.0, 0.0]]).astype(np.float32)
