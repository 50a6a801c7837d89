"""Coarse levels: grids lose whole rows and columns, the least missed first, so that no part tears or vanishes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lodestream_training.body.accessories.mesh import Chart, Part, quads

Float = NDArray[np.float64]
Int = NDArray[np.int64]


def thin(parts: list[Part], chart: Chart, shown: list[int], target: int) -> Int:
    """About ``target`` triangles (T, 3) over the chart's wedges.

    Args:
        parts: the grids. chart: they laid out by `mesh.chart`, in the same order. shown: the parts to keep.
    """
    kept = {(i, axis): list(range(parts[i].points.shape[axis])) for i in shown for axis in (0, 1)}
    while sum(_count(kept, i) for i in shown) > target:
        choices = [
            (cost * parts[i].weight / len(kept[i, 1 - axis]), i, axis, place)
            for (i, axis), lines in kept.items()
            if len(lines) > _least(parts[i], axis)
            for cost, place in [_cheapest(np.moveaxis(parts[i].points, axis, 0), lines)]
        ]
        if not choices:
            break
        _, i, axis, place = min(choices)
        del kept[i, axis][place]
    starts = np.cumsum([0, *(p.points.shape[0] * p.points.shape[1] for p in parts)])
    out = []
    for i in shown:
        chosen = np.ix_(kept[i, 0], kept[i, 1])
        full = parts[i].points
        facing = np.broadcast_to(parts[i].facing, full.shape)
        small = replace(parts[i], points=full[chosen], facing=facing[chosen])
        rows, cols = small.points.shape[:2]
        index = starts[i] + np.arange(full.shape[0] * full.shape[1]).reshape(full.shape[:2])[chosen].ravel()
        out.append(index[quads(rows, cols, small)])
    triangles = np.concatenate(out)
    corner = chart.point[triangles]
    return np.asarray(triangles[(corner != np.roll(corner, 1, axis=1)).all(axis=1)])


def _count(kept: dict[tuple[int, int], list[int]], part: int) -> int:
    return 2 * (len(kept[part, 0]) - 1) * (len(kept[part, 1]) - 1)


def _least(part: Part, axis: int) -> int:
    """A closed direction keeps three sides, a tube's capped ends stay, an open one keeps its borders."""
    lines = np.moveaxis(part.points, axis, 0)
    closed = np.allclose(lines[0], lines[-1], atol=1e-6)
    capped = np.ptp(lines[0], axis=0).max() < 1e-6 and np.ptp(lines[-1], axis=0).max() < 1e-6
    return min(len(lines), 4 if closed or capped else 2)


def _cheapest(lines: Float, kept: list[int]) -> tuple[float, int]:
    """What a grid (R, C, 3) loses least by, metres, and the place in ``kept`` of that row."""
    best = (np.inf, 1)
    for place in range(1, len(kept) - 1):
        low, high = kept[place - 1], kept[place + 1]
        between = lines[low + 1 : high]
        chord = lines[high] - lines[low]
        along = ((between - lines[low]) * chord).sum(-1) / np.maximum((chord**2).sum(-1), 1e-9)
        off = between - lines[low] - np.clip(along, 0, 1)[..., None] * chord
        cost = float(np.linalg.norm(off, axis=-1).mean(1).max())
        best = min(best, (cost, place))
    return best
