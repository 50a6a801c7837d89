"""Where the parts of a face lie on the head chart: masks that depend on the canvas alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from lodestream_training.synth.brush import band, bump, step
from lodestream_training.synth.scalp import hairline, waves
from lodestream_training.synth.texels import Canvas

Float = NDArray[np.floating[Any]]

# landmarks of the reference face, metres
EYE_X, EYE_Y, BROW_Y, MOUTH_Y = 0.0333, 0.9020, 0.9265, 0.8325
_LID_X = (0.0150, 0.0187, 0.0240, 0.0310, 0.0380, 0.0450, 0.0505, 0.0560)
_UPPER_Y = (0.9005, 0.9018, 0.9052, 0.9078, 0.9074, 0.9052, 0.9022, 0.8990)
_LOWER_Y = (0.9008, 0.9002, 0.8980, 0.8964, 0.8966, 0.8980, 0.9004, 0.9030)
# the beard's upper and hind outline seen from the side: over z the height of the cheek line
_CHEEK_Z = (0.055, 0.064, 0.078, 0.086, 0.096, 0.110, 0.128, 0.145, 0.180)
_CHEEK_Y = (0.890, 0.905, 0.900, 0.880, 0.8625, 0.8540, 0.8490, 0.8490, 0.8500)


def _curve(x: Float, xs: tuple[float, ...], ys: tuple[float, ...]) -> Float:
    return np.asarray(np.interp(x, xs, ys), dtype=np.float32)


def _segment(x: Float, y: Float, start: tuple[float, float], end: tuple[float, float]) -> tuple[Float, Float]:
    """Distance to a segment and the share of it that was gone through; metres."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    t = np.clip(((x - start[0]) * dx + (y - start[1]) * dy) / (dx * dx + dy * dy), 0, 1)
    distance = np.hypot(x - start[0] - t * dx, y - start[1] - t * dy)
    return np.asarray(distance, np.float32), np.asarray(t, np.float32)


@dataclass(frozen=True)
class Face:
    """Masks in [0, 1] and signed distances in metres (positive inside), all (R, R)."""

    canvas: Canvas
    side: Float  # |x|
    front: Float
    cap: Float  # above the hairline
    # tone
    cheek: Float
    nose: Float
    ear: Float
    socket: Float
    lid: Float
    upper_lid: Float  # metres above the upper lid's margin
    lower_lid: Float  # metres below the lower lid's margin
    eye_span: Float  # 1 between the corners of the eye
    wing: Float
    nostril: Float
    hollow: Float
    grain: Float
    freckles: Float
    # age
    fold: Float
    forehead: Float
    crow: Float
    bag: Float
    # beard
    full: Float
    moustache: Float
    goatee: Float
    bristle: Float
    scar: Float
    scar_rim: Float

    @staticmethod
    def of(canvas: Canvas) -> Face:
        """The map of a canvas of the head shell."""
        x, y, z = np.moveaxis(canvas.position, -1, 0)
        side = np.abs(x)
        front = step(z - 0.085, 0.02)
        upper = y - _curve(side, _LID_X, _UPPER_Y)
        lower = _curve(side, _LID_X, _LOWER_Y) - y
        span = step(side - 0.0165, 0.004) * step(0.0525 - side, 0.004) * step(z - 0.11, 0.01)
        eye = np.hypot((side - EYE_X) * 0.72, (y - EYE_Y) * 1.1)
        wing, along = _segment(side, y, (0.0475, 0.9045), (0.0585, 0.9105))
        fold, gone = _segment(side, y, (0.0175, 0.8570), (0.0335, 0.8290))
        lines = np.abs((y + 0.5 * side**2 / 0.06 - 0.945) % 0.0098 - 0.0049)
        fan = np.arctan2(y - 0.902, side - 0.050) - 0.1
        crow = (
            bump(np.abs((fan + 0.9) % 0.45 - 0.225) * 0.012, 0.0022)
            * bump(side - 0.0605, 0.008)
            * step(z - 0.085, 0.01)
        )
        bag, _ = _segment(side, y, (0.023, 0.8925), (0.041, 0.8915))
        scar, _ = _segment(x, y, (0.0460, 0.9440), (0.0330, 0.8620))
        scar = scar + 0.0005 * np.sin(y * 900)
        clear = 1 - band(y, 0.8945, 0.9115, 0.003)
        masks = {
            "side": side,
            "front": front,
            "cap": hairline(canvas.position),
            "cheek": bump(np.hypot((side - 0.044) * 0.9, y - 0.868), 0.030) * front,
            "nose": bump(np.hypot(x, (y - 0.863) * 0.8), 0.017) * step(z - 0.15, 0.01),
            "ear": step(side - 0.0765, 0.006) * step(0.075 - z, 0.01),
            "socket": bump(np.hypot((side - 0.029) * 0.75, (y - 0.9065) * 0.95), 0.026) * step(z - 0.10, 0.02),
            "lid": bump(eye, 0.0165) * step(z - 0.11, 0.01),
            "upper_lid": np.asarray(upper, np.float32),
            "lower_lid": np.asarray(lower, np.float32),
            "eye_span": span,
            "wing": bump(wing, 0.0026) * (1 - 0.5 * along) * step(z - 0.09, 0.01),
            "nostril": bump(np.hypot(side - 0.0072, (y - 0.8525) * 1.4), 0.0052) * step(z - 0.145, 0.008),
            "hollow": bump(np.hypot((side - 0.056) * 0.7, y - 0.846 - 0.35 * (side - 0.056)), 0.020) * front,
            "grain": _grain(canvas),
            "freckles": _freckles(canvas),
            "fold": bump(fold, 0.0032) * (1 - 0.6 * gone) * front,
            "forehead": bump(lines, 0.0022) * band(y, 0.942, 0.966, 0.008) * step(0.046 - side, 0.02) * front,
            "crow": np.asarray(crow, np.float32),
            "bag": bump(bag, 0.0045) * step(z - 0.11, 0.01),
            "full": _full(y, z),
            "moustache": _moustache(side, y, z),
            "goatee": _goatee(side, y, z),
            "bristle": waves(x + 0.12 * np.abs(x) * np.sin(y * 60), y, 0.0062),
            "scar": bump(scar, 0.0026) * clear * (x > 0) * front,
            "scar_rim": bump(scar - 0.0026, 0.0020) * clear * (x > 0) * front,
        }
        return Face(canvas, **{name: np.asarray(mask, np.float32) for name, mask in masks.items()})


def _grain(canvas: Canvas) -> Float:
    """Blotches and pores of skin, about -1 to 1."""
    x, y, z = np.moveaxis(canvas.position, -1, 0)
    blotch = np.sin(x * 210 + 3 * np.sin(y * 130)) * np.sin(y * 190 + 2.5 * np.sin(z * 160 + x * 90))
    pores = np.sin(x * 1310 + 5 * np.sin(y * 710)) * np.sin(y * 1170 + 4 * np.sin(x * 630 + z * 800))
    return np.asarray(0.6 * blotch + 0.4 * pores, dtype=np.float32)


def _freckles(canvas: Canvas) -> Float:
    """Spots of two to four millimetres, densest over nose and cheeks."""
    side, y, z = np.abs(canvas.position[..., 0]), canvas.position[..., 1], canvas.position[..., 2]
    rng = np.random.default_rng(7)
    dense = np.exp(-(((side - 0.024) / 0.022) ** 2) - ((y - 0.875) / 0.016) ** 2) + 0.10
    dense = dense * (np.hypot((side - EYE_X) * 0.65, y - EYE_Y) > 0.0135) * (z > 0.11) * (y > 0.842) * canvas.inside
    texel = rng.choice(dense.size, 190, p=(dense / dense.sum()).ravel())
    radius = rng.uniform(0.0008, 0.0018, len(texel))
    distance, which = cKDTree(canvas.position.reshape(-1, 3)[texel]).query(canvas.position.reshape(-1, 3))
    return step((radius[which] - distance).reshape(y.shape), 0.0024)


def _full(y: Float, z: Float) -> Float:
    """A full beard: below the cheek line, before the ear, down to the throat."""
    cheek = _curve(z, _CHEEK_Z, _CHEEK_Y) - y
    hind = z - np.interp(y, (0.76, 0.79, 0.82, 0.85, 0.90), (0.060, 0.060, 0.054, 0.060, 0.066))
    return np.asarray(np.minimum(np.minimum(0.85 * cheek, hind), y - 0.770), np.float32)


def _moustache(side: Float, y: Float, z: Float) -> Float:
    """From below the nose down to the corners of the mouth."""
    top = 0.8515 - 0.16 * side - 6.0 * (side - 0.006).clip(0) ** 2
    bottom = 0.8400 - 0.28 * (side - 0.010).clip(0)
    out = np.minimum(np.minimum(top - y, y - bottom), np.minimum(0.0345 - side, z - 0.12))
    return np.asarray(out, np.float32)


def _goatee(side: Float, y: Float, z: Float) -> Float:
    """The chin, a patch below the lip and the strips past the corners of the mouth."""
    chin = np.minimum(np.minimum(0.8175 - y, 0.0255 - side + 0.25 * (y - 0.79)), z - 0.10)
    soul = np.minimum(np.minimum(0.0065 - side, 0.824 - y), y - 0.80)
    strip = np.minimum(np.minimum(0.0055 - np.abs(side - 0.0285), 0.850 - y), np.minimum(y - 0.800, z - 0.11))
    return np.asarray(np.maximum(np.maximum(chin, soul), strip), np.float32)
