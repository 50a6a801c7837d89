"""Closed lips: MakeHuman's stand a little apart, and further where a face is stretched; teeth would show."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from lodestream_training.body import charts
from lodestream_training.body.basemesh import BaseMesh

Float = NDArray[np.float64]
Int = NDArray[np.int64]

REACH = 0.0041  # metres around the slit over which the lips close, so little that a crease stays in front of it
FOLLOW = (0.004, 0.012)  # metres around the slit: within the first lips follow it in every shape, beyond the second not
OVERLAP = 0.0002  # metres that the closed lips enter each other


def close(base: BaseMesh) -> BaseMesh:
    """The base mesh with closed lips in every shape."""
    face, *others = charts.skin(base)[0]
    inside = next(c for c in others if abs(base.mean[c.vertices.ravel(), 0].mean()) < 1e-3)  # the others are the ears
    seal = Seal.of(base.mean, np.intersect1d(face.vertices, inside.vertices))
    return replace(base, mean=seal.mean(base.mean), basis=seal.modes(base.mean, base.basis))


@dataclass(frozen=True)
class Seal:
    """Moves the lips' vertices up and down until they touch. ``upper``, ``lower``: the slit's vertices by x."""

    upper: Int
    lower: Int
    side: Float  # (N,) share of the gap that the lip of a vertex takes: negative above the slit, positive below
    distance: Float  # (N,) metres to the slit

    @staticmethod
    def of(mean: Float, slit: Int) -> Seal:
        """The seal of a mesh (N, 3) whose lips meet at the vertices ``slit``."""
        order = slit[np.argsort(mean[slit, 0])]
        x, y = mean[order, 0], mean[order, 1]
        corners = order[[0, -1]]
        middle = np.convolve(np.pad(y, 4, mode="edge"), np.ones(9) / 9, mode="valid")
        inner = ~np.isin(order, corners)
        above = y > middle
        upper = np.concatenate([corners[:1], order[inner & above], corners[1:]])
        lower = np.concatenate([corners[:1], order[inner & ~above], corners[1:]])
        distance, near = cKDTree(mean[slit]).query(mean)
        side = np.where(np.isin(slit, upper)[near], -0.5, 0.5)
        side[np.isin(slit, corners)[near]] = 0.0
        width = np.clip((np.abs(x).max() - np.abs(mean[:, 0])) / 0.004, 0.0, 1.0)
        return Seal(upper, lower, side * width, distance)

    def gap(self, mean: Float, field: Float) -> Float:
        """(N,) how far ``field`` (N, 3) opens the slit at the x of every vertex of ``mean``, metres."""
        x = mean[:, 0]
        high = np.interp(x, mean[self.upper, 0], field[self.upper, 1])
        low = np.interp(x, mean[self.lower, 0], field[self.lower, 1])
        return np.asarray(high - low)

    def mean(self, mean: Float) -> Float:
        """(N, 3) the mesh with its lips closed."""
        out = mean.copy()
        share = self.side * np.exp(-((self.distance / REACH) ** 2))
        out[:, 1] += share * (self.gap(mean, mean) + OVERLAP)
        return out

    def modes(self, mean: Float, basis: Float) -> Float:
        """(K, N, 3) shape modes that leave the lips closed."""
        near = np.clip((FOLLOW[1] - self.distance) / (FOLLOW[1] - FOLLOW[0]), 0.0, 1.0)
        share = self.side * near * near * (3.0 - 2.0 * near)
        out = basis.copy()
        for mode in out:
            mode[:, 1] += share * self.gap(mean, mode)
        return out
