"""Landmarks of the left half of the face, which every level keeps: without them coarse levels squint and sneer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from lodestream_training.body.charts import Wedges

Float = NDArray[np.float64]
Int = NDArray[np.int64]

LID = 0.0015  # metres from the lashes within which skin counts as lid
LIDS = (-0.006, 0.0, 0.008)  # metres from the middle of the eye, where a vertex of either lid is kept
ABREAST = 0.0025  # metres beside those
MOUTH = np.array([0.035, 0.02, 0.03])  # metres about the teeth's foremost point in which the lips meet
LIPS = (0.0, 0.4, 0.75, 1.0)  # where along the slit, from its middle to its corner


def of(mean: Float, shells: Mapping[str, Wedges]) -> Int:
    """Vertices: corners and middles of the left eye's lids, and the slit of the mouth from its middle to the left.

    Args:
        mean: (N, 3) metres, +Y up, facing +Z. shells: of the body, at full resolution.
    """
    return np.concatenate([_eye(mean, shells), _mouth(mean, shells)])


def _eye(mean: Float, shells: Mapping[str, Wedges]) -> Int:
    head = np.unique(shells["head"].vertex)
    lashes = mean[np.unique(shells["lashes"].vertex)]
    distance, _ = cKDTree(lashes[lashes[:, 0] > 0]).query(mean[head])
    lid = head[distance < LID]
    place = mean[lid]
    ball = mean[np.unique(shells["eyes"].vertex)]
    centre = ball[ball[:, 0] > 0].mean(0)
    forward = 0.5 * place[:, 2]  # lids turn inwards at their edge, which is their foremost part there
    above = place[:, 1] > centre[1]
    kept = [place[:, 0].argmin(), place[:, 0].argmax()]
    for aside in LIDS:
        abreast = np.abs(place[:, 0] - centre[0] - aside) < ABREAST
        kept.append(np.where(abreast & above, forward - place[:, 1], -np.inf).argmax())
        kept.append(np.where(abreast & ~above, forward + place[:, 1], -np.inf).argmax())
    return lid[kept]


def _mouth(mean: Float, shells: Mapping[str, Wedges]) -> Int:
    """Where the face's chart meets the chart of what is inside."""
    vertex, count = np.unique(shells["head"].vertex, return_counts=True)
    teeth = mean[np.unique(shells["mouth"].vertex)]
    front = teeth[teeth[:, 2].argmax()] * [0.0, 1.0, 1.0]
    near = (np.abs(mean[vertex] - front) < MOUTH).all(1)
    slit = vertex[(count > 1) & near & (mean[vertex, 0] > -1e-6)]
    along = mean[slit, 0] / mean[slit, 0].max()
    return np.unique(np.concatenate([slit[np.argsort(np.abs(along - share), kind="stable")[:2]] for share in LIPS]))
