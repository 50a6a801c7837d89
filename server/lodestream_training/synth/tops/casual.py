"""Everyday tops: t-shirts, shirts, knitwear, hoodies, scrubs, dresses."""

from __future__ import annotations

import numpy as np

from lodestream_training.synth.brush import bump, step
from lodestream_training.synth.tops import cut, parts
from lodestream_training.synth.tops.cloth import SEAM, SECOND, Cloth
from lodestream_training.synth.tops.form import FAR


def tshirt(c: Cloth) -> None:
    """Round neck with a ribbed band, hemmed sleeves."""
    neck = cut.scoop(c.f, 0.082, 0.710, 0.748)
    c.neckline(neck)
    parts.band(c, neck, 0.020)
    _hems(c)


def tank(c: Cloth) -> None:
    """Deep round neck and armholes."""
    neck = cut.scoop(c.f, 0.092, 0.622, 0.690)
    c.neckline(neck)
    parts.band(c, neck, 0.014, lift=0.002)
    if not c.reach:
        parts.band(c, cut.armhole(c.f, 0.142), 0.014, lift=0.002)


def crop(c: Cloth) -> None:
    """Ends below the breast with a wide band."""
    neck = cut.scoop(c.f, 0.100, 0.680, 0.728)
    c.neckline(neck)
    parts.band(c, neck, 0.016)
    c.lay(0.026 - (c.f.level - c.hem), 0.003, shadow=0.3, where=1 - c.f.limb)
    _hems(c)


def shirt(c: Cloth) -> None:
    """Collar, placket, yoke, cuffs and a hem that is longer in the middle."""
    f = c.f
    parts.collar(c, closed=parts.wears_collar_and_tie(c))
    parts.placket(c, c.hem, 0.73)
    c.groove(f.y - 0.655 + 0.3 * np.maximum(f.ax - 0.1, 0), dark=0.14, where=f.back)
    c.fold(-bump(f.ax - 0.022, 0.014) * f.back * step(0.65 - f.y, 0.03), 0.002, 0.10)
    parts.pocket(c, (0.082, 0.562), (0.040, 0.046), both=False)
    parts.cuffs(c, 0.058 if c.reach > 0.3 else 0.024)
    if not c.tucked:
        flank = np.clip((f.ax - 0.09) / 0.10, 0, 1) ** 2
        c.worn(np.where(f.limb >= 1, FAR, f.level - c.hem - 0.055 * flank))
    if c.v["neckwear"] == "tie":
        parts.tie(c)


def polo(c: Cloth) -> None:
    """Knitted collar, short placket, ribbed sleeve ends."""
    parts.collar(c, closed=False, front=0.738, opening=0.640)
    parts.placket(c, 0.575, 0.72, 0.020)
    parts.cuffs(c, 0.026)
    _hems(c)


def jersey(c: Cloth) -> None:
    """A sports shirt: V-neck, side panels, collar and sleeve ends in the second colour."""
    f = c.f
    neck = cut.vee(f, 0.084, 0.668, 0.746)
    c.neckline(neck)
    around = np.arctan2(f.ax, f.z - 0.03)
    flank = (0.42 - np.abs(around - 1.75)) * 0.15
    c.paint(SECOND, flank, (1 - f.limb) * step(0.62 - f.y, 0.05))
    outer = (0.75 - np.abs(f.turn - 1.3)) * 0.055
    c.paint(SECOND, outer, f.limb)
    parts.cuffs(c, 0.028, region=SECOND)
    parts.band(c, neck, 0.024, region=SECOND)
    _hems(c)


def jumper(c: Cloth) -> None:
    """Knitted, with ribbed neck, hem and cuffs."""
    neck = cut.scoop(c.f, 0.080, 0.712, 0.752)
    c.neckline(neck)
    parts.band(c, neck, 0.028, lift=0.005)
    c.ribs(0.055, 0.055)


def turtleneck(c: Cloth) -> None:
    """A jumper whose collar is folded over on the neck."""
    f = c.f
    k = cut.ring(f, 0.774, 0.796)
    c.neckline(k)
    c.lay(0.046 - k, 0.008, shadow=0.40)
    c.shade = c.shade * (1 + 0.05 * np.sin(np.arctan2(f.x, f.z - 0.027) * 24) * step(0.046 - k, 0.01))
    c.ribs(0.050, 0.050, pinch=0.004)


def cardigan(c: Cloth) -> None:
    """Open in a V over a shirt, with a knitted band along the edges."""
    f = c.f
    neck = cut.scoop(f, 0.080, 0.708, 0.752)
    c.neckline(neck)
    outside = cut.wedge(f, 0.092, 0.395)
    opening = parts.ahead(c, -outside)
    parts.tee_inside(c, opening)
    edge = np.minimum(0.034 - outside, outside)
    edge = np.maximum(edge, np.minimum(0.021 - f.ax, 0.43 - f.y))
    behind = 0.030 - neck
    strip = parts.over_shoulder(c, edge, behind)
    c.lay(strip, 0.004, shadow=0.36, where=1 - f.limb)
    parts.closing(c, c.hem, 0.395)
    c.ribs(0.055, 0.055)
    for height in (0.215,):
        parts.pocket(c, (0.105, height), (0.048, 0.050))


def hoodie(c: Cloth) -> None:
    """A hood on the back, a pouch in front, ribbed ends."""
    f = c.f
    neck = cut.vee(f, 0.082, 0.688, 0.764)
    c.neckline(neck)
    parts.hood(c, neck)
    pouch = cut.polygon(f, ((-0.1, 0.145), (0.135, 0.145), (0.135, 0.20), (0.085, 0.295), (-0.1, 0.295)))
    c.lay(parts.ahead(c, pouch), 0.007, shadow=0.42, reach=0.026)
    c.ribs(0.055, 0.055)


def scrubs(c: Cloth) -> None:
    """A boxy tunic with a V-neck and a chest pocket."""
    neck = cut.vee(c.f, 0.088, 0.640, 0.746)
    c.neckline(neck)
    parts.band(c, neck, 0.024, lift=0.0035)
    parts.pocket(c, (0.082, 0.548), (0.045, 0.052), both=False)
    parts.pocket(c, (0.110, 0.185), (0.056, 0.062))
    _hems(c)


def dress(c: Cloth) -> None:
    """A fitted bodice, joined to the skirt at the waist."""
    f = c.f
    neck = cut.scoop(f, 0.104, 0.640, 0.700)
    c.neckline(neck)
    parts.band(c, neck, 0.014, lift=0.002)
    waist = f.y - 0.315
    c.lay(0.016 - np.abs(waist), 0.003, shadow=0.30, where=1 - f.limb)
    c.paint(SEAM, 0.011 - np.abs(waist), 1 - f.limb)
    dart = bump(f.ax - 0.075 - 0.15 * (f.y - 0.33), 0.014) * step(0.50 - f.y, 0.06) * step(f.y - 0.34, 0.03)
    c.fold(-dart * (f.front + f.back), 0.0015, 0.16)
    gather = np.sin(np.arctan2(f.x, f.z - 0.03) * 30) * bump(waist - 0.05, 0.05) * (1 - f.limb)
    c.fold(gather, 0.001, 0.10)
    _hems(c)


def _hems(c: Cloth) -> None:
    """Turned-up hem and sleeve ends."""
    f = c.f
    if not c.tucked:
        c.groove(f.level - c.hem - 0.024, dark=0.13, where=1 - f.limb)
    if c.reach:
        c.groove(c.reach - f.arm - 0.022, dark=0.16, where=(f.limb >= 1) * 1.0)
