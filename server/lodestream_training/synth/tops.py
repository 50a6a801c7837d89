"""Paints tops on the tights shell: shirts, jumpers, jackets and the bodices of dresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_server.field.planes import REGIONS, ShellPlanes
from lodestream_training.synth.brush import band, bump, over, pattern, step
from lodestream_training.synth.measure import ARM, Measure
from lodestream_training.synth.texels import Canvas

Float = NDArray[np.floating[Any]]
WHITE = np.array([0.93, 0.93, 0.91], dtype=np.float32)
MAIN, SECOND, TIE, SEAM, DETAIL = range(len(REGIONS["top"]))
_CUTS = {"none": -0.035, "short": 0.155, "long": ARM - 0.012}  # metres down the arm


@dataclass(frozen=True)
class Cut:
    """A pattern: thickness, hem height and neck radius in metres, and how loosely it falls (1 is a t-shirt)."""

    thick: float
    hem: float
    neck: float
    loose: float


CUTS = {
    "tshirt": Cut(0.009, 0.085, 0.083, 1.0),
    "tank": Cut(0.006, 0.095, 0.120, 0.35),
    "shirt": Cut(0.010, 0.080, 0.074, 0.8),
    "polo": Cut(0.009, 0.085, 0.076, 0.8),
    "jumper": Cut(0.015, 0.085, 0.080, 1.0),
    "hoodie": Cut(0.019, 0.080, 0.082, 1.3),
    "suit": Cut(0.017, 0.035, 0.066, 0.35),
    "jacket": Cut(0.018, 0.110, 0.070, 0.9),
    "dress": Cut(0.007, 0.240, 0.110, 0.35),
}
_TUCKED = 0.245  # hem under a skirt's waistband


@dataclass
class _Cloth:
    """A top being painted. The four last arrays are painted on in place or replaced."""

    canvas: Canvas
    m: Measure
    kind: str
    hem: float
    sleeve_end: float
    neck: Float  # metres outside the neckline
    x: Float
    y: Float
    z: Float
    front: NDArray[np.bool_]
    weights: Float
    height: Float
    lines: Float
    relief: Float

    @property
    def ax(self) -> Float:
        """Metres from the middle plane."""
        return np.abs(self.x)

    def line(self, strength: Float) -> None:
        """Seams and edges, the darkest stays."""
        self.lines = np.maximum(self.lines, strength)


def top(canvas: Canvas, m: Measure, v: dict[str, str], main: Float, second: Float, tie: Float) -> ShellPlanes:
    """The top a person wears. ``v``: the person's categories; colours (3,) sRGB."""
    kind, cut = v["top"], CUTS[v["top"]]
    tucked = v["bottom"] == "skirt" or kind == "dress"
    c, edge = _cut_out(canvas, m, v, _TUCKED if tucked else cut.hem)
    _drape(c, cut.loose)
    if v["top_pattern"] != "plain":
        over(c.weights, SECOND, pattern(v["top_pattern"], m.across, m.along))
    _edges(c)
    if kind == "hoodie":
        _hood_and_pouch(c)
    if kind in ("shirt", "polo"):
        _buttons_and_collar(c, full=kind == "shirt")
    if kind == "shirt" and v["neckwear"] == "tie":
        _tie(c, c.front.astype(np.float32), 0.23)
    if kind == "suit":
        _suit(c, wears_tie=v["neckwear"] == "tie")
    if kind == "jacket":
        _jacket(c)
    if kind == "dress":
        c.line(0.7 * bump(c.y - 0.33, 0.006) * ~m.sleeve)
        if v["top_pattern"] == "plain":
            over(c.weights, SECOND, 0.6 * step(0.02 - np.abs(c.y - 0.33), 0.004) * ~m.sleeve)
    over(c.weights, SEAM, 0.75 * c.lines)
    # the hem hangs over whatever is worn below
    hips = step(0.26 - c.y, 0.14) * ~m.sleeve * (0.0 if tucked else 0.013)
    hips += 0.016 * bump(c.x, 0.04) * bump(c.y - 0.12, 0.11) * (1 - c.front.astype(np.float32)) * ~m.sleeve
    height = (c.height - 0.0015 * c.lines) * (0.35 + 0.65 * np.clip(edge / 0.012, 0, 1)) + hips
    shade = (0.66 + 0.34 * canvas.occlusion) * (1 + 0.07 * c.relief) * (0.88 + 0.12 * np.clip(edge / 0.01, 0, 1))
    palette = np.stack([main, second, tie, main * 0.58, _detail_colour(kind, main)])
    return ShellPlanes(
        level_set=height.astype(np.float32),
        edge=np.clip(edge, -0.05, 0.35).astype(np.float32),
        regions=c.weights,
        shade=shade.astype(np.float32),
        palette=np.clip(palette, 0, 1).astype(np.float32),
    )


def _detail_colour(kind: str, main: Float) -> Float:
    """Buttons, zips and cords."""
    if kind in ("jacket", "hoodie"):
        return np.array([0.72, 0.70, 0.66], dtype=np.float32)
    if kind in ("shirt", "polo"):
        return WHITE if main.mean() < 0.75 else main * 0.55
    return main * 0.35


def _cut_out(canvas: Canvas, m: Measure, v: dict[str, str], hem: float) -> tuple[_Cloth, Float]:
    """The plain garment and the signed distance to its edge (neck, hem, sleeves), metres."""
    x, y, z = np.moveaxis(canvas.position, -1, 0)
    ax, kind, cut = np.abs(x), v["top"], CUTS[v["top"]]
    neck = np.sqrt(x**2 + ((y - 0.80) * 1.05) ** 2 + ((z - 0.035) * 0.55) ** 2) - cut.neck
    if kind in ("tank", "dress"):
        scoop = np.sqrt((x / 0.085) ** 2 + ((y - 0.80) / 0.17) ** 2) * 0.085 - 0.085
        neck = np.minimum(neck, scoop + 0.3 * (z < 0.03))
    end, bare = _CUTS[v["sleeve"]], v["sleeve"] == "none"
    arm = np.where(m.sleeve, end - m.arm, np.where(bare, (0.150 - ax) + 0.3 * (y < 0.62), 0.3))
    edge = np.minimum(np.minimum(neck, y - hem), arm)
    edge = np.where(m.sleeve & bare, np.minimum(edge, -0.02 - 0.2 * m.arm.clip(-0.1, 0.3)), edge)
    weights = np.zeros((len(REGIONS["top"]), *x.shape), dtype=np.float32)
    weights[MAIN] = 1.0
    cloth = _Cloth(
        canvas=canvas,
        m=m,
        kind=kind,
        hem=hem,
        sleeve_end=end,
        neck=neck,
        x=x,
        y=y,
        z=z,
        front=(canvas.normal[..., 2] > 0.0) & ~m.sleeve,
        weights=weights,
        height=np.full_like(x, cut.thick),
        lines=np.zeros_like(x),
        relief=np.zeros_like(x),
    )
    return cloth, edge.astype(np.float32)


def _drape(c: _Cloth, loose: float) -> None:
    """Loose garments hang from the chest and bunch at elbow and waist."""
    m = c.m
    folds = np.sin(m.across * 60 + 5 * np.sin(m.along * 17)) * bump(c.y - 0.20, 0.16)
    crumple = np.sin(m.along * 120 + 3 * np.sin(m.across * 40)) * bump(m.arm - 0.29, 0.10) * m.sleeve
    c.height = c.height + loose * (0.0022 * folds + 0.0028 * crumple)
    c.height += loose * 0.010 * bump(c.y - 0.33, 0.22) * ~m.sleeve
    c.height += loose * 0.006 * m.sleeve * step(0.2 - np.abs(m.arm - 0.25))
    c.relief = loose * (0.35 * folds + 0.5 * crumple)


def _ribs(c: _Cloth, hem: float, cuff: float) -> Float:
    """1 on the ribbed bands of ``hem`` and ``cuff`` metres at the ends of the garment."""
    at_hem = step(hem - (c.y - c.hem), 0.006) * ~c.m.sleeve
    return np.maximum(at_hem, step(cuff - (c.sleeve_end - c.m.arm), 0.006) * c.m.sleeve)


def _edges(c: _Cloth) -> None:
    """Necklines, hems and cuffs."""
    if c.kind in ("tshirt", "jumper", "hoodie", "polo"):
        c.line(bump(c.neck - 0.014, 0.004))
    if c.kind in ("jumper", "hoodie"):
        rib = _ribs(c, 0.045, 0.04)
        over(c.weights, SEAM, 0.35 * rib * (0.5 + 0.5 * np.sin(c.m.across * 500)))
        c.height -= 0.005 * rib
    else:
        hem = bump(c.y - c.hem - 0.02, 0.003) * ~c.m.sleeve
        c.line(0.6 * np.maximum(hem, bump(c.sleeve_end - c.m.arm - 0.02, 0.003) * c.m.sleeve))


def _hood_and_pouch(c: _Cloth) -> None:
    hood = step(-c.canvas.normal[..., 2], 0.6) * bump(c.y - 0.735, 0.085) * step(0.13 - c.ax, 0.05)
    c.height += 0.034 * hood
    pouch = np.minimum(np.minimum(0.125 - c.ax - 0.25 * (c.y - 0.19).clip(0), c.y - 0.125), 0.275 - c.y)
    c.line(bump(pouch, 0.004) * c.front)
    c.height += 0.004 * step(pouch, 0.006) * c.front
    cord = bump(c.ax - 0.030 - 0.01 * np.sin(c.y * 30), 0.0045) * band(c.y, 0.55, 0.70) * c.front
    over(c.weights, DETAIL, cord)


def _buttons_and_collar(c: _Cloth, *, full: bool) -> None:
    """A button placket (to the hem, or a polo's short one), a collar, a chest pocket."""
    x, y, frontal = c.x, c.y, c.front.astype(np.float32)
    low = c.hem if full else 0.58
    c.line(bump(c.ax - 0.0175, 0.003) * band(y, low, 0.74) * frontal)
    c.height += 0.0015 * band(x, -0.017, 0.017) * band(y, low, 0.74) * frontal
    button = np.hypot(x, ((y - 0.03) % 0.085) - 0.0425) - 0.0068
    over(c.weights, DETAIL, step(-button.astype(np.float32), 0.004) * band(y, low, 0.72) * frontal)
    collar = np.minimum(0.036 - c.neck, 0.3)
    collar = np.where(c.front, np.minimum(collar, c.ax * 2.2 - 0.012), collar)
    c.height += 0.006 * step(collar.astype(np.float32), 0.006)
    c.line(bump(collar, 0.004) * (c.neck < 0.06))
    if full:
        pocket = np.maximum(np.abs(x - 0.085) - 0.038, np.abs(y - 0.555) - 0.045)
        c.line(0.8 * bump(pocket, 0.003) * frontal)


def _open_front(c: _Cloth, point: float, width: float, shift: float) -> tuple[Float, Float]:
    """Opens the front above ``point`` onto the shirt; returns the distance into the opening and where it is open."""
    frontal = c.front.astype(np.float32)
    half = (np.clip((c.y - point) / (0.76 - point), 0, 1.2) * width).astype(np.float32)
    opening = (half - c.ax) * frontal - (1 - frontal) + shift * frontal
    inner = step(opening.astype(np.float32), 0.005)
    c.weights *= 1 - inner
    c.weights[SECOND] += inner
    c.height -= 0.007 * inner
    return opening, inner


def _suit(c: _Cloth, *, wears_tie: bool) -> None:
    """Lapels, closing, buttons, pockets, and the shirt's cuffs."""
    x, y, ax, front, point = c.x, c.y, c.ax, c.front, 0.40
    frontal = front.astype(np.float32)
    opening, inner = _open_front(c, point, 0.075, -0.001)
    if wears_tie:
        _tie(c, frontal * inner, point - 0.05)
    c.line(0.35 * bump(x - 0.002, 0.003) * band(y, point, 0.72) * inner)
    width = 0.052 * np.clip((y - point) / 0.22, 0, 1)
    lapel = np.minimum(opening + width, -opening)
    lapel = np.where(front & (y > point) & (y < 0.735), lapel, -0.05).astype(np.float32)
    c.height += 0.006 * step(lapel, 0.006)
    c.line(bump(opening + width, 0.0042) * front * band(y, point + 0.01, 0.735))
    c.line(bump(y - 0.655 - 0.3 * (ax - 0.09), 0.0042) * step(lapel, 0.004))
    c.line(bump(x - 0.012 * (y < point), 0.004) * band(y, c.hem, point) * frontal)
    for button in (point - 0.012, point - 0.105):
        over(c.weights, DETAIL, step((0.0085 - np.hypot(x - 0.003, y - button)).astype(np.float32), 0.004) * frontal)
    flap = np.maximum(np.abs(ax - 0.118) - 0.048, np.abs(y - 0.235) - 0.017)
    c.line(bump(flap, 0.0042) * front)
    c.height += 0.003 * step(-flap.astype(np.float32), 0.005) * front
    welt = np.maximum(np.abs(x - 0.088) - 0.034, np.abs(y - 0.575 - 0.12 * (x - 0.088)) - 0.007)
    c.line(bump(welt, 0.004) * front)
    over(c.weights, SECOND, step(c.m.arm - (c.sleeve_end - 0.014), 0.003) * c.m.sleeve)
    outer = c.m.sleeve * (c.canvas.normal[..., 0] * np.sign(x) > 0)
    for i in range(3):
        spot = np.hypot(c.m.arm - (c.sleeve_end - 0.035 - 0.02 * i), c.z - 0.135 - 0.01 * i)
        over(c.weights, DETAIL, step((0.006 - spot).astype(np.float32), 0.004) * outer)


def _jacket(c: _Cloth) -> None:
    """A zipped leather jacket: zip, ribs, collar, yoke, slash pockets."""
    y, ax, front = c.y, c.ax, c.front
    opening, inner = _open_front(c, 0.16, 0.050, 0.006)
    over(c.weights, DETAIL, 0.9 * bump(opening, 0.006) * front * band(y, c.hem, 0.75))
    over(c.weights, SEAM, 0.6 * _ribs(c, 0.05, 0.045) * (1 - inner))
    collar = np.minimum(0.034 - c.neck, -opening)
    c.height += 0.009 * step(collar.astype(np.float32), 0.008)
    c.line(0.8 * bump(collar, 0.004) * (c.neck < 0.05))
    c.line(0.7 * bump(y - 0.62 - 0.25 * ax, 0.004) * ~c.m.sleeve * (1 - inner))
    slash = np.maximum(np.abs(ax - 0.125 - 0.3 * (y - 0.28)) - 0.006, np.abs(y - 0.28) - 0.06)
    c.line(bump(slash, 0.005) * front)


def _tie(c: _Cloth, where: Float, low: float) -> None:
    """A tie from the collar down to ``low``."""
    x, y = c.x, c.y
    half = np.where(y > 0.695, 0.018, 0.013 + 0.075 * np.clip(0.695 - y, 0, 0.26) * 0.6)
    half = np.where(y < low + 0.05, half * np.clip((y - low) / 0.05, 0, 1), half)
    shape = np.minimum(half - np.abs(x), np.minimum(0.735 - y, y - low)).astype(np.float32)
    inside = step(shape, 0.004) * where
    over(c.weights, TIE, inside)
    over(c.weights, SEAM, 0.5 * bump(y - 0.695, 0.004) * inside)
    c.height += 0.004 * inside
