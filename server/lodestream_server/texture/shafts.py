"""Leather of boots' shafts, painted into the strips that they use of the footwear's textures."""

from __future__ import annotations

import numpy as np

from lodestream_server.avatar import Bytes, Float
from lodestream_server.body.shafts import BORDER_U, END_V, NARROW_U, RIM_V, START_V, WIDE_U
from lodestream_server.texture import noise

_TALL = 0.341  # metres from a shaft's start to its rim
_ROUND = 0.20  # metres around half a shaft, on average
_GUTTER = 0.009  # of the chart's edge, drawn around strips


def draw(albedo: Bytes, normal: Bytes | None, orm: Bytes | None, palette: Float, roughness: float) -> None:
    """Paints both strips, in place.

    Args:
        albedo: (S, S, 3) sRGB. normal, orm: maps of other sizes, or None. palette: (3, 3) sRGB of upper, sole and
            detail. roughness: of the upper.
    """
    for image in (albedo, normal, orm):
        if image is None:
            continue
        size = len(image)
        rows = slice(int((START_V - _GUTTER) * size), int((END_V + _GUTTER) * size) + 1)
        wide = int((WIDE_U + _GUTTER) * size) + 1
        v = (np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + 0.5) / size
        u = (np.arange(wide, dtype=np.float32)[None, :] + 0.5) / size
        inner = NARROW_U + (v - START_V) / (END_V - START_V) * (WIDE_U - NARROW_U)
        inside = u < inner + _GUTTER
        run: Float = np.tile((v - START_V) / (RIM_V - START_V), (1, wide))
        around: Float = np.clip((u - BORDER_U) / (inner - BORDER_U), 0.0, 1.0)
        if image is albedo:
            painted = _colour(run, around, palette[0], _TALL / ((RIM_V - START_V) * size))
        elif image is normal:
            painted = np.broadcast_to(np.array([128, 128, 255], dtype=np.uint8), (*inside.shape, 3))
        else:
            painted = np.empty((*inside.shape, 3), dtype=np.uint8)
            painted[:] = (255, round(roughness * 255), 0)
            painted[..., 0] = np.where(run > 1.02, 110, 255)
        for strip in (image[rows, :wide], image[rows, : -wide - 1 : -1]):
            strip[inside] = painted[inside]


def _colour(run: Float, around: Float, main: Float, texel: float) -> Bytes:
    """(R, C, 3) uint8 sRGB; ``run`` 0 at the start to 1 at the rim, beyond it the lining; ``texel`` metres."""
    up, across = run * _TALL, around * _ROUND
    shade = 0.97 + 0.025 * noise.value2(across * 22, up * 15) + 0.025 * noise.value2(across * 90, up * 90)
    # creases above the ankle, and a light that the calf's bulge catches
    fold = np.sin((up - 0.012 * np.cos(around * np.pi) + 0.004 * np.sin(across * 47)) * 2 * np.pi / 0.020)
    shade += 0.05 * fold * np.clip(1 - np.abs(up - 0.055) / 0.045, 0, 1)
    shade += 0.05 * np.exp(-(((up - 0.25) / 0.08) ** 2))

    def line(distance: Float, width: float) -> Float:
        wide = max(width, 0.6 * texel)
        return np.asarray(np.exp(-((distance / wide) ** 2)) * min(1.0, width / wide), dtype=np.float32)

    shade -= 0.30 * line(np.minimum(across, _ROUND - across), 0.0016) * (run < 0.955)  # seams in front and behind
    shade -= 0.32 * line(up - (_TALL - 0.018), 0.0014)  # the binding
    shade += 0.06 * (up > _TALL - 0.018)
    strap = np.maximum(np.abs(across - 0.5 * _ROUND) - 0.011, _TALL - 0.052 - up)
    shade = np.where(strap < 0, shade + 0.05, shade) - 0.30 * line(strap, 0.0013) * (up < _TALL)
    lining = np.clip((run - 1.008) / 0.01, 0, 1)
    deep = 0.55 - 0.30 * np.clip((run - 1.0) / 0.11, 0, 1)
    colour = main * (shade * (1 - lining))[..., None] + (0.72 * main + 0.06) * (deep * lining)[..., None]
    return (np.clip(colour, 0, 1) * 255 + 0.5).astype(np.uint8)
