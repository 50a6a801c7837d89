"""The backpack: body, pocket, flap, handle and two straps around the shoulders."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from lodestream_training.body.accessories.mesh import MAIN, METAL, SECOND, Part, capped, slab, smoothstep, tube
from lodestream_training.body.accessories.neckwear import SHELL
from lodestream_training.body.accessories.reference import Reference

Float = NDArray[np.float64]
UP = np.array([0.0, 1.0, 0.0])
BACK = np.array([0.0, 0.0, -1.0])
MIDDLE = np.array([0.0, 0.470, -0.152])
_SPOTS = [0, 3, 5, 8, 11, 14, 18, 22]  # of 23 along a strap, which its coarsest level keeps
HALF = np.array([0.140, 0.190, 0.058])


def _box(middle: Float, half: Float, power: float, rows: int, cols: int, part: dict[str, object]) -> Part:
    """A rounded box (superellipsoid) whose poles lie above and below."""
    rise = np.linspace(-np.pi / 2, np.pi / 2, rows)[:, None]
    turn = np.linspace(0, 2 * np.pi, cols + 1)[None]
    turn[0, -1] = 0

    def sharp(v: Float) -> Float:
        return np.asarray(np.sign(v) * np.abs(v) ** power)

    ring_ = sharp(np.cos(rise).clip(0, 1))
    points = np.stack(
        np.broadcast_arrays(ring_ * sharp(np.sin(turn)), sharp(np.sin(rise)), ring_ * sharp(np.cos(turn))), -1
    )
    points = middle + points * half
    return Part(points, points - middle, loop=True, binding="back", **part)  # type: ignore[arg-type]


def backpack(ref: Reference) -> list[Part]:
    """A day pack of about 25 litres."""
    body = _box(MIDDLE, HALF, 0.42, 11, 24, {"region": MAIN, "style": "webbing"})
    points = body.points.copy()
    high = (points[..., 1] - MIDDLE[1]) / HALF[1]
    points[..., 0] *= 1 - 0.10 * np.clip(high, 0, 1) ** 2 + 0.03 * np.clip(-high, 0, 1)
    points[..., 2] = np.where(points[..., 2] < MIDDLE[2], points[..., 2] + 0.022 * np.clip(high, 0, 1), points[..., 2])
    front = points[..., 2] > MIDDLE[2] + 0.03
    points[..., 2] -= 0.010 * (front & (np.abs(points[..., 1] - 0.36) < 0.10))
    parts = [Part(points, body.facing, MAIN, "webbing", "back", loop=True)]
    parts.append(
        _box(
            MIDDLE + np.array([0.0, -0.082, -0.058]),
            np.array([0.104, 0.088, 0.034]),
            0.45,
            8,
            18,
            {"region": SECOND, "style": "webbing"},
        )
    )
    for side in (1.0, -1.0):
        pocket = _box(
            MIDDLE + np.array([side * 0.136, -0.105, 0.0]),
            np.array([0.024, 0.066, 0.040]),
            0.55,
            6,
            12,
            {"region": SECOND, "style": "webbing", "coarsest": 1},
        )
        parts.append(pocket)
    parts += _flap()
    arch = np.linspace(-1, 1, 9)
    handle = np.column_stack([0.034 * arch, 0.648 + 0.034 * (1 - arch**2), 0 * arch - 0.115])
    parts.append(
        capped(
            tube(handle, 0.0085, 0.0042, 6, UP, Part(handle[None], handle[None], SECOND, "webbing", "back", coarsest=1))
        )
    )
    for side in (1.0, -1.0):
        parts += _strap(ref, side)
        buckle = MIDDLE + np.array([side * 0.060, -0.012, -HALF[2] - 0.022])
        parts.append(
            _box(buckle, np.array([0.012, 0.011, 0.006]), 0.4, 4, 8, {"region": METAL, "style": "plain", "coarsest": 1})
        )
    return parts


def _flap() -> list[Part]:
    """The lid: from the back's upper edge over the top and down the outer side."""
    profile = np.array(
        [
            [0.600, -0.092],
            [0.652, -0.096],
            [0.672, -0.116],
            [0.676, -0.150],
            [0.668, -0.182],
            [0.648, -0.196],
            [0.600, -0.208],
            [0.540, -0.2145],
            [0.482, -0.2175],
        ]
    )
    across = np.linspace(-1, 1, 11)
    length = smoothstep(np.arange(len(profile), dtype=float), 4, 8)[:, None]
    x = across * (0.130 + 0.002 * length)
    round_off = 0.020 * length * np.abs(across) ** 4
    side = 0.012 * np.abs(across) ** 6
    y = profile[:, :1] + round_off - side * (1 - length)
    z = profile[:, 1:] + (side + 0.008 * np.abs(across) ** 4) * length
    points = np.stack(np.broadcast_arrays(x, y, z), -1)
    facing = points - (MIDDLE + np.array([0.0, 0.05, 0.02]))
    sheet = slab(Part(points, facing * [0.1, 1, 1], MAIN, "webbing", "back"), 0.006)
    strips = []
    for s in (1.0, -1.0):
        line = np.column_stack(
            [np.full(5, s * 0.060), [0.600, 0.560, 0.520, 0.486, 0.452], [-0.2095, -0.2165, -0.2195, -0.2225, -0.2415]]
        )
        strips.append(
            capped(
                tube(line, 0.009, 0.002, 6, BACK, Part(line[None], line[None], SECOND, "webbing", "back", coarsest=1))
            )
        )
    return [*sheet, *strips]


def _strap(ref: Reference, side: float) -> list[Part]:
    """From the pack's top over the shoulder, down the chest, below the arm and back to the pack."""
    knots = np.array(
        [
            [0.060, 0.630, -0.110],
            [0.072, 0.700, -0.085],
            [0.082, 0.738, -0.020],
            [0.090, 0.728, 0.050],
            [0.098, 0.680, 0.105],
            [0.112, 0.600, 0.140],
            [0.135, 0.525, 0.130],
            [0.158, 0.460, 0.080],
            [0.160, 0.400, 0.010],
            [0.145, 0.350, -0.070],
            [0.115, 0.320, -0.110],
        ]
    )
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(knots, axis=0), axis=1))])
    spots = np.linspace(0, length[-1], 23)
    path = CubicSpline(length, knots)(spots)
    ends = np.minimum(spots, length[-1] - spots)
    laid = ref.clear(path, SHELL + 0.007, rounds=4)
    onto = ref.snug(laid, SHELL + 0.007)
    path = path + (onto - path) * smoothstep(ends, 0.03, 0.11)[:, None]
    for _ in range(3):
        path[1:-1] = 0.5 * path[1:-1] + 0.25 * (path[2:] + path[:-2])
    path = np.where((ends > 0.05)[:, None], ref.clear(path, SHELL + 0.007), path)
    out = ref.outward(path)
    out = np.where(ends[:, None] < 0.03, 0.5 * out, out)
    width = 0.024 - 0.010 * smoothstep(spots / length[-1], 0.55, 0.7)
    thick = 0.0055 - 0.002 * smoothstep(spots / length[-1], 0.55, 0.7)
    mirror = np.array([side, 1.0, 1.0])
    blank = Part(path[None], path[None], SECOND, "webbing", "torso")
    strap = tube(path, width, thick, 8, out, blank)
    across = np.cross(out, np.gradient(path, axis=0))
    across *= width[:, None] / np.linalg.norm(across, axis=1, keepdims=True)
    flat = np.stack([path + across, path - across])[:, _SPOTS] + 0.006 * out[_SPOTS]
    return [
        capped(Part(strap.points * mirror, strap.facing * mirror, SECOND, "webbing", "torso", coarsest=2)),
        Part(flat * mirror, out[None, _SPOTS] * mirror, SECOND, "webbing", "torso", detail=0.2, weight=9.0, finest=3),
    ]


BAGS: dict[str, Callable[[Reference], list[Part]]] = {"backpack": backpack}
