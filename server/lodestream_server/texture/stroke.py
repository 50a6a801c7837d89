"""Primitives of small construction detail: discs, paths and boxes over two coordinates of the cloth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Float
from lodestream_server.texture.pattern import cover

Where = Literal["any", "body", "front", "back", "sleeve"]
Point = tuple[float, float]
_REACH = 0.004  # metres around a stroke that it may touch, for antialiasing
_ENDLESS = 9.0  # metres; longer lines are not bounded


@dataclass(frozen=True, slots=True)
class Stroke:
    """A shape in the plane of the coordinates ``u`` and ``v`` (names of fields), metres.

    discs around every point, a path along the points, or the outline (``solid``: the inside) of boxes around them.
    size: radius of discs, half width of paths, half width of an outline. box: half extents. tone: a colour by name.
    alpha: opacity. height: metres it stands out. where: which part of the garment. region: only on this region.
    """

    shape: Literal["disc", "path", "box"]
    points: tuple[Point, ...]
    size: float
    tone: str
    u: str = "x"
    v: str = "y"
    where: Where = "front"
    alpha: float = 1.0
    height: float = 0.0
    box: Point = (0.0, 0.0)
    solid: bool = False
    region: str | None = None


def row(u: float, low: float, high: float, step: float) -> tuple[Point, ...]:
    """Points at ``u`` from v = high down to low."""
    return tuple((u, high - i * step) for i in range(int((high - low) / step + 1e-6) + 1))


def level(at: float, size: float, tone: str, *, u: str = "edge", **more: object) -> Stroke:
    """A line where the coordinate ``u`` is ``at``."""
    given: dict[str, object] = {"v": "y", "where": "any"} | more
    return Stroke("path", ((at, -9.0), (at, 9.0)), size, tone, u=u, **given)  # type: ignore[arg-type]


def touched(
    strokes: tuple[Stroke, ...], fields: Mapping[str, Float], masks: Mapping[str, NDArray[np.bool_]], texel: float
) -> Iterator[tuple[Stroke, NDArray[np.intp], Float]]:
    """Every stroke that shows, the texels (M,) that it touches, and its share of each (M,).

    Args:
        strokes: in the order of painting. fields: coordinates (N,). masks: (N,) by `Where`. texel: metres.
    """
    for stroke in strokes:
        u, v = fields[stroke.u], fields[stroke.v]
        reach = stroke.size + max(texel, _REACH)
        across, up = zip(*stroke.points, strict=True)
        wide, tall = stroke.box[0] + reach, stroke.box[1] + reach
        near = (u > min(across) - wide) & (u < max(across) + wide)
        if max(up) - min(up) < _ENDLESS:
            near &= (v > min(up) - tall) & (v < max(up) + tall)
        if stroke.where != "any":
            near &= masks[stroke.where]
        which = np.flatnonzero(near)
        if len(which):
            thick = 1.0 if stroke.solid or stroke.shape == "disc" else min(1.0, 2 * stroke.size / texel)
            share = np.minimum(cover(_distance(stroke, u[which], v[which]), texel), thick)
            yield stroke, which, share


def _distance(stroke: Stroke, u: Float, v: Float) -> Float:
    """Signed distance, positive inside."""
    best = np.full_like(u, -np.inf)
    if stroke.shape == "path":
        for (u0, v0), (u1, v1) in pairwise(stroke.points):
            du, dv = u1 - u0, v1 - v0
            t = np.clip(((u - u0) * du + (v - v0) * dv) / (du * du + dv * dv), 0, 1)
            best = np.maximum(best, stroke.size - np.hypot(u - u0 - t * du, v - v0 - t * dv))
        return best
    for u0, v0 in stroke.points:
        if stroke.shape == "disc":
            best = np.maximum(best, stroke.size - np.hypot(u - u0, v - v0))
        else:
            side = np.maximum(np.abs(u - u0) - stroke.box[0], np.abs(v - v0) - stroke.box[1])
            best = np.maximum(best, -side if stroke.solid else stroke.size - np.abs(side))
    return best
