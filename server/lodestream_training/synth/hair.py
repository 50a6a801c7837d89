"""Paints hair: thickness, outline and strands of every style on the hair shell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lodestream_server.field.planes import ShellPlanes
from lodestream_training.synth.brush import over, step
from lodestream_training.synth.skin import hairline, mix
from lodestream_training.synth.texels import Canvas

Float = NDArray[np.float32]
TAPER = 0.022  # metres over which the thickness rises from the outline


def paint(canvas: Canvas, style: str, hair: Float) -> ShellPlanes:
    """The hair shell. ``style``: one of the categories of ``hair``. ``hair``: (3,) sRGB."""
    assert canvas.azimuth is not None
    assert canvas.drop is not None
    p = canvas.position
    x, y, z = np.moveaxis(p, -1, 0)
    azimuth, drop = canvas.azimuth, canvas.drop
    turn = np.abs(azimuth)  # 0 at the face, pi at the back
    cap = hairline(p)
    hang = (drop - 1.0).clip(0)  # metres below the skull's rim
    behind = 0.10 * (turn - np.deg2rad(62))  # metres behind the cheeks, roughly
    none = np.full_like(x, -0.05)
    rise = np.ones_like(x)
    if style == "bald":
        edge, height = none, np.zeros_like(x)
    elif style == "buzz":
        edge, height = np.where(drop < 1.0, cap, none), np.full_like(x, 0.002)
    elif style == "short":
        top = step((y - 0.955).astype(np.float32), 0.06)
        edge, height = np.where(drop < 1.0, cap, none), 0.007 + 0.016 * top
        rise = 1 + 0.22 * np.sin(9 * azimuth + 2.0 * np.sin(40 * z))
    elif style == "bob":
        edge = np.where(drop < 1.0, np.maximum(cap, behind * (y < 0.93)), np.minimum(behind, 0.10 - hang))
        height = 0.016 + 0.012 * step((0.93 - y).astype(np.float32), 0.05)
    elif style == "long":
        length = 0.40 - 0.10 * np.cos(azimuth).clip(0)
        back = behind - 0.085 * step((hang - 0.15).astype(np.float32), 0.05)
        edge = np.where(drop < 1.0, np.maximum(cap, behind * (y < 0.93)), np.minimum(back, length - hang))
        height = 0.016 + 0.006 * np.sin(7 * azimuth + 14 * hang) * step(hang.astype(np.float32), 0.1)
    elif style == "ponytail":
        tail = 0.030 - 0.10 * np.abs(turn - np.pi) * 0.9
        tail = np.minimum(tail, np.minimum(0.34 - hang, drop - 0.62))
        tight = np.where(drop < 1.0, cap, none)
        edge = np.maximum(tight, tail)
        height = 0.006 + 0.034 * step(tail.astype(np.float32), 0.03)
    elif style == "bun":
        knot = np.linalg.norm(p - np.array([0.0, 0.975, -0.045], dtype=np.float32), axis=-1)
        height = 0.006 + 0.058 * np.sqrt(np.clip(1 - (knot / 0.052) ** 2, 0, 1))
        edge = np.where(drop < 1.0, cap, none)
    elif style == "afro":
        edge = np.where(drop < 1.0, cap + 0.006, np.minimum(0.03 - hang, behind - 0.03))
        height = 0.062 + 0.004 * np.sin(52 * azimuth) * np.sin(drop * 90)
    else:  # mohawk
        ridge = 0.020 - np.abs(x)
        edge = np.where(drop < 1.0, np.minimum(cap, ridge), none)
        height = 0.052 + 0.012 * np.sin(z * 140)
    taper = {"afro": 0.05, "mohawk": 0.012, "buzz": 0.03}.get(style, TAPER)
    height = height * rise * (0.12 + 0.88 * np.sqrt(np.clip(edge / taper, 0, 1)))
    # strands run from the crown outward; curls for the afro
    if style == "afro":
        strand = np.sin(70 * azimuth + 3 * np.sin(60 * drop)) * np.sin(95 * drop + 2 * np.sin(50 * azimuth))
    else:
        fade = np.clip(drop / 0.35, 0, 1)
        strand = fade * (
            0.6 * np.sin(46 * azimuth + 3 * np.sin(9 * drop + azimuth)) + 0.4 * np.sin(101 * azimuth + 5 * drop)
        )
    weights = np.zeros((3, *x.shape), dtype=np.float32)
    weights[0] = 1.0
    over(weights, 1, np.clip(strand, 0, 1).astype(np.float32) * 0.8)
    over(weights, 2, np.clip(-strand, 0, 1).astype(np.float32) * 0.7)
    height = height + 0.0012 * strand * np.clip(edge / 0.02, 0, 1)
    root = 0.86 + 0.14 * np.clip(edge / 0.03, 0, 1)
    glow = 1 + 0.10 * np.exp(-(((y - 0.985) / 0.02) ** 2))
    under = 0.62 + 0.38 * canvas.occlusion
    palette = np.stack([hair, hair * 0.66, mix(hair * 1.22 + 0.02, np.ones(3, np.float32), 0.03)])
    return ShellPlanes(
        level_set=height.astype(np.float32),
        edge=np.clip(edge, -0.05, 0.35).astype(np.float32),
        regions=weights,
        shade=(root * glow * under).astype(np.float32),
        palette=np.clip(palette, 0, 1).astype(np.float32),
    )
