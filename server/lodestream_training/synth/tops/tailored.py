"""Tops with a tailored front: waistcoats, suits, jackets, coats, uniforms."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_training.synth.brush import bump, step
from lodestream_training.synth.tops import cut, parts
from lodestream_training.synth.tops.cloth import DETAIL, SEAM, Cloth
from lodestream_training.synth.tops.form import FAR

Float = NDArray[np.floating[Any]]

_NOTCHED = (
    (0.002, 0.410), (0.030, 0.430), (0.094, 0.560), (0.136, 0.628), (0.094, 0.650), (0.122, 0.676), (0.124, 0.80),
    (0.066, 0.80), (0.060, 0.745),
)  # fmt: skip
_COAT = (
    (0.040, 0.400), (0.070, 0.430), (0.120, 0.560), (0.150, 0.615), (0.112, 0.640), (0.138, 0.668), (0.128, 0.80),
    (0.066, 0.80), (0.062, 0.745),
)  # fmt: skip


def waistcoat(c: Cloth) -> None:
    """Sleeveless over a shirt, a deep V and two points at the hem."""
    f = c.f
    parts.shirt_sleeves(c)
    opening = parts.ahead(c, -cut.wedge(f, 0.072, 0.440))
    parts.shirt_inside(c, opening)
    parts.cuffs(c, 0.055 if c.reach > 0.3 else 0.024)
    parts.closing(c, c.hem, 0.44)
    c.lay(parts.ahead(c, cut.box(f.ax, f.y, (0.105, 0.285), (0.042, 0.014), 0.006)), 0.003, shadow=0.34, reach=0.016)
    c.lay(parts.ahead(c, cut.box(f.ax, f.y, (0.095, 0.470), (0.030, 0.011), 0.006)), 0.0025, shadow=0.3, reach=0.016)
    c.groove(f.y - 0.335, dark=0.16, where=f.back)
    c.groove(f.y - 0.300, dark=0.16, where=f.back)
    if not c.tucked:
        point = 0.055 * bump(f.ax - 0.048, 0.085) - 0.020
        c.worn(np.where(f.limb >= 1, FAR, f.level - c.hem + point * step(f.z - 0.06, 0.08)))


def suit(c: Cloth) -> None:
    """A suit's jacket, buttoned once, over shirt and tie."""
    f = c.f
    _shoulders(c, 0.007)
    opening = parts.ahead(c, -cut.wedge(f, 0.062, 0.405))
    parts.shirt_inside(c, opening)
    parts.lapels(c, _NOTCHED, opening)
    parts.closing(c, c.hem, 0.405)
    _flaps(c, 0.225)
    welt = cut.box(f.x, f.y - 0.12 * (f.x - 0.09), (0.098, 0.535), (0.032, 0.010), 0.005)
    c.lay(parts.ahead(c, welt), 0.003, shadow=0.34, reach=0.014)
    c.groove(f.x, dark=0.18, where=f.back * step(0.60 - f.y, 0.05))
    c.groove(f.ax - 0.105 + 0.10 * (f.y - 0.3), dark=0.12, where=f.back * step(0.52 - f.y, 0.08))
    _cutaway(c)
    parts.shirt_cuffs(c)


def jacket(c: Cloth) -> None:
    """A short jacket, unzipped over a t-shirt, with a collar and ribbed ends."""
    f = c.f
    c.neckline(cut.scoop(f, 0.078, 0.722, 0.760))
    corners = ((-0.1, 0.80), (0.070, 0.80), (0.062, 0.735), (0.036, 0.50), (0.030, 0.30), (0.034, 0.0), (-0.1, 0.0))
    opening = parts.ahead(c, cut.polygon(f, corners))
    parts.tee_inside(c, opening)
    outer = step(-opening, 0.014)
    ribs = c.ribs(0.052, 0.050, pinch=0.007)
    c.paint(SEAM, (0.052 - (f.level - c.hem)), (1 - f.limb) * outer if not c.tucked else 0.0)
    if c.reach:
        c.paint(SEAM, 0.050 - (c.reach - f.arm), (f.limb >= 1) * 1.0)
    zip_strip = np.minimum(-opening, 0.016 + opening)
    c.lay(zip_strip, 0.003, shadow=0.34, where=f.front * (1 - 0.5 * ribs))
    k = cut.ring(f, 0.744, 0.770)
    leaf = cut.polygon(f, ((0.056, 0.76), (0.048, 0.700), (0.098, 0.640), (0.138, 0.700), (0.130, 0.80), (0.06, 0.80)))
    leaf = parts.over_shoulder(c, leaf, 0.058 - k)
    c.lay(leaf, 0.014, shadow=0.46, reach=0.026, where=1 - f.limb)
    c.groove(f.y - 0.595 - 0.15 * f.ax, dark=0.20, where=(f.front + f.back) * outer)
    slash = cut.polygon(f, ((0.098, 0.205), (0.122, 0.195), (0.152, 0.30), (0.130, 0.31)))
    c.lay(parts.ahead(c, slash), 0.0035, shadow=0.36, reach=0.016)


def coat(c: Cloth) -> None:
    """A long coat worn open over shirt or suit, with wide lapels."""
    f = c.f
    _shoulders(c, 0.009)
    opening = _open_coat(c, 0.046)
    parts.lapels(c, _COAT, opening, behind=0.068, lift=0.009)
    welt = cut.polygon(f, ((0.100, 0.262), (0.126, 0.254), (0.152, 0.352), (0.128, 0.360)))
    c.lay(parts.ahead(c, welt), 0.004, shadow=0.40, reach=0.018)
    parts.cuffs(c, 0.075, lift=0.004)
    c.groove(f.x, dark=0.16, where=f.back * step(0.62 - f.y, 0.05))
    c.lay(0.024 - np.abs(f.y - 0.315), 0.004, shadow=0.34, where=f.back)


def labcoat(c: Cloth) -> None:
    """A thin white coat worn open over a shirt."""
    opening = _open_coat(c, 0.052)
    narrow = tuple((x * 0.93 + 0.004, y) for x, y in _COAT)
    parts.lapels(c, narrow, opening, behind=0.056)
    parts.pocket(c, (0.100, 0.520), (0.042, 0.046), both=False)
    parts.cuffs(c, 0.026, lift=0.002)
    c.lay(0.020 - np.abs(c.f.y - 0.315), 0.003, shadow=0.30, where=c.f.back)


def uniform(c: Cloth) -> None:
    """A service jacket: stand collar, or lapels over shirt and tie; epaulettes, four pockets, a belt."""
    f = c.f
    _shoulders(c, 0.006)
    if parts.wears_collar_and_tie(c):
        opening = parts.ahead(c, -cut.wedge(f, 0.056, 0.500))
        parts.shirt_inside(c, opening)
        parts.lapels(c, tuple((x * 0.95, 0.80 - (0.80 - y) * 0.77) for x, y in _NOTCHED), opening)
        parts.closing(c, c.hem, 0.50)
    else:
        k = cut.ring(f, 0.746, 0.776)
        c.neckline(k)
        c.lay(0.036 - k, 0.006, shadow=0.40)
        tab = np.minimum(np.minimum(0.030 - k, k - 0.006), np.minimum(f.ax - 0.018, 0.045 - f.ax))
        c.paint(DETAIL, tab, step(f.z - 0.04, 0.02))
        parts.placket(c, c.hem, 0.75, 0.020)
    parts.pocket(c, (0.090, 0.545), (0.042, 0.050), flap=0.032)
    parts.pocket(c, (0.110, 0.180), (0.052, 0.060), flap=0.034)
    strap = cut.box(f.ax, f.z, (0.146, 0.006), (0.052, 0.028), 0.010) - 0.4 * step(0.655 - f.y, 0.02)
    c.lay(strap, 0.006, shadow=0.40)
    c.paint(SEAM, strap)
    c.paint(DETAIL, np.minimum(strap, f.ax - 0.168))
    belt = 0.021 - np.abs(f.y - 0.315)
    c.lay(belt, 0.006, shadow=0.40, where=1 - f.limb)
    c.paint(SEAM, belt, 1 - f.limb)
    buckle = parts.ahead(c, cut.box(f.x, f.y, (0.0, 0.315), (0.030, 0.025), 0.006))
    c.paint(DETAIL, buckle)
    c.lay(buckle, 0.004, shadow=0.3, reach=0.014)
    parts.cuffs(c, 0.060 if c.reach > 0.3 else 0.024)
    if c.v["neckwear"] == "tie":
        parts.shirt_cuffs(c)


def _open_coat(c: Cloth, waist: float) -> Float:
    """Opens a coat over the shirt down to the waistband, ``waist`` metres to both sides there; the opening (N,)."""
    f = c.f
    corners = ((-0.1, 0.80), (0.066, 0.80), (0.060, 0.745), (0.040, 0.42), (waist, 0.245), (waist, 0.0), (-0.1, 0.0))
    opening = parts.ahead(c, cut.polygon(f, corners))
    parts.shirt_inside(c, opening)
    # the shirt goes into the trousers
    c.height = c.height - 0.006 * step(opening, 0.016) * step(0.31 - f.y, 0.03)
    c.groove(opening + 0.022, dark=0.16, where=f.front * step(0.40 - f.y, 0.03))
    return opening


def _shoulders(c: Cloth, lift: float) -> None:
    """Padded shoulders."""
    f = c.f
    pad = bump(np.hypot(f.ax - 0.165, np.hypot(f.y - 0.690, f.z - 0.01) * 0.8), 0.085)
    c.height = c.height + lift * pad


def _flaps(c: Cloth, height: float) -> None:
    flap = cut.box(c.f.ax, c.f.y + 0.06 * (c.f.ax - 0.11), (0.110, height), (0.050, 0.019), 0.010)
    c.lay(parts.ahead(c, flap), 0.004, shadow=0.44, reach=0.018)


def _cutaway(c: Cloth) -> None:
    """Rounds the front corners of the hem."""
    f = c.f
    if not c.tucked:
        corner = 0.050 * bump(f.ax, 0.060) * step(f.z - 0.05, 0.04)
        c.worn(np.where(f.limb >= 1, FAR, (f.level - c.hem - corner) * 0.8))
