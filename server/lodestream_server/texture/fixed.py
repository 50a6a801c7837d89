"""Procedural textures of the parts that the field does not displace: eyes, mouth, lashes."""

from __future__ import annotations

import numpy as np

from lodestream_server.avatar import Bytes, Float
from lodestream_server.body.template import BodyTemplate

IRIS = 0.43  # radians from the eye's axis
PUPIL = 0.17
_SCLERA = np.array([0.93, 0.91, 0.89], dtype=np.float32)
_TEETH = np.array([0.93, 0.91, 0.86], dtype=np.float32)
_TONGUE = np.array([0.74, 0.40, 0.40], dtype=np.float32)


def eyes(template: BodyTemplate, iris: Float) -> Bytes:
    """(S, S, 3) uint8: sclera, limbus, iris with radial fibres, pupil and a catch light. ``iris``: (3,) sRGB."""
    angle = template.eye_angle
    half = angle.shape[1] // 2
    rows, cols = np.indices(angle.shape)
    centres = [np.argwhere(side == side.min()).mean(axis=0) for side in (angle[:, :half], angle[:, half:])]
    right = cols >= half
    down = rows - np.where(right, centres[1][0], centres[0][0])
    across = cols - np.where(right, centres[1][1] + half, centres[0][1])
    turn = np.arctan2(down, 2.0 * across)
    radius = angle / IRIS
    fibre = 1.0 + 0.16 * np.sin(turn * 23 + 2 * np.sin(turn * 7)) * np.clip(radius, 0, 1)
    glow = 0.75 + 0.55 * np.clip(radius, 0, 1) ** 2
    colour = iris * (fibre * glow)[..., None]
    limbus = np.clip((radius - 0.80) / 0.2, 0, 1)[..., None]
    colour = colour * (1 - 0.72 * limbus)
    outside = np.clip((radius - 0.97) / 0.10, 0, 1)[..., None]
    sclera = _SCLERA * (1.0 - 0.22 * np.clip((angle - 0.75) / 0.8, 0, 1))[..., None]
    colour = colour * (1 - outside) + sclera * outside
    pupil = np.clip((PUPIL - angle) / 0.05 + 0.5, 0, 1)[..., None]
    colour = colour * (1 - pupil) + 0.02 * pupil
    light = np.hypot(down + 7.0, 2.0 * across - 6.0)
    catch = np.clip((4.5 - light) / 1.5, 0, 1)[..., None]
    return (np.clip(colour * (1 - catch) + 0.97 * catch, 0, 1) * 255 + 0.5).astype(np.uint8)


def mouth(template: BodyTemplate) -> Bytes:
    """(S, S, 3) uint8: teeth and tongue."""
    return (np.where(template.tongue[..., None], _TONGUE, _TEETH) * 255 + 0.5).astype(np.uint8)


def lashes(hair: Float) -> Bytes:
    """(4, 4, 3) uint8: lashes are darker than the hair. ``hair``: (3,) sRGB."""
    return np.tile((hair * 0.25 * 255).astype(np.uint8), (4, 4, 1))
