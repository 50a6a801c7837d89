"""Glasses: rims, bridge, temples and lenses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lodestream_training.body.accessories.mesh import MAIN, SECOND, Part, capped, ring, tube
from lodestream_training.body.accessories.reference import Reference

Float = NDArray[np.float64]
UP = np.array([0.0, 1.0, 0.0])
EYE = np.array([0.0325, 0.9015, 0.1655])  # middle of the left lens
_CORNERS = {2: 20, 3: 6}  # of a lens at the levels whose frames have no thickness
HINGE = np.array([0.0665, 0.911, 0.1560])


def _outline(half_width: float, half_height: float, power: float, drop: float, count: int) -> Float:
    """(count + 1, 3) a rounded rectangle that is narrower below, around the left eye; closed."""
    turn = np.linspace(0, 2 * np.pi, count + 1)
    c, s = np.cos(turn), np.sin(turn)
    x = np.sign(c) * np.abs(c) ** power * half_width
    y = np.sign(s) * np.abs(s) ** power * half_height
    x = x * (1 + 0.10 * y / half_height) + drop * np.clip(-y / half_height, 0, 1)
    points = EYE + np.column_stack([x, y, 0 * x])
    points[-1] = points[0]
    return bend(points)


def bend(points: Float) -> Float:
    """Curves the plane of the lenses around the face."""
    out = points.copy()
    away = np.abs(points[..., 0])
    out[..., 2] -= 1.7 * np.maximum(away - 0.008, 0.0) ** 2
    return out


def _pair(ref: Reference, half_width: float, half_height: float, power: float, drop: float, wire: float) -> list[Part]:
    parts: list[Part] = []
    tint = Part(np.zeros((1, 1, 3)), np.zeros(3), SECOND, "lens", "face")
    for side in (1.0, -1.0):
        mirror = np.array([side, 1.0, 1.0])
        edge = _outline(half_width, half_height, power, drop, 20) * mirror
        frame = Part(edge[None], edge[None], MAIN, "plain", "face", loop=True)
        ahead = np.array([0.0, 0.0, 1.0])
        parts.append(replace(ring(edge, wire * 1.1, wire, 6, ahead, frame), coarsest=1))
        middle = edge[:-1].mean(0)
        rows = [middle + (edge - middle) * s + ahead * (0.0016 * (1 - s**2)) for s in (1.0, 0.55, 0.0)]
        lens = np.stack(rows)
        parts.append(
            Part(lens, ahead[None, None], tint.region, tint.style, tint.binding, loop=True, weight=3.0, coarsest=1)
        )
        outer = edge[np.argmax(edge[:, 0] * side)] * [1, 0, 1] + [0, HINGE[1], 0]
        arm = _temple(ref, outer, side)
        parts.append(_rod(arm, wire))
        parts += [part for level in _CORNERS for part in _flat(edge, arm, side, wire, level)]
    left = bend(np.array([[EYE[0] - half_width * 0.97, 0.9085, EYE[2]]]))[0]
    arch = np.linspace(-1, 1, 7)
    bridge = np.column_stack([arch * left[0], left[1] + 0.004 * (1 - arch**2), left[2] + 0.0035 * (1 - arch**2)])
    blank = Part(bridge[None], bridge[None], MAIN, binding="face")
    parts.append(replace(capped(tube(bridge, wire, wire, 6, np.array([0.0, 0.0, 1.0]), blank)), coarsest=1))
    ends = bridge[[0, -1]]
    across = np.stack([ends + UP * wire, ends - UP * wire])
    parts += [_sheet(across, np.array([0.0, 0.0, 1.0]), level) for level in _CORNERS]
    return parts


def _flat(edge: Float, arm: Float, side: float, wire: float, level: int) -> list[Part]:
    """Rim, lens and temple of a coarse level, without a thickness."""
    count = _CORNERS[level]
    corners = edge[np.round(np.linspace(0, len(edge) - 1, count + 1)).astype(int)]
    middle = corners[:-1].mean(0)
    half, ahead = count // 2, np.array([0.0, 0.0, 1.0])
    rim = np.stack([middle + (corners - middle) * (1 + s * wire / 0.022) for s in (1.6, -1.2)])
    lens = _sheet(np.stack([corners[: half + 1], corners[: half - 1 : -1]]), ahead, level)
    bones, wide = arm[[0, 4, 7]], np.array([1.5, 1.2, 1.0])[:, None] * wire * UP
    return [
        replace(_sheet(rim, ahead, level), loop=True),
        replace(lens, region=SECOND, style="lens", detail=0.3),
        _sheet(np.stack([bones + wide, bones - wide]), np.array([side, 0.0, 0.0]), level),
    ]


def _sheet(points: Float, facing: Float, level: int) -> Part:
    """A part of one level alone."""
    return Part(points, facing[None, None], MAIN, binding="face", detail=0.1, finest=level, coarsest=level)


def _temple(ref: Reference, outer: Float, side: float) -> Float:
    """(8, 3) from the hinge along the temple, over the ear and down behind it."""
    z = np.array([outer[2], outer[2] - 0.006, 0.12, 0.085, 0.055, 0.036, 0.026, 0.021])
    y = np.array([HINGE[1], HINGE[1], 0.9125, 0.914, 0.915, 0.911, 0.900, 0.888])
    x = np.abs(np.array([outer[0], outer[0] + side * 0.002, 0, 0, 0, 0, 0, 0]))
    for i in range(2, len(z)):
        start = np.array([[0.0, y[i], z[i]]])
        skin = ref.surface(start, np.array([[1.0, 0.0, 0.0]]))[0]
        x[i] = max((0.073 if np.isnan(skin) else min(skin, 0.080)) + 0.0025, x[i - 1] - 0.004)
    x[2:6] = np.maximum(x[2:6], 0.0745)
    x[5:] = np.minimum(x[5:], 0.0800)
    return np.column_stack([side * x, y, z])


def _rod(path: Float, wire: float) -> Part:
    height = np.array([1.5, 1.5, 1.3, 1.2, 1.2, 1.2, 1.1, 0.9]) * wire
    blank = Part(path[None], path[None], MAIN, binding="face", coarsest=1)
    return capped(tube(path, wire * 0.75, height, 6, UP, blank))


def glasses(ref: Reference) -> list[Part]:
    """Spectacles with a fine, rounded frame and clear lenses."""
    return _pair(ref, 0.0245, 0.0195, 0.78, -0.001, 0.0019)


def sunglasses(ref: Reference) -> list[Part]:
    """Dark lenses in a stronger frame."""
    return _pair(ref, 0.0270, 0.0215, 0.70, -0.0025, 0.0024)


EYEWEAR: dict[str, Callable[[Reference], list[Part]]] = {"glasses": glasses, "sunglasses": sunglasses}
