"""Paints clothes: tops and bottoms on the tights shell, skirts, footwear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lodestream_server.field.planes import REGIONS, ShellPlanes
from lodestream_training.synth.brush import band, bump, over, pattern, step, stripes
from lodestream_training.synth.texels import Canvas

Float = NDArray[np.float32]
WHITE = np.array([0.93, 0.93, 0.91], dtype=np.float32)

# the reference arm: shoulder, elbow, wrist (left), metres
_SHOULDER, _ELBOW, _WRIST = (np.array(p) for p in ((0.187, 0.652, 0.021), (0.378, 0.437, 0.028), (0.51, 0.302, 0.204)))
ARM = float(np.linalg.norm(_ELBOW - _SHOULDER) + np.linalg.norm(_WRIST - _ELBOW))


@dataclass(frozen=True)
class Garment:
    """Coordinates of the tights canvas: ``arm`` metres along the arm (negative on the torso), pattern directions."""

    arm: Float
    sleeve: NDArray[np.bool_]
    across: Float
    along: Float


def measure(canvas: Canvas) -> Garment:
    """Arm coordinate and pattern directions of the tights canvas."""
    x, y, z = np.moveaxis(canvas.position, -1, 0)
    p = np.stack([np.abs(x), y, z], axis=-1)
    upper, lower = _ELBOW - _SHOULDER, _WRIST - _ELBOW
    lu, ll = np.linalg.norm(upper), np.linalg.norm(lower)
    first = (p - _SHOULDER) @ (upper / lu)
    second = (p - _ELBOW) @ (lower / ll)
    arm = np.where(first < lu, first, lu + second.clip(0))
    sleeve = canvas.arms > 0.5
    torso_round = x * (1 + 0.25 * np.abs(z))
    around = np.where(sleeve, z + 0.55 * (y - 0.65 + 1.12 * (p[..., 0] - 0.187)), torso_round)
    along = np.where(sleeve, arm, 0.66 - y)
    return Garment(
        np.where(sleeve, arm, -0.1).astype(np.float32),
        sleeve,
        around.astype(np.float32),
        along.astype(np.float32),
    )


# kind: thickness, hem height, neck radius
_TOPS = {
    "tshirt": (0.009, 0.085, 0.083),
    "tank": (0.006, 0.095, 0.120),
    "shirt": (0.010, 0.080, 0.074),
    "polo": (0.009, 0.085, 0.076),
    "jumper": (0.015, 0.085, 0.080),
    "hoodie": (0.019, 0.080, 0.082),
    "suit": (0.017, 0.035, 0.066),
    "jacket": (0.018, 0.110, 0.070),
    "dress": (0.007, 0.240, 0.110),
}


def top(canvas: Canvas, m: Garment, v: dict[str, str], main: Float, second: Float, tie: Float) -> ShellPlanes:
    """T-shirts, shirts, jumpers, jackets and the bodices of dresses."""
    x, y, z = np.moveaxis(canvas.position, -1, 0)
    ax = np.abs(x)
    front = (canvas.normal[..., 2] > 0.0) & ~m.sleeve
    frontal = front.astype(np.float32)
    kind = v["top"]
    thick, hem, radius = _TOPS[kind]
    tucked = v["bottom"] == "skirt" or kind == "dress"
    if tucked:
        hem = 0.245  # the skirt's waistband lies over it
    neck = np.sqrt((x * 1.0) ** 2 + ((y - 0.80) * 1.05) ** 2 + ((z - 0.035) * 0.55) ** 2) - radius
    if kind in ("tank", "dress"):
        neck = np.minimum(neck, np.sqrt((x / 0.085) ** 2 + ((y - 0.80) / 0.17) ** 2) * 0.085 - 0.085 + 0.3 * (z < 0.03))
    cut = {"none": -0.035, "short": 0.155, "long": ARM - 0.012}[v["sleeve"]]
    arm = np.where(m.sleeve, cut - m.arm, np.where(v["sleeve"] == "none", (0.150 - ax) + 0.3 * (y < 0.62), 0.3))
    edge = np.minimum(np.minimum(neck, y - hem), arm)
    edge = np.where(m.sleeve & (v["sleeve"] == "none"), np.minimum(edge, -0.02 - 0.2 * m.arm.clip(-0.1, 0.3)), edge)

    weights = np.zeros((len(REGIONS["top"]), *x.shape), dtype=np.float32)
    weights[0] = 1.0
    height = np.full_like(x, thick)
    # drapery: loose garments hang from the chest and bunch at elbow and waist
    loose = {"tshirt": 1.0, "shirt": 0.8, "polo": 0.8, "jumper": 1.0, "hoodie": 1.3, "jacket": 0.9}.get(kind, 0.35)
    folds = np.sin(m.across * 60 + 5 * np.sin(m.along * 17)) * bump(y - 0.20, 0.16)
    crumple = np.sin(m.along * 120 + 3 * np.sin(m.across * 40)) * bump(m.arm - 0.29, 0.10) * m.sleeve
    height += loose * (0.0022 * folds + 0.0028 * crumple)
    height += loose * 0.010 * bump(y - 0.33, 0.22) * ~m.sleeve + loose * 0.006 * m.sleeve * step(0.2 - np.abs(m.arm - 0.25))
    relief = loose * (0.35 * folds + 0.5 * crumple)
    if v["top_pattern"] != "plain":
        over(weights, 1, pattern(v["top_pattern"], m.across, m.along))
    lines = np.zeros_like(x)
    if kind in ("tshirt", "jumper", "hoodie", "polo"):
        lines = np.maximum(lines, bump(neck - 0.014, 0.004))
    if kind in ("jumper", "hoodie"):
        rib = np.maximum(step(0.045 - (y - hem), 0.006) * ~m.sleeve, step(0.04 - (cut - m.arm), 0.006) * m.sleeve)
        over(weights, 3, 0.35 * rib * (0.5 + 0.5 * np.sin(m.across * 500)))
        height -= 0.005 * rib
    else:
        lines = np.maximum(lines, 0.6 * np.maximum(bump(y - hem - 0.02, 0.003) * ~m.sleeve, bump(cut - m.arm - 0.02, 0.003) * m.sleeve))
    if kind == "hoodie":
        hood = step(-canvas.normal[..., 2], 0.6) * bump(y - 0.735, 0.085) * step(0.13 - ax, 0.05)
        height += 0.034 * hood
        pouch = np.minimum(np.minimum(0.125 - ax - 0.25 * (y - 0.19).clip(0), y - 0.125), 0.275 - y)
        lines = np.maximum(lines, bump(pouch, 0.004) * front)
        height += 0.004 * step(pouch, 0.006) * front
        cord = bump(ax - 0.030 - 0.01 * np.sin(y * 30), 0.0045) * band(y, 0.55, 0.70) * front
        over(weights, 4, cord)
    if kind in ("shirt", "polo"):
        low = 0.58 if kind == "polo" else hem
        placket = band(x, -0.017, 0.017) * band(y, low, 0.74) * frontal
        lines = np.maximum(lines, bump(ax - 0.0175, 0.003) * band(y, low, 0.74) * frontal)
        height += 0.0015 * placket
        button = np.hypot(x, ((y - 0.03) % 0.085) - 0.0425) - 0.0068
        over(weights, 4, step(-button.astype(np.float32), 0.004) * band(y, low, 0.72) * frontal)
        collar = np.minimum(0.036 - neck, 0.3)
        collar = np.where(front, np.minimum(collar, ax * 2.2 - 0.012), collar)
        height += 0.006 * step(collar.astype(np.float32), 0.006)
        lines = np.maximum(lines, bump(collar, 0.004) * (neck < 0.06))
        if kind == "shirt":
            pocket = np.maximum(np.abs(x - 0.085) - 0.038, np.abs(y - 0.555) - 0.045)
            lines = np.maximum(lines, 0.8 * bump(pocket, 0.003) * frontal)
        if v["neckwear"] == "tie":
            _tie(weights, height, x, y, frontal, 0.23)
    if kind in ("suit", "jacket"):
        leather = kind == "jacket"
        point = 0.40 if not leather else 0.16
        open_half = (np.clip((y - point) / (0.76 - point), 0, 1.2) * (0.075 if not leather else 0.050)).astype(np.float32)
        opening = (open_half - ax) * frontal - (1 - frontal) + (-0.001 if not leather else 0.006) * frontal
        inner = step(opening.astype(np.float32), 0.005)
        weights *= 1 - inner
        weights[1] += inner
        height -= 0.007 * inner
        if not leather and v["neckwear"] == "tie":
            _tie(weights, height, x, y, frontal * inner, point - 0.05)
        if not leather:
            placket = bump(x - 0.002, 0.003) * band(y, point, 0.72) * inner
            lines = np.maximum(lines, 0.35 * placket)
            lapel = np.minimum(opening + 0.052 * np.clip((y - point) / 0.22, 0, 1), -opening)
            lapel = np.where(front & (y > point) & (y < 0.735), lapel, -0.05).astype(np.float32)
            height += 0.006 * step(lapel, 0.006)
            outline = bump(opening + 0.052 * np.clip((y - point) / 0.22, 0, 1), 0.0042) * front * band(y, point + 0.01, 0.735)
            notch = bump(y - 0.655 - 0.3 * (ax - 0.09), 0.0042) * step(lapel, 0.004)
            lines = np.maximum(lines, np.maximum(outline, notch))
            closing = bump(x - 0.012 * (y < point), 0.004) * band(y, hem, point) * frontal
            lines = np.maximum(lines, closing)
            for height_of in (point - 0.012, point - 0.105):
                over(weights, 4, step((0.0085 - np.hypot(x - 0.003, y - height_of)).astype(np.float32), 0.004) * frontal)
            flap = np.maximum(np.abs(ax - 0.118) - 0.048, np.abs(y - 0.235) - 0.017)
            lines = np.maximum(lines, bump(flap, 0.0042) * front)
            height += 0.003 * step(-flap.astype(np.float32), 0.005) * front
            welt = np.maximum(np.abs(x - 0.088) - 0.034, np.abs(y - 0.575 - 0.12 * (x - 0.088)) - 0.007)
            lines = np.maximum(lines, bump(welt, 0.004) * front)
            cuff = step(m.arm - (cut - 0.014), 0.003) * m.sleeve
            over(weights, 1, cuff)
            for i in range(3):
                spot = np.hypot(m.arm - (cut - 0.035 - 0.02 * i), z - 0.135 - 0.01 * i)
                over(weights, 4, step((0.006 - spot).astype(np.float32), 0.004) * m.sleeve * (canvas.normal[..., 0] * np.sign(x) > 0))
        else:
            zipper = bump(opening, 0.006) * front * band(y, hem, 0.75)
            over(weights, 4, 0.9 * zipper)
            rib = np.maximum(step(0.05 - (y - hem), 0.006) * ~m.sleeve, step(0.045 - (cut - m.arm), 0.006) * m.sleeve)
            over(weights, 3, 0.6 * rib * (1 - inner))
            collar = np.minimum(0.034 - neck, -opening)
            height += 0.009 * step(collar.astype(np.float32), 0.008)
            lines = np.maximum(lines, 0.8 * bump(collar, 0.004) * (neck < 0.05))
            yoke = bump(y - 0.62 - 0.25 * ax, 0.004) * ~m.sleeve * (1 - inner)
            lines = np.maximum(lines, 0.7 * yoke)
            slash = np.maximum(np.abs(ax - 0.125 - 0.3 * (y - 0.28)) - 0.006, np.abs(y - 0.28) - 0.06)
            lines = np.maximum(lines, bump(slash, 0.005) * front)
    if kind == "dress":
        waist = bump(y - 0.33, 0.006) * ~m.sleeve
        lines = np.maximum(lines, 0.7 * waist)
        if v["top_pattern"] == "plain":
            over(weights, 1, 0.6 * step(0.02 - np.abs(y - 0.33), 0.004) * ~m.sleeve)
    over(weights, 3, 0.75 * lines)
    height -= 0.0015 * lines
    # the hem hangs over whatever is worn below
    hips = step(0.26 - y, 0.14) * ~m.sleeve * (0.0 if tucked else 0.013)
    hips += 0.016 * bump(x, 0.04) * bump(y - 0.12, 0.11) * (1 - frontal) * ~m.sleeve
    height = height * (0.35 + 0.65 * np.clip(edge / 0.012, 0, 1)) + hips
    shade = (0.66 + 0.34 * canvas.occlusion) * (1 + 0.07 * relief) * (0.88 + 0.12 * np.clip(edge / 0.01, 0, 1))
    detail = np.array([0.72, 0.70, 0.66]) if kind in ("jacket", "hoodie") else main * 0.35
    if kind in ("shirt", "polo"):
        detail = WHITE if main.mean() < 0.75 else main * 0.55
    palette = np.stack([main, second, tie, main * 0.58, detail])
    return ShellPlanes(
        level_set=height.astype(np.float32),
        edge=np.clip(edge, -0.05, 0.35).astype(np.float32),
        regions=weights,
        shade=shade.astype(np.float32),
        palette=np.clip(palette, 0, 1).astype(np.float32),
    )


def _tie(weights: Float, height: Float, x: Float, y: Float, where: Float, low: float) -> None:
    """A tie from the collar down to ``low``; in place."""
    half = np.where(y > 0.695, 0.018, 0.013 + 0.075 * np.clip(0.695 - y, 0, 0.26) * 0.6)
    half = np.where(y < low + 0.05, half * np.clip((y - low) / 0.05, 0, 1), half)
    shape = np.minimum(half - np.abs(x), np.minimum(0.735 - y, y - low)).astype(np.float32)
    inside = step(shape, 0.004) * where
    over(weights, 2, inside)
    over(weights, 3, 0.5 * bump(y - 0.695, 0.004) * inside)
    height += 0.004 * inside


_BOTTOMS = {"jeans": (0.009, -0.708), "trousers": (0.012, -0.712), "shorts": (0.014, -0.245), "leggings": (0.003, -0.690)}
WAIST = 0.270


def bottom(canvas: Canvas, m: Garment, v: dict[str, str], main: Float, second: Float) -> ShellPlanes:
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
            pocket = bump(ax - 0.075 - 0.9 * np.maximum(0.235 - y, 0) ** 1.3, 0.0042) * band(y, 0.14, WAIST - 0.04) * front
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
        over(weights, 2, 0.8 * stripes(ground, 0.018, 0.3, 0.004) * bump(ax - middle, 0.022) * step(z - 0.03, 0.02) * step(ground - 0.04))
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
    height = height + 0.006 * step(z - 0.16, 0.04) * step(0.055 - ground, 0.02) * (kind in ("trainers", "boots", "leather"))
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
