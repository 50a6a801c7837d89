"""Paints trousers, shorts and dungarees on the tights shell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_server.field.planes import REGIONS, ShellPlanes
from lodestream_training.synth.attributes import LONG_TOPS, OPEN_TOPS
from lodestream_training.synth.brush import band, bump, fill, over, step
from lodestream_training.synth.folds import Crease, creases
from lodestream_training.synth.texels import Canvas

Float = NDArray[np.floating[Any]]
MAIN, SECOND, SEAM, DETAIL = range(len(REGIONS["bottom"]))
WAIST = 0.270
_HEM = -0.712  # metres; trouser legs run to the end of the chart


@dataclass(frozen=True)
class Cut:
    """A pattern: thickness, hem height, radius of the leg at thigh, knee and hem (all metres), strength of folds."""

    thick: float
    hem: float
    thigh: float
    knee: float
    ankle: float
    folds: float


CUTS = {
    "jeans": Cut(0.007, _HEM, 0.095, 0.078, 0.062, 0.9),
    "trousers": Cut(0.008, _HEM, 0.100, 0.085, 0.071, 0.7),
    "cargo": Cut(0.010, _HEM, 0.107, 0.096, 0.079, 1.25),
    "joggers": Cut(0.010, _HEM, 0.104, 0.092, 0.076, 1.1),
    "shorts": Cut(0.009, -0.245, 0.108, 0.104, 0.100, 0.9),
    "leggings": Cut(0.003, -0.700, 0.0, 0.0, 0.0, 0.12),
    "dungarees": Cut(0.011, _HEM, 0.106, 0.094, 0.078, 1.15),
}
# tops too thick or too closed for a bib to lie over them
_OVER_BIBS = ("waistcoat", "suit", "jacket", "coat", "labcoat", "cardigan", "uniform", "armour", "spacesuit")
_THICK_TOPS = ("jumper", "turtleneck", "hoodie")

# the axis of the reference leg: height, distance from the middle plane, depth
_AXIS = np.array(
    [
        (-0.70, 0.199, 0.002),
        (-0.60, 0.191, 0.002),
        (-0.50, 0.180, 0.005),
        (-0.40, 0.171, 0.010),
        (-0.29, 0.149, 0.032),
        (-0.20, 0.134, 0.043),
        (-0.10, 0.124, 0.047),
        (-0.04, 0.117, 0.046),
    ]
)
_RADIUS = 0.08  # metres of cloth per radian around the leg, for laying out folds
# folds: around the leg (from its front or back, towards the outside) and up, metres
_FRONT: tuple[Crease, ...] = (
    (-0.09, -0.268, 0.08, -0.292, 0.016, 0.5),
    (-0.10, -0.598, 0.09, -0.626, 0.016, 0.9),
    (-0.09, -0.652, 0.12, -0.634, 0.014, 1.0),
    (-0.12, -0.668, 0.09, -0.682, 0.013, 0.8),
    (-0.05, -0.350, 0.11, -0.420, 0.022, 0.45),
)
_BACK: tuple[Crease, ...] = (
    (-0.11, -0.236, 0.10, -0.252, 0.015, 0.8),
    (-0.10, -0.292, 0.11, -0.272, 0.015, 1.0),
    (-0.11, -0.308, 0.09, -0.334, 0.016, 0.8),
    (-0.10, -0.628, 0.10, -0.610, 0.016, 0.7),
    (-0.11, -0.646, 0.11, -0.662, 0.014, 0.9),
)
# folds of the hips: away from the middle plane and up
_CROTCH: tuple[Crease, ...] = (
    (0.015, 0.020, 0.140, 0.066, 0.015, 0.7),
    (0.020, -0.006, 0.160, 0.012, 0.016, 0.9),
    (0.030, -0.034, 0.160, -0.062, 0.018, 0.7),
)
_SEAT: tuple[Crease, ...] = (
    (0.020, -0.018, 0.150, 0.018, 0.018, 0.8),
    (0.030, -0.058, 0.160, -0.062, 0.018, 0.6),
)


@dataclass(frozen=True, eq=False)
class _Legs:
    """What all trousers share on one canvas, (R, R) each; worked out once."""

    canvas: Canvas
    front: Float  # 1 on the front, 0 on the back
    out: Float  # radians around the leg, 0 at its front, positive outwards
    radius: Float  # metres from the leg's axis
    loose: Float  # metres that loose trousers stand away from cleft and seat
    fold: Float  # folds, about 1 on ridges


_known: dict[int, _Legs] = {}


@dataclass
class _Cloth:
    """Trousers being painted; ``height``, ``shade`` and ``edge`` are replaced, ``weights`` painted on in place."""

    x: Float
    y: Float
    z: Float
    front: Float  # 1 on the front, 0 on the back
    out: Float  # radians around the leg, 0 at its front, positive outwards
    weights: Float
    edge: Float
    height: Float
    shade: Float

    @property
    def ax(self) -> Float:
        """Metres from the middle plane."""
        return np.abs(self.x)


def bottom(
    canvas: Canvas,
    v: dict[str, str],
    main: Float,
    second: Float,
) -> ShellPlanes:
    """Trousers, shorts, leggings or dungarees; not worn with skirts and closed long tops.

    Args:
        canvas: the bottom's chart. m: not needed. v: the person's categories; ``bottom`` and ``top`` matter.
        main, second: (3,) sRGB.
    """
    kind, over_it = v["bottom"], v["top"]
    palette = np.clip(np.stack([main, second, main * 0.72, _detail_colour(kind, main)]), 0, 1).astype(np.float32)
    if kind == "skirt" or (over_it in LONG_TOPS and over_it not in OPEN_TOPS):
        return _nothing(canvas, palette)
    c = _sew(canvas, CUTS[kind])
    if kind in ("jeans", "trousers", "cargo", "shorts"):
        _waistband(c)
    if kind == "jeans":
        _wear(c)
    elif kind == "trousers":
        _press(c)
    elif kind == "cargo":
        _pockets(c)
    elif kind == "joggers":
        _gather(c)
    elif kind == "dungarees":
        _bib(c, over_it)
    if over_it in OPEN_TOPS:
        under = step(c.y + 0.33, 0.16)
        c.height = c.height + under * (np.minimum(c.height, 0.012) - c.height)
    # the thighs must not cross the middle plane
    inward = np.clip(-canvas.normal[..., 0] * np.sign(c.x), 0.15, 1.0)
    c.height = np.where(c.y < 0.03, np.minimum(c.height, np.maximum((c.ax - 0.002) / inward, 0.002)), c.height)
    return ShellPlanes(
        level_set=c.height.astype(np.float32),
        edge=np.clip(np.where(canvas.arms > 0.5, -0.05, c.edge), -0.05, 0.35).astype(np.float32),
        regions=c.weights,
        shade=(c.shade * (0.66 + 0.34 * canvas.occlusion)).astype(np.float32),
        palette=palette,
    )


def _detail_colour(kind: str, main: Float) -> Float:
    """Thread, buckles, cords."""
    if kind == "jeans":
        return np.array([0.80, 0.58, 0.28], dtype=np.float32)
    if kind == "dungarees":
        return np.array([0.74, 0.70, 0.60], dtype=np.float32)
    return main * 0.5


def _nothing(canvas: Canvas, palette: NDArray[np.float32]) -> ShellPlanes:
    flat = np.zeros_like(canvas.occlusion)
    weights = np.zeros((len(REGIONS["bottom"]), *flat.shape), dtype=np.float32)
    weights[MAIN] = 1.0
    return ShellPlanes(flat, flat - np.float32(0.05), weights, (0.66 + 0.34 * canvas.occlusion), palette)


def _legs(canvas: Canvas) -> _Legs:
    """The legs of a canvas, kept for the next trousers."""
    known = _known.get(id(canvas))
    if known is None or known.canvas is not canvas:
        x, y, z = np.moveaxis(canvas.position, -1, 0)
        side = np.abs(x) - np.interp(y, _AXIS[:, 0], _AXIS[:, 1]).astype(np.float32)
        depth = z - np.interp(y, _AXIS[:, 0], _AXIS[:, 2]).astype(np.float32)
        front = step(canvas.normal[..., 2], 0.5)
        cleft = 0.012 * bump(x, 0.045) * bump(y - 0.115, 0.115) * (1 - front)
        seat = 0.008 * bump(y + 0.03, 0.10) * (1 - front) + 0.004 * bump(y - 0.05, 0.20)
        out = np.arctan2(side, depth)
        known = _Legs(canvas, front, out, np.hypot(side, depth), cleft + seat, _folds(x, y, front, out))
        _known[id(canvas)] = known
    return known


def _folds(x: Float, y: Float, front: Float, out: Float) -> Float:
    """Folds behind the knees, at the ankles, from the crotch and under the seat; the two legs differ a little."""
    up = y + 0.009 * np.clip(x / 0.04, -1, 1)
    hips = step(y + 0.11, 0.08)
    back = np.arctan2(np.sin(np.pi - out), np.cos(np.pi - out))
    legs = creases(out * _RADIUS, up, _FRONT) + creases(back * _RADIUS, up, _BACK)
    crotch = creases(np.abs(x), up, _CROTCH) * front + creases(np.abs(x), up, _SEAT) * (1 - front)
    return np.asarray((1 - hips) * legs + hips * crotch, dtype=np.float32)


def _sew(canvas: Canvas, cut: Cut) -> _Cloth:
    """The plain garment: tubes that hang from hips and seat, with their folds."""
    x, y, z = np.moveaxis(canvas.position, -1, 0)
    legs = _legs(canvas)
    height = np.full_like(x, cut.thick)
    if cut.thigh:
        tube = np.interp(y, (-0.70, -0.29, -0.08), (cut.ankle, cut.knee, cut.thigh)).astype(np.float32)
        gap = tube - legs.radius - cut.thick
        hang = 0.5 * (gap + np.sqrt(gap * gap + 0.012**2))  # a soft maximum: the tube where it is wider than the leg
        height = height + np.minimum(hang, 0.034) * step(-y, 0.22) + legs.loose
    weights = np.zeros((len(REGIONS["bottom"]), *x.shape), dtype=np.float32)
    weights[MAIN] = 1.0
    edge = np.minimum(WAIST - y, y - cut.hem)
    return _Cloth(
        x=x,
        y=y,
        z=z,
        front=legs.front,
        out=legs.out,
        weights=weights,
        edge=edge,
        height=height + 0.0042 * cut.folds * legs.fold,
        shade=(1 - 0.10 * bump(edge - 0.004, 0.012)) * (1 + 0.15 * cut.folds * legs.fold),
    )


def _waistband(c: _Cloth) -> None:
    """A firm band of 4 cm, and the fly's overlap."""
    belt = step(c.y - WAIST + 0.040, 0.008)
    c.height = c.height + 0.0025 * belt
    c.shade = c.shade * (1 + 0.05 * belt - 0.16 * bump(c.y - WAIST + 0.043, 0.009))
    fly = band(c.x, -0.002, 0.034, 0.008) * band(c.y, 0.085, WAIST - 0.04, 0.012) * c.front
    c.height = c.height + 0.0015 * fly
    c.shade = c.shade * (1 - 0.10 * bump(c.x, 0.008) * band(c.y, 0.03, WAIST - 0.04, 0.02) * c.front)


def _wear(c: _Cloth) -> None:
    """Denim pales over thighs, knees and seat, and stays dark along the seams."""
    knee = np.exp(-((c.out / 0.9) ** 2) - ((c.y + 0.27) / 0.075) ** 2)
    thigh = np.exp(-(((c.out - 0.1) / 0.75) ** 2) - ((c.y + 0.10) / 0.12) ** 2)
    seat = np.exp(-(((c.ax - 0.08) / 0.06) ** 2) - ((c.y - 0.07) / 0.08) ** 2) * (1 - c.front)
    seams = bump(np.abs(np.sin(c.out)) - 1.0, 0.10) * step(-0.02 - c.y, 0.05)
    c.shade = c.shade * (1 + 0.26 * knee + 0.24 * thigh + 0.18 * seat - 0.12 * seams)
    c.shade = c.shade * (1 - 0.10 * step(-0.645 - c.y, 0.06))


def _press(c: _Cloth) -> None:
    """Pressed creases down the middle of front and back."""
    down = step(0.13 - c.y, 0.12)
    middle = bump(np.sin(c.out), 0.30) * down
    c.height = c.height + 0.0042 * middle
    c.shade = c.shade * (1 + 0.10 * bump(np.sin(c.out), 0.14) * down)


def _pockets(c: _Cloth) -> None:
    """Bellows pockets with flaps on the outside of the thighs."""
    around = (c.out - 0.5 * np.pi) * 0.095
    box = np.maximum(np.abs(around) - 0.066, np.abs(c.y + 0.175) - 0.085)
    flap = np.maximum(np.abs(around) - 0.072, np.abs(c.y + 0.118) - 0.030)
    c.height = c.height + 0.013 * step(-box, 0.016)
    c.height = c.height + 0.004 * step(-flap, 0.010)
    c.shade = c.shade * (1 - 0.22 * bump(box - 0.004, 0.011)) * (1 + 0.04 * step(-box, 0.012))
    c.shade = c.shade * (1 - 0.20 * bump(flap - 0.003, 0.009) * step(0.004 - box, 0.006))


def _gather(c: _Cloth) -> None:
    """Ribbed cuffs that gather the cloth at the ankles, and an elastic waistband."""
    cuff = c.y + 0.638
    rib = np.maximum(fill(-cuff), fill(c.y - WAIST + 0.040))
    over(c.weights, SEAM, rib)
    inside = step(-cuff, 0.026)
    c.height = c.height * (1 - inside) + 0.005 * inside + 0.010 * bump(cuff - 0.034, 0.045)
    gathers = np.cos(c.out * 14 + 1.5 * np.sin(c.out * 3))
    c.shade = c.shade * (1 + 0.13 * gathers * bump(cuff - 0.030, 0.045) + 0.07 * np.cos(c.out * 38) * inside)
    c.shade = c.shade * (1 - 0.22 * bump(cuff - 0.002, 0.010))
    waist = WAIST - 0.043 - c.y
    c.height = c.height + 0.004 * bump(waist - 0.025, 0.035)
    c.shade = c.shade * (1 - 0.18 * bump(waist, 0.010))
    pleats = np.cos(c.x * 230 + 2 * np.sin(c.x * 70))
    c.shade = c.shade * (1 + 0.09 * pleats * (bump(waist - 0.015, 0.035) + bump(waist + 0.022, 0.020)))


def _bib(c: _Cloth, top: str) -> None:
    """Bib, straps over the shoulders that cross on the back, a pocket on the bib: all over the top's cloth."""
    if top in _OVER_BIBS:
        return
    y, ax = c.y, c.ax
    flare = 0.060 * np.clip((0.40 - y) / 0.13, 0, 1) ** 2
    bib = np.minimum(np.minimum(0.112 + flare - 0.10 * np.clip(y - 0.45, 0, 0.2) - ax, 0.600 - y), c.z - 0.02)
    cross = 0.080 * (y - 0.475) / 0.205
    back = np.minimum(np.minimum(np.abs(c.x - cross), np.abs(c.x + cross)) * 0.90, 0.2)
    strap = 0.0225 - np.where(c.z > 0.01, np.abs(ax - 0.088 + 0.12 * np.clip(y - 0.60, 0, 0.2)), back)
    strap = np.minimum(strap, np.where(c.z > 0.01, y - 0.54, y - 0.30))
    panel = np.minimum(np.minimum(0.060 + 1.1 * (0.40 - y) - ax, 0.385 - y), 0.03 - c.z)
    c.edge = np.maximum(np.maximum(c.edge, bib), np.maximum(strap, panel))
    lift = step(y, 0.10)
    away = (
        (0.034 if top in _THICK_TOPS else 0.027)
        + 0.009 * bump(y - 0.07, 0.16)
        + 0.012 * bump(c.x, 0.06) * bump(y - 0.10, 0.16)
    )
    c.height = c.height * (1 - lift) + np.maximum(c.height, away) * lift
    pocket = np.maximum(ax - 0.064, np.abs(y - 0.470) - 0.060)
    frontal = step(c.z - 0.04, 0.02)
    c.height = c.height + 0.005 * step(-pocket, 0.012) * frontal
    c.shade = c.shade * (1 - 0.24 * bump(pocket - 0.002, 0.010) * frontal)
    c.shade = c.shade * (1 - 0.16 * bump(y - 0.262, 0.010) * (ax < 0.3))
    c.shade = c.shade * (1 - 0.12 * bump(c.edge - 0.004, 0.012) * (y > WAIST))
    buckle = 0.019 - np.maximum(np.abs(ax - 0.088) - 0.004, np.abs(y - 0.578))
    over(c.weights, DETAIL, fill(buckle) * frontal)
    c.height = c.height + 0.003 * step(buckle, 0.01) * frontal
