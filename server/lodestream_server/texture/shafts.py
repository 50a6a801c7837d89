"""Leather of boots' shafts, painted into the strips that they use of the footwear's textures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Bytes, Float
from lodestream_server.body.shafts import BORDER_U, END_V, NARROW_U, RIM_V, START_V, WIDE_U
from lodestream_server.texture import noise

_TALL = 0.341  # metres from a shaft's start to its rim
_ROUND = 0.20  # metres around half a shaft, on average
_GUTTER = 0.009  # of the chart's edge, drawn around strips
_BINDING = 0.018  # metres below the rim


@dataclass(frozen=True, slots=True)
class _Strip:
    """The left strip in a square texture: R rows, C columns. Read-only."""

    rows: slice
    inside: NDArray[np.bool_]  # (R, C)
    main: Float  # (R, C, 1) factor on the colour
    lining: Float  # (R, C, 1) factor on the colour of the lining
    occlusion: Float  # (R, C)


def draw(albedo: Bytes, normal: Bytes | None, orm: Bytes | None, main: Float, roughness: float) -> None:
    """Paints both strips, in place.

    Args:
        albedo: (S, S, 3) sRGB. normal, orm: maps of other sizes, or None. main: (3,) sRGB of the upper. roughness: of
            the upper.
    """
    strip = _strip(len(albedo))
    colour = main * strip.main + (0.72 * main + 0.06) * strip.lining
    _both(albedo, strip, (np.clip(colour, 0, 1) * 255 + 0.5).astype(np.uint8))
    if normal is not None:
        strip = _strip(len(normal))
        _both(normal, strip, np.tile(np.array([128, 128, 255], dtype=np.uint8), (*strip.inside.shape, 1)))
    if orm is not None:
        strip = _strip(len(orm))
        painted = np.zeros((*strip.inside.shape, 3), dtype=np.uint8)
        painted[..., 0] = strip.occlusion * 255
        painted[..., 1] = round(roughness * 255)
        _both(orm, strip, painted)


def _both(image: Bytes, strip: _Strip, painted: Bytes) -> None:
    """Puts ``painted`` (R, C, 3) into the left strip, and its mirror image into the right one."""
    wide = painted.shape[1]
    for window in (image[strip.rows, :wide], image[strip.rows, : -wide - 1 : -1]):
        window[strip.inside] = painted[strip.inside]


@cache
def _strip(size: int) -> _Strip:
    """Seams in front and behind, folds above the ankle, the binding, pull straps at the sides; the lining."""
    rows = slice(int((START_V - _GUTTER) * size), int((END_V + _GUTTER) * size) + 1)
    wide = int((WIDE_U + _GUTTER) * size) + 1
    v = (np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + 0.5) / size
    u = (np.arange(wide, dtype=np.float32)[None, :] + 0.5) / size
    inner = NARROW_U + (v - START_V) / (END_V - START_V) * (WIDE_U - NARROW_U)
    run = np.tile((v - START_V) / (RIM_V - START_V), (1, wide))  # 0 at the start to 1 at the rim, beyond it the lining
    around = np.clip((u - BORDER_U) / (inner - BORDER_U), 0.0, 1.0)
    up, across = (np.asarray(c, dtype=np.float32) for c in (run * _TALL, around * _ROUND))
    texel = _TALL / ((RIM_V - START_V) * size)

    def line(distance: NDArray[np.floating[Any]], width: float) -> Float:
        """Share of a line of half ``width`` metres at a ``distance``; thinner than a texel it is fainter."""
        drawn = max(width, 0.6 * texel)
        return np.asarray(np.exp(-((distance / drawn) ** 2)) * min(1.0, width / drawn), dtype=np.float32)

    shade: NDArray[Any] = 0.97 + 0.025 * noise.value2(across * 22, up * 15) + 0.025 * noise.value2(across * 90, up * 90)
    fold = np.sin((up - 0.012 * np.cos(around * np.pi) + 0.004 * np.sin(across * 47)) * 2 * np.pi / 0.020)
    shade += 0.05 * fold * np.clip(1 - np.abs(up - 0.055) / 0.045, 0, 1)
    shade += 0.05 * np.exp(-(((up - 0.25) / 0.08) ** 2))  # the calf's bulge catches light
    bound = up > _TALL - _BINDING
    shade -= 0.30 * line(np.minimum(across, _ROUND - across), 0.0016) * ~bound
    shade += 0.06 * bound - 0.32 * line(up - (_TALL - _BINDING), 0.0014)
    strap = np.maximum(np.abs(across - 0.5 * _ROUND) - 0.011, _TALL - 0.052 - up)
    shade += 0.05 * (strap < 0) - 0.30 * line(strap, 0.0013) * (up < _TALL)
    lining = np.clip((run - 1.008) / 0.01, 0, 1)
    deep = 0.55 - 0.30 * np.clip((run - 1.0) / 0.11, 0, 1)
    return _Strip(
        rows=rows,
        inside=u < inner + _GUTTER,
        main=(shade * (1 - lining))[..., None].astype(np.float32),
        lining=(deep * lining)[..., None].astype(np.float32),
        occlusion=np.where(run > 1.02, 0.43, 1.0).astype(np.float32),
    )
