"""The field's planes: what the decoder says about a shell, in closed form in the distance d to its surface.

Near shell s a point is (u, v, d), d in metres along the unit normal. With the level set δ(u, v), the signed distance
to the garment's edge e(u, v) and the sharpness b, density and colour are

    p = clamp(½ + e / w, 0, 1),    σ(u, v, d) = p / b · Ψ_b(δ − d),    c(u, v) = shade · Σ_k softmax(region)_k palette_k

where Ψ_b is the cumulative Laplace distribution of scale b (VolSDF: Yariv et al. 2021, equations 2 and 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Float

SHARPNESS = 0.0004  # b, metres: so small that silhouettes, where rays graze, grow by about a millimetre only
EDGE_WIDTH = 0.006  # w, metres: the presence rises from 0 to 1 over it
HEIGHT_SCALE = 0.02  # metres per unit of the decoder's level-set output
EDGE_SCALE = 0.06  # metres per unit of the decoder's edge output; distances are clamped to ± this
SHADE_RANGE = 0.8  # shade = 1 + SHADE_RANGE · output

# colour regions of each shell, in the order of its palette
REGIONS: Mapping[str, tuple[str, ...]] = {
    "body": ("skin", "crease", "nail", "glove"),
    "head": ("skin", "lips", "brow", "beard", "scalp", "blush", "line", "shadow"),
    "top": ("main", "second", "tie", "seam", "detail"),
    "bottom": ("main", "second", "seam", "detail"),
    "skirt": ("main", "second", "seam"),
    "footwear": ("main", "sole", "detail"),
    "hair": ("base", "dark", "light"),
}
# edge length of each shell's planes at level 3, doubled at every finer level
BASE_SIZE: Mapping[str, int] = {
    "body": 16,
    "head": 32,
    "top": 32,
    "bottom": 32,
    "skirt": 32,
    "footwear": 16,
    "hair": 32,
}


@dataclass(frozen=True, slots=True)
class ShellPlanes:
    """One shell at one level, R texels square, K colour regions."""

    level_set: Float  # (R, R) δ, metres
    edge: Float  # (R, R) e, metres, positive where the shell is worn
    regions: Float  # (K, R, R) logits
    shade: Float  # (R, R) factor on the colour, about 1
    palette: Float  # (K, 3) sRGB in [0, 1]


Planes = Mapping[str, ShellPlanes]


@dataclass(frozen=True, slots=True)
class Taps:
    """Where V points read planes, bilinearly: the texels around each of them, and how far it is from the first."""

    corner: NDArray[np.intp]  # (V,) the texel at the top left, in planes that are flat
    row: NDArray[np.intp]  # (V,) or () texels from one row to the next
    right: NDArray[np.float64]  # (V,) share of the texel to the right
    down: NDArray[np.float64]  # (V,)

    @staticmethod
    def of(uv: Float, size: int | NDArray[np.intp], start: int | NDArray[np.intp] = 0) -> Taps:
        """The taps of chart coordinates.

        Args:
            uv: (V, 2) in [0, 1], origin at the top left, texel centres at (i + ½) / R.
            size: R, the edge length of the plane, (V,) or one for all. start: where the plane begins.
        """
        row = np.asarray(size, np.intp)
        edge = row.astype(uv.dtype)
        x = np.clip(uv[:, 0] * edge - 0.5, 0.0, edge - 1.0)
        y = np.clip(uv[:, 1] * edge - 0.5, 0.0, edge - 1.0)
        x0 = np.minimum(x.astype(np.intp), row - 2)
        y0 = np.minimum(y.astype(np.intp), row - 2)
        return Taps(start + y0 * row + x0, row, x - x0, y - y0)

    def read(self, flat: Float) -> Float:
        """(..., V) values of planes (..., N) whose texels lie in one line."""
        left, top = 1 - self.right, 1 - self.down
        below = self.corner + self.row
        low = flat[..., self.corner] * left + flat[..., self.corner + 1] * self.right
        high = flat[..., below] * left + flat[..., below + 1] * self.right
        return np.asarray(low * top + high * self.down, dtype=np.float32)


def sample(plane: Float, uv: Float) -> Float:
    """Bilinear look-up.

    Args:
        plane: (R, R) or (C, R, R). uv: (V, 2) in [0, 1], origin at the top left, texel centres at (i + ½) / R.
    Returns:
        (V,) or (V, C).
    """
    out = Taps.of(uv, plane.shape[-1]).read(plane.reshape(*plane.shape[:-2], -1))
    return np.asarray(out.T)


def presence(edge: Float) -> Float:
    """P in [0, 1] of a signed distance to the edge, metres."""
    return np.clip(0.5 + edge / EDGE_WIDTH, 0.0, 1.0).astype(np.float32)


def density(level_set: Float, edge: Float, distance: Float) -> Float:
    """σ in 1/metre at signed distance d (metres) from the shell's surface; shapes broadcast."""
    t = (level_set - distance) / SHARPNESS
    half = 0.5 * np.exp(-np.abs(t))
    return np.asarray(presence(edge) / SHARPNESS * np.where(t > 0, 1.0 - half, half), dtype=np.float32)


def colours(planes: ShellPlanes, uv: Float, contrast: float = 1.0) -> Float:
    """(V, 3) sRGB in [0, 1] at chart coordinates uv (V, 2); ``contrast`` > 1 sharpens the region boundaries."""
    logits = sample(planes.regions, uv) * contrast
    weight = np.exp(logits - logits.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    colour = weight @ planes.palette * sample(planes.shade, uv)[:, None]
    return np.clip(colour, 0.0, 1.0).astype(np.float32)
