"""Procedural textures of the parts that the field does not displace: eyes, mouth, lashes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Bytes, Float
from lodestream_server.body.template import BodyTemplate

EYES: Mapping[int, int] = {3: 64, 2: 128, 1: 256, 0: 256}  # edge length of the eyes' texture by level
IRIS = 0.43  # radians from the eye's axis
PUPIL = 0.235
_SCLERA = np.array([0.93, 0.905, 0.885], dtype=np.float32)
_PINK = np.array([0.86, 0.62, 0.58], dtype=np.float32)
_TEETH = np.array([0.92, 0.90, 0.84], dtype=np.float32)
_GUM = np.array([0.70, 0.36, 0.36], dtype=np.float32)
_TONGUE = np.array([0.72, 0.38, 0.38], dtype=np.float32)
_LASHES = 128  # edge length of the lashes' texture
# the arcs of the lashes' chart: centre (u, v), radius of the roots and of the tips, as shares of the chart
_UPPER = ((0.249, 1.020), 0.205, 0.372)
_LOWER = ((0.166, -0.165), 0.330, 0.480)


@dataclass(frozen=True, slots=True)
class Eyes:
    """The eyes' texture at one size, S texels square: everything but the irises' colour. Read-only.

    On the N texels ``iris`` the colour is clip(iris · glow + ring) · keep + over.
    """

    picture: Bytes  # (S, S, 3) sRGB; only the irises are still to be coloured
    iris: NDArray[np.intp]  # (N,) flat indices
    glow: NDArray[np.float64]  # (N, 1)
    ring: NDArray[np.float64]  # (N, 1)
    keep: NDArray[np.float64]  # (N, 1)
    over: NDArray[np.float64]  # (N, 3)

    @staticmethod
    def of(template: BodyTemplate, size: int) -> Eyes:
        """Sclera with veins, limbal ring, iris with fibres, pupil and a catch light.

        ``size``: the chart's edge length over a power of two.
        """
        step = template.eye_angle.shape[0] // size
        angle = template.eye_angle[step // 2 :: step, step // 2 :: step]
        down, across = _from_axis(angle)
        turn = np.arctan2(down, 2.0 * across)
        radius = np.clip(angle / IRIS, 0, 1)
        fibre = 0.5 * np.sin(turn * 29 + 2 * np.sin(turn * 7) + 3 * radius) + 0.5 * np.sin(turn * 17 - 4 * radius)
        collar = np.exp(-(((radius - 0.66) / 0.09) ** 2))  # the lighter ring around the pupil's zone
        glow = 0.80 + 0.16 * fibre * radius + 0.30 * collar + 0.22 * radius * np.clip(np.sin(turn), 0, 1)
        limbus = np.clip((radius - 0.78) / 0.22, 0, 1)
        lid = np.clip((-down - 2.0) / 14.0, 0, 1) * np.clip(1.4 - angle, 0, 1)  # the upper lid's shadow
        fill = np.clip((3.2 - np.hypot(down - 7.0, 2.0 * across + 5.0)) / 2.0, 0, 1)
        keep, over = 1 - 0.78 * limbus[..., None] ** 1.5, np.zeros((size, size, 3))
        for tone, share in (
            (_white(angle, turn), np.clip((angle / IRIS - 0.97) / 0.10, 0, 1)),
            (0.02, np.clip((PUPIL - angle) / 0.04 + 0.5, 0, 1)),
            (0.0, 0.42 * lid),
            (0.9, 0.25 * fill),
            (0.98, np.clip((4.0 - np.hypot(down + 6.5, 2.0 * across - 6.0)) / 1.6, 0, 1)),  # the catch light
        ):
            keep = keep * (1 - share[..., None])
            over = over * (1 - share[..., None]) + tone * share[..., None]
        iris = np.flatnonzero(keep)
        rows = (plane.reshape(size * size, -1)[iris] for plane in (glow, 0.05 * collar, keep, over))
        return Eyes(_pixels(over), iris, *rows)

    def coloured(self, iris: Float) -> Bytes:
        """(S, S, 3) uint8 sRGB with irises of the colour ``iris`` (3,)."""
        out = self.picture.copy()
        out.reshape(-1, 3)[self.iris] = _pixels(np.clip(iris * self.glow + self.ring, 0, 1) * self.keep + self.over)
        return out


def _from_axis(angle: Float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(S, S) down and across from the axis of each of the two eyes, in texels of a chart of 128."""
    size, half = len(angle), angle.shape[1] // 2
    rows, cols = np.indices(angle.shape)
    centres = [np.argwhere(side == side.min()).mean(axis=0) for side in (angle[:, :half], angle[:, half:])]
    right = cols >= half
    down = rows - np.where(right, centres[1][0], centres[0][0])
    across = cols - np.where(right, centres[1][1] + half, centres[0][1])
    return down * (128.0 / size), across * (128.0 / size)


def _pixels(colour: NDArray[np.float64]) -> Bytes:
    return (np.clip(colour, 0, 1) * 255 + 0.5).astype(np.uint8)


def _white(angle: Float, turn: Float) -> Float:
    """(S, S, 3) sRGB of the sclera: pinker and darker towards the corners, with fine veins."""
    corner = np.clip((angle - 0.62) / 0.65, 0, 1) * (0.35 + 0.65 * np.abs(np.cos(turn)))
    vein = np.clip(np.sin(turn * 26 + 5 * np.sin(angle * 9) + 2 * np.sin(turn * 5)) - 0.86, 0, 1) / 0.14
    pink = np.clip(0.50 * corner + 0.20 * vein * np.clip((angle - 0.55) / 0.3, 0, 1), 0, 1)[..., None]
    return (_SCLERA * (1 - pink) + _PINK * pink) * (1.0 - 0.24 * np.clip((angle - 0.70) / 0.8, 0, 1))[..., None]


def mouth(template: BodyTemplate) -> Bytes:
    """(S, S, 3) uint8: teeth with gaps and gums, and a grainy tongue."""
    size = template.tongue.shape[0]
    v, u = (np.indices(template.tongue.shape) + 0.5) / size
    return (np.where(template.tongue[..., None], _tongue(u, v), _teeth(u, v)) * 255 + 0.5).astype(np.uint8)


def _tongue(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
    grain = 1 + 0.04 * np.sin(u * 260) * np.sin(v * 240)
    return _TONGUE * grain[..., None]


def _teeth(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
    middle = 0.755  # the two rows' chart is symmetric about this u; the rows are arcs that touch at v = 0.79
    bend = np.where(v < 0.79, v - 0.79 + 0.42 * (u - middle) ** 2 / 0.25, 0.79 - v + 0.42 * (u - middle) ** 2 / 0.25)
    gap = np.clip(np.abs(np.sin((u - middle) * np.pi / 0.033)) / 0.22, 0, 1)
    gum = np.clip((np.abs(bend) - 0.115) / 0.03, 0, 1)[..., None]
    enamel = _TEETH * (0.80 + 0.20 * gap)[..., None]
    return enamel * (1 - gum) + _GUM * gum


def lashes(hair: Float) -> Bytes:
    """(S, S, 4) uint8: single lashes, darker than the hair; clear between them. ``hair``: (3,) sRGB."""
    v, u = (np.indices((_LASHES, _LASHES), dtype=np.float32) + 0.5) / _LASHES
    u = np.minimum(u, 1.0 - u)  # the left eye's chart mirrors the right one's
    below = _strokes(u, v, _LOWER, 17.0, 0.30) * np.clip((u - 0.09) / 0.08, 0, 1)  # none at the outer corner
    alpha = np.where(v > 0.5, _strokes(u, v, _UPPER, 15.0, 0.62), below)
    out = np.empty((_LASHES, _LASHES, 4), dtype=np.uint8)
    out[..., :3] = (np.clip(hair * 0.22, 0, 1) * 255).astype(np.uint8)
    out[..., 3] = (alpha * 255 + 0.5).astype(np.uint8)
    return out


def _strokes(u: Float, v: Float, arc: tuple[tuple[float, float], float, float], count: float, length: float) -> Float:
    """(S, S) alpha of lashes that fan out from an arc; ``count`` a radian, ``length`` of the chart's width."""
    (cu, cv), root, tip = arc
    far = np.hypot(u - cu, v - cv)
    along = (far - root) / (tip - root)
    turn = np.arctan2(u - cu, np.abs(v - cv))
    phase = np.abs((turn * count / 2 + 0.35 * along) % 1.0 - 0.5) * 2  # 0 on a lash
    uneven = 0.85 + 0.15 * np.sin(turn * 21.0)
    width = 0.62 * np.clip(1 - along / (length * uneven), 0, 1)
    hair = np.clip((width - phase) / 0.18 + 0.5, 0, 1) * (width > 0) * (along > -0.05)
    line = np.clip((0.10 - along) / 0.06, 0, 1) * np.clip((along + 0.10) / 0.06, 0, 1)  # the chart goes on beyond it
    return np.asarray(np.maximum(hair, line), dtype=np.float32)
