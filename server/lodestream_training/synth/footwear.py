"""Paints shoes on the foot islands of the tights shell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lodestream_server.field.planes import REGIONS, ShellPlanes
from lodestream_training.synth.brush import band, bump, over, step, stripes
from lodestream_training.synth.texels import Canvas

Float = NDArray[np.float32]
WHITE = np.array([0.93, 0.93, 0.91], dtype=np.float32)


def footwear(canvas: Canvas, kind: str, main: Float) -> ShellPlanes:
    """Shoes on the foot islands of the tights shell."""
    x, y, z = np.moveaxis(canvas.position, -1, 0)
    ax = np.abs(x)
    middle = 0.195 + 0.09 * (z - 0.05)
    ground = y + 0.822
    weights = np.zeros((len(REGIONS["footwear"]), *x.shape), dtype=np.float32)
    weights[0] = 1.0
    edge = np.full_like(x, 0.3)
    height = np.full_like(x, 0.010)
    sole_height = {"trainers": 0.026, "boots": 0.026, "leather": 0.016, "sandals": 0.014}.get(kind, 0.0)
    sole = step((sole_height - ground).astype(np.float32), 0.004)
    tongue = bump(ax - middle, 0.024) * band(z, 0.045, 0.125, 0.01) * step(ground - 0.045, 0.01)
    if kind == "barefoot":
        edge = np.full_like(x, -0.05)
    elif kind == "sandals":
        straps = np.maximum(0.014 - np.abs(z - 0.115), 0.012 - np.abs(z - 0.045 - 0.3 * (ground - 0.06)))
        straps = np.maximum(straps, np.minimum(0.010 - np.abs(ground - 0.085), 0.04 - z))
        edge = np.maximum(straps, (sole_height - ground))
        height = np.full_like(x, 0.005)
    elif kind == "boots":
        edge = np.full_like(x, 0.3)
        height = height + 0.004
        over(
            weights,
            2,
            0.8
            * stripes(ground, 0.018, 0.3, 0.004)
            * bump(ax - middle, 0.022)
            * step(z - 0.03, 0.02)
            * step(ground - 0.04),
        )
    else:
        edge = 0.105 + 0.012 * np.clip((0.02 - z) / 0.06, -1, 1) - ground
        if kind == "trainers":
            over(weights, 2, 0.95 * stripes(z - 0.4 * ground, 0.017, 0.42, 0.004) * tongue)
            over(weights, 1, 0.9 * bump(ground - 0.052 - 0.25 * (0.1 - z), 0.007) * band(z, -0.01, 0.06, 0.01))
            over(weights, 1, step(z - 0.19, 0.008) * step(0.05 - ground, 0.006) * 0.9)
        else:
            over(weights, 2, 0.6 * bump(z - 0.15 - 0.2 * np.abs(ax - middle), 0.004) * step(ground - sole_height))
            over(weights, 2, 0.8 * stripes(z - 0.4 * ground, 0.016, 0.3, 0.004) * tongue * band(z, 0.06, 0.11, 0.006))
    over(weights, 1, sole)
    height = height + sole * {"trainers": 0.008, "boots": 0.008, "leather": 0.003, "sandals": 0.004}.get(kind, 0.0)
    # toes disappear in a rounded cap
    height = height + 0.006 * step(z - 0.16, 0.04) * step(0.055 - ground, 0.02) * (
        kind in ("trainers", "boots", "leather")
    )
    height = height * (0.4 + 0.6 * np.clip(edge / 0.01, 0, 1))
    rubber = WHITE * 0.96 if kind == "trainers" else main * 0.32 + 0.02
    lace = WHITE if kind == "trainers" and main.mean() < 0.8 else main * 0.5
    shade = 0.78 + 0.22 * canvas.occlusion
    return ShellPlanes(
        level_set=height.astype(np.float32),
        edge=np.clip(edge, -0.05, 0.35).astype(np.float32),
        regions=weights,
        shade=shade.astype(np.float32),
        palette=np.clip(np.stack([main, rubber, lace]), 0, 1).astype(np.float32),
    )
