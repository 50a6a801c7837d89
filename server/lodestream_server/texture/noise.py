"""Smooth value noise from one fixed lattice: the same everywhere and always."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Float

_SIDE = 32  # lattice points along each axis before it repeats


def scramble(number: NDArray[np.int64]) -> Float:
    """Fixed pseudo-random values in [0, 1) of integers (...)."""
    n = number.astype(np.uint32)
    n = (n ^ (n >> np.uint32(16))) * np.uint32(0x7FEB352D)
    n = (n ^ (n >> np.uint32(15))) * np.uint32(0x846CA68B)
    return ((n ^ (n >> np.uint32(16))) >> np.uint32(8)).astype(np.float32) / np.float32(1 << 24)


_LATTICE = scramble(np.arange(_SIDE**3)) * 2 - 1


def value3(x: Float, y: Float, z: Float) -> Float:
    """(N,) in [-1, 1], smooth, one lattice point per unit."""
    at = [np.floor(c).astype(np.int32) for c in (x, y, z)]
    t = [c - a for c, a in zip((x, y, z), at, strict=True)]
    fx, fy, fz = (f * f * (3 - 2 * f) for f in t)
    near = [[(a + k) % _SIDE for k in (0, 1)] for a in at]

    def corner(i: int, j: int, k: int) -> Float:
        return _LATTICE[(near[2][k] * _SIDE + near[1][j]) * _SIDE + near[0][i]]

    rows = [[corner(0, j, k) * (1 - fx) + corner(1, j, k) * fx for j in (0, 1)] for k in (0, 1)]
    low, high = (row[0] * (1 - fy) + row[1] * fy for row in rows)
    return np.asarray(low * (1 - fz) + high * fz, dtype=np.float32)


def value2(u: Float, v: Float) -> Float:
    """(N,) in [-1, 1], smooth, one lattice point per unit."""
    return value3(u, v, np.zeros_like(u))
