"""Plate armour and the spacesuit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_training.synth.brush import bump, step
from lodestream_training.synth.tops import cut, parts
from lodestream_training.synth.tops.cloth import DETAIL, MAIN, SEAM, SECOND, Cloth

Float = NDArray[np.floating[Any]]


def armour(c: Cloth) -> None:
    """Breastplate with a ridge, gorget, pauldrons, arm plates over mail, and a skirt of lames."""
    f = c.f
    trunk, limb = 1 - f.limb, (f.limb >= 1) * 1.0
    c.neckline(cut.ring(f, 0.752, 0.778))
    c.paint(SEAM, np.full_like(f.x, 1.0), 1.0)
    chest = np.minimum(np.minimum(f.y - 0.335, 0.166 - f.ax - 0.10 * np.clip(f.y - 0.62, 0, 1)), 0.715 - f.y)
    _plate(c, chest, 0.012, trunk)
    c.height = c.height + (0.016 * bump(f.x, 0.075) * f.front + 0.010 * bump(f.x, 0.03) * f.back) * step(chest, 0.03)
    c.shade = c.shade * (1 + 0.10 * bump(f.x - 0.004, 0.016) * f.front * step(chest, 0.02))
    arc = np.hypot(f.x * 0.9, f.y - 0.76) - 0.135
    _trim(c, 0.009 - np.abs(arc), trunk * f.front)
    _trim(c, 0.009 - np.abs(f.y - 0.352 - 0.05 * f.ax), trunk)
    low = c.hem
    for i in range(3):
        edge = 0.325 - 0.072 * (i + 1) + 0.025 * f.ax
        lame = np.minimum(f.y - edge, edge + 0.084 - f.y)
        _plate(c, np.where(edge < low - 0.02, -0.05, lame), 0.008 + 0.003 * i, trunk)
    gorget = 0.056 - cut.ring(f, 0.752, 0.778)
    _plate(c, gorget, 0.009, trunk)
    _trim(c, np.minimum(gorget, 0.016 - gorget), trunk)
    if c.reach:
        for start, end, lift in ((0.105, 0.238, 0.007), (0.335, 0.510, 0.007), (0.246, 0.326, 0.016)):
            _plate(c, np.minimum(f.arm - start, end - f.arm), lift, limb)
        c.height = c.height + 0.012 * bump(f.arm - 0.286, 0.05) * limb * (0.5 - 0.5 * np.cos(f.turn))
        _trim(c, 0.008 - np.abs(f.arm - 0.498), limb)
    dome = np.sqrt((f.ax - 0.176) ** 2 + (f.y - 0.676) ** 2 + (f.z - 0.012) ** 2)
    for radius, lift in ((0.132, 0.008), (0.108, 0.009), (0.084, 0.011)):
        plate = radius - dome
        _plate(c, plate, lift, step(f.ax - 0.095, 0.02))
    _trim(c, 0.009 - np.abs(dome - 0.121), step(f.ax - 0.095, 0.02))
    _rivets(c)


def spacesuit(c: Cloth) -> None:
    """Padded, with ribbed joints, metal rings, a control panel and the life support on the back."""
    f = c.f
    trunk, limb = 1 - f.limb, (f.limb >= 1) * 1.0
    k = cut.ring(f, 0.742, 0.762)
    c.neckline(k)
    c.height = c.height + 0.012 * trunk * bump(f.y - 0.52, 0.30)
    rings = np.sin((f.arm - 0.288) * (2 * np.pi / 0.040)) * step(0.070 - np.abs(f.arm - 0.288), 0.02) * limb
    c.fold(rings, 0.005, 0.20)
    waist = np.sin((f.y - 0.29) * (2 * np.pi / 0.042)) * step(0.062 - np.abs(f.y - 0.29), 0.02) * trunk
    c.fold(waist, 0.005, 0.20)
    shoulder = np.sin((f.arm - 0.02) * (2 * np.pi / 0.042)) * bump(f.arm - 0.07, 0.06) * limb
    c.fold(shoulder, 0.004, 0.14)
    neck_ring = 0.034 - k
    c.lay(neck_ring, 0.018, shadow=0.45, reach=0.028)
    c.paint(DETAIL, neck_ring)
    c.groove(neck_ring - 0.016, dark=0.30)
    if c.reach:
        wrist = 0.036 - (c.reach - f.arm)
        c.lay(wrist, 0.006, shadow=0.40, where=limb)
        c.paint(DETAIL, wrist, limb)
        c.paint(SECOND, 0.014 - np.abs(f.arm - 0.205), limb)
    panel = parts.ahead(c, cut.box(f.x, f.y, (0.0, 0.540), (0.098, 0.062), 0.016))
    c.lay(panel, 0.014, shadow=0.48, reach=0.028)
    c.paint(SECOND, panel)
    c.paint(SEAM, parts.ahead(c, cut.box(f.x, f.y, (-0.034, 0.553), (0.044, 0.028), 0.006)))
    for x, y in ((0.050, 0.570), (0.050, 0.528), (-0.012, 0.500), (-0.058, 0.500)):
        c.paint(DETAIL, parts.ahead(c, 0.014 - np.hypot(f.x - x, f.y - y)))
    strap = parts.ahead(c, cut.polygon(f, ((0.086, 0.76), (0.118, 0.76), (0.112, 0.58), (0.080, 0.58))))
    c.lay(strap, 0.008, shadow=0.36)
    c.paint(SEAM, strap)
    pack = cut.box(f.x, f.y, (0.0, 0.505), (0.125, 0.150), 0.03) - 0.4 * step(f.z - 0.0, 0.03)
    c.lay(pack, 0.010, shadow=0.50, reach=0.030)
    c.height = c.height + 0.026 * step(pack - 0.015, 0.045)
    c.paint(SECOND, pack)
    c.groove(f.y - 0.56, dark=0.30, where=step(pack, 0.02))
    c.paint(SEAM, np.minimum(pack, cut.box(f.ax, f.y, (0.06, 0.455), (0.034, 0.06), 0.01)))


def _plate(c: Cloth, distance: Float, lift: float, where: Float) -> None:
    c.lay(distance, lift, shadow=0.45, reach=0.024, where=where)
    c.paint(MAIN, distance, where)


def _trim(c: Cloth, distance: Float, where: Float) -> None:
    c.paint(DETAIL, distance, where)
    c.height = c.height + 0.002 * step(distance, 0.012) * where


def _rivets(c: Cloth) -> None:
    """Rows of rivets along the lowest edge of the breastplate and on its flanks."""
    f = c.f
    x = (f.x / 0.044 - np.floor(f.x / 0.044) - 0.5) * 0.044
    row = 0.0095 - np.hypot(x, f.y - 0.385 - 0.05 * f.ax)
    c.paint(DETAIL, row, (f.front + f.back).clip(0, 1))
