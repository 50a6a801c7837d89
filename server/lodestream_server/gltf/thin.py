"""Fewer vertices for the few avatars whose coarsest level is too large: those go that are missed least."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Avatar, Float, Int
from lodestream_server.gltf.subset import subset

# of a metre: cloth must not sink into the body, the lids not into the eyes
_WORTH: Mapping[str, float] = {"head": 10.0, "eyes": 50.0, "glasses": 4.0, "body": 0.5, "hair": 0.7, "footwear": 0.5}
_ROUND = 0.2  # share of the candidates that may go before all are weighed anew
_TURN = 0.5  # cosine of the angle by which a triangle may turn


def thin(avatar: Avatar, count: int) -> Avatar:
    """The same avatar with about ``count`` vertices less, as far as the layers allow.

    A vertex inside a chart is moved onto a neighbour. Borders and seams stay, so nothing tears.
    """
    triangles = [layer.triangles for layer in avatar.layers]
    while count > 0:
        moves = sorted(
            (cost * _WORTH.get(layer.name, 1.0), number, v, u)
            for number, layer in enumerate(avatar.layers)
            for cost, v, u in _moves(layer.positions, triangles[number])
        )
        if not moves:
            break
        near = [_neighbours(len(layer.positions), t) for layer, t in zip(avatar.layers, triangles, strict=True)]
        touched: set[tuple[int, int]] = set()
        for _, number, v, u in moves[: max(1, round(_ROUND * len(moves)))]:
            ring = {(number, int(w)) for w in np.flatnonzero(near[number][v] | near[number][u])}
            if count > 0 and not ring & touched:
                touched |= ring
                moved = np.where(triangles[number] == v, u, triangles[number])
                triangles[number] = moved[(moved != np.roll(moved, 1, axis=1)).all(axis=1)]
                count -= 1
    return replace(avatar, layers=tuple(subset(layer, t) for layer, t in zip(avatar.layers, triangles, strict=True)))


def _neighbours(count: int, triangles: Int) -> NDArray[np.bool_]:
    """(V, V) whether two vertices share an edge."""
    near = np.zeros((count, count), dtype=bool)
    for a, b in ((0, 1), (1, 2), (2, 0)):
        near[triangles[:, a], triangles[:, b]] = near[triangles[:, b], triangles[:, a]] = True
    return near


def _moves(positions: Float, triangles: Int) -> list[tuple[float, int, int]]:
    """For each vertex that may move: what is lost (m), the vertex and the neighbour that it moves onto."""
    count = len(positions)
    v, a, b = (np.roll(triangles, -k, axis=1).ravel() for k in range(3))
    order = np.argsort(v, kind="stable")
    v, a, b = v[order], a[order], b[order]
    degree = np.bincount(v, minlength=count)
    start = np.cumsum(degree) - degree
    pair = np.repeat(np.arange(len(v)), degree[v])  # every move v -> a with every triangle around v
    fan = start[v[pair]] + np.arange(len(pair)) - np.repeat(np.cumsum(degree[v]) - degree[v], degree[v])
    target, gone = a[pair], (a[fan] == a[pair]) | (b[fan] == a[pair])
    p, q, r, s = positions[v[fan]], positions[a[fan]], positions[b[fan]], positions[target]
    was, now = np.cross(q - p, r - p), np.cross(q - s, r - s)
    size, new_size = np.linalg.norm(was, axis=1), np.linalg.norm(now, axis=1)
    flipped = (np.einsum("nc,nc->n", was, now) < _TURN * size * new_size) | (new_size < 1e-9)
    off = np.abs(np.einsum("nc,nc->n", was, s - p)) / np.maximum(size, 1e-12)
    bad = np.bincount(pair, flipped & ~gone, len(v)) > 0
    cost = np.zeros(len(v))
    np.maximum.at(cost, pair, np.where(gone, 0.0, off))
    near = _neighbours(count, triangles)
    edge = np.zeros((count, count), dtype=np.int32)
    np.add.at(edge, (v, a), 1)
    point = np.unique(positions, axis=0, return_inverse=True)[1].ravel()
    free = (np.bincount(point)[point] == 1) & (near == (edge == 1) & (edge.T == 1)).all(axis=1)
    sound = free[v] & ~bad & ((near[v] & near[a]).sum(axis=1) == 2)
    best: dict[int, tuple[float, int, int]] = {}
    for i in np.flatnonzero(sound):
        move = (float(cost[i]), int(v[i]), int(a[i]))
        best[move[1]] = min(best.get(move[1], move), move)
    return list(best.values())
