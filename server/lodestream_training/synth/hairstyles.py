"""The shapes of the hair styles: outline, thickness and strands on the hair sheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_training.synth.brush import bump, step
from lodestream_training.synth.scalp import CENTRE, EARS, Sheet, cells, waves

Float = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Style:
    """A style on the hair sheet; all (R, R).

    edge: signed metres inside the outline. height: metres of hair well inside it. taper: metres over which the
    thickness rises from the outline. fibre: strands in [-1, 1], dark to light. relief: metres on top of the height.
    gloss: where light runs across the strands, 0 to 1. dark: gaps between locks, 0 to 1.
    """

    edge: Float
    height: Float
    taper: float
    fibre: Float
    relief: Float
    gloss: Float
    dark: Float


def _style(
    s: Sheet,
    edge: Float,
    height: float | Float,
    taper: float,
    fibre: Float,
    relief: float | Float = 0.0,
    gloss: float | Float = 0.0,
    dark: float | Float = 0.0,
) -> Style:
    full = [
        np.broadcast_to(np.asarray(a, np.float32), s.x.shape)
        for a in (height, relief, np.clip(gloss, 0, 1), np.clip(dark, 0, 1))
    ]
    return Style(np.asarray(edge, np.float32), full[0], taper, fibre, *full[1:])


def _join(a: Float, b: Float, radius: float = 0.02) -> Float:
    """Signed distance of two shapes joined with a round corner."""
    h = np.clip(0.5 + 0.5 * (a - b) / radius, 0, 1)
    return np.asarray(b + (a - b) * h + radius * h * (1 - h), dtype=np.float32)


def _meet(a: Float, b: Float, radius: float = 0.012) -> Float:
    """Signed distance of what two shapes share, with a round corner."""
    return -_join(-a, -b, radius)


def _halo(s: Sheet, at: float = 0.5, width: float = 0.16) -> Float:
    """The band where combed hair catches the light, around the crown."""
    return np.exp(-(((s.drop - at) / width) ** 2)).astype(np.float32)


def _tips(s: Sheet, length: float | Float, ragged: float) -> Float:
    """Signed metres above ragged tips."""
    tooth = 0.55 * np.sin(13 * s.azimuth + 0.6) + 0.45 * np.sin(8 * s.azimuth + 2.1)
    return np.asarray(length + ragged * tooth - s.hang, dtype=np.float32)


def _short_edge(s: Sheet, lift: float = 0.0) -> Float:
    """Hair that ends at the hairline and lies flat before the skull's rim; the scalp's colour goes on below."""
    return np.asarray(np.minimum(s.cap - lift, s.rim), dtype=np.float32)


def bald(s: Sheet) -> Style:
    """No hair."""
    none = np.full_like(s.x, -0.05)
    return _style(s, none, 0.0, 0.01, np.zeros_like(s.x))


def buzz(s: Sheet) -> Style:
    """Clipped to three millimetres."""
    grain = np.sin(s.x * 1500 + 3 * np.sin(s.z * 900)) * np.sin(s.z * 1700 + 3 * np.sin(s.y * 1100))
    return _style(s, _short_edge(s, 0.006), 0.0025, 0.03, np.asarray(0.5 * grain, np.float32))


def short(s: Sheet) -> Style:
    """Sides tapered, the top combed forward and to one side."""
    top = step(s.y - 0.962, 0.055)
    front = step(s.z - 0.085, 0.07) * top
    across = 0.80 * s.x - 0.60 * s.z
    fibre = top * waves(across, s.z, 0.011) + (1 - top) * waves(0.09 * s.azimuth, s.z, 0.011)
    locks = np.sin(across * 330 + 1.4 * np.sin(s.z * 75 + s.x * 30)) * top
    fringe = 0.006 * np.sin(s.x * 210 + 0.7) * front
    height = 0.006 + 0.016 * top + 0.012 * front * (0.6 + 0.4 * np.tanh(s.x / 0.03))
    return _style(
        s, _short_edge(s) + 0.004 * front + fringe, height, 0.026, fibre, 0.0035 * locks, _halo(s, 0.55) * 0.8,
        (0.55 * np.clip(-locks, 0, 1) ** 2),
    )  # fmt: skip


def parted(s: Sheet) -> Style:
    """A side parting on the left; the longer side swept over the forehead."""
    across, side = s.parted(0.036, 0.16, 0.02)
    groove = bump(side, 0.009) * step(s.z - 0.015, 0.03) * step(s.y - 0.955, 0.02)
    top = step(s.y - 0.95, 0.06)
    swept = step(-side, 0.03) * step(s.z - 0.07, 0.08) * top
    height = 0.009 + 0.014 * top + 0.013 * swept * step(s.y - 0.965, 0.03)
    locks = np.sin(across * 290 + 1.2 * np.sin(side * 60))
    edge = _short_edge(s) + 0.008 * swept * (0.5 + 0.5 * np.sin(s.x * 60 + 1.0)) - 0.008 * groove
    fibre = waves(across, side, 0.010)
    return _style(
        s, edge, height * (1 - 0.85 * groove), 0.022, fibre, 0.0028 * locks * top, _halo(s, 0.55, 0.2), groove * 0.8
    )


def curly(s: Sheet) -> Style:
    """A loose mop of curls."""
    near, gap = cells(s.canvas.position, 190)
    curl = np.cos(np.clip(near / 0.020, 0, 1) * np.pi / 2)
    swirl = 0.010 * (np.sin(s.x * 170 + 2 * np.sin(s.y * 90)) + np.sin(s.y * 150 + s.z * 120))
    fibre = waves(near + swirl, s.x + s.z, 0.0085)
    edge = np.minimum(_join(s.cap + 0.004, s.behind(EARS + 0.5), 0.02), 0.040 - s.hang)
    edge = edge + 0.012 * (curl - 0.55)
    height = 0.020 + 0.014 * step(s.y - 0.94, 0.09) + s.plumb
    dark = 1 - np.clip(gap / 0.008, 0, 1)
    return _style(s, edge, height, 0.020, 0.9 * fibre, 0.017 * (curl - 0.5), 0.45 * curl**2, 0.6 * dark)


def spiky(s: Sheet) -> Style:
    """Gelled spikes on the top, short sides."""
    near, gap = cells(s.canvas.position, 105, 0.3)
    top = step(s.y - 0.955, 0.05)
    cone = np.clip(1 - near / 0.021, 0, 1) * top
    height = 0.006 + 0.006 * top
    fibre = waves(0.09 * s.azimuth + 0.3 * near, s.drop * 0.1, 0.011)
    edge = _short_edge(s) + 0.010 * (cone - 0.3) * top * step(s.z - 0.1, 0.02)
    dark = (1 - np.clip(gap / 0.010, 0, 1)) * top
    return _style(s, edge, height, 0.014, fibre, 0.050 * cone**1.15, cone * 0.9, 0.8 * dark)


def bob(s: Sheet) -> Style:
    """Chin-long with a full fringe, curving in at the tips."""
    across, _ = s.parted(0.0, 0.06, 0.0)
    cheek = EARS - 0.16 * step(s.hang - 0.07, 0.08)
    sides = np.minimum(s.behind(cheek), _tips(s, 0.118 - 0.012 * np.cos(s.azimuth), 0.004))
    fringe = np.minimum(s.y - 0.940 - 0.0020 * np.sin(s.x * 140 + 1.0) + 0.010 * (s.x / 0.05) ** 2, 0.075 - np.abs(s.x))
    fringe = np.where(s.z > 0.06, fringe, -0.05)
    edge = np.maximum(_join(np.maximum(s.cap, fringe), s.behind(EARS), 0.012), -0.05)
    edge = np.where(s.drop < 1.0, edge, np.maximum(np.minimum(fringe, 0.03), sides))
    round_ = step(0.10 - s.hang, 0.09)
    height = 0.013 + 0.011 * round_ * step(s.turn - 0.9, 0.6) + s.plumb
    locks = np.sin(across * 210 + 0.8 * np.sin(s.hang * 30))
    return _style(
        s, edge, height, 0.016, waves(across, s.hang + 0.1 * s.drop, 0.010), 0.0018 * locks,
        np.maximum(_halo(s, 0.6), 0.5 * bump(s.hang - 0.05, 0.03)), 0.35 * np.clip(-locks, 0, 1) ** 2,
    )  # fmt: skip


def _curtain(s: Sheet, length: float, ragged: float) -> tuple[Float, Float]:
    """Long loose hair: behind the shoulders and in two locks over the chest.

    Returns:
        Signed metres inside the outline, and the same to the gap over the shoulder.
    """
    face = EARS - 0.10 * bump(s.hang - 0.04, 0.06) + 0.10 * step(s.hang - 0.14, 0.08)
    chest = 0.09 * (np.deg2rad(95) - s.turn) - 0.020 * step(s.hang - 0.24, 0.2)
    back = 0.12 * (s.turn - np.deg2rad(122) - 0.22 * step(s.hang - 0.25, 0.25))
    gap = np.maximum(chest, back)
    split = step(s.hang - 0.13, 0.05)
    inside = np.minimum(s.behind(face), np.where(split > 0, gap + 0.10 * (1 - split), 0.1))
    inside = np.minimum(inside, _tips(s, length - 0.09 * (np.cos(s.azimuth) * 0.5 + 0.5), ragged))
    edge = np.where(s.drop < 1.0, _join(s.cap, s.behind(EARS), 0.02), inside)
    return np.asarray(edge, np.float32), np.asarray(gap, np.float32)


def long(s: Sheet) -> Style:
    """Straight, parted in the middle, down to the shoulder blades."""
    across, side = s.parted(0.0, 0.16, 0.0)
    edge, _ = _curtain(s, 0.40, 0.020)
    groove = bump(side, 0.008) * step(s.y - 0.955, 0.02) * step(s.z - 0.0, 0.04)
    locks = np.sin(across * 170 + 1.2 * np.sin(s.hang * 12)) * step(s.drop - 0.35, 0.4)
    height = (0.003 + 0.016 * step(s.turn - 0.6, 1.0)) * (1 - 0.4 * groove) + s.plumb
    gloss = np.maximum(_halo(s, 0.6, 0.18), 0.4 * bump(s.hang - 0.16, 0.07))
    fibre = waves(across, s.hang + 0.1 * s.drop, 0.010)
    return _style(s, edge, height, 0.026, fibre, 0.0022 * locks, gloss, 0.7 * groove + 0.5 * np.clip(-locks, 0, 1) ** 2)


def wavy(s: Sheet) -> Style:
    """Long waves with volume from a side parting; the tips fall apart."""
    across, side = s.parted(0.03, 0.16, 0.0)
    path = s.hang + 0.11 * np.minimum(s.drop, 1.0)  # metres along a strand, roughly
    ripple = path * 62 + 1.5 * np.sin(4 * s.azimuth)
    sway = 0.012 * np.sin(ripple) * step(path - 0.10, 0.06)
    edge, gap = _curtain(s, 0.36, 0.030)
    edge = np.where(s.drop < 1.0, edge, np.minimum(edge + 0.6 * sway, edge + 0.02))
    tooth = np.sin(15 * s.azimuth + 70 * sway)
    edge = np.minimum(edge, 0.17 - 0.62 * s.hang + 0.030 * tooth + 0.01 * np.sign(gap))
    groove = bump(side, 0.008) * step(s.y - 0.955, 0.02) * step(s.z - 0.01, 0.04)
    locks = np.sin((across + sway) * 150)
    crimp = np.sin(ripple + 1.0)
    height = (0.009 + 0.018 * step(s.turn - 0.5, 0.8)) * (1 - 0.45 * groove) + s.plumb
    relief = (0.0035 * locks + 0.006 * crimp * step(s.drop - 0.75, 0.4)) * step(s.drop - 0.3, 0.3)
    gloss = np.maximum(_halo(s, 0.6, 0.18), 0.8 * np.clip(crimp, 0, 1) * step(s.drop - 0.9, 0.2))
    fibre = waves(across + sway, path, 0.011)
    dark = 0.7 * groove + 0.5 * np.clip(-locks, 0, 1) ** 2
    return _style(s, edge, height, 0.026, fibre, relief, gloss, dark)


def _tail(s: Sheet, azimuth: float, start: float, length: float, half: float, narrow: float = 0.5) -> Float:
    """Signed metres inside a strand that leaves the head at drop ``start`` on both sides or the back."""
    across = np.where(s.drop < 1.0, 0.075, 0.085 + 0.12 * np.clip(s.hang - 0.14, 0, 0.1)) * (s.turn - azimuth)
    thin = half * (1 - narrow * np.clip(s.hang / length, 0, 1) ** 1.5)
    ends = np.minimum(length - s.hang, np.where(s.drop < 1.0, 0.12 * (s.drop - start), 0.12 * (1 - start) + s.hang))
    return _meet(np.asarray(thin - np.abs(across), np.float32), np.asarray(ends, np.float32), 0.02)


def ponytail(s: Sheet) -> Style:
    """Combed back into a tail from the back of the head."""
    across, away = s.gathered(0.0, 0.955, -0.052)
    tail = _tail(s, np.pi, 0.52, 0.33, 0.034, 0.7)
    tail = np.where(s.turn > 2.0, tail, -0.05)
    base = np.asarray(0.030 - away, np.float32)
    tight = _short_edge(s)
    body = np.maximum(tail, base)
    edge = np.maximum(tight, body)
    fall = step(s.hang, 0.10)
    bulge = np.sqrt(np.clip(body / 0.032, 0, 1))
    height = 0.005 + (0.042 - 0.012 * fall) * bulge
    tie = bump(np.asarray(away - 0.030, np.float32), 0.006)
    fibre = waves(np.where(tail > 0, s.x + 0.01 * np.sin(s.hang * 25), across), s.hang, 0.009)
    locks = np.sin((s.x + 0.006 * np.sin(s.hang * 30)) * 330) * (tail > 0.004)
    return _style(
        s, edge, height, 0.014, fibre, 0.0025 * locks, np.maximum(_halo(s, 0.5, 0.2), 0.7 * bump(s.hang - 0.05, 0.05)),
        0.8 * tie * (tail < 0.02) + 0.4 * np.clip(-locks, 0, 1) ** 2,
    )  # fmt: skip


def pigtails(s: Sheet) -> Style:
    """Parted in the middle, a bunch on either side of the head."""
    across, side = s.beside(0.080, 0.915, 0.030), s.x
    at = np.deg2rad(108)
    tail = _tail(s, at, 0.86, 0.21, 0.036, 0.75) + 0.006 * np.sin(s.hang * 45)
    groove = bump(side, 0.007) * step(s.y - 0.86, 0.02)
    bulge = np.sqrt(np.clip(tail / 0.03, 0, 1)) * step(s.drop - 0.82, 0.18)
    pinch = 1 - 0.6 * bump(np.asarray(s.drop - 0.95, np.float32), 0.06)
    height = 0.006 * (1 - 0.6 * groove) + 0.048 * bulge * pinch
    fibre = waves(np.where(tail > 0, 0.08 * s.azimuth, across), s.hang, 0.010)
    locks = np.sin(s.azimuth * 26 + 2 * np.sin(s.hang * 30)) * (tail > 0)
    dark = 0.7 * groove + 0.7 * (tail > 0) * bump(np.asarray(s.drop - 0.95, np.float32), 0.03)
    gloss = np.maximum(_halo(s, 0.55, 0.2), 0.7 * bump(s.hang - 0.06, 0.05))
    return _style(s, np.maximum(_short_edge(s), tail), height, 0.014, fibre, 0.003 * locks, gloss, dark)


def braids(s: Sheet) -> Style:
    """Parted in the middle, two plaits over the chest."""
    across, side = s.beside(0.082, 0.905, 0.062), s.x
    at = np.deg2rad(74) - 0.10 * step(s.hang - 0.10, 0.12)
    round_ = np.cos((s.hang - 0.03) * 2 * np.pi / 0.040)
    offset = (0.09 * (s.turn - at)).astype(np.float32)
    half = 0.023 + 0.0040 * round_ - 0.012 * step(s.hang - 0.30, 0.06)
    plait = np.minimum(half - np.abs(offset), 0.33 - s.hang)
    plait = _meet(plait.astype(np.float32), (0.12 * (s.drop - 0.93)).astype(np.float32), 0.02)
    crossing = np.sin((s.hang + 0.9 * np.abs(offset)) * 2 * np.pi / 0.040)
    swell = np.sqrt(np.clip(plait / 0.017, 0, 1)) * step(s.drop - 1.005, 0.07)
    groove = bump(side, 0.007) * step(s.y - 0.86, 0.02)
    on = step(plait - 0.002, 0.004)
    hairs = _join(_short_edge(s), np.minimum(s.behind(EARS - 0.05), 0.012 - s.hang), 0.01)
    height = 0.006 * (1 - 0.6 * groove) + 0.025 * swell + s.plumb
    fibre = np.where(on > 0, crossing, waves(across, s.hang, 0.010)).astype(np.float32)
    dark = 0.7 * groove + 0.8 * on * np.clip(-crossing, 0, 1) ** 2
    gloss = np.where(on > 0, 0.8 * np.clip(crossing, 0, 1), _halo(s, 0.55, 0.2))
    return _style(s, np.maximum(hairs, plait), height, 0.012, fibre, 0.005 * on * crossing, gloss, dark)


def bun(s: Sheet) -> Style:
    """Combed back and up into a knot."""
    across, away = s.gathered(0.0, 1.0, -0.022)
    radius = 0.044
    ball = np.sqrt(np.clip(1 - (away / radius) ** 2, 0, 1))
    angle = np.arctan2(s.x, s.z + 0.022 + (1.0 - s.y))
    twist = np.sin(3 * angle + away * 190)
    on = step(radius - away, 0.006)
    edge = np.where(on > 0, np.maximum(_short_edge(s), 0.01 * on), _short_edge(s))
    height = 0.005 + 0.062 * ball
    dark = 0.8 * bump(np.asarray(away - radius, np.float32), 0.008) + 0.5 * on * np.clip(-twist, 0, 1) ** 2
    fibre = np.where(on > 0.5, twist, waves(across, away, 0.009)).astype(np.float32)
    gloss = np.where(on > 0.5, np.clip(twist, 0, 1) * 0.8, _halo(s, 0.6, 0.2))
    return _style(s, edge, height, 0.020, fibre, 0.003 * on * twist, gloss, dark)


def afro(s: Sheet) -> Style:
    """A round cloud of tight curls."""
    p, n = s.canvas.position, s.canvas.normal
    middle = CENTRE + np.array([0.0, 0.012, -0.008], dtype=np.float32)
    b = ((p - middle) * n).sum(-1)
    height = -b + np.sqrt(np.maximum(b * b - ((p - middle) ** 2).sum(-1) + 0.146**2, 0))
    near, gap = cells(p, 420)
    curl = np.cos(np.clip(near / 0.014, 0, 1) * np.pi / 2)
    behind = s.behind(EARS + 0.95)
    edge = np.minimum(_join(s.cap + 0.010, behind, 0.02), np.maximum(s.rim + 0.012, np.minimum(behind, 0.056 - s.hang)))
    edge = edge + 0.004 * (curl - 0.5)
    frizz = np.sin(s.x * 610 + 3 * np.sin(s.y * 310)) * np.sin(s.y * 540 + 3 * np.sin(s.z * 330) + s.z * 400)
    fibre = (0.8 * frizz + 0.9 * (curl - 0.5)).astype(np.float32)
    dark = 1 - np.clip(gap / 0.006, 0, 1)
    return _style(
        s,
        edge,
        np.clip(height, 0.02, 0.072),
        0.032,
        fibre,
        0.007 * (curl - 0.5) + 0.002 * frizz,
        0.35 * curl,
        0.4 * dark,
    )


def dreadlocks(s: Sheet) -> Style:
    """Thick ropes from the crown to the shoulders."""
    count = 20
    phase = s.azimuth * count / 2 + np.pi / 2 + 0.5 * np.sin(s.hang * 11 + 3 * s.azimuth)
    rope = np.abs(np.cos(phase))  # 1 on a rope's middle
    between = 0.014 * (rope - 0.34)
    lump = np.sin(s.hang * 190 + 4.0 * np.sin(s.azimuth * 7) + s.drop * 30)
    length = 0.20 + 0.035 * np.sin(5 * s.azimuth + 1) * np.cos(2 * s.azimuth) + 0.03 * (s.turn > 2.0)
    hanging = np.minimum(
        np.minimum(s.behind(EARS - 0.12), length - s.hang),
        between * step(s.hang - 0.01, 0.05) + 0.02 * (1 - step(s.hang - 0.01, 0.05)),
    )
    edge = np.where(s.drop < 1.0, _join(s.cap, s.behind(EARS - 0.12), 0.02), hanging)
    height = 0.016 + 0.006 * step(s.drop - 0.5, 0.5) + s.plumb
    relief = (0.011 * (rope - 0.5) + 0.0018 * lump) * step(s.drop - 0.12, 0.3)
    fade = step(s.drop - 0.1, 0.2)
    return _style(
        s, edge, height, 0.010, (0.8 * lump * fade).astype(np.float32), relief, 0.5 * rope**3 * fade,
        0.85 * (1 - np.clip(rope / 0.5, 0, 1)) * fade,
    )  # fmt: skip


def mohawk(s: Sheet) -> Style:
    """A crest over shaven sides."""
    half = 0.024
    crest = np.minimum(half - np.abs(s.x), s.cap)
    along = np.arctan2(s.z - CENTRE[2], s.y - CENTRE[1])  # 0 at the top, positive to the face
    edge = np.minimum(crest, np.where(s.turn < np.pi / 2, 0.05, s.rim + 0.02))
    spikes = np.abs(np.sin(along * 6.5))
    height = (0.046 + 0.024 * spikes) * np.clip((half - 0.008 - np.abs(s.x)) / 0.010, -0.2, 1)
    fibre = waves(0.1 * along, s.x, 0.010)
    gap = 1 - np.clip(spikes / 0.4, 0, 1)
    return _style(s, edge, height, 0.006, fibre, 0.0, 0.6 * bump(s.x, 0.008), 0.4 * gap)


STYLES: Mapping[str, Callable[[Sheet], Style]] = {
    f.__name__: f
    for f in (
        bald, buzz, short, parted, curly, spiky, bob, long, wavy, ponytail, pigtails, braids, bun, afro, dreadlocks,
        mohawk,
    )
}  # fmt: skip
