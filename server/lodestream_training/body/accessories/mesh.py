"""Parametric meshes: grids of points, sheets with a thickness, tubes; how they share one chart."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]

MAIN, SECOND, METAL = 0, 1, 2
GUTTER = 0.014  # share of the chart's side between parts


@dataclass(frozen=True)
class Part:
    """A grid of quads on one rectangle of the chart; shaded smoothly inside, with a hard edge to other parts.

    ``binding``: how it follows the body, one of `lodestream_server.body.accessories.BINDINGS`.
    """

    points: Float  # (R, C, 3) metres on the reference body
    facing: Float  # (R, C, 3) or broadcast to it: roughly outwards
    region: int = MAIN
    style: str = "plain"
    binding: str = "skull"
    detail: float = 1.0  # texels a metre in relation to other parts
    coarsest: int = 3  # the coarsest level that shows the part
    finest: int = 0  # the finest one
    weight: float = 1.0  # how much it counts at coarse levels
    loop: bool = False  # the last column is the first one again

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in metres, along columns and rows."""
        across = np.linalg.norm(np.diff(self.points, axis=1), axis=2).sum(1)
        down = np.linalg.norm(np.diff(self.points, axis=0), axis=2).sum(0)
        return float(across.max()), float(down.max())


@dataclass(frozen=True)
class Chart:
    """Wedges of several parts. ``smooth`` groups wedges that share a normal, ``point`` those that share a place."""

    positions: Float  # (W, 3)
    uv: Float  # (W, 2)
    triangles: Int  # (T, 3)
    part: Int  # (W,)
    smooth: Int  # (W,)
    point: Int  # (W,)
    rectangles: Float  # (P, 4) u0, v0, u1, v1
    sizes: Float  # (P, 2) metres


def pack(sizes: Float) -> Float:
    """Shelf packing of rectangles (P, 2) into the unit square with one scale; (P, 4) u0, v0, u1, v1."""
    order = np.lexsort((-sizes[:, 0], -sizes[:, 1]))
    low, high = 0.0, 40.0
    best = np.zeros((len(sizes), 4))
    for _ in range(40):
        scale = (low + high) / 2
        x = y = GUTTER
        shelf = 0.0
        out = np.zeros((len(sizes), 4))
        for i in order:
            w, h = np.maximum(sizes[i] * scale, 0.012)
            if x + w + GUTTER > 1:
                x, y, shelf = GUTTER, y + shelf + GUTTER, 0.0
            out[i] = x, y, x + w, y + h
            x, shelf = x + w + GUTTER, max(shelf, h)
        if out[:, 2:].max() <= 1 - GUTTER:
            low, best = scale, out
        else:
            high = scale
    return best


def chart(parts: list[Part]) -> Chart:
    """Lays the parts out on one chart and joins them."""
    sizes = np.array([part.size for part in parts])
    rectangles = pack(sizes * np.array([[part.detail] for part in parts]))
    positions, uv, triangles, owner = [], [], [], []
    start = 0
    for number, (part, box) in enumerate(zip(parts, rectangles, strict=True)):
        rows, cols = part.points.shape[:2]
        u = box[0] + (box[2] - box[0]) * _along(part.points, 1)[None, :]
        v = box[1] + (box[3] - box[1]) * _along(part.points, 0)[:, None]
        positions.append(part.points.reshape(-1, 3))
        uv.append(np.stack(np.broadcast_arrays(u, v), axis=-1).reshape(-1, 2))
        triangles.append(start + quads(rows, cols, part))
        owner.append(np.full(rows * cols, number))
        start += rows * cols
    where = np.concatenate(positions)
    part_of = np.concatenate(owner)
    place = np.round(where * 1e5).astype(np.int64)
    point = np.unique(place, axis=0, return_inverse=True)[1].ravel()
    smooth = np.unique(np.column_stack([point, part_of]), axis=0, return_inverse=True)[1].ravel()
    joined = np.concatenate(triangles)
    corner = point[joined]
    sound = (corner[:, 0] != corner[:, 1]) & (corner[:, 1] != corner[:, 2]) & (corner[:, 2] != corner[:, 0])
    return Chart(where, np.concatenate(uv), joined[sound], part_of, smooth, point, rectangles, sizes)


def _along(points: Float, axis: int) -> Float:
    """Arc length along an axis of a grid, averaged over the other one, from 0 to 1."""
    step = np.linalg.norm(np.diff(points, axis=axis), axis=2).mean(1 - axis)
    total = np.concatenate([[0.0], np.cumsum(step)])
    return np.asarray(total / max(total[-1], 1e-9))


def quads(rows: int, cols: int, part: Part) -> Int:
    """Triangles (T, 3) of a grid, counter-clockwise seen from where it faces."""
    index = np.arange(rows * cols).reshape(rows, cols)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    even = np.indices(a.shape).sum(0) % 2 == 0
    first = np.where(even[..., None], np.stack([a, d, b], -1), np.stack([a, c, b], -1))
    second = np.where(even[..., None], np.stack([a, c, d], -1), np.stack([b, c, d], -1))
    triangles = np.concatenate([first.reshape(-1, 3), second.reshape(-1, 3)])
    flat = part.points.reshape(-1, 3)
    p, q, r = (flat[triangles[:, i]] for i in range(3))
    facing = np.broadcast_to(part.facing, part.points.shape).reshape(-1, 3)[triangles].mean(1)
    turned = (np.cross(q - p, r - p) * facing).sum() < 0
    return np.asarray(triangles[:, ::-1] if turned else triangles)


def slab(part: Part, thickness: float, inner: float = 0.35) -> list[Part]:
    """A sheet with a thickness against its facing: outer side, inner side and the strip around the border."""
    out = unit(np.broadcast_to(part.facing, part.points.shape))
    back = part.points - out * thickness
    other = replace(part, points=back, facing=-out, detail=part.detail * inner, coarsest=1)
    middle = part.points.mean((0, 1))
    strips = []
    border = [part.points[0], part.points[-1]] if part.loop else [_border(part.points)]
    behind = [back[0], back[-1]] if part.loop else [_border(back)]
    core = part.points.mean(0) if part.loop else None
    for top, bottom in zip(border, behind, strict=True):
        away = top - (core if core is not None else middle)
        strips.append(
            replace(part, points=np.stack([top, bottom]), facing=away[None], detail=part.detail * inner, coarsest=1)
        )
    return [part, other, *strips]


def _border(points: Float) -> Float:
    return np.concatenate([points[0], points[1:, -1], points[-1, -2::-1], points[-2::-1, 0]])


def tube(path: Float, width: Float | float, height: Float | float, sides: int, up: Float, part: Part) -> Part:
    """A closed tube around ``path`` (N, 3): half axes ``width`` along its side and ``height`` along ``up``."""
    ahead = unit(np.gradient(path, axis=0))
    side = unit(np.cross(np.broadcast_to(up, path.shape), ahead))
    top = np.cross(ahead, side)
    turn = np.linspace(0, 2 * np.pi, sides + 1)
    turn[-1] = 0.0
    w, h = (np.broadcast_to(np.asarray(a, dtype=float), len(path))[:, None, None] for a in (width, height))
    ring = np.cos(turn)[None, :, None] * side[:, None] * w + np.sin(turn)[None, :, None] * top[:, None] * h
    points = path[:, None] + ring
    return replace(part, points=points, facing=ring)


def capped(part: Part) -> Part:
    """Closes both ends of a tube with a fan."""
    ends = [np.broadcast_to(row[:-1].mean(0), row.shape)[None] for row in (part.points[0], part.points[-1])]
    points = np.concatenate([ends[0], part.points, ends[1]])
    facing = np.concatenate([part.facing[:1] * 0, part.facing, part.facing[:1] * 0])
    return replace(part, points=points, facing=facing)


def ring(path: Float, width: float, height: float, sides: int, up: Float, part: Part) -> Part:
    """A tube around a closed ``path`` (N, 3) whose last point is its first."""
    extended = np.concatenate([path[-2:-1], path, path[1:2]])
    open_tube = tube(extended, width, height, sides, up, part)
    points = open_tube.points[1:-1].copy()
    points[-1] = points[0]
    return replace(open_tube, points=points, facing=open_tube.facing[1:-1])


def unit(v: Float) -> Float:
    """Vectors of length 1."""
    return np.asarray(v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-12))


def smoothstep(x: Float | float, low: float, high: float) -> Float:
    """0 below ``low``, 1 above ``high``, a cubic between."""
    t = np.clip((np.asarray(x, dtype=float) - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
