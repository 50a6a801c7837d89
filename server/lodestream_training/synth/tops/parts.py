"""What garments share: collars, shirt fronts, ties, lapels, hoods, pockets, cuffs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_training.synth.brush import bump, step
from lodestream_training.synth.tops.cloth import MAIN, SECOND, TIE, Cloth
from lodestream_training.synth.tops.cut import Corners, armhole, box, oval, polygon, ring, wedge

Float = NDArray[np.floating[Any]]

_TIE = ((-0.06, 0.748), (0.022, 0.744), (0.014, 0.698), (0.041, 0.318), (0.0, 0.272), (-0.06, 0.272))


def ahead(c: Cloth, distance: Float) -> Float:
    """The distance (metres inside) in front of the shoulders, well outside behind them."""
    return np.asarray(distance - 0.4 * (1 - step(c.f.z - 0.022, 0.03)))


def over_shoulder(c: Cloth, front: Float, back: Float) -> Float:
    """One distance in front of the shoulders, another behind."""
    s = step(c.f.z - 0.012, 0.04)
    return np.asarray(front * s + back * (1 - s))


def band(c: Cloth, outside: Float, width: float, *, lift: float = 0.003, region: int = MAIN) -> None:
    """A band of ``width`` metres along a neckline, ``outside`` metres from it."""
    inside = width - outside
    c.lay(inside, lift, shadow=0.25)
    if region != MAIN:
        c.paint(region, inside)


def collar(
    c: Cloth,
    *,
    closed: bool,
    shown: Float | float = 1.0,
    region: int = MAIN,
    front: float = 0.744,
    opening: float = 0.675,
) -> None:
    """A shirt's collar: cuts the neckline and lays the two leaves; buttoned up or open down to ``opening``."""
    f = c.f
    where = (1 - f.limb) * shown
    k = ring(f, front, 0.778)
    c.neckline(k)
    if not closed:
        c.neckline(-ahead(c, -wedge(f, 0.040, opening)))
    inner = 0.006 if closed else 0.040
    leaf = polygon(f, ((inner, 0.757), (0.056, 0.662), (0.112, 0.722), (0.114, 0.80), (inner, 0.80)))
    leaf = over_shoulder(c, leaf, 0.044 - k)
    c.lay(leaf, 0.006, shadow=0.36 if region == MAIN else 0.24, where=where)
    if region != MAIN:
        c.paint(region, leaf, where)


def tie(c: Cloth, where: Float | float = 1.0) -> None:
    """A tie from the collar to the belt."""
    f = c.f
    shape = ahead(c, polygon(f, _TIE))
    c.lay(shape, 0.004, shadow=0.3, where=where)
    c.paint(TIE, shape, where)
    c.groove(f.y - 0.700, dark=0.32, where=step(shape, 0.012) * where)
    c.shade = c.shade * (1 - 0.10 * bump(f.x - 0.004, 0.012) * step(shape, 0.012) * where)


def wears_collar_and_tie(c: Cloth) -> bool:
    """Buttoned up to the neck."""
    return c.v["neckwear"] in ("tie", "bowtie")


def shirt_inside(c: Cloth, opening: Float) -> None:
    """The shirt in ``opening`` (metres inside) of what is worn over it, with collar and tie; cuts the neckline."""
    k = ring(c.f, 0.744, 0.778)
    shown = np.maximum(opening, 0.020 - k)
    c.lay(-shown, 0.007, shadow=0.22, reach=0.018)
    c.height = c.height - 0.005 * step(shown, 0.016)
    c.paint(SECOND, shown)
    where = step(shown, 0.016)
    closed = wears_collar_and_tie(c)
    collar(c, closed=closed, shown=where, region=SECOND)
    if not closed:
        c.groove(c.f.x - 0.001, dark=0.14, where=where * step(0.67 - c.f.y, 0.02))
    if c.v["neckwear"] == "tie":
        tie(c, where)


def tee_inside(c: Cloth, opening: Float) -> None:
    """A t-shirt in ``opening`` (metres inside)."""
    c.lay(-opening, 0.010, shadow=0.40)
    c.height = c.height - 0.005 * step(opening, 0.016)
    c.paint(SECOND, opening)


def lapels(c: Cloth, corners: Corners, opening: Float, behind: float = 0.058, lift: float = 0.006) -> None:
    """Lapels with the shape ``corners`` in (|x|, y) beside the ``opening``, joined by a collar behind the neck."""
    f = c.f
    k = ring(f, 0.744, 0.778)
    shape = over_shoulder(c, polygon(f, corners), np.minimum(behind - k, k - 0.018))
    c.lay(shape, lift, shadow=0.46, reach=0.026, where=(1 - f.limb) * step(0.002 - opening, 0.012))
    c.shade = c.shade * (1 + 0.05 * step(shape, 0.014) * (1 - f.limb))


def hood(c: Cloth, outside: Float, *, size: float = 1.0) -> None:
    """A hood that lies on the back, and its rolled edge around the neckline ``outside`` metres away."""
    f = c.f
    roll = bump(outside - 0.026, 0.040) * (1 - f.limb)
    c.height = c.height + 0.018 * size * roll
    c.shade = c.shade * (1 - 0.30 * bump(outside - 0.064, 0.022) * (1 - f.limb))
    c.shade = c.shade * (1 - 0.22 * step(0.010 - outside, 0.014))
    bag = oval(f.x, np.minimum(f.y, 0.715), (0.0, 0.715), (0.116, 0.128 * size)) - 0.4 * step(f.z - 0.010, 0.03)
    swell = step(bag - 0.012, 0.055) * (1 - f.limb)
    c.height = c.height + 0.036 * size * swell
    c.shade = c.shade * (1 - 0.40 * bump(np.minimum(bag, 0), 0.030) * step(-bag, 0.02) * (1 - f.limb))
    crease = bump(f.ax - 0.03 - 0.3 * (0.74 - f.y), 0.016) * step(bag - 0.02, 0.03)
    c.fold(-crease, 0.003, 0.16)


def cuffs(c: Cloth, width: float, lift: float = 0.003, region: int = MAIN) -> None:
    """Cuffs of ``width`` metres."""
    if not c.reach:
        return
    inside = width - (c.reach - c.f.arm)
    on = (c.f.limb >= 1) * 1.0
    c.lay(inside, lift, shadow=0.30, where=on)
    if region != MAIN:
        c.paint(region, inside, on)


def shirt_cuffs(c: Cloth) -> None:
    """A finger of shirt below the sleeve's end."""
    if not c.reach:
        return
    inside = 0.015 - (c.reach - c.f.arm)
    on = (c.f.limb >= 1) * 1.0
    c.paint(SECOND, inside, on)
    c.height = c.height - 0.005 * step(inside, 0.014) * on
    c.shade = c.shade * (1 - 0.25 * bump(inside, 0.008) * on)


def shirt_sleeves(c: Cloth, shoulder: float = 0.152) -> None:
    """Sleeves of the shirt below a garment without any."""
    outside = -armhole(c.f, shoulder)
    c.lay(-outside, 0.006, shadow=0.38)
    c.paint(SECOND, outside)


def placket(c: Cloth, low: float, high: float, half: float = 0.017) -> None:
    """The strip that carries the buttons."""
    strip = ahead(c, np.minimum(half - c.f.ax, np.minimum(c.f.y - low, high - c.f.y)))
    c.lay(strip, 0.0022, shadow=0.20, reach=0.014)


def closing(c: Cloth, low: float, high: float, x: float = 0.0) -> None:
    """The edge of the upper front, left over right."""
    f = c.f
    where = c.f.front * step(f.y - low, 0.02) * step(high - f.y, 0.02)
    c.lay(f.x - x, 0.002, shadow=0.34, where=where)


def pocket(
    c: Cloth, centre: tuple[float, float], half: tuple[float, float], *, both: bool = True, flap: float = 0.0
) -> None:
    """A patch pocket in (|x|, y), or on the avatar's left alone; ``flap`` metres of it hang over as a flap."""
    f = c.f
    px = f.ax if both else f.x
    c.lay(ahead(c, box(px, f.y, centre, half)), 0.0032, shadow=0.30, reach=0.016)
    if flap:
        high = (centre[0], centre[1] + half[1] - flap / 2 + 0.004)
        c.lay(ahead(c, box(px, f.y, high, (half[0] + 0.004, flap / 2))), 0.0032, shadow=0.34, reach=0.016)
    else:
        c.groove(f.y - centre[1] - half[1] + 0.020, dark=0.10, where=step(ahead(c, box(px, f.y, centre, half)), 0.01))


def wide_sleeves(c: Cloth, drop: float) -> None:
    """Sleeves that hang ``drop`` metres below the forearm."""
    f = c.f
    if c.reach <= 0.2:
        return
    under = np.clip(0.15 - np.sin(f.turn), 0, 1.15) / 1.15
    grown = step(f.arm - 0.20, 0.30) * (f.limb >= 1)
    c.height = c.height + grown * (drop * under**1.3 + 0.16 * drop)
    c.fold(np.sin(f.arm * 55 + 2 * np.sin(f.turn)) * grown * under, 0.0025, 0.12)
