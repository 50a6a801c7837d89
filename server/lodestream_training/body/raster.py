"""Rasterises charts: which triangle covers a texel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]


def rasterise(uv: Float, triangles: NDArray[np.int32], size: int) -> tuple[NDArray[np.int32], Float]:
    """Triangle index (R, R), -1 outside, and barycentric coordinates (R, R, 3) of every texel centre."""
    index = np.full((size, size), -1, dtype=np.int32)
    bary = np.zeros((size, size, 3), dtype=np.float32)
    corners = uv[triangles] * size - 0.5
    for t, (a, b, c) in enumerate(corners):
        low = np.maximum(np.ceil(np.min([a, b, c], axis=0) - 0.01), 0).astype(int)
        high = np.minimum(np.floor(np.max([a, b, c], axis=0) + 0.01), size - 1).astype(int)
        if (high < low).any():
            continue
        det = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
        if abs(det) < 1e-12:
            continue
        x, y = np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1))
        w1 = ((x - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (y - a[1])) / det
        w2 = ((b[0] - a[0]) * (y - a[1]) - (x - a[0]) * (b[1] - a[1])) / det
        w0 = 1 - w1 - w2
        hit = (w0 >= -1e-4) & (w1 >= -1e-4) & (w2 >= -1e-4)
        index[y[hit], x[hit]] = t
        bary[y[hit], x[hit]] = np.stack([w0, w1, w2], axis=-1)[hit]
    return index, bary
