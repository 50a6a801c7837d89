"""Paints skin: the body and the face chart (lips, brows, beard, hairline, blush)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lodestream_server.field.planes import REGIONS, ShellPlanes
from lodestream_training.synth.brush import band, bump, over, step
from lodestream_training.synth.texels import Canvas

Float = NDArray[np.float32]
FLAT = 0.35  # metres; the edge distance of a shell that is worn everywhere

# landmarks of the reference face, metres
EYE_X, EYE_Y, BROW_Y, MOUTH_Y, NOSE_Y, CHIN_Y = 0.0313, 0.904, 0.9275, 0.8325, 0.857, 0.785
# hairline on the side view: height of the line over z
_HAIRLINE_Z = (-0.05, 0.0, 0.03, 0.062, 0.082, 0.11, 0.14, 0.17)
_HAIRLINE_Y = (0.815, 0.822, 0.86, 0.872, 0.925, 0.958, 0.972, 0.976)


def hairline(position: Float, style_lift: float = 0.0) -> Float:
    """Signed distance above the hairline, metres, of points (..., 3) on the head."""
    x, y, z = position[..., 0], position[..., 1], position[..., 2]
    line = np.interp(z, _HAIRLINE_Z, _HAIRLINE_Y) - 0.10 * np.maximum(np.abs(x) - 0.045, 0.0) * (z > 0.07)
    return np.asarray((y - line - style_lift) * 0.85, dtype=np.float32)


def mix(a: ArrayLike, b: ArrayLike, t: float) -> Float:
    """``a`` at t = 0, ``b`` at t = 1."""
    return np.asarray((1 - t) * np.asarray(a) + t * np.asarray(b), dtype=np.float32)


def body(canvas: Canvas, skin: Float, female: float) -> ShellPlanes:
    """The body without the head."""
    x, y, z = np.moveaxis(canvas.position, -1, 0)
    weights = np.zeros((len(REGIONS["body"]), *x.shape), dtype=np.float32)
    weights[0] = 1.0
    knee = bump(np.hypot(np.abs(x) - 0.152, y + 0.286).astype(np.float32), 0.07)
    elbow = bump(np.hypot(np.abs(x) - 0.378, y - 0.437).astype(np.float32), 0.05)
    over(weights, 1, 0.45 * knee + 0.4 * elbow)
    over(weights, 2, (canvas.nails > 0.5).astype(np.float32))
    shade = 0.72 + 0.28 * canvas.occlusion
    muscle = (1 - female) * 0.0012 * np.sin(y * 34.0) * band(y, 0.32, 0.56, 0.06) * (z > 0.05)
    return ShellPlanes(
        level_set=muscle.astype(np.float32),
        edge=np.full_like(x, FLAT),
        regions=weights,
        shade=shade.astype(np.float32),
        palette=np.clip(
            np.stack([skin, skin * [0.90, 0.78, 0.74], np.minimum(mix(skin, np.array([0.95, 0.78, 0.74]), 0.45), 1)]),
            0,
            1,
        ).astype(np.float32),
    )


def head(canvas: Canvas, v: dict[str, str], skin: Float, hair: Float, detail: Float) -> ShellPlanes:
    """The face chart. ``v``: the person's categories. ``detail``: (4,) noise: freckles, blush, brows, lips."""
    p = canvas.position
    x, y, z = np.moveaxis(p, -1, 0)
    ax = np.abs(x)
    front = z > 0.085
    weights = np.zeros((len(REGIONS["head"]), *x.shape), dtype=np.float32)
    weights[0] = 1.0
    female, child, old = v["sex"] == "female", v["age"] == "child", v["age"] == "old"
    cheek = bump(np.hypot(ax - 0.042, y - 0.868).astype(np.float32), 0.03) * front
    nose = bump(np.hypot(x, y - 0.865).astype(np.float32), 0.018) * front
    over(weights, 5, np.clip(0.35 + 0.12 * detail[1], 0.1, 0.7) * cheek + 0.3 * nose)
    # freckles: a fixed grain, more of it for some people
    grain = np.sin(x * 1900 + 40 * np.sin(y * 700)) * np.sin(y * 2100 + 30 * np.sin(x * 900))
    freckled = np.clip(detail[0] - 1.1, 0.0, 1.0) * step((grain - 0.72).astype(np.float32), 0.2)
    over(weights, 6, 0.5 * freckled * bump(np.hypot(ax - 0.03, y - 0.874).astype(np.float32), 0.035) * front)
    if old or v["age"] == "middle":
        deep = 0.5 if old else 0.2
        fold = bump(np.asarray(ax - (0.021 + (0.866 - y) * 0.55), np.float32), 0.004) * band(y, 0.836, 0.862, 0.008)
        brow_lines = (
            bump(((y % 0.0125) - 0.006).astype(np.float32), 0.0028) * band(y, 0.945, 0.972, 0.008) * (ax < 0.04)
        )
        bags = bump(np.hypot((ax - EYE_X) * 0.6, y - 0.8895).astype(np.float32), 0.006)
        over(weights, 6, np.clip(deep * 0.45 * (fold + 0.8 * brow_lines + 0.6 * bags), 0, 0.5) * front)
    # lids and eye line
    lid = bump(np.hypot((ax - EYE_X) * 0.72, (y - EYE_Y) * 1.25).astype(np.float32), 0.0155) * (z > 0.11)
    over(weights, 6, (0.55 if female else 0.28) * lid)
    # lips
    half = 0.0265 if female else 0.027
    upper = 0.0115 if female else 0.0085
    lower = 0.0125 if female else 0.010
    profile = np.clip(1 - (x / half) ** 2, 0, 1)
    bow = 1 - 0.22 * np.exp(-((x / 0.0045) ** 2))
    height = np.where(y > MOUTH_Y, upper * profile**0.8 * bow, lower * profile**0.7)
    lips = step((height - np.abs(y - MOUTH_Y)).astype(np.float32), 0.003) * (profile > 0) * (z > 0.13)
    over(weights, 1, lips * (0.95 if female else 0.7))
    parting = bump((y - MOUTH_Y).astype(np.float32), 0.0022) * (ax < half) * (z > 0.13)
    over(weights, 6, 0.5 * parting)
    # brows
    t = (ax - 0.013) / 0.037
    spine = BROW_Y + 0.0065 * np.sin(np.clip(t, 0, 1) * 2.2) - (0.004 if not female else 0.001)
    thick = (0.0028 if female else 0.0042) * (1 + 0.15 * float(detail[2])) * np.clip(1.25 - 0.75 * t, 0.15, 1)
    brow = step((thick - np.abs(y - spine)).astype(np.float32), 0.003) * step(np.minimum(t, 1 - t) * 0.037, 0.006)
    over(weights, 2, (0.55 if child else 0.9) * brow * front)
    # beard
    level = np.zeros_like(x)
    kind = v["beard"]
    if kind != "none":
        jaw = np.minimum(0.862 - y, z - 0.045 + 0.35 * np.clip(y - 0.83, 0, 1))
        side = np.minimum(np.minimum(0.892 - y, z - 0.048), np.minimum(ax - 0.058, 0.088 - z))
        cheek_line = 0.853 + 0.55 * (ax - 0.03).clip(0) - y
        moustache = np.minimum(np.minimum(0.0565 - y + 0.80, y - 0.842), 0.031 - ax + (y - 0.845) * 0.3)
        goatee = np.minimum(np.minimum(0.838 - y, 0.026 - ax), z - 0.10)
        mouth_side = np.minimum(np.minimum(0.008 - np.abs(ax - 0.0285), 0.85 - y), y - 0.79)
        full = np.maximum(np.minimum(np.maximum(jaw, side), cheek_line), side)
        full = np.minimum(full, y - 0.768)
        area = {
            "stubble": np.maximum(full, moustache),
            "moustache": moustache,
            "goatee": np.maximum(np.maximum(goatee, moustache), mouth_side),
            "full": np.maximum(full, moustache),
        }[kind]
        level = step(area.astype(np.float32), 0.010) * (1 - lips) * (1 - 0.8 * parting)
        over(weights, 3, level * (0.42 if kind == "stubble" else 0.95))
    # hair on the scalp, so that no hair style shows bare skin at its roots
    scalp = step(hairline(p), 0.016)
    style = v["hair"]
    amount = {"bald": 0.0, "buzz": 0.8, "mohawk": 0.35}.get(style, 0.9)
    over(weights, 4, amount * scalp)
    strands = 1 + 0.10 * np.sin(x * 900 + 6 * np.sin(y * 300)) * np.maximum(level, 0.6 * amount * scalp)
    shade = (0.70 + 0.30 * canvas.occlusion) * strands * (1 - 0.12 * lid)
    rose = np.array([0.72, 0.30, 0.30], dtype=np.float32)
    lip = mix(skin * [0.92, 0.70, 0.68], rose, (0.5 if female else 0.16) + 0.05 * float(np.clip(detail[3], -2, 2)))
    palette = np.stack(
        [
            skin,
            lip,
            hair * 0.62 + 0.02,
            hair * 0.80,
            mix(hair, skin, 0.18),
            skin * [1.0, 0.80, 0.76],
            skin * [0.55, 0.42, 0.38],
        ]
    )
    thickness = {"full": 0.007, "goatee": 0.006, "moustache": 0.004}.get(kind, 0.0)
    return ShellPlanes(
        level_set=(level * thickness + 0.0008 * brow * front).astype(np.float32),
        edge=np.full_like(x, FLAT),
        regions=weights,
        shade=shade.astype(np.float32),
        palette=np.clip(palette, 0, 1).astype(np.float32),
    )
