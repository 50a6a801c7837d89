"""Paints trousers and shorts on the tights shell, and skirts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lodestream_server.field.planes import REGIONS, ShellPlanes
from lodestream_training.synth.brush import band, bump, over, pattern, stripes
from lodestream_training.synth.measure import Measure
from lodestream_training.synth.texels import Canvas

Float = NDArray[np.float32]

_BOTTOMS = {
    "jeans": (0.009, -0.708),
    "trousers": (0.012, -0.712),
    "shorts": (0.014, -0.245),
    "leggings": (0.003, -0.690),
}
WAIST = 0.270


def bottom(canvas: Canvas, m: Measure, v: dict[str, str], main: Float, second: Float) -> ShellPlanes:
    """Trousers and shorts; not worn with skirts and dresses."""
    x, y, z = np.moveaxis(canvas.position, -1, 0)
    ax = np.abs(x)
    kind = v["bottom"]
    front = (canvas.normal[..., 2] > 0).astype(np.float32)
    weights = np.zeros((len(REGIONS["bottom"]), *x.shape), dtype=np.float32)
    weights[0] = 1.0
    if kind == "skirt" or v["top"] == "dress":
        edge, height, lines, relief = np.full_like(x, -0.05), np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    else:
        thick, hem = _BOTTOMS[kind]
        edge = np.minimum(WAIST - y, y - hem)
        edge = np.where(m.sleeve, -0.05, edge)
        down = np.clip((0.05 - y) / 0.75, 0, 1)
        loose = {"trousers": 1.0, "jeans": 0.7, "shorts": 1.2}.get(kind, 0.0)
        height = thick + loose * (0.010 * down + 0.004 * bump(y + 0.05, 0.25))
        bunch = np.sin(y * 130 + 4 * np.sin(x * 40 + z * 30)) * (bump(y + 0.66, 0.09) + 0.7 * bump(y + 0.30, 0.07))
        hips = np.sin(y * 90 - ax * 60) * bump(y - 0.05, 0.08) * front
        height = height + loose * (0.0022 * bunch + 0.0018 * hips)
        relief = loose * 0.5 * (bunch + hips)
        height = height + loose * 0.012 * bump(x, 0.04) * bump(y - 0.13, 0.10) * (1 - front)
        lines = np.maximum(bump(x, 0.003) * band(y, 0.075, WAIST) * front, 0)
        if kind in ("jeans", "trousers", "shorts"):
            belt = band(y, WAIST - 0.034, WAIST + 0.02)
            over(weights, 2, 0.35 * belt)
            lines = np.maximum(lines, bump(y - (WAIST - 0.036), 0.004))
            loops = stripes(x, 0.085, 0.10, 0.004) * belt
            over(weights, 2, 0.5 * loops)
            pocket = (
                bump(ax - 0.075 - 0.9 * np.maximum(0.235 - y, 0) ** 1.3, 0.0042) * band(y, 0.14, WAIST - 0.04) * front
            )
            lines = np.maximum(lines, pocket)
        if kind == "jeans":
            back = np.maximum(np.abs(ax - 0.075) - 0.052, np.abs(y - 0.135) - 0.058)
            stitch = bump(back, 0.004) * (1 - front)
            over(weights, 3, 0.8 * np.maximum(stitch, 0.8 * bump(y - (WAIST - 0.040), 0.0035)))
            over(weights, 3, 0.7 * bump(y - hem - 0.018, 0.0035))
            worn = bump(np.hypot((ax - 0.15) * 1.2, (y + 0.12) * 0.45).astype(np.float32), 0.09) * front
            relief = relief + 2.2 * worn
        if kind == "trousers":
            crease = bump(ax - 0.133 - 0.045 * np.clip(-y + 0.1, 0, 0.9), 0.004) * (y < 0.14) * front
            relief = relief + 1.2 * crease
            height = height + 0.003 * crease
        if v["bottom_pattern"] != "plain":
            over(weights, 1, pattern(v["bottom_pattern"], x, 0.66 - y))
        lines = np.maximum(lines, 0.7 * bump(y - hem - 0.02, 0.003))
    over(weights, 2, 0.75 * lines)
    height = (height - 0.001 * lines) * (0.4 + 0.6 * np.clip(edge / 0.012, 0, 1))
    shade = (0.66 + 0.34 * canvas.occlusion) * (1 + 0.06 * relief)
    thread = np.array([0.80, 0.58, 0.28]) if kind == "jeans" else main * 0.5
    palette = np.stack([main, second, main * 0.60, thread])
    return ShellPlanes(
        level_set=height.astype(np.float32),
        edge=np.clip(edge, -0.05, 0.35).astype(np.float32),
        regions=weights,
        shade=shade.astype(np.float32),
        palette=np.clip(palette, 0, 1).astype(np.float32),
    )


def skirt(canvas: Canvas, v: dict[str, str], main: Float, second: Float) -> ShellPlanes:
    """Skirts, and the lower part of dresses."""
    x, y, z = np.moveaxis(canvas.position, -1, 0)
    angle = np.arctan2(x, z - 0.02)
    dress = v["top"] == "dress"
    weights = np.zeros((len(REGIONS["skirt"]), *x.shape), dtype=np.float32)
    weights[0] = 1.0
    if not dress and v["bottom"] != "skirt":
        edge, height, fold = np.full_like(x, -0.05), np.zeros_like(x), np.zeros_like(x)
    else:
        hem = {"mini": -0.03, "knee": -0.285, "long": -0.60}[v["skirt_length"]]
        edge = y - hem
        down = np.clip((0.26 - y) / 0.9, 0, 1)
        fold = np.sin(angle * 13 + 0.8 * np.sin(angle * 3)) * np.clip(down * 3, 0, 1)
        height = 0.010 + 0.03 * down + 0.011 * fold * down**0.7
        kind = v["top_pattern"] if dress else v["bottom_pattern"]
        if kind != "plain":
            over(weights, 1, pattern(kind, (angle * 0.11).astype(np.float32), 0.66 - y))
        over(weights, 2, 0.7 * bump(edge - 0.018, 0.004) + 0.5 * bump(y - 0.262, 0.004))
    shade = (0.74 + 0.26 * canvas.occlusion) * (1 + 0.16 * fold)
    return ShellPlanes(
        level_set=height.astype(np.float32),
        edge=np.clip(edge, -0.05, 0.35).astype(np.float32),
        regions=weights,
        shade=shade.astype(np.float32),
        palette=np.clip(np.stack([main, second, main * 0.62]), 0, 1).astype(np.float32),
    )
