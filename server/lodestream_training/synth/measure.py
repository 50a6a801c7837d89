"""Coordinates of clothes on the reference body: along the arm, around and down the garment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lodestream_training.synth.texels import Canvas

Float = NDArray[np.float32]

# the reference arm: shoulder, elbow, wrist (left), metres
_SHOULDER, _ELBOW, _WRIST = (np.array(p) for p in ((0.187, 0.652, 0.021), (0.378, 0.437, 0.028), (0.51, 0.302, 0.204)))
ARM = float(np.linalg.norm(_ELBOW - _SHOULDER) + np.linalg.norm(_WRIST - _ELBOW))


@dataclass(frozen=True)
class Measure:
    """Coordinates of the tights canvas: ``arm`` metres along the arm (negative on the torso), pattern directions."""

    arm: Float
    sleeve: NDArray[np.bool_]
    across: Float
    along: Float


def measure(canvas: Canvas) -> Measure:
    """Arm coordinate and pattern directions of the tights canvas."""
    x, y, z = np.moveaxis(canvas.position, -1, 0)
    p = np.stack([np.abs(x), y, z], axis=-1)
    upper, lower = _ELBOW - _SHOULDER, _WRIST - _ELBOW
    lu, ll = np.linalg.norm(upper), np.linalg.norm(lower)
    first = (p - _SHOULDER) @ (upper / lu)
    second = (p - _ELBOW) @ (lower / ll)
    arm = np.where(first < lu, first, lu + second.clip(0))
    sleeve = canvas.arms > 0.5
    torso_round = x * (1 + 0.25 * np.abs(z))
    around = np.where(sleeve, z + 0.55 * (y - 0.65 + 1.12 * (p[..., 0] - 0.187)), torso_round)
    along = np.where(sleeve, arm, 0.66 - y)
    return Measure(
        np.where(sleeve, arm, -0.1).astype(np.float32),
        sleeve,
        around.astype(np.float32),
        along.astype(np.float32),
    )
