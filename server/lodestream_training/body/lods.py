"""Level meshes: meshoptimizer's simplifier on the wedges of a shell, seams, charts and skin weights respected."""

from __future__ import annotations

import ctypes

import meshoptimizer
import numpy as np
from meshoptimizer._loader import lib
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]

# meshoptimizer 0.2.30a0 declares no argument types for this call, so its float argument is refused
_U32, _F32, _U8 = (ctypes.POINTER(t) for t in (ctypes.c_uint, ctypes.c_float, ctypes.c_ubyte))
_SIZE = ctypes.c_size_t
lib.meshopt_simplifyWithAttributes.restype = _SIZE
lib.meshopt_simplifyWithAttributes.argtypes = [
    _U32, _U32, _SIZE, _F32, _SIZE, _SIZE, _F32, _SIZE, _F32, _SIZE, _U8, _SIZE, ctypes.c_float, ctypes.c_uint, _F32,
]  # fmt: skip


def simplify(positions: Float, uv: Float, skin: Float, triangles: Int, target: int) -> Int:
    """Collapses edges until about ``target`` triangles are left; keeps a subset of the wedges.

    Args:
        positions: (W, 3) metres, equal for wedges of one vertex (that is how seams are recognised).
        uv: (W, 2). skin: (W, J) skin weights; both enter the error metric as attributes.
        triangles: (T, 3). target: triangles wanted.
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
        target_index_count=target * 3,
        target_error=1.0,
        result_error=np.zeros(1, dtype=np.float32),
    )
    return out[:count].reshape(-1, 3).astype(np.int64)
