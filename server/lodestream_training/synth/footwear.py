"""Paints shoes on the foot islands of the tights shell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_server.field.planes import REGIONS, ShellPlanes
from lodestream_training.synth.brush import band, bump, fill, over, step
from lodestream_training.synth.texels import Canvas

Float = NDArray[np.floating[Any]]
WHITE = np.array([0.93, 0.93, 0.91], dtype=np.float32)
MAIN, SOLE, DETAIL = range(len(REGIONS["footwear"]))
_FLOOR = -0.824  # metres, of the reference foot


@dataclass(frozen=True)
class Last:
    """A pattern: thickness of the upper, height of the sole and of the heel's part of it, welt, all metres."""

    upper: float
    sole: float
    heel: float
    welt: float


LASTS = {
    "trainers": Last(0.010, 0.028, 0.032, 0.007),
    "leather": Last(0.006, 0.014, 0.028, 0.004),
    "boots": Last(0.012, 0.024, 0.034, 0.007),
    "tallboots": Last(0.015, 0.018, 0.034, 0.004),
    "heels": Last(0.005, 0.010, 0.014, 0.001),
    "flats": Last(0.004, 0.009, 0.011, 0.002),
    "sandals": Last(0.005, 0.017, 0.019, 0.005),
    "barefoot": Last(0.0, 0.0, 0.0, 0.0),
}


@dataclass
class _Shoe:
    """A shoe being painted; ``height``, ``edge`` and ``shade`` are replaced, ``weights`` painted on in place."""

    side: Float  # metres from the shoe's middle line, positive outwards
    ground: Float  # metres above the floor
    z: Float
    under: Float  # 1 where the surface looks down
    weights: Float
    edge: Float
    height: Float
    shade: Float


def footwear(canvas: Canvas, kind: str, main: Float) -> ShellPlanes:
    """The shoes of a person.

    Args:
        canvas: the feet. kind: one of ``shoes``. main: (3,) sRGB.
    """
    x, y, z = np.moveaxis(canvas.position, -1, 0)
    last = LASTS[kind]
    weights = np.zeros((len(REGIONS["footwear"]), *x.shape), dtype=np.float32)
    weights[MAIN] = 1.0
    s = _Shoe(
        side=np.abs(x) - (0.199 + 0.06 * z),
        ground=y - _FLOOR,
        z=z,
        under=step(-canvas.normal[..., 1] - 0.45, 0.5),
        weights=weights,
        edge=np.full_like(x, 0.3 if kind != "barefoot" else -0.05),
        height=np.full_like(x, last.upper),
        shade=np.ones_like(x),
    )
    if kind == "trainers":
        _trainers(s)
    elif kind == "leather":
        _oxfords(s)
    elif kind in ("boots", "tallboots"):
        _boots(s, laced=kind == "boots")
    elif kind in ("heels", "flats"):
        _pumps(s, high=kind == "heels")
    elif kind == "sandals":
        _sandals(s)
    if kind != "barefoot":
        _sole(s, last)
    return ShellPlanes(
        level_set=s.height.astype(np.float32),
        edge=np.clip(s.edge, -0.05, 0.35).astype(np.float32),
        regions=weights,
        shade=(s.shade * (0.78 + 0.22 * canvas.occlusion)).astype(np.float32),
        palette=_palette(kind, main),
    )


def _palette(kind: str, main: Float) -> Float:
    """(3, 3) sRGB of upper, sole, and socks and laces."""
    dark = main * 0.30 + 0.02
    if kind == "trainers":
        pale = main.mean() > 0.78
        colours = [main, WHITE * 0.97, main * 0.80 if pale else WHITE]
    elif kind == "leather":
        colours = [main, dark * 0.8, np.full(3, 0.10) + 0.10 * main]
    elif kind == "heels":
        colours = [main, main * 0.55 + 0.01, main * 0.8]
    elif kind in ("sandals", "flats"):
        colours = [main, main * 0.45 + np.array([0.20, 0.15, 0.10]), main * 0.6]
    else:
        colours = [main, dark, main * 0.55]
    return np.clip(np.stack(colours), 0, 1).astype(np.float32)


def _sole(s: _Shoe, last: Last) -> None:
    """The sole's edge stands out from the upper and is higher under the heel."""
    top = last.sole + (last.heel - last.sole) * step(0.045 - s.z, 0.03)
    above = np.asarray(top - s.ground, dtype=np.float32)
    over(s.weights, SOLE, np.maximum(fill(above * 1.8), s.under * (s.ground < 0.03)))
    s.height = s.height + last.welt * step(above, 0.008)
    s.shade = s.shade * (1 - 0.20 * bump(above + 0.003, 0.007) * (1 - s.under))


def _socks(s: _Shoe, collar: Float) -> None:
    """What shows of the sock above the shoe's collar (metres above the floor), up to the chart's end."""
    above = np.asarray(s.ground - collar, dtype=np.float32)
    inside = step(above, 0.010)
    over(s.weights, DETAIL, fill(above))
    s.height = s.height + 0.004 * bump(above + 0.010, 0.014)  # the padded collar
    s.height = s.height * (1 - inside) + 0.0025 * inside
    s.shade = s.shade * (1 - 0.30 * bump(above - 0.003, 0.009))


def _toe(s: _Shoe, length: float, round_: float) -> None:
    """A toe box: longer by ``length``, and full above the toes by ``round_``, metres."""
    tip = step(s.z - 0.185, 0.06) * (1 - s.under)
    s.height = s.height + length * tip * np.clip(1 - (s.side / 0.055) ** 2, 0, 1)
    s.height = s.height + round_ * bump(s.z - 0.18, 0.07) * step(0.07 - s.ground, 0.03) * (1 - s.under)


def _tongue(s: _Shoe, low: float, high: float) -> None:
    """The tongue stands up between the facings, along the instep from ``low`` to ``high`` (z, metres)."""
    over_instep = band(s.z, low, high, 0.02) * step(s.ground - 0.045, 0.015)
    s.height = s.height + 0.004 * bump(s.side, 0.026) * over_instep
    s.shade = s.shade * (1 - 0.20 * bump(np.abs(s.side) - 0.021, 0.007) * over_instep)


def _trainers(s: _Shoe) -> None:
    collar = 0.090 + 0.014 * np.clip((0.0 - s.z) / 0.05, -1, 1)
    _toe(s, 0.006, 0.005)
    _tongue(s, 0.085, 0.150)
    cap = np.minimum(s.z - 0.207, 0.044 - s.ground)
    over(s.weights, SOLE, fill(cap))
    stripe = 0.009 - np.abs(s.z - 0.062 - 0.55 * (s.ground - 0.05))
    stripe = np.minimum(stripe, np.minimum(np.abs(s.side) - 0.020, 0.078 - s.ground))
    over(s.weights, DETAIL, fill(stripe + 0.003))
    counter = step(-0.012 - s.z, 0.012)
    s.height = s.height + 0.003 * counter * band(s.ground, 0.03, 0.085, 0.01)
    s.shade = s.shade * (1 - 0.12 * bump(s.z + 0.012, 0.007) * (1 - s.under))
    s.shade = s.shade * (1 - 0.12 * bump(s.z - 0.150 - 0.25 * np.abs(s.side), 0.007) * (1 - s.under))
    _socks(s, collar)


def _oxfords(s: _Shoe) -> None:
    collar = 0.084 + 0.012 * np.clip((0.0 - s.z) / 0.05, -1, 1)
    _toe(s, 0.012, 0.004)
    _tongue(s, 0.082, 0.128)
    cap = np.asarray(s.z - 0.163 - 1.5 * s.side**2, dtype=np.float32)
    s.height = s.height + 0.0018 * step(cap, 0.008)
    s.shade = s.shade * (1 - 0.26 * bump(cap, 0.007) * (1 - s.under))
    bend = bump(s.z - 0.132, 0.012) * (1 - bump(s.side, 0.02)) * (1 - s.under)
    s.shade = s.shade * (1 - 0.10 * bend) * (1 + 0.10 * bump(s.z - 0.20, 0.04) * bump(s.side, 0.04))
    quarter = s.z - 0.060 - 0.5 * (s.ground - 0.05)
    s.shade = s.shade * (1 - 0.16 * bump(quarter, 0.007) * (1 - s.under) * (np.abs(s.side) > 0.02))
    _socks(s, collar)


def _boots(s: _Shoe, *, laced: bool) -> None:
    """Boots; the shaft reaches the chart's end."""
    _toe(s, 0.007, 0.008 if laced else 0.004)
    shaft = step(s.ground - 0.085, 0.04)
    s.height = s.height + (0.004 if laced else 0.007) * shaft
    cuff = np.asarray(s.ground - 0.118, dtype=np.float32)
    s.height = s.height + 0.004 * step(cuff, 0.012)
    s.shade = s.shade * (1 - 0.18 * bump(cuff, 0.008)) * (1 + 0.05 * step(cuff, 0.012))
    ankle = np.cos((s.ground + 0.35 * s.z) * 210 + 0.8 * np.sin(s.side * 60)) * bump(s.ground - 0.080, 0.035)
    s.height = s.height + 0.0022 * ankle
    s.shade = s.shade * (1 + 0.10 * ankle)
    if laced:
        _tongue(s, 0.030, 0.150)
        cap = np.asarray(s.z - 0.165 - 2.0 * s.side**2, dtype=np.float32)
        s.height = s.height + 0.002 * step(cap, 0.008)
        s.shade = s.shade * (1 - 0.24 * bump(cap, 0.007) * (1 - s.under))
        counter = step(-0.008 - s.z, 0.012) * (s.ground < 0.10)
        s.height = s.height + 0.002 * counter
        s.shade = s.shade * (1 - 0.16 * bump(s.z + 0.008, 0.007) * (1 - s.under))


def _pumps(s: _Shoe, *, high: bool) -> None:
    """Pumps and ballet flats: the instep is bare; a high heel is the sole drawn down, the ball stands on a platform."""
    back, vamp = (0.068, 0.100) if high else (0.060, 0.116)
    line = np.interp(s.z, (-0.05, -0.02, 0.045, vamp, vamp + 0.045), (back, back - 0.006, 0.036, 0.042, 0.10))
    s.edge = np.asarray((line - s.ground) * 0.85, dtype=np.float32)
    if high:
        tip = step(s.z - 0.165, 0.08) * (1 - s.under)
        s.height = s.height + tip * (0.020 * bump(s.side + 0.006, 0.036) - 0.006 * (np.abs(s.side) > 0.045))
        block = step(0.022 - s.z, 0.022)
        s.height = s.height + s.under * (0.006 + 0.036 * block)
        low = step(0.020 - s.ground, 0.02)
        s.height = s.height - 0.008 * block * (1 - s.under) * low
    else:
        _toe(s, 0.003, 0.002)
    s.shade = s.shade * (1 - 0.16 * bump(s.edge - 0.003, 0.008))


def _sandals(s: _Shoe) -> None:
    """A foot bed, a strap over the toes, one over the instep and one around the heel."""
    toes = 0.020 - np.abs(s.z - 0.150 + 0.25 * s.side)
    instep = 0.019 - np.abs(s.z - 0.072 + 0.35 * (s.ground - 0.07))
    ankle = np.minimum(0.016 - np.abs(s.ground - 0.078 - 0.2 * s.z), 0.050 - s.z)
    straps = np.maximum(np.maximum(toes, instep), ankle)
    bed = LASTS["sandals"].sole - s.ground
    s.edge = np.maximum(straps, bed).astype(np.float32)
    s.shade = s.shade * (1 - 0.18 * bump(s.edge - 0.002, 0.007))
