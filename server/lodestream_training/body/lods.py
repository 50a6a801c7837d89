"""Level meshes: meshoptimizer's simplifier on the wedges of a shell, seams, charts and skin weights respected."""

from __future__ import annotations

import ctypes

import meshoptimizer
import numpy as np
from meshoptimizer._loader import lib
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Mask = NDArray[np.bool_]

_SAME = 1e-5  # metres between what counts as one place

# meshoptimizer 0.2.30a0 declares no argument types for this call, so its float argument is refused
_U32, _F32, _U8 = (ctypes.POINTER(t) for t in (ctypes.c_uint, ctypes.c_float, ctypes.c_ubyte))
_SIZE = ctypes.c_size_t
lib.meshopt_simplifyWithAttributes.restype = _SIZE
lib.meshopt_simplifyWithAttributes.argtypes = [
    _U32, _U32, _SIZE, _F32, _SIZE, _SIZE, _F32, _SIZE, _F32, _SIZE, _U8, _SIZE, ctypes.c_float, ctypes.c_uint, _F32,
]  # fmt: skip


def simplify(positions: Float, uv: Float, skin: Float, triangles: Int, target: int, kept: Mask | None = None) -> Int:
    """Collapses edges until about ``target`` triangles are left; keeps a subset of the wedges.

    Args:
        positions: (W, 3) metres, equal for wedges of one vertex (that is how seams are recognised).
        uv: (W, 2). skin: (W, J) skin weights; both enter the error metric as attributes.
        triangles: (T, 3). target: triangles wanted. kept: (W,) whether a wedge must stay; none by default.
    Returns:
        (T', 3) triangles over the same wedges.
    """
    if target >= len(triangles):
        return triangles
    rng = np.random.default_rng(7)
    mix = rng.normal(size=(skin.shape[1], 6)) / np.sqrt(6)
    attributes = np.ascontiguousarray(np.concatenate([uv * 0.5, (skin @ mix) * 0.35], axis=1), dtype=np.float32)
    weights = np.full(attributes.shape[1], 0.12, dtype=np.float32)
    source = np.ascontiguousarray(triangles.ravel(), dtype=np.uint32)
    out = np.zeros_like(source)
    count = meshoptimizer.simplify_with_attributes(
        out,
        source,
        np.ascontiguousarray(positions, dtype=np.float32),
        attributes,
        weights,
        vertex_lock=None if kept is None else kept.astype(np.uint8),
        target_index_count=target * 3,
        target_error=1.0,
        result_error=np.zeros(1, dtype=np.float32),
    )
    return out[:count].reshape(-1, 3).astype(np.int64)


def simplify_half(positions: Float, uv: Float, skin: Float, triangles: Int, target: int, kept: Mask) -> Int:
    """As ``simplify``, for shells that are alike on both sides of x = 0: one is simplified, the other is its mirror.

    Faces that look left and right in different ways are the first thing that one sees of a coarse level.

    Raises:
        ValueError: The shell is not alike on both sides.
    """
    if target >= len(triangles):
        return triangles
    other = mirrored(positions, triangles)
    left = triangles[positions[triangles, 0].mean(1) > 0]
    _, vertex = _welded(positions)
    middle = np.abs(positions[:, 0]) < _SAME
    ends = middle & np.isin(vertex, rim(vertex[triangles]))  # else hems would be notched in the middle
    half = simplify(positions, uv, skin, left, target // 2, kept | ends)
    return np.concatenate([half, other[half][:, ::-1]])


def rim(corner: Int) -> Int:
    """Vertices on the open borders of triangles (T, 3) of vertices."""
    edges = np.sort(np.concatenate([corner[:, [0, 1]], corner[:, [1, 2]], corner[:, [2, 0]]]), axis=1)
    edge, count = np.unique(edges, axis=0, return_counts=True)
    return np.unique(edge[count == 1])


def _welded(positions: Float) -> tuple[Float, Int]:
    """The points (P, 3) where wedges are, and at which of them each is (W,)."""
    points, vertex = np.unique(np.round(positions, 6) + 0.0, axis=0, return_inverse=True)
    return points, vertex.ravel()


def mirrored(positions: Float, triangles: Int) -> Int:
    """(W,) the wedge that is on the other side of x = 0 where each wedge is on this one.

    Where seams give a vertex several wedges, the triangles tell which belongs to which.

    Raises:
        ValueError: A vertex or a wedge has none.
    """
    points, vertex = _welded(positions)
    distance, across = cKDTree(points).query(points * [-1.0, 1.0, 1.0])
    if distance.max() > _SAME:
        raise ValueError(f"a vertex is {distance.max():.2g} m off its mirror's place")
    found = {tuple(sorted(corners)): wedges for corners, wedges in zip(vertex[triangles], triangles, strict=True)}
    out = np.full(len(positions), -1)
    for wedges in triangles:
        wanted = across[vertex[wedges]]
        facing = found.get(tuple(sorted(wanted)))
        if facing is not None:
            out[wedges] = facing[[np.flatnonzero(vertex[facing] == corner)[0] for corner in wanted]]
    for wedge in np.flatnonzero(out < 0):  # quads are cut along other diagonals over there
        out[wedge] = np.flatnonzero(vertex == across[vertex[wedge]])[0]
    if len(np.unique(out)) < len(out):
        raise ValueError("wedges have no mirror of their own")
    return out
