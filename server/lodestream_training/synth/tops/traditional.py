"""Kimono, qipao, sari and robe."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_training.synth.brush import bump, step
from lodestream_training.synth.tops import cut, parts
from lodestream_training.synth.tops.cloth import DETAIL, MAIN, SECOND, Cloth
from lodestream_training.synth.tops.form import FAR

Float = NDArray[np.floating[Any]]


def kimono(c: Cloth) -> None:
    """Crossed left over right, with a sash and hanging sleeves."""
    f = c.f
    neck = _crossed(c, 0.062, 0.640, strip=0.040)
    c.paint(SECOND, 0.014 - neck, (1 - f.limb))
    sash = np.minimum(f.y - 0.292, 0.432 - f.y)
    c.lay(sash, 0.009, shadow=0.45, reach=0.028, where=1 - f.limb)
    c.paint(SECOND, sash, 1 - f.limb)
    c.groove(f.y - 0.362, dark=0.22, where=1 - f.limb)
    knot = cut.box(f.x, f.y, (0.0, 0.395), (0.088, 0.085), 0.02) - 0.4 * step(f.z - 0.03, 0.03)
    c.lay(knot, 0.030, shadow=0.50, reach=0.030)
    c.paint(SECOND, knot)
    c.groove(f.y - 0.372, dark=0.30, where=step(knot, 0.02))
    parts.wide_sleeves(c, 0.060)


def qipao(c: Cloth) -> None:
    """Stand collar and a trimmed placket that runs to the right armpit."""
    f = c.f
    k = cut.ring(f, 0.760, 0.780)
    c.neckline(k)
    c.lay(0.030 - k, 0.003, shadow=0.34)
    c.paint(SECOND, 0.013 - k)
    right = np.maximum(-f.x - 0.004, 0)
    slant = f.y - 0.728 + 1.35 * right - 3.6 * right**2
    path = parts.ahead(c, 0.011 - np.abs(slant) * 0.68)
    path = np.minimum(path, np.minimum(-f.x + 0.012, f.x + 0.185))
    c.lay(slant * 0.68, 0.002, shadow=0.30, where=f.front * step(-f.x, 0.01))
    c.paint(SECOND, path)
    if c.reach:
        c.paint(SECOND, 0.016 - (c.reach - f.arm), (f.limb >= 1) * 1.0)
    else:
        c.paint(SECOND, 0.014 - cut.armhole(f, 0.150))
    dart = bump(f.ax - 0.080 - 0.12 * (f.y - 0.33), 0.014) * step(0.50 - f.y, 0.06)
    c.fold(-dart * (f.front + f.back), 0.001, 0.12)


def sari(c: Cloth) -> None:
    """A short blouse, and the cloth that is drawn over the left shoulder."""
    f = c.f
    trunk = 1 - f.limb
    neck = cut.scoop(f, 0.098, 0.655, 0.665)
    blouse = np.minimum(np.minimum(c.edge, neck), np.where(f.limb >= 1, FAR, f.y - 0.425))
    # the drape's middle line: from the left shoulder to the right hip in front, straight down behind
    ux, uy = 0.545, 0.838
    along = (f.x + 0.165) * ux + (f.y - 0.285) * uy
    across = (f.x + 0.165) * uy - (f.y - 0.285) * ux
    front = 0.062 + 0.050 * np.clip(1 - along / 0.45, 0, 1) - np.abs(across - 0.004)
    back = 0.056 - np.abs(f.x - 0.112)
    drape = np.minimum(parts.over_shoulder(c, front, back), cut.scoop(f, 0.070, 0.700, 0.700))
    drape = drape - 0.4 * step(f.arm - 0.012, 0.02)
    wrap = np.where(f.limb >= 1, -FAR, 0.318 - f.y)
    c.edge = np.minimum(np.maximum(blouse, np.maximum(drape, wrap)), np.where(f.limb >= 1, FAR, f.y - c.hem))
    c.paint(SECOND, np.maximum(blouse, -0.05) + 0.011)
    cloth = np.maximum(drape, wrap)
    c.lay(cloth, 0.007, shadow=0.40, reach=0.028)
    c.paint(MAIN, cloth)
    pleat = np.where(f.z > 0.012, across, f.x - 0.112)
    c.fold(np.sin(pleat * (2 * np.pi / 0.034)) * step(drape, 0.02), 0.002, 0.13)
    side = parts.over_shoulder(c, front, back)
    c.paint(SECOND, np.minimum(drape, 0.016 - side), step(f.y - 0.32, 0.02))
    c.fold(np.sin(f.y * 180 + 4 * f.x) * step(wrap, 0.02) * (1 - step(drape, 0.02)) * trunk, 0.001, 0.06)
    if c.reach:
        parts.cuffs(c, 0.018, lift=0.002, region=MAIN)
        c.paint(MAIN, 0.018 - (c.reach - f.arm), (f.limb >= 1) * 1.0)


def robe(c: Cloth) -> None:
    """A hooded robe with wide sleeves over a tunic, tied with a rope."""
    f = c.f
    neck = cut.vee(f, 0.084, 0.690, 0.764)
    c.neckline(neck)
    opening = parts.ahead(c, -cut.wedge(f, 0.078, 0.470))
    c.lay(-opening, 0.008, shadow=0.42)
    c.paint(SECOND, opening)
    outside = cut.wedge(f, 0.078, 0.470)
    strip = parts.over_shoulder(c, np.minimum(np.minimum(0.052 - outside, outside), f.y - 0.33), 0.05 - neck)
    c.lay(strip, 0.007, shadow=0.44, reach=0.028, where=1 - f.limb)
    parts.hood(c, neck, size=1.35)
    rope = 0.014 - np.abs(f.y - 0.312 - 0.012 * np.cos(np.arctan2(f.x, f.z - 0.03)))
    c.lay(rope, 0.010, shadow=0.42, where=1 - f.limb)
    c.paint(DETAIL, rope, 1 - f.limb)
    twist = np.sin((np.arctan2(f.x, f.z - 0.03) * 0.17 + f.y) * (2 * np.pi / 0.028))
    c.shade = c.shade * (1 + 0.16 * twist * step(rope, 0.012) * (1 - f.limb))
    parts.closing(c, c.hem, 0.45, x=-0.004)
    parts.wide_sleeves(c, 0.055)


def _crossed(c: Cloth, width: float, point: float, strip: float) -> Float:
    """Crosses the fronts, the wearer's left over the right; returns metres outside the neckline."""
    f = c.f
    rise = 0.745 - point
    length = float(np.hypot(rise, width))
    left = (f.x * rise - (f.y - point) * width) / length
    right = (-f.x * rise - (f.y - point) * width) / length
    k = cut.ring(f, 0.738, 0.768)
    neck = parts.over_shoulder(c, np.maximum(left, right), k)
    c.neckline(neck)
    under = parts.over_shoulder(c, np.minimum(right, strip - right), strip - k)
    c.lay(under, 0.004, shadow=0.36, where=(1 - f.limb) * step(-left, 0.01))
    over = parts.over_shoulder(c, np.minimum(left, strip - left), strip - k)
    where = (1 - f.limb) * step(f.y - 0.28, 0.02)
    c.lay(over, 0.006, shadow=0.42, where=where)
    return neck
