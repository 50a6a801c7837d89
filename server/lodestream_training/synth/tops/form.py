"""The upper body as a tailor sees it: coordinates of every texel that a top can cover, worked out once a canvas."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter
from scipy.spatial import ConvexHull

from lodestream_training.synth.brush import bump, step
from lodestream_training.synth.measure import Measure
from lodestream_training.synth.texels import Canvas

Float = NDArray[np.floating[Any]]

LOWEST = -0.14  # metres; no top reaches below
FAR = 0.35  # metres
ELBOW = 0.288  # metres along the arm
_UP_ARM = np.array([0.747, 0.664, 0.0])  # away from the trunk, across the arm
_JOINTS = np.array([[0.187, 0.652, 0.021], [0.378, 0.437, 0.028], [0.51, 0.302, 0.204]])


@dataclass(frozen=True, eq=False)
class Form:
    """N texels of the upper body and one of a leg, all (N,) float32; metres on the reference body.

    x, y, z: where the texel lies; ax = |x|. facing: z of the normal. front, back: 1 on the trunk's front (back).
    limb: 1 on the arms, 0 on the trunk, smooth between. arm: metres along the arm, negative on the trunk.
    turn: radians around the arm, 0 in front, π/2 on the outer side. bridge: metres to the hull of the trunk's
    horizontal section. hang: metres to cloth that falls from chest and shoulder blades. limit: metres that the cloth
    may stand out before it meets the other half of the body. level: height of cloth that hangs there.
    nape: 1 behind the neck, where the charts end and texels are long.
    occlusion: as of the canvas. gather: (R, R) index of the texel that each texel of the plane shows.
    pieces: distances to pattern pieces that were worked out before, by their shape.
    """

    x: Float
    y: Float
    z: Float
    ax: Float
    facing: Float
    front: Float
    back: Float
    limb: Float
    arm: Float
    turn: Float
    bridge: Float
    hang: Float
    limit: Float
    level: Float
    nape: Float
    occlusion: Float
    gather: NDArray[np.int32]
    canvas: Canvas
    pieces: dict[Hashable, Float] = field(default_factory=dict)


_forms: dict[int, Form] = {}


def form(canvas: Canvas, m: Measure) -> Form:
    """The form of a canvas, kept for the next garment."""
    known = _forms.get(id(canvas))
    if known is None or known.canvas is not canvas:
        known = _form(canvas, m)
        _forms[id(canvas)] = known
    return known


def _form(canvas: Canvas, m: Measure) -> Form:
    wanted = canvas.inside & (canvas.position[..., 1] > LOWEST)
    rows, columns = np.nonzero(wanted)
    lowest = np.unravel_index(np.where(canvas.inside, canvas.position[..., 1], 9).argmin(), canvas.inside.shape)
    rows, columns = np.append(rows, lowest[0]), np.append(columns, lowest[1])
    index = np.full(canvas.inside.shape, len(rows) - 1, dtype=np.int32)
    index[rows, columns] = np.arange(len(rows))
    nearest = distance_transform_edt(~canvas.inside, return_distances=False, return_indices=True)
    position = canvas.position[rows, columns]
    x, y, z = position.T
    limb = np.clip(canvas.arms[rows, columns] * 2, 0, 1)
    facing = canvas.normal[rows, columns, 2]
    trunk = 1 - limb
    normal = canvas.normal[rows, columns]
    bridge, hang = _hulls(position, normal, trunk)
    inward = np.maximum(-normal[:, 0] * np.sign(x), 0)
    low = step(0.30 - y, 0.06) * trunk
    limit = np.where(inward > 0.04, 3.0 * np.abs(x) / np.maximum(inward, 0.04), FAR) / np.maximum(low, 0.02)
    out = {
        "x": x,
        "y": y,
        "z": z,
        "ax": np.abs(x),
        "facing": facing,
        "front": step(facing - 0.05, 0.3) * step(trunk - 0.5, 0.9),
        "back": step(-0.05 - facing, 0.3) * step(trunk - 0.5, 0.9),
        "limb": limb,
        "arm": m.arm[rows, columns],
        "turn": _turn(position),
        "bridge": bridge,
        "hang": hang,
        "limit": np.minimum(limit, FAR),
        "level": y
        + np.minimum(normal[:, 1], 0) * np.minimum(hang, limit) * step(0.30 - y, 0.1) * step(facing + 0.1, 0.4),
        "nape": bump(x, 0.08) * step(-z, 0.03) * step(y - 0.66, 0.05),
        "occlusion": canvas.occlusion[rows, columns],
    }
    return Form(**{k: a.astype(np.float32) for k, a in out.items()}, gather=index[tuple(nearest)], canvas=canvas)


def _turn(position: Float) -> Float:
    """(N,) radians around the arm's axis."""
    p = np.stack([np.abs(position[:, 0]), position[:, 1], position[:, 2]], axis=1)
    offsets = []
    for a, b in ((_JOINTS[0], _JOINTS[1]), (_JOINTS[1], _JOINTS[2])):
        along = (b - a) / np.linalg.norm(b - a)
        t = (p - a) @ along
        offsets.append((p - a - t[:, None] * along, t - np.linalg.norm(b - a)))
    upper, lower = offsets
    blend = np.clip(0.5 + upper[1] / 0.06, 0, 1)[:, None]
    offset = upper[0] * (1 - blend) + lower[0] * blend
    return np.arctan2(offset @ _UP_ARM, offset[:, 2])


def _hulls(position: Float, normal: Float, trunk: Float) -> tuple[Float, Float]:
    """Metres along the normal to the convex section at every height, and to cloth that falls from above (N,), (N,)."""
    turns, low, spacing, rows = 96, -0.16, 0.012, 80
    middle = np.array([0.0, 0.0, 0.03])
    out = position - middle
    radius = np.hypot(out[:, 0], out[:, 2])
    angle = np.arctan2(out[:, 0], out[:, 2])
    row = np.clip((out[:, 1] - low) / spacing, 0, rows - 1.001)
    column = (angle / (2 * np.pi) % 1.0) * turns
    grid = np.zeros((rows, turns))
    body = (trunk > 0.6) & (out[:, 1] > LOWEST)
    np.maximum.at(grid, (row[body].astype(int), column[body].astype(int) % turns), radius[body])
    missing = grid == 0
    near = distance_transform_edt(np.tile(missing, (1, 3)), return_distances=False, return_indices=True)
    grid = np.tile(grid, (1, 3))[tuple(near)][:, turns : 2 * turns]
    directions = (np.arange(turns) + 0.5) / turns * 2 * np.pi
    unit = np.stack([np.sin(directions), np.cos(directions)], 1)
    hull = np.stack([_support(unit * r[:, None], unit) for r in grid])
    hull = gaussian_filter(hull, (1.5, 2.0), mode=("nearest", "wrap"))
    falling = hull.copy()
    for i in range(rows - 2, -1, -1):  # what hangs comes in by 14 cm a metre at most
        if i * spacing + low < 0.56:
            falling[i] = np.maximum(falling[i], falling[i + 1] - 0.14 * spacing)
    falling = gaussian_filter(falling, (2.0, 2.5), mode=("nearest", "wrap"))
    towards = np.clip((normal[:, [0, 2]] * np.stack([np.sin(angle), np.cos(angle)], 1)).sum(1), 0.35, 1)
    below = step(0.66 - position[:, 1], 0.10)
    gaps = []
    for surface in (hull, falling):
        gap = np.clip(_look_up(surface, row, column) - radius, 0, 0.06) * towards
        gaps.append(gap * trunk * below)
    return gaps[0], gaps[1]


def _support(points: Float, unit: Float) -> Float:
    """Radius of the convex hull of ``points`` (T, 2) in the directions ``unit`` (T, 2)."""
    planes = ConvexHull(points).equations  # n · p + c = 0
    along = unit @ planes[:, :2].T
    reach = np.where(along > 1e-6, -planes[:, 2] / np.maximum(along, 1e-6), np.inf)
    return np.asarray(reach.min(axis=1))


def _look_up(grid: Float, row: Float, column: Float) -> Float:
    turns = grid.shape[1]
    r, c = row - 0.5, column - 0.5
    r0 = np.clip(np.floor(r).astype(int), 0, len(grid) - 2)
    c0 = np.floor(c).astype(int)
    fr, fc = np.clip(r - r0, 0, 1), c - c0
    a, b = c0 % turns, (c0 + 1) % turns
    top = grid[r0, a] * (1 - fc) + grid[r0, b] * fc
    bottom = grid[r0 + 1, a] * (1 - fc) + grid[r0 + 1, b] * fc
    return np.asarray(top * (1 - fr) + bottom * fr)
