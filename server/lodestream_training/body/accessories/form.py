"""The block that hats are made on, and their common parts: brims, visors, bands, studs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lodestream_training.body.accessories.mesh import METAL, SECOND, Part, slab, unit
from lodestream_training.body.accessories.reference import Reference, reach

Float = NDArray[np.float64]
CLEARANCE = 0.0105  # metres between the scalp and a hat
COLUMNS = 40


def bump(x: Float, middle: float, width: float) -> Float:
    """A Gaussian of height 1."""
    return np.asarray(np.exp(-(((x - middle) / width) ** 2)))


@dataclass(frozen=True)
class Form:
    """The block a hat is made on: turns ``t`` (0 at the face, positive to the left) around the axis of its rim."""

    centre: Float
    up: Float
    ahead: Float
    turn: Float  # (C,) from the nape around to it
    ref: Reference
    name: str
    ears: bool = False

    @staticmethod
    def of(ref: Reference, name: str, *, ears: bool = False, columns: int = COLUMNS) -> Form:
        """The block of a hat by name."""
        turn = np.linspace(-np.pi, np.pi, columns + 1)
        return Form(*ref.rim(name), turn, ref, name, ears)

    def out(self, turn: Float) -> Float:
        """(..., 3) unit vectors in the plane of the rim."""
        side = np.array([1.0, 0.0, 0.0])
        return np.sin(turn)[..., None] * side + np.cos(turn)[..., None] * self.ahead

    def dome(self, rows: int, extra: Callable[[Float, Float], Float], low: float = 0.0) -> Float:
        """(rows, C, 3) from the rim to the crown: the skull's hull, clearance and ``extra(turn, elevation)``."""
        hull = self.ref.skull(self.centre, self.up, ears=self.ears)
        rise = np.linspace(low, np.pi / 2, rows)
        turn, elevation = np.meshgrid(self.turn, rise)
        direction = np.cos(elevation)[..., None] * self.out(turn) + np.sin(elevation)[..., None] * self.up
        radius = reach(hull, self.centre, direction)
        radius = calm(radius) + CLEARANCE + extra(turn, elevation)
        points = self.centre + direction * radius[..., None]
        points[-1] = points[-1].mean(0)
        return sewn(points)

    def oval(self) -> Float:
        """(C,) radius that stands clear of the skull at every height above the rim."""
        hull = self.ref.skull(self.centre, self.up, ears=self.ears)
        turn, rise = np.meshgrid(self.turn, np.linspace(0.0, 1.2, 14))
        direction = np.cos(rise)[..., None] * self.out(turn) + np.sin(rise)[..., None] * self.up
        radius = (reach(hull, self.centre, direction) * np.cos(rise)).max(0)[None]
        return np.asarray(calm(radius)[0] + CLEARANCE)

    def place(self, radius: Float, height: Float) -> Float:
        """(R, C, 3) points at distances (R, C) from the axis and heights (R, C) over the rim."""
        turn = np.broadcast_to(self.turn, np.broadcast_shapes(radius.shape, height.shape))
        return sewn(self.centre + self.out(turn) * radius[..., None] + self.up * np.asarray(height)[..., None])

    def lip(self, rim: Float, depth: float = 0.014, inset: float = 0.004) -> Part:
        """The fold inside a rim (C, 3): hides that the crown is a single sheet."""
        inward = unit(self.centre - rim)
        inner = rim + inward * inset
        points = sewn(np.stack([rim, inner, inner + inward * 0.45 * depth + self.up * depth]))
        return Part(points, inward[None], SECOND, detail=0.3, coarsest=1, loop=True)


def calm(radius: Float) -> Float:
    """Smooths radii (R, C) around the axis; the first and last column are the same."""
    ringed = radius[:, :-1]
    for _ in range(3):
        ringed = np.maximum(ringed, (np.roll(ringed, 1, 1) + ringed + np.roll(ringed, -1, 1)) / 3)
    ringed = (ringed + ringed[:, (-np.arange(ringed.shape[1])) % ringed.shape[1]]) / 2
    return np.concatenate([ringed, ringed[:, :1]], axis=1)


def sewn(points: Float) -> Float:
    """Points (R, C, 3) whose last column is exactly the first."""
    points = points.copy()
    points[:, -1] = points[:, 0]
    return points


def button(form: Form, top: Float, radius: float, height: float, region: int = SECOND) -> Part:
    """A small dome on top of a crown."""
    turn = np.linspace(0, 2 * np.pi, 9)
    turn[-1] = 0
    rise = np.array([-0.25, 0.35, 0.95, np.pi / 2])
    spread = np.cos(rise)[:, None, None] * radius * form.out(turn)
    points = top + spread + form.up * (np.sin(rise) * height)[:, None, None]
    return Part(sewn(points), spread + form.up * 0.004, region, coarsest=1, loop=True)


def visor(
    form: Form, rim: Float, half: float, reach_out: float, droop: float, dip: float, **kind: object
) -> list[Part]:
    """A brim over the face: a curved slab from the rim forward, ``droop`` metres lower at its sides."""
    turn = np.linspace(-half, half, 19)
    root = np.stack([np.interp(turn, form.turn, rim[:, i]) for i in range(3)], axis=1)
    across = np.linspace(0.0, 1.0, 5)
    profile = np.sqrt(np.clip(1 - (turn / half) ** 2, 0, 1)) ** 0.9
    sideways = form.out(turn) * np.array([1.0, 0.35, 1.0])
    outward = unit(0.75 * np.array([0.0, -0.10, 1.0]) + 0.25 * sideways)
    length = reach_out * (0.06 + 0.94 * profile)
    points = root - form.up * 0.001 + across[:, None, None] * outward * length[:, None]
    lower = droop * (turn / half) ** 2 * (across**0.6)[:, None] + dip * (across**1.6)[:, None] * profile
    points = points - form.up * lower[..., None]
    points[0] -= unit(root - form.centre) * 0.004 - form.up * 0.002
    return slab(Part(points, form.up[None, None], **kind), 0.0028)  # type: ignore[arg-type]


def brim(
    form: Form, inner: Float, width: Float, height: Callable[[Float], Float], rows: int, part: Part, thick: float
) -> list[Part]:
    """A brim all around: from radius ``inner`` (C,) outwards by ``width`` (C,) at ``height(share)`` over the rim."""
    share = np.linspace(0.0, 1.0, rows)[:, None]
    points = form.place(inner[None] + share * width[None], height(share))
    return slab(Part(points, form.up[None, None], part.region, part.style, loop=True), thick, inner=0.6)


def band(form: Form, radius: Callable[[float], Float], low: float, high: float, **kind: object) -> Part:
    """A ribbon around a crown between two heights."""
    heights = np.array([low, low, high, high])
    grow = np.array([-0.003, 0.0018, 0.0018, -0.003])
    points = form.place(
        np.stack([radius(h) + g for h, g in zip(heights, grow, strict=True)]), heights[:, None] + 0 * form.turn
    )
    return Part(points, form.out(form.turn)[None], loop=True, **kind)  # type: ignore[arg-type]


def on(form: Form, crown: Float, turn: Float, height: float, grow: float, taper: Float) -> Float:
    """Points on a crown ``height`` metres over its rim, ``grow`` metres outside; nearer to the middle line by taper."""
    out = np.empty((len(turn), 3))
    level = 0.026 + (height - 0.026) * (1 - 0.55 * taper**2)
    for i, t in enumerate(turn):
        column = np.array([[np.interp(t, form.turn, row[:, k]) for k in range(3)] for row in crown])
        rise = (column - form.centre) @ form.up
        out[i] = [np.interp(level[i], rise, column[:, k]) for k in range(3)]
    return np.asarray(out + unit(out - form.centre) * grow)


def rivet(spot: Float, out: Float, radius: float) -> Part:
    """A flat, round stud that faces along ``out``."""
    side = unit(np.cross(out, [0.0, 1.0, 0.1]))
    other = np.cross(out, side)
    turn = np.linspace(0, 2 * np.pi, 9)
    turn[-1] = 0
    circle = np.cos(turn)[:, None] * side + np.sin(turn)[:, None] * other
    points = np.stack(
        [
            spot + circle * radius - out * 0.003,
            spot + circle * radius * 0.9 + out * 0.002,
            spot + 0 * circle + out * 0.0035,
        ]
    )
    return Part(points, out[None, None], METAL, coarsest=1, loop=True)
