"""Paints the skirt shell: skirts, and what long tops have below the waist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_server.field.planes import REGIONS, ShellPlanes
from lodestream_training.synth.attributes import LONG_TOPS
from lodestream_training.synth.brush import bump, fill, over, step
from lodestream_training.synth.folds import Crease, creases, waves
from lodestream_training.synth.texels import Canvas

Float = NDArray[np.floating[Any]]
MAIN, SECOND, SEAM = range(len(REGIONS["skirt"]))
_WAIST = 0.26
_ROPE = np.array([0.74, 0.62, 0.42], dtype=np.float32)


@dataclass(frozen=True)
class Cut:
    """A pattern, in metres.

    hem: heights by ``skirt_length``. thick: distance to the body at the hips. flare, depth: how far the cloth stands
    out 0.9 m below the waist at the sides, and at front and back. folds: their amplitude there. count: folds around.
    waist: distance to the body where the cloth begins. top: height where it begins.
    """

    hem: tuple[float, float, float]
    thick: float = 0.010
    flare: float = 0.0
    depth: float = 0.0
    folds: float = 0.0
    count: float = 8.0
    waist: float = 0.010
    top: float = 0.285


_BY_LENGTH = {"mini": 0, "knee": 1, "long": 2}
_USUAL = (-0.03, -0.285, -0.60)
CUTS = {
    "skirt": Cut(_USUAL, thick=0.014, flare=0.050, depth=0.090, folds=0.022, count=9, waist=0.018, top=0.263),
    "dress": Cut(_USUAL, flare=0.060, depth=0.095, folds=0.024, count=8),
    "coat": Cut((-0.10, -0.285, -0.52), thick=0.030, flare=0.012, depth=0.050, folds=0.008, count=5, waist=0.018),
    "labcoat": Cut((-0.12, -0.270, -0.45), thick=0.028, flare=0.010, depth=0.045, folds=0.008, count=6, waist=0.016),
    "kimono": Cut((-0.66, -0.66, -0.66), thick=0.014, flare=-0.012, depth=0.030, folds=0.005, count=5, waist=0.013),
    "qipao": Cut((-0.04, -0.285, -0.62), thick=0.006, flare=-0.018, depth=0.004, folds=0.002, count=6, waist=0.009),
    "sari": Cut((-0.66, -0.66, -0.66), thick=0.010, flare=0.010, depth=0.045, folds=0.007, count=9),
    "robe": Cut((-0.285, -0.45, -0.66), thick=0.020, flare=0.055, depth=0.085, folds=0.026, count=7, waist=0.015),
}
# the sari's drape from the right hip across: metres to the left and up
_DRAPE: tuple[Crease, ...] = (
    (-0.20, -0.04, 0.16, 0.22, 0.018, 1.0),
    (-0.22, -0.12, 0.19, 0.15, 0.018, 1.0),
    (-0.23, -0.21, 0.21, 0.06, 0.020, 1.0),
    (-0.24, -0.32, 0.22, -0.06, 0.022, 0.9),
    (-0.25, -0.44, 0.24, -0.20, 0.024, 0.7),
)


@dataclass(frozen=True, eq=False)
class _Round:
    """What all skirts share on one canvas, (R, R) each; worked out once."""

    canvas: Canvas
    turn: Float  # radians around the body, even along the cloth; 0 in front, positive to the left
    lateral: Float  # 1 at the sides, 0 in front and behind
    begin: Float  # share of the length after which a fold begins
    wander: Float  # radians by which folds leave their even spacing
    strength: Float  # of folds
    front: Float  # 1 in front, 0 behind


_known: dict[int, _Round] = {}


@dataclass
class _Cloth:
    """A skirt being painted; ``height``, ``edge`` and ``shade`` are replaced, ``weights`` painted on in place."""

    x: Float
    y: Float
    z: Float
    turn: Float  # radians around the body, even along the cloth; 0 in front, positive to the left
    front: Float  # 1 in front, 0 behind
    down: Float  # 0 at the waist, 1 at 0.9 m below
    weights: Float
    edge: Float
    height: Float
    shade: Float

    @property
    def ax(self) -> Float:
        """Metres from the middle plane."""
        return np.abs(self.x)


def skirt(canvas: Canvas, v: dict[str, str], main: Float, second: Float) -> ShellPlanes:
    """Skirts, and the lower part of dresses, coats, robes, kimonos, saris and qipaos.

    Args:
        canvas: the skirt. v: the person's categories; ``top``, ``bottom`` and ``skirt_length`` matter.
        main, second: (3,) sRGB, the top's where the skirt is part of it.
    """
    kind = v["top"] if v["top"] in LONG_TOPS else "skirt"
    worn = kind != "skirt" or v["bottom"] == "skirt"
    c = _hang(canvas, CUTS[kind], v["skirt_length"])
    if not worn:
        c.edge, c.height, c.shade = np.full_like(c.x, -0.05), np.zeros_like(c.x), np.ones_like(c.x)
    elif kind == "skirt":
        _waistband(c)
    elif kind in ("coat", "labcoat"):
        _open(c, *((0.042, 0.056) if kind == "coat" else (0.048, 0.090)))
    elif kind == "kimono":
        _overlap(c)
    elif kind == "qipao":
        _slits(c)
    elif kind == "sari":
        _sari(c)
    elif kind == "robe":
        _rope(c)
    return ShellPlanes(
        level_set=c.height.astype(np.float32),
        edge=np.clip(c.edge, -0.05, 0.35).astype(np.float32),
        regions=c.weights,
        shade=(c.shade * (0.74 + 0.26 * canvas.occlusion)).astype(np.float32),
        palette=np.clip(np.stack([main, _ROPE if kind == "robe" else second, main * 0.62]), 0, 1).astype(np.float32),
    )


def _round(canvas: Canvas) -> _Round:
    """The skirt's turns, kept for the next one."""
    known = _known.get(id(canvas))
    if known is None or known.canvas is not canvas:
        x, y, z = np.moveaxis(canvas.position, -1, 0)
        wide = np.interp(y, (-0.69, -0.30, 0.0, 0.2, 0.28), (0.285, 0.230, 0.209, 0.173, 0.160)).astype(np.float32)
        deep = np.interp(y, (-0.69, -0.30, 0.0, 0.2), (0.110, 0.113, 0.115, 0.120)).astype(np.float32)
        turn = np.arctan2(x / wide, (z - 0.028) / deep)
        begin = 0.09 + 0.08 * np.sin(3 * turn + 0.7) + 0.05 * np.sin(5 * turn + 2.1)
        wander = 0.55 * np.sin(2 * turn + 0.6 + 1.5 * y) + 0.35 * np.sin(5 * turn + 1.0)
        strength = 0.75 + 0.25 * np.sin(2 * turn + 4.0) * np.cos(3 * turn)
        front = step(z - 0.03, 0.04)
        known = _Round(canvas, turn, np.sin(turn) ** 2, begin, wander, strength, front)
        _known[id(canvas)] = known
    return known


def _hang(canvas: Canvas, cut: Cut, length: str) -> _Cloth:
    """The plain garment with the folds of its own weight."""
    x, y, z = np.moveaxis(canvas.position, -1, 0)
    around = _round(canvas)
    hem = cut.hem[_BY_LENGTH[length]]
    within = np.maximum(y, hem - 0.04)
    down = (_WAIST - within).clip(0) / 0.9
    fallen = np.clip((_WAIST - within) / (_WAIST - hem), 0, 1)
    phase = cut.count * around.turn + around.wander
    fade = np.clip((fallen - 0.10 - around.begin) / 0.65, 0, 1)
    fold = waves(phase) * fade * around.strength
    fold = fold + 0.15 * np.cos(1.7 * phase + 1.3) * np.clip((fallen - 0.3) / 0.7, 0, 1)
    out = (cut.depth + (cut.flare - cut.depth) * around.lateral) * down * (0.7 + 0.3 * fallen)
    rest = cut.thick + (cut.waist - cut.thick) * step(y - 0.20, 0.12)
    depth = (0.08 + 0.16 * min(1.0, cut.folds / 0.02)) if cut.folds > 0.003 else 0.0
    lines = (1 - 0.13 * bump(y - hem - 0.006, 0.012)) * (1 - 0.05 * bump(y - hem - 0.030, 0.009))
    weights = np.zeros((len(REGIONS["skirt"]), *x.shape), dtype=np.float32)
    weights[MAIN] = 1.0
    return _Cloth(
        x=x,
        y=y,
        z=z,
        turn=around.turn,
        front=around.front,
        down=down,
        weights=weights,
        edge=np.minimum(y - hem, cut.top - y),
        height=rest + out + cut.folds * (0.45 + 0.55 * down) * fold,
        shade=(1 + depth * fold) * lines,
    )


def _waistband(c: _Cloth) -> None:
    belt = step(c.y - 0.230, 0.008)
    c.height = c.height + 0.003 * belt
    c.shade = c.shade * (1 + 0.04 * belt - 0.20 * bump(c.y - 0.227, 0.009))
    gathers = np.cos(c.turn * 27 + 2 * np.sin(c.turn * 4)) * bump(c.y - 0.190, 0.045)
    c.shade = c.shade * (1 + 0.07 * gathers)


def _open(c: _Cloth, waist: float, hem: float) -> None:
    """Opens the front by ``waist`` to ``hem`` metres on both sides of the middle, and vents the back."""
    half = waist + (hem - waist) * np.clip((_WAIST - c.y) / 0.545, 0, 1.4) ** 0.8
    c.edge = np.where(c.z > 0.03, np.minimum(c.edge, c.ax - half), c.edge)
    vent = c.ax - 0.010 * np.clip((-0.12 - c.y) / 0.08, -1.5, 1)
    c.edge = np.where(c.z < 0.0, np.minimum(c.edge, vent), c.edge)
    border = bump(c.ax - half - 0.006, 0.012) * c.front
    c.shade = c.shade * (1 - 0.12 * border) * (1 - 0.07 * bump(c.ax - half - 0.034, 0.009) * c.front)
    c.shade = c.shade * (1 - 0.14 * bump(c.x, 0.008) * (1 - c.front))
    pocket = np.maximum(np.abs(c.ax - 0.138) - 0.044, np.abs(c.y - 0.060) - 0.060)
    c.height = c.height + 0.005 * step(-pocket, 0.014) * c.front
    c.shade = c.shade * (1 - 0.18 * bump(pocket - 0.002, 0.009) * c.front)


def _overlap(c: _Cloth) -> None:
    """The left panel lies over the right one; its edge runs down the right leg."""
    line = np.asarray(c.x + 0.035 + 0.065 * np.clip(c.down, 0, 1), dtype=np.float32)
    c.height = c.height + 0.007 * step(line, 0.020) * c.front * step(0.13 - c.x, 0.20)
    c.shade = c.shade * (1 - 0.30 * bump(line + 0.006, 0.018) * c.front)
    pull = (
        (0.02, 0.20, -0.09, -0.24, 0.02, 0.8),
        (0.09, 0.18, 0.05, -0.35, 0.022, 0.7),
        (-0.12, 0.16, -0.13, -0.4, 0.02, 0.7),
    )
    fold = creases(c.x, c.y, pull) * c.front
    c.height = c.height + 0.003 * fold
    c.shade = c.shade * (1 + 0.10 * fold)


def _slits(c: _Cloth) -> None:
    """Slits at both sides up to the thigh, piped like the hem."""
    gap = 0.040 * np.clip((-0.045 - c.y) / 0.35, -0.4, 1.2)
    side = (np.abs(c.z - 0.028) - gap).astype(np.float32)
    c.edge = np.where(c.ax > 0.12, np.minimum(c.edge, side), c.edge)
    pull = (
        (0.10, 0.14, -0.10, 0.10, 0.018, 0.6),
        (0.14, 0.05, -0.02, 0.02, 0.018, 0.6),
        (-0.14, 0.0, 0.02, -0.03, 0.018, 0.5),
    )
    fold = creases(c.x, c.y, pull)
    c.height = c.height + 0.0025 * fold
    c.shade = c.shade * (1 + 0.10 * fold)
    piping = np.asarray(0.018 - np.minimum(c.edge, 0.2), dtype=np.float32) - 0.2 * (c.y > 0.1)
    over(c.weights, SECOND, fill(piping))


def _sari(c: _Cloth) -> None:
    """Folds across the hips, pleats in the middle of the front, a border at the hem and along the drape."""
    line = np.asarray(c.y - 0.10 - 0.72 * c.x, dtype=np.float32)  # the edge of the cloth that goes up to the shoulder
    above = step(line + 0.018, 0.016) * c.front
    drape = creases(c.x, c.y, _DRAPE) * c.front
    fan = np.asarray((c.x - 0.010) / (1 + 0.9 * np.clip(c.down, 0, 1)), dtype=np.float32)
    pleats = step(0.064 - np.abs(fan), 0.036) * c.front * (1 - above)
    fold = drape * (1 - pleats) * (1 - 0.6 * above)
    pleat = waves(fan * (2 * np.pi / 0.036)) * pleats
    c.height = c.height + 0.006 * fold + 0.007 * pleats + 0.0025 * pleat + 0.009 * above
    c.shade = c.shade * (1 + 0.20 * fold) * (1 + 0.17 * pleat) * (1 - 0.28 * bump(line + 0.030, 0.018) * c.front)
    border = np.where(c.front > 0.5, 0.016 - np.abs(line), -0.05)
    over(c.weights, SECOND, fill(np.asarray(np.maximum(border, 0.042 - (c.y + 0.66)), dtype=np.float32)))


def _rope(c: _Cloth) -> None:
    """The ends of the rope belt hang down the front; the cloth overlaps beside them."""
    line = np.asarray(c.x + 0.02 + 0.03 * c.down, dtype=np.float32)
    c.height = c.height + 0.006 * step(line, 0.020) * c.front * step(0.13 - c.x, 0.20)
    c.shade = c.shade * (1 - 0.28 * bump(line + 0.006, 0.018) * c.front)
    for at, low in ((0.040, -0.06), (0.078, -0.01)):
        rope = np.minimum(0.012 - np.abs(c.x - at - 0.006 * np.sin(c.y * 22 + at * 90)), c.y - low)
        rope = np.where(c.front > 0.5, rope, -0.05).astype(np.float32)
        over(c.weights, SECOND, fill(rope))
        inside = step(rope, 0.012)
        c.height = c.height + 0.008 * inside
        c.shade = (
            c.shade * (1 + 0.14 * inside * np.sin((c.y + 0.6 * c.x) * 260)) * (1 - 0.22 * bump(rope + 0.008, 0.014))
        )
