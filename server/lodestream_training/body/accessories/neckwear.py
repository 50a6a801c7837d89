"""Scarf, necklace and bow tie."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lodestream_training.body.accessories.mesh import MAIN, SECOND, Part, capped, ring, slab, smoothstep, tube
from lodestream_training.body.accessories.reference import Reference

Float = NDArray[np.float64]
UP = np.array([0.0, 1.0, 0.0])
SHELL = 0.009  # metres from the skin to the garment shell's base, on which cloth of no thickness would lie


def _collar(count: int, height_back: float, height_front: float, wide: float, front: float, back: float) -> Float:
    """(count + 1, 3) a closed loop around the neck; starts and ends at the nape."""
    turn = np.linspace(-np.pi, np.pi, count + 1)
    c, s = np.cos(turn), np.sin(turn)
    y = height_back + (height_front - height_back) * ((1 + c) / 2) ** 1.3
    deep = np.where(c > 0, front, back)
    path = np.column_stack([wide * s, y, 0.022 + deep * c])
    path[-1] = path[0]
    return path


def scarf(ref: Reference) -> list[Part]:
    """Two turns of soft cloth around the neck and two tails with fringes on the chest."""
    parts: list[Part] = []
    loops = []
    for lift, size, phase, grow in ((0.0, 1.0, 0.4, 0.0), (0.024, 0.84, 2.1, -0.006)):
        path = _collar(30, 0.748 + lift, 0.712 + lift, 0.080 + grow, 0.086 + grow, 0.072 + grow)
        path = ref.clear(path, SHELL + 0.019 * size)
        path[-1] = path[0]
        loops.append(path)
        roll = ring(
            path, 0.023 * size, 0.018 * size, 12, UP, Part(path[None], path[None], MAIN, "knit", "torso", loop=True)
        )
        along = np.linspace(0, 2 * np.pi, len(path))[:, None]
        around = np.linspace(0, 2 * np.pi, 13)[None]
        folds = 1 + 0.10 * np.sin(3 * around + 2 * along + phase) + 0.07 * np.sin(5 * along + phase) * np.cos(around)
        points = path[:, None] + (roll.points - path[:, None]) * folds[..., None]
        points[:, -1], points[-1] = points[:, 0], points[0]
        parts.append(Part(points, roll.facing, MAIN, "knit", "torso", loop=True, coarsest=2))
    parts.append(_wrap(loops[0], loops[1]))
    for side, length, tilt in ((1.0, 0.285, 0.07), (-1.0, 0.235, 0.10)):
        parts += _tail(ref, side, length, tilt)
    knot_path = np.array([[0.034, 0.726, 0.118], [0.028, 0.708, 0.127], [0.024, 0.690, 0.124]])
    knot_path = ref.clear(knot_path, SHELL + 0.022)
    knot = tube(
        knot_path,
        np.array([0.020, 0.027, 0.020]),
        0.016,
        10,
        np.array([0.0, 0.0, 1.0]),
        Part(knot_path[None], knot_path[None], MAIN, "knit", "torso", coarsest=2),
    )
    return [*parts, capped(knot)]


def _wrap(low: Float, high: Float) -> Part:
    """Both turns of a scarf as one band, for the coarsest level."""
    spots = np.round(np.linspace(0, len(low) - 1, 9)).astype(int)
    low, high = low[spots], high[spots]
    out = low - low[:-1].mean(0)
    out = out * [1, 0, 1] / np.linalg.norm(out[:, [0, 2]], axis=1, keepdims=True)
    band = np.stack([high + 0.012 * UP - 0.004 * out, low + 0.018 * out + 0.008 * UP, low + 0.010 * out - 0.020 * UP])
    return Part(band, out[None], MAIN, "knit", "torso", loop=True, weight=9.0, finest=3)


def _tail(ref: Reference, side: float, length: float, tilt: float) -> list[Part]:
    share = np.linspace(0.0, 1.0, 9)
    middle = np.column_stack(
        [0.026 + side * (0.012 + tilt * share * 0.55), 0.712 - length * share, 0.12 + 0.02 * share]
    )
    across = np.linspace(-1.0, 1.0, 6)
    width = 0.021 + 0.016 * smoothstep(share, 0.0, 0.35)
    points = middle[:, None] + across[None, :, None] * width[:, None, None] * np.array([1.0, 0.0, 0.0])
    points[..., 2] += 0.10
    points = _laid(ref, points, SHELL + 0.010 + (0.004 if side < 0 else 0.0))
    wave = 0.003 * np.sin(2.2 * across[None] * np.pi / 2 + 1.5 * share[:, None] * 3 + side)
    points[..., 2] += wave + 0.010 * (1 - smoothstep(share, 0.0, 0.25))[:, None]
    front = np.array([0.0, 0.0, 1.0])
    sheet = slab(Part(points, front[None, None], MAIN, "knit", "torso"), 0.005)
    last = points[-1]
    fringe = np.stack([last - np.array([0.0, 0.0, 0.002]), last - np.array([0.0, 0.022, 0.001])])
    return [*sheet, Part(fringe, front[None, None], SECOND, "knit", "torso", coarsest=1)]


def _laid(ref: Reference, points: Float, gap: float) -> Float:
    """Points (R, C, 3) in front of the chest, laid onto it along z and calmed, ``gap`` metres outside the skin."""
    flat = points.reshape(-1, 3)
    start = flat * [1, 1, 0] + [0, 0, 0.03]
    depth = ref.surface(start, np.broadcast_to([0.0, 0.0, 1.0], flat.shape))
    laid = (start[:, 2] + np.where(np.isnan(depth), 0.09, depth)).reshape(points.shape[:2])
    laid = np.maximum.accumulate(laid, axis=0) * 0.5 + laid * 0.5  # cloth hangs from what stands out
    out = points.copy()
    out[..., 2] = laid + gap
    return out


def necklace(ref: Reference) -> list[Part]:
    """A fine chain with a pendant."""
    path = _collar(36, 0.742, 0.640, 0.068, 0.090, 0.062)
    for _ in range(6):
        path = ref.snug(_drop(ref, path), SHELL + 0.0016, rounds=2)
        loop = path[:-1]
        loop = 0.5 * loop + 0.25 * (np.roll(loop, 1, 0) + np.roll(loop, -1, 0))
        path = np.concatenate([loop, loop[:1]])
    chain = ring(
        path,
        0.0019,
        0.0019,
        5,
        np.array([0.0, 1.0, 0.02]),
        Part(path[None], path[None], MAIN, "chain", "torso", loop=True),
    )
    low = path[len(path) // 2] + [0, -0.012, 0.0015]
    turn = np.linspace(0, 2 * np.pi, 11)
    turn[-1] = 0
    shape = np.column_stack([0.0085 * np.sin(turn), 0.0115 * np.cos(turn) * (1 + 0.15 * np.cos(turn)), 0 * turn])
    ahead = np.array([0.0, 0.0, 1.0])
    rows = [
        low + shape * s + ahead * h
        for s, h in ((0.0, -0.003), (0.9, -0.003), (1.0, 0.0), (0.72, 0.0032), (0.0, 0.0045))
    ]
    stone = np.stack(rows)
    return [chain, Part(stone, stone - low + 0.0005 * ahead, SECOND, "badge", "collar", loop=True)]


def _drop(ref: Reference, path: Float) -> Float:
    """Moves the points of a loop that lie inside the body or far before it onto the chest."""
    out = path.copy()
    front = path[:, 2] > 0.03
    start = path[front] * [1, 1, 0] + [0, 0, 0.03]
    depth = ref.surface(start, np.broadcast_to([0.0, 0.0, 1.0], start.shape))
    out[front, 2] = np.where(np.isnan(depth), path[front, 2], 0.03 + depth)
    return out


def bowtie(ref: Reference) -> list[Part]:
    """Two wings and a knot before the collar."""
    spot = ref.clear(np.array([[0.0, 0.7245, 0.09]]), SHELL + 0.010)[0]
    ahead = np.array([0.0, 0.35, 1.0]) / np.hypot(0.35, 1.0)
    up = np.array([0.0, 1.0, -0.35]) / np.hypot(0.35, 1.0)
    parts: list[Part] = []
    x = np.array([0.004, 0.012, 0.024, 0.038, 0.050, 0.054])
    half = np.array([0.0085, 0.013, 0.0175, 0.0205, 0.0220, 0.0215])
    thick = np.array([0.004, 0.0065, 0.0075, 0.0070, 0.0055, 0.0030])
    turn = np.linspace(0, 2 * np.pi, 13)
    turn[-1] = 0
    c, s = np.cos(turn), np.sin(turn)
    for side in (1.0, -1.0):
        pleat = 1 - 0.35 * np.exp(-((c / 0.30) ** 2)) * np.clip(1.3 - x / 0.04, 0, 1)[:, None]
        up_part = np.sign(c) * np.abs(c) ** 0.7 * half[:, None]
        out_part = s * thick[:, None] * pleat
        rows = np.array([side, 0.0, 0.0]) * x[:, None, None] + up * up_part[..., None] + ahead * out_part[..., None]
        rows = rows - ahead * (0.0022 * (x / 0.054) ** 2 * 3)[:, None, None]
        points = spot + rows
        facing = up * up_part[..., None] + ahead * out_part[..., None]
        wing = Part(points, facing, MAIN, "cloth", "collar", loop=True)
        parts.append(capped(wing))
    knot = tube(
        spot + up * np.array([-0.0125, -0.009, 0.0, 0.009, 0.0125])[:, None] + ahead * 0.002,
        np.array([0.006, 0.0088, 0.0092, 0.0088, 0.006]),
        np.array([0.005, 0.0085, 0.0090, 0.0085, 0.005]),
        8,
        ahead,
        Part(spot[None, None], ahead, SECOND, "cloth", "collar"),
    )
    return [*parts, capped(knot)]


NECKWEAR: dict[str, Callable[[Reference], list[Part]]] = {"scarf": scarf, "necklace": necklace, "bowtie": bowtie}
