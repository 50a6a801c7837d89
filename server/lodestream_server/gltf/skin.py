"""Skin weights as glTF wants them: four bytes a vertex that sum to exactly 255."""

from __future__ import annotations

import numpy as np

from lodestream_server.avatar import Bytes, Float, Skeleton


def quantize_influences(joints: Bytes, weights: Float) -> tuple[Bytes, Bytes]:
    """Rounds influences to bytes by the largest remainder.

    Args:
        joints: (V, 4) indices; a joint that appears twice in a row is merged.
        weights: (V, 4), not negative; rows need not sum to one.

    Returns:
        joints (V, 4) uint8, 0 where the weight is 0, and weights (V, 4) uint8 whose rows sum to 255. A row without
        any weight hangs on joint 0.
    """
    weights = np.maximum(weights, 0).astype(np.float64)
    for late in range(1, 4):
        for early in range(late):
            same = joints[:, late] == joints[:, early]
            weights[:, early] += np.where(same, weights[:, late], 0)
            weights[:, late] *= ~same
    total = weights.sum(1)
    weights[total <= 0, 0] = 1.0
    exact = weights * (255 / weights.sum(1, keepdims=True))
    whole = np.floor(exact)
    missing = 255 - whole.sum(1)
    rank = np.argsort(np.argsort(whole - exact, axis=1, kind="stable"), axis=1, kind="stable")
    result = (whole + (rank < missing[:, None])).astype(np.uint8)
    kept = np.where(result > 0, joints, 0).astype(np.uint8)
    kept[total <= 0] = 0
    return kept, result


def local_translations(skeleton: Skeleton) -> Float:
    """(J, 3) offsets from the parent; joints are put on a grid of 0.1 mm so that they are short in JSON."""
    parents = np.asarray(skeleton.parents)
    places = np.round(skeleton.positions.astype(np.float64), 4)
    offsets = places - np.where(parents[:, None] >= 0, places[parents], 0)
    return np.round(offsets, 4).astype(np.float32)


def inverse_binds(skeleton: Skeleton) -> Float:
    """(J, 4, 4) inverse bind matrices, column-major as stored: rest rotations are the identity.

    They undo the sums of the rounded :func:`local_translations`, so that the rest pose is exact.
    """
    offsets = local_translations(skeleton).astype(np.float64)
    places = np.zeros_like(offsets)
    for joint, parent in enumerate(skeleton.parents):
        places[joint] = offsets[joint] + (places[parent] if parent >= 0 else 0)
    matrices = np.tile(np.eye(4, dtype=np.float32), (len(places), 1, 1))
    matrices[:, 3, :3] = 0 - places
    return matrices
