"""A top on the tailor's dummy: level set, edge, shade and regions, with the tools that lay cloth on cloth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_server.field.planes import REGIONS
from lodestream_training.synth.brush import bump, fill, over, step
from lodestream_training.synth.tops import cut
from lodestream_training.synth.tops.form import ELBOW, FAR, Form

Float = NDArray[np.floating[Any]]
MAIN, SECOND, TIE, SEAM, DETAIL = range(len(REGIONS["top"]))
TUCKED = 0.245  # hem under a skirt's waistband, metres


@dataclass
class Cloth:
    """A top being painted; the arrays (N,) are those of a :class:`Form`, ``weights`` (5, N) sum to 1.

    v: categories. hem: height of the lower edge, metres. reach: length of the sleeves down the arm, 0 without.
    neck: metres to the neckline.
    """

    f: Form
    v: dict[str, str]
    hem: float
    reach: float
    edge: Float
    height: Float
    shade: Float
    weights: Float
    tucked: bool
    neck: Float

    def neckline(self, distance: Float) -> None:
        """Cuts the neckline along ``distance`` = 0; the cloth rises from the neck there."""
        self.neck = np.minimum(self.neck, distance)
        self.worn(distance)

    def worn(self, distance: Float) -> None:
        """Cuts the garment along ``distance`` = 0."""
        self.edge = np.minimum(self.edge, distance)

    def paint(self, region: int, distance: Float, where: Float | float = 1.0) -> None:
        """Gives a region to where ``distance`` (metres inside) is positive."""
        over(self.weights, region, fill(distance) * where)

    def lay(
        self, distance: Float, lift: float, *, shadow: float = 0.22, reach: float = 0.022, where: Float | float = 1.0
    ) -> None:
        """Lays a second thickness of ``lift`` metres where ``distance`` is positive, with its shadow around it."""
        self.height = self.height + lift * step(distance, 0.016) * where
        around = bump(np.minimum(distance, 0.0), reach) * step(-distance, 0.010)
        rim = bump(distance - 0.006, 0.009)
        clear = (1 - 0.75 * self.f.nape) * where
        self.shade = self.shade * (1 - shadow * around * clear) * (1 + 0.05 * rim * clear)

    def groove(self, distance: Float, *, dark: float = 0.25, depth: float = 0.0015, where: Float | float = 1.0) -> None:
        """A seam or crease along ``distance`` = 0."""
        line = bump(distance, 0.010) * where
        self.height = self.height - depth * line
        self.shade = self.shade * (1 - dark * line)

    def fold(self, wave: Float, metres: float, dark: float) -> None:
        """Folds: ``wave`` in [-1, 1] raises and lights the cloth."""
        self.height = self.height + metres * wave
        self.shade = self.shade * (1 + dark * np.minimum(wave, 0.6 * wave))

    def ribs(self, hem: float, cuff: float, *, pinch: float = 0.006) -> Float:
        """Knitted bands of ``hem`` and ``cuff`` metres at the ends; 1 on them."""
        f = self.f
        ends = []
        if hem and not self.tucked:
            ends.append((hem - (f.level - self.hem), 1 - f.limb, np.arctan2(f.x, f.z - 0.03) * 0.17))
        if cuff and self.reach:
            ends.append((cuff - (self.reach - f.arm), (f.limb >= 1) * 1.0, f.turn * 0.04))
        total = np.zeros_like(f.x)
        for distance, where, across in ends:
            on = step(distance, 0.012) * where
            self.height = self.height - pinch * on
            self.shade = self.shade * (1 - 0.30 * bump(distance + 0.004, 0.016) * where)
            self.shade = self.shade * (1 + on * (0.06 * np.sin(across * (2 * np.pi / 0.020)) - 0.07))
            total = np.maximum(total, on)
        return total


def ridge(phase: Float) -> Float:
    """Folds of cloth from a phase in radians: narrow ridges, wide valleys, in [-1, 1]."""
    return np.asarray(2.2 * np.exp(1.3 * (np.sin(phase) - 1)) - 1.16)


def drape(c: Cloth, loose: float, *, body: float = 1.0) -> None:
    """Folds at elbows, armpits, waist and chest. ``loose``: 0 clings, 1 a t-shirt, 1.5 a big jumper."""
    f = c.f
    tight = 1 - f.limb
    c.height = c.height + tight * (f.bridge + min(loose, 1) * 0.85 * np.maximum(f.hang - f.bridge, 0))
    wander = 0.7 * np.sin(f.x * 23 + 1.1) + 0.6 * np.sin(f.y * 19 + f.z * 14)
    side = step(f.ax - 0.075, 0.13)
    # short folds that run from the flanks to the middle, above the hips and below the breast
    waist = ridge((f.y + 0.42 * f.ax * np.sign(f.y - 0.27)) * 105 + 1.5 * wander)
    waist = waist * bump(f.y - 0.27, 0.17) * (0.25 + 0.75 * side) * tight
    # pulls that leave the armpit
    dx, dy = f.ax - 0.185, f.y - 0.555
    away = np.hypot(dx, dy)
    pull = ridge(np.arctan2(dy, -dx) * 6.5 + 0.8 * wander + 0.6) * bump(away - 0.065, 0.085) * tight
    c.fold(waist * body, 0.0030 * loose, 0.085 * min(loose, 1.2))
    c.fold(pull * body, 0.0032 * loose, 0.085 * min(loose, 1.2))
    if c.reach < ELBOW:
        if c.reach:
            flare = step(f.arm - 0.06, 0.16) * f.limb
            c.height = c.height + loose * 0.009 * flare
            c.fold(ridge(f.turn * 3 + f.arm * 14 + 0.5) * flare, 0.0018 * loose, 0.06)
        return
    inner = 0.45 + 0.55 * np.cos(f.turn + 0.5)
    bend = ridge((f.arm - ELBOW) * 118 + 1.3 * np.sin(f.turn) + 0.35 * wander) * bump(f.arm - ELBOW, 0.115)
    stack = ridge(f.arm * 125 + 1.6 * np.sin(f.turn * 1.0 + 0.8)) * bump(f.arm - c.reach + 0.085, 0.075)
    twist = ridge(f.turn * 2 + f.arm * 30 + 0.8) * bump(f.arm - 0.12, 0.13)
    on = (f.limb >= 1) * 1.0
    c.height = c.height + loose * on * 0.006 * step(f.arm - 0.05, 0.12)
    c.fold(bend * inner * on, 0.0036 * loose, 0.12 * min(loose, 1.2))
    c.fold(stack * on, 0.0022 * loose, 0.08 * min(loose, 1.2))
    c.fold(twist * on, 0.0018 * loose, 0.05 * min(loose, 1.2))


def start(f: Form, v: dict[str, str], *, thick: float, hem: float, tucked: bool, shoulder: float = 0.155) -> Cloth:
    """A plain garment: trunk and sleeves, still without a neckline."""
    hem = TUCKED if tucked else hem
    reach = cut.SLEEVES.get(v["sleeve"], 0.0)
    arm = cut.sleeve(f, reach) if reach else cut.armhole(f, shoulder)
    weights = np.zeros((len(REGIONS["top"]), len(f.x)), dtype=np.float32)
    weights[MAIN] = 1.0
    return Cloth(
        f=f,
        v=v,
        hem=hem,
        reach=reach,
        edge=np.minimum(np.where(f.limb >= 1, FAR, f.level - hem), arm),
        height=np.full_like(f.x, thick),
        shade=np.ones_like(f.x),
        weights=weights,
        tucked=tucked,
        neck=np.full_like(f.x, FAR),
    )
