"""Paints skin: the body and the face chart (lips, brows, beard, scalp, make-up, marks, age)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lodestream_server.field.planes import REGIONS, ShellPlanes
from lodestream_training.synth.brush import band, bump, over, step
from lodestream_training.synth.face import BROW_Y, MOUTH_Y, Face
from lodestream_training.synth.texels import Canvas

Float = NDArray[np.floating[Any]]
FLAT = 0.35  # metres; the edge distance of a shell that is worn everywhere
SKIN, LIPS, BROW, BEARD, SCALP, BLUSH, LINE, SHADOW = range(8)  # regions of the head
GLOVE = 0.0015  # metres of cloth on the hand
_SCALP = {"bald": 0.0, "buzz": 0.96, "mohawk": 0.45}  # how much of the scalp hair covers; otherwise 0.94
_faces: dict[int, Face] = {}  # by the identity of the canvas, which the face keeps alive


def mix(a: ArrayLike, b: ArrayLike, t: float) -> Float:
    """``a`` at t = 0, ``b`` at t = 1."""
    return np.asarray((1 - t) * np.asarray(a) + t * np.asarray(b), dtype=np.float32)


def body(canvas: Canvas, v: dict[str, str], skin: Float, glove: Float) -> ShellPlanes:
    """The body without the head. ``v``: the person's categories; colours (3,) sRGB."""
    female = v["sex"] == "female"
    x, y, z = np.moveaxis(canvas.position, -1, 0)
    side = np.abs(x)
    weights = np.zeros((len(REGIONS["body"]), *x.shape), dtype=np.float32)
    weights[0] = 1.0
    knee = bump(np.hypot(side - 0.152, y + 0.286), 0.07) * step(z + 0.01, 0.03)
    elbow = bump(np.hypot(side - 0.378, y - 0.437), 0.05) * step(0.03 - z, 0.02)
    along, across = _forearm(side, y, z)
    knuckle = bump(along - 0.105, 0.016) * step(along - 0.06, 0.02)
    blotch = np.sin(x * 95 + 3 * np.sin(y * 60)) * np.sin(y * 80 + 2 * np.sin(z * 90))
    tint = 0.42 * knee + 0.45 * elbow + 0.35 * knuckle + 0.22 * step(along - 0.03, 0.05) * (across < 0.12)
    over(weights, 1, np.clip(tint + 0.05 * blotch * (tint < 0.5), 0, 0.6))
    over(weights, 2, (canvas.nails > 0.5).astype(np.float32))
    torso = step(z - 0.06, 0.04) * step(0.16 - side, 0.03)
    bone = bump(y - 0.700 + 0.10 * (side - 0.07), 0.012) * band(side, 0.018, 0.145, 0.02) * step(z - 0.02, 0.03)
    above = bump(y - 0.722 + 0.10 * (side - 0.07), 0.014) * band(side, 0.03, 0.12, 0.02) * step(z, 0.03)
    middle = bump(side, 0.012) * band(y, 0.36, 0.60, 0.05) * torso
    navel = bump(np.hypot(x, (y - 0.285) * 0.8), 0.009) * (z > 0.05)
    shade = (0.74 + 0.26 * canvas.occlusion) * (1 + 0.03 * bone - 0.05 * above - 0.05 * middle - 0.22 * navel)
    shade = shade * (1 + 0.012 * blotch - 0.04 * knee - 0.04 * elbow)
    level = 0.0015 * bone - 0.0015 * above
    if not female:
        abdomen = (
            np.abs(np.sin((y - 0.355) * np.pi / 0.062)) * band(y, 0.30, 0.47, 0.03) * band(side, 0.008, 0.06, 0.012)
        )
        chest = bump(y - 0.520 - 0.25 * (side - 0.07).clip(0), 0.014) * band(side, 0.02, 0.13, 0.03)
        level = level + torso * (0.0018 * abdomen - 0.0016 * chest - 0.0012 * middle)
        shade = shade * (1 + torso * (0.035 * abdomen - 0.07 * chest - 0.02))
    if v["gloves"] == "gloves":
        cover = along - 0.020
        worn = step(cover, 0.022)
        over(weights, 3, worn)
        hem = bump(cover - 0.006, 0.007)
        level = level * (1 - worn) + (GLOVE + 0.0014 * hem) * worn
        crease = 1 - 0.10 * bump(along - 0.10, 0.008) - 0.10 * bump(along - 0.026, 0.006)
        shade = shade * (1 - worn) + (0.70 + 0.30 * canvas.occlusion) * crease * worn
    nail = np.minimum(mix(skin, np.array([0.95, 0.76, 0.72]), 0.45), 1)
    palette = np.stack([skin, skin * [0.94, 0.76, 0.70], nail, glove])
    return ShellPlanes(
        level_set=np.asarray(level, np.float32),
        edge=np.full_like(x, FLAT),
        regions=weights,
        shade=np.asarray(shade, np.float32),
        palette=np.clip(palette, 0, 1).astype(np.float32),
    )


def _forearm(side: Float, y: Float, z: Float) -> tuple[Float, Float]:
    """Metres beyond the wrist along the line from the elbow, and metres off that line."""
    elbow, wrist = np.array([0.378, 0.437, 0.028]), np.array([0.51, 0.302, 0.204])
    axis = (wrist - elbow) / np.linalg.norm(wrist - elbow)
    away = np.stack([side, y, z], axis=-1) - wrist
    along = away @ axis
    across = np.linalg.norm(away - along[..., None] * axis, axis=-1)
    return np.asarray(np.where(across < 0.2, along, -1.0), np.float32), np.asarray(across, np.float32)


@dataclass(frozen=True)
class _Person:
    """What the strokes of a face ask about a person."""

    female: bool
    child: bool
    years: float  # 0 young, 0.45 middle-aged, 1 old
    makeup: str
    detail: Float


def head(canvas: Canvas, v: dict[str, str], skin: Float, hair: Float, detail: Float) -> ShellPlanes:
    """The face chart. ``v``: the person's categories. ``detail``: (4,) noise: freckles, blush, brows, lips."""
    if id(canvas) not in _faces:
        _faces[id(canvas)] = Face.of(canvas)
    f = _faces[id(canvas)]
    years = {"middle": 0.45, "old": 1.0}.get(v["age"], 0.0)
    person = _Person(v["sex"] == "female", v["age"] == "child", years, v["makeup"], np.clip(detail, -2.2, 2.2))
    weights = np.zeros((len(REGIONS["head"]), *f.side.shape), dtype=np.float32)
    weights[SKIN] = 1.0
    shade = (0.70 + 0.30 * canvas.occlusion) * (1 + 0.012 * f.grain)
    shade = shade * (1 - 0.035 * f.hollow * (0.4 if person.child else 1.0))
    level = _tone(f, weights, person)
    level = level + _age(f, weights, shade, person)
    _marks(f, weights, shade, v["marks"], person)
    lips, relief = _lips(f, weights, shade, person)
    brow = _brows(f, weights, person)
    level = level + relief + 0.0011 * brow
    if v["marks"] == "scar":
        level = level + 0.0005 * f.scar
        weights[SKIN] += weights[BROW] * 0.9 * f.scar
        weights[BROW] *= 1 - 0.9 * f.scar
    level = level + _beard(f, weights, shade, v["beard"], lips)
    _eyes(f, weights, shade, person)
    # hair on the scalp, so that no hair style shows bare skin at its roots
    grow = _SCALP.get(v["hair"], 0.94)
    fade = 0.010 if v["hair"] != "buzz" else 0.016
    scalp = step(f.cap + 0.002 * f.grain - 0.001, fade) * (0.86 + 0.14 * step(f.cap - 0.010, 0.024))
    over(weights, SCALP, grow * scalp)
    shade *= 1 - 0.05 * scalp * grow * np.abs(f.grain)
    return ShellPlanes(
        level_set=np.asarray(level + 0.0012 * grow * scalp, np.float32),
        edge=np.full_like(f.side, FLAT),
        regions=weights,
        shade=np.asarray(shade, np.float32),
        palette=_palette(skin, hair, person),
    )


def _tone(f: Face, weights: Float, person: _Person) -> Float:
    """Blush and sockets. Returns the brow ridge and cheekbones, metres."""
    rose = np.clip(0.34 + 0.10 * person.detail[1] + 0.14 * person.child + 0.06 * person.female, 0.1, 0.7)
    if person.makeup == "dramatic":
        rose = 0.85
    elif person.makeup == "lipstick":
        rose = rose + 0.12
    over(weights, BLUSH, np.clip(rose * f.cheek + 0.42 * f.nose + 0.40 * f.ear + 0.06 * f.grain, 0, 0.9))
    over(weights, SHADOW, (0.16 + 0.08 * person.years + 0.04 * (not person.female)) * f.socket)
    over(weights, LINE, 0.62 * f.nostril)
    y, z = f.canvas.position[..., 1], f.canvas.position[..., 2]
    if person.female or person.child:
        return np.zeros_like(y)
    ridge = bump(y - 0.9275, 0.014) * step(0.05 - f.side, 0.02) * step(z - 0.11, 0.02)
    jaw = bump(np.hypot(f.side - 0.058, y - 0.815), 0.026) * step(z - 0.04, 0.02)
    return np.asarray(0.0018 * ridge + 0.0015 * jaw, np.float32)


def _age(f: Face, weights: Float, shade: Float, person: _Person) -> Float:
    """Lines and folds, their darkening; returns their depth, metres (negative)."""
    if person.years == 0:
        over(weights, SHADOW, 0.10 * f.fold * (not person.child))
        return np.zeros_like(f.side)
    deep = person.years
    lines = np.clip(f.fold + 0.75 * f.forehead + 0.45 * f.crow + 0.65 * f.bag, 0, 1)
    over(weights, SHADOW, np.clip((0.25 + 0.45 * deep) * lines, 0, 0.75))
    over(weights, LINE, 0.10 * deep * f.freckles)
    shade *= 1 - 0.10 * deep * lines
    return np.asarray(-0.0009 * deep * (lines - 0.35 * f.bag) + 0.0008 * deep * f.bag, np.float32)


def _marks(f: Face, weights: Float, shade: Float, marks: str, person: _Person) -> None:
    """Freckles and the colour of a scar."""
    few = np.clip(float(person.detail[0]) - 1.2, 0.0, 0.6)
    over(weights, LINE, (0.42 if marks == "freckles" else 0.22 * few) * f.freckles)
    if marks == "scar":
        over(weights, BLUSH, 0.80 * f.scar)
        over(weights, SHADOW, 0.35 * f.scar_rim)
        shade *= 1 + 0.12 * f.scar


def _lips(f: Face, weights: Float, shade: Float, person: _Person) -> tuple[Float, Float]:
    """Returns the lips' mask and their relief, metres."""
    x, y, z = np.moveaxis(f.canvas.position, -1, 0)
    made = person.makeup != "none"
    full = (1 + 0.12 * float(person.detail[3])) * (0.84 if person.child else 1.0)
    half = 0.0268 if person.female else 0.0272
    upper, lower = (0.0108, 0.0122) if person.female or made else (0.0080, 0.0098)
    profile = np.clip(1 - (f.side / half) ** 2, 0, 1)
    bow = 1 - 0.24 * np.exp(-((f.side / 0.0042) ** 2)) + 0.06 * np.exp(-(((f.side - 0.006) / 0.004) ** 2))
    height = np.where(y > MOUTH_Y, upper * full * profile**0.85 * bow, lower * full * profile**0.7)
    inside = np.asarray(height - np.abs(y - MOUTH_Y), np.float32)
    face = (profile > 0) * step(z - 0.132, 0.006)
    lips = step(inside, 0.0022 if made else 0.0034) * face
    over(weights, LIPS, lips * (0.97 if made else 0.85 if person.female else 0.66))
    parting = bump(y - MOUTH_Y - 0.0008 * np.cos(x * 240), 0.0024) * step(half - f.side, 0.004) * step(z - 0.13, 0.006)
    over(weights, LINE, (0.42 + 0.2 * made) * parting)
    shine = bump(y - (MOUTH_Y - 0.0058), 0.0032) * bump(f.side, 0.014) * face
    shade *= 1 + (0.10 + 0.10 * made) * shine - 0.10 * lips * (y > MOUTH_Y)
    shade *= 1 - 0.09 * bump(np.hypot(x * 0.6, y - 0.8175), 0.007) * (z > 0.13)
    shade *= 1 - 0.05 * bump(f.side, 0.0045) * band(y, 0.842, 0.852, 0.003) * (z > 0.14)
    return lips, np.asarray(0.0007 * lips * (full if person.female else 0.4), np.float32)


def _brows(f: Face, weights: Float, person: _Person) -> Float:
    """Returns the brows' mask."""
    y = f.canvas.position[..., 1]
    bushy = float(person.detail[2])
    arch = 0.0058 + 0.0012 * float(person.detail[1]) + (0.0022 if person.female else -0.0008)
    t = (f.side - 0.0125) / 0.0385
    spine = BROW_Y - 0.0030 + arch * np.sin(np.clip(t, 0, 1.1) * 2.25) + (0.0010 if person.female else -0.0012)
    base = (0.0029 if person.female else 0.0044) * (1 + 0.16 * bushy) * (0.8 if person.child else 1.0)
    thick = base * np.clip(1.22 - 0.85 * t, 0.12, 1) * np.clip(0.75 + 2.0 * t, 0.6, 1)
    hairs = np.sin((f.side * 0.8 - (y - spine) * 0.9) * 2 * np.pi / 0.0030)
    inside = np.asarray(thick + 0.00025 * hairs - np.abs(y - spine), np.float32)
    brow = step(inside, 0.0030) * step(np.minimum(t, 1 - t) * 0.0385 - 0.001, 0.007) * f.front
    strength = (0.55 if person.child else 0.82 if person.female else 0.88) * (1 - 0.15 * person.years)
    over(weights, BROW, strength * brow * (0.88 + 0.12 * hairs))
    return brow


def _eyes(f: Face, weights: Float, shade: Float, person: _Person) -> None:
    """Lash lines, the lid's crease, eye shadow and liner."""
    crease = bump(f.upper_lid - 0.0052, 0.0018) * f.eye_span
    over(weights, SHADOW, (0.34 if person.makeup != "dramatic" else 0.2) * crease)
    shade *= 1 - 0.06 * crease
    lash = bump(f.upper_lid - 0.0002, 0.0020 if not person.female else 0.0024) * f.eye_span
    low = bump(f.lower_lid, 0.0016) * f.eye_span
    if person.makeup == "dramatic":
        lid = step(f.upper_lid + 0.001, 0.002) * step(0.0125 - f.upper_lid, 0.012) * f.lid**0.5
        over(weights, SHADOW, 0.88 * lid + 0.45 * low * (1 - lid))
        over(weights, LINE, np.clip(0.95 * bump(f.upper_lid - 0.0006, 0.0030) * f.eye_span + 0.9 * f.wing, 0, 0.95))
        over(weights, LINE, 0.65 * low)
    else:
        over(weights, LINE, (0.62 if person.female else 0.38) * lash * (0.7 if person.child else 1.0))
        over(weights, LINE, (0.22 if person.female else 0.15) * low)


def _beard(f: Face, weights: Float, shade: Float, kind: str, lips: Float) -> Float:
    """Paints a beard and returns its thickness, metres."""
    if kind == "none":
        return np.zeros_like(f.side)
    x, y, z = np.moveaxis(f.canvas.position, -1, 0)
    whole = np.maximum(f.full, f.moustache)
    area = {"moustache": f.moustache, "goatee": np.maximum(f.goatee, f.moustache)}.get(kind, whole)
    ragged = area + 0.0007 * f.bristle
    soft = 0.016 if kind == "stubble" else 0.0075
    mask = step(ragged - (0.004 if kind == "stubble" else 0.0012), soft) * (1 - 0.97 * lips)
    if kind == "stubble":
        over(weights, BEARD, mask * np.clip(0.36 + 0.10 * f.grain, 0, 1))
        return np.zeros_like(f.side)
    over(weights, BEARD, mask * (0.93 + 0.05 * f.bristle))
    shade *= 1 + mask * (0.16 * f.bristle - 0.04)
    deep = np.clip((area + 0.001) / 0.016, 0, 1)
    thick = {"moustache": 0.0050, "goatee": 0.0085}.get(kind, 0.0090) * np.sqrt(deep)
    thick = thick * (1 - 0.55 * step(y - 0.850, 0.03))
    if kind == "long":
        down = step(-f.canvas.normal[..., 1] - 0.30, 0.55) * step(0.803 - y, 0.02)
        chin = np.clip(1 - (x / 0.050) ** 2, 0, 1) ** 1.5 * step(z - 0.085, 0.045)
        thick = thick + chin * deep * (0.007 * step(0.826 - y, 0.02) + 0.046 * down)
        return np.asarray(mask * thick * (1 + 0.10 * f.bristle), np.float32)
    return np.asarray(mask * (thick + 0.0007 * f.bristle), np.float32)


def _palette(skin: Float, hair: Float, person: _Person) -> Float:
    """(8, 3) sRGB of the head's regions."""
    rose = np.array([0.70, 0.30, 0.30], dtype=np.float32)
    lips: Float = mix(
        skin * [0.90, 0.70, 0.68], rose, (0.42 if person.female else 0.12) + 0.05 * float(person.detail[3])
    )
    shadow: Float = skin * [0.74, 0.60, 0.58]
    line: Float = skin * [0.46, 0.33, 0.285]
    blush = mix(skin * [1.0, 0.76, 0.71], np.array([0.80, 0.36, 0.34], np.float32), 0.06)
    if person.makeup == "lipstick":
        lips = np.array([0.74, 0.07, 0.13], np.float32)
    elif person.makeup == "dramatic":
        lips = np.array([0.48, 0.03, 0.11], np.float32)
        shadow = mix(np.array([0.36, 0.18, 0.38], np.float32), skin * 0.5, 0.25)
        line = np.array([0.07, 0.05, 0.06], np.float32)
        blush = mix(skin, np.array([0.78, 0.26, 0.34], np.float32), 0.42)
    scalp = mix(hair * 0.82, skin, 0.10)
    grey = mix(hair, np.full(3, 0.62, np.float32), 0.25 * person.years)
    brow = mix(grey * 0.62, skin * 0.3, 0.12)
    return np.clip(np.stack([skin, lips, brow, grey * 0.80, scalp, blush, line, shadow]), 0, 1).astype(np.float32)
