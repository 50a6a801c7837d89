"""Where rays meet triangles: scan conversion, all fragments kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Float, Int
from lodestream_server.field.camera import Camera


@dataclass(frozen=True, slots=True)
class Fragments:
    """Every meeting of a pixel's ray with a triangle; N of them."""

    pixel: NDArray[np.int64]  # (N,) row · width + column
    depth: Float  # (N,) metres along the view axis
    triangle: NDArray[np.int64]  # (N,)
    weights: Float  # (N, 3) perspective-correct barycentrics


def project(points: Float, camera: Camera, width: int, height: int) -> tuple[NDArray[np.float64], Float]:
    """Pixel coordinates (V, 2) and depths (V,) of world ``points`` (V, 3)."""
    view = (points - camera.position) @ camera.rotation.T
    depth = -view[:, 2]
    focal = height / 2 / np.tan(np.radians(camera.fov) / 2)
    scale = focal / np.maximum(depth, 1e-6)
    pixels = np.stack([width / 2 + view[:, 0] * scale, height / 2 - view[:, 1] * scale], axis=1)
    return pixels.astype(np.float64), depth.astype(np.float32)


def scan(pixels: NDArray[np.float64], depth: Float, triangles: Int, width: int, height: int) -> Fragments:
    """All pixel centres inside projected triangles. ``pixels`` (V, 2), ``depth`` (V,), ``triangles`` (T, 3)."""
    i, j, k = triangles.T
    x, y = pixels.T
    ax, bx, cx = x[i], x[j], x[k]
    ay, by, cy = y[i], y[j], y[k]
    x0 = np.maximum(np.ceil(np.minimum(np.minimum(ax, bx), cx) - 0.5), 0)
    y0 = np.maximum(np.ceil(np.minimum(np.minimum(ay, by), cy) - 0.5), 0)
    x1 = np.minimum(np.floor(np.maximum(np.maximum(ax, bx), cx) - 0.5), width - 1)
    y1 = np.minimum(np.floor(np.maximum(np.maximum(ay, by), cy) - 0.5), height - 1)
    visible = (depth > 1e-3)[i] & (depth > 1e-3)[j] & (depth > 1e-3)[k]
    which = np.flatnonzero(visible & (x1 >= x0) & (y1 >= y0))
    columns = (x1 - x0 + 1)[which].astype(np.int64)
    counts = columns * (y1 - y0 + 1)[which].astype(np.int64)
    index = np.repeat(np.arange(len(which)), counts)  # candidate -> row of `which`
    inner = np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)
    owner = which[index]
    rows, remainder = np.divmod(inner, columns[index])
    column = x0[owner].astype(np.int64) + remainder
    row = y0[owner].astype(np.int64) + rows
    px, py = column + 0.5, row + 0.5
    ax, ay = ax[owner] - px, ay[owner] - py
    bx, by = bx[owner] - px, by[owner] - py
    cx, cy = cx[owner] - px, cy[owner] - py
    w0 = bx * cy - cx * by
    w1 = cx * ay - ax * cy
    w2 = ax * by - bx * ay
    area = w0 + w1 + w2
    inside = (area != 0) & (np.minimum(np.minimum(w0 * area, w1 * area), w2 * area) >= 0)
    owner = owner[inside]
    weights = np.stack([w0, w1, w2], axis=1)[inside] / depth[triangles[owner]]
    total = weights.sum(1)
    nearness = total / area[inside]
    return Fragments(
        row[inside] * width + column[inside],
        (1 / nearness).astype(np.float32),
        owner,
        (weights / total[:, None]).astype(np.float32),
    )


def blend(values: Float, triangles: Int, fragments: Fragments) -> Float:
    """Vertex ``values`` (V, C) at the fragments → (N, C)."""
    corners = triangles[fragments.triangle]
    return np.asarray(np.einsum("nk,nkc->nc", fragments.weights, values[corners]), dtype=np.float32)
