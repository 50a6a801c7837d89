"""Landmarks of the left half of the face, which every level keeps: without them coarse levels squint and sneer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from lodestream_training.body.charts import Wedges

Float = NDArray[np.float64]
Int = NDArray[np.int64]

LID = 0.0015  # metres from the lashes within which skin counts as lid
LIDS = (-0.006, 0.0, 0.008)  # metres from the middle of the eye, where a vertex of either lid is kept
ABREAST = 0.0025  # metres beside those
ORBIT = np.array([[-0.017, 0.014], [-0.004, 0.022], [0.016, 0.018], [-0.012, -0.016], [0.012, -0.018]])  # x, y about it
MOUTH = np.array([0.035, 0.02, 0.03])  # metres about the teeth's foremost point in which the lips meet
LIPS = (0.0, 0.4, 0.75, 1.0)  # where along the slit, from its middle to its corner
NAPE = 0.05  # z from where the profile begins
PROFILE = 12  # vertices of it, from the throat to the crown


def of(mean: Float, shells: Mapping[str, Wedges]) -> Int:
    """Vertices: of the left eye's lids and orbit, of the slit of the mouth from its middle to the left, of the profile.

    Args:
        mean: (N, 3) metres, +Y up, facing +Z. shells: of the body, at full resolution.
    """
    return np.concatenate([_eye(mean, shells), _mouth(mean, shells), _profile(mean, shells)])


def outside(mean: Float, head: Wedges) -> Wedges:
    """The head without the inside of the mouth; ears, which are islands as well, stay."""
    corners = head.triangles.ravel()
    links = coo_array((np.ones(len(corners)), (np.repeat(head.triangles[:, 0], 3), corners)), [len(head.vertex)] * 2)
    _, island = connected_components(links, directed=False)
    sideways = np.bincount(island, mean[head.vertex, 0]) / np.bincount(island)
    shown = np.abs(sideways) > 0.01  # ears
    shown[np.bincount(island).argmax()] = True  # the face
    return replace(head, triangles=head.triangles[shown[island[head.triangles[:, 0]]]])


def _eye(mean: Float, shells: Mapping[str, Wedges]) -> Int:
    head = np.unique(shells["head"].vertex)
    lashes = mean[np.unique(shells["lashes"].vertex)]
    distance, _ = cKDTree(lashes[lashes[:, 0] > 0]).query(mean[head])
    lid = head[distance < LID]
    place = mean[lid]
    ball = mean[np.unique(shells["eyes"].vertex)]
    centre = ball[ball[:, 0] > 0].mean(0)
    forward = 2.0 * place[:, 2]  # lids turn inwards at their edge: wanted is what is ahead of that
    above = place[:, 1] > centre[1]
    kept = [place[:, 0].argmin(), place[:, 0].argmax()]
    for aside in LIDS:
        abreast = np.abs(place[:, 0] - centre[0] - aside) < ABREAST
        kept.append(np.where(abreast & above, forward - place[:, 1], -np.inf).argmax())
        kept.append(np.where(abreast & ~above, forward + place[:, 1], -np.inf).argmax())
    ahead = head[mean[head, 2] > centre[2]]
    _, orbit = cKDTree(mean[ahead, :2]).query(centre[:2] + ORBIT)
    return np.concatenate([lid[kept], ahead[orbit]])


def _mouth(mean: Float, shells: Mapping[str, Wedges]) -> Int:
    """Where the face's chart meets the chart of what is inside."""
    vertex, count = np.unique(shells["head"].vertex, return_counts=True)
    teeth = mean[np.unique(shells["mouth"].vertex)]
    front = teeth[teeth[:, 2].argmax()] * [0.0, 1.0, 1.0]
    near = (np.abs(mean[vertex] - front) < MOUTH).all(1)
    slit = vertex[(count > 1) & near & (mean[vertex, 0] > -1e-6)]
    along = mean[slit, 0] / mean[slit, 0].max()
    return np.unique(np.concatenate([slit[np.argsort(np.abs(along - share), kind="stable")[:2]] for share in LIPS]))


def _profile(mean: Float, shells: Mapping[str, Wedges]) -> Int:
    """Where the face's outline from the side bends most: the points that leave the polyline through the others least.

    They are added one by one, each the farthest from the line so far (Ramer, 1972; Douglas and Peucker, 1973).
    """
    face = outside(mean, shells["head"])
    middle = np.unique(face.vertex[face.triangles])
    middle = middle[(np.abs(mean[middle, 0]) < 1e-6) & (mean[middle, 2] > NAPE)]
    centre = mean[np.unique(shells["eyes"].vertex)].mean(0) * [0.0, 1.0, 0.0]
    outline = middle[np.argsort(np.arctan2(mean[middle, 1] - centre[1], mean[middle, 2]))]
    points = mean[outline][:, 1:]
    kept = [0, len(points) - 1]
    for _ in range(PROFILE):
        off = np.zeros(len(points))
        for a, b in pairwise(sorted(kept)):
            chord = points[b] - points[a]
            arms = points[a : b + 1] - points[a]
            along = np.clip(arms @ chord / (chord @ chord), 0.0, 1.0)
            off[a : b + 1] = np.linalg.norm(arms - along[:, None] * chord, axis=1)
        kept.append(int(off.argmax()))
    return outline[kept]
