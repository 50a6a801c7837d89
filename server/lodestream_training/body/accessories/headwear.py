"""Hats, helmets and the headscarf."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lodestream_server.body.accessories import FACE
from lodestream_training.body.accessories.form import Form, band, brim, bump, button, calm, on, rivet, sewn, visor
from lodestream_training.body.accessories.mesh import MAIN, METAL, SECOND, Part, capped, ring, smoothstep, tube, unit
from lodestream_training.body.accessories.reference import Reference, reach

Float = NDArray[np.float64]


def cap(ref: Reference) -> list[Part]:
    """A baseball cap: six panels, a structured front, a button and a curved brim."""
    form = Form.of(ref, "cap")

    def extra(turn: Float, rise: Float) -> Float:
        front = np.maximum(np.cos(turn), 0.0) ** 1.5
        seams = bump((turn / (np.pi / 3)) % 1.0, 0.5, 0.28)  # panels are taut between their seams
        return 0.011 * front * bump(rise, 0.75, 0.42) + 0.0018 * seams * np.sin(rise * 2) + 0.002 * np.sin(rise)

    crown = form.dome(10, extra)
    parts = [Part(crown, crown - form.centre, MAIN, "panels", loop=True), form.lip(crown[0])]
    parts += visor(form, crown[0], 1.08, 0.078, 0.013, 0.014, region=SECOND, style="cloth")
    return [*parts, button(form, crown[-1, 0], 0.0085, 0.006)]


def beanie(ref: Reference) -> list[Part]:
    """A knitted cap with a ribbed fold."""
    form = Form.of(ref, "beanie", ears=True)
    crown = form.dome(
        10, lambda t, r: 0.002 + 0.016 * np.sin(r) ** 3 + 0.008 * np.sin(r) * np.cos(t) ** 2 * (np.cos(t) < 0)
    )
    heights = np.array([0.006, -0.004, -0.006, 0.002, 0.022, 0.042, 0.049, 0.047, 0.040])
    grow = np.array([-0.004, -0.002, 0.004, 0.0085, 0.0105, 0.0090, 0.0055, 0.000, -0.004])
    rim = np.linalg.norm(crown[0] - form.centre, axis=1)
    lean = smoothstep(heights, 0.0, 0.05) * 0.006
    fold = form.place(rim[None] + (grow - lean)[:, None], heights[:, None] + 0 * form.turn)
    core = form.place(rim[None] * 0.97 + 0 * grow[:, None], 0.02 + 0 * rim[None] * grow[:, None])
    return [
        Part(crown, crown - form.centre, MAIN, "knit", loop=True),
        Part(fold, fold - core, MAIN, "knit", loop=True),
    ]


def fedora(ref: Reference) -> list[Part]:
    """A felt hat: a crown with a crease and two pinches, a ribbon and a brim that turns up behind."""
    form = Form.of(ref, "fedora")
    oval = form.oval()
    share = np.array([0.0, 0.25, 0.5, 0.72, 0.88, 0.97, 1.0, 0.98, 0.94])  # height
    radius = np.array([1.0, 0.985, 0.96, 0.93, 0.895, 0.84, 0.70, 0.42, 0.0])
    turn = form.turn[None]
    high = 0.118 + 0.008 * np.cos(turn)
    pinch = 1 - 0.20 * bump(np.abs(turn), 0.60, 0.34) * smoothstep(share, 0.45, 0.95)[:, None]
    flat = radius[:, None] * oval[None] * pinch
    side, ahead = np.sin(turn) * flat, np.cos(turn) * flat
    dent = 0.024 * bump(side, 0.0, 0.026) * smoothstep(share + 2 * (radius < 0.8), 0.9, 1.0)[:, None]
    dent = dent * (1 - 0.6 * smoothstep(np.abs(ahead + 0.01), 0.05, 0.09))
    height = share[:, None] * high - dent
    height[-1] = height[-1].mean()
    crown = form.place(flat, height)
    parts = [Part(crown, crown - form.centre + 0.02 * form.up, MAIN, "felt", loop=True)]

    def wall(h: float) -> Float:
        return oval * float(np.interp(h / 0.118, share[:6], radius[:6]))

    parts.append(band(form, wall, 0.002, 0.030, region=SECOND, style="cloth"))
    width = 0.056 + 0.006 * np.cos(form.turn) ** 2

    def lift(s: Float) -> Float:
        side_up = (
            0.014 * np.sin(turn) ** 2
            + 0.016 * smoothstep(-np.cos(turn), 0.0, 1.0)
            - 0.010 * smoothstep(np.cos(turn), 0.2, 1)
        )
        return s**1.7 * side_up - 0.002 * s

    parts += brim(form, oval - 0.002, width, lift, 5, parts[0], 0.0032)
    return parts


def sunhat(ref: Reference) -> list[Part]:
    """A straw hat with a round crown, a ribbon and a wide, softly waving brim."""
    form = Form.of(ref, "sunhat")
    oval = form.oval()
    rise = np.linspace(0.0, np.pi / 2, 9)
    radius, share = np.cos(rise) ** 0.55, np.sin(rise) ** 1.0
    radius[-1] = 0.0
    crown = form.place(radius[:, None] * oval[None], share[:, None] * 0.108 + 0 * oval[None])
    parts = [Part(crown, crown - form.centre, MAIN, "straw", loop=True)]

    def wall(h: float) -> Float:
        return oval * float(np.interp(h, share * 0.108, radius))

    parts.append(band(form, wall, 0.002, 0.034, region=SECOND, style="cloth"))
    width = 0.112 + 0.004 * np.sin(2 * form.turn)

    def lift(s: Float) -> Float:
        wave = 0.007 * np.sin(3 * form.turn + 0.6) + 0.004 * np.sin(5 * form.turn)
        return -0.030 * s**1.25 + s**2 * (wave + 0.016 * np.cos(form.turn) ** 2)

    return parts + brim(form, oval - 0.002, width, lift, 6, parts[0], 0.003)


def helmet(ref: Reference) -> list[Part]:
    """A dome with a comb from front to back, a rolled rim and the edge of a visor over the brow."""
    form = Form.of(ref, "helmet", ears=True)

    def extra(turn: Float, rise: Float) -> Float:
        side = np.sin(turn) * np.cos(rise)
        comb = 0.008 * bump(side, 0.0, 0.085) ** 0.7 * smoothstep(rise, 0.25, 0.9)
        return 0.012 + comb + 0.004 * bump(rise, 0.0, 0.25) * (np.cos(turn) < -0.2)

    crown = form.dome(11, extra)
    parts = [Part(crown, crown - form.centre, MAIN, "plain", loop=True), form.lip(crown[0], 0.03, 0.006)]
    out = unit(crown[0] - form.centre)
    parts.append(
        ring(crown[0] + out * 0.0015, 0.0048, 0.0058, 8, form.up, Part(crown, crown, METAL, coarsest=1, loop=True))
    )
    turn = np.linspace(-1.15, 1.15, 17)
    rows = (0.012, 0.016, 0.040, 0.044)
    grow = (-0.003, 0.004, 0.0055, -0.003)
    brow = np.stack([on(form, crown, turn, h, g, np.abs(turn) / 1.15) for h, g in zip(rows, grow, strict=True)])
    parts.append(Part(brow, form.out(turn)[None], SECOND, coarsest=3))
    parts += visor(form, crown[0] + out * 0.003, 0.95, 0.030, 0.004, 0.010, region=SECOND)
    for side in (-1.0, 1.0):
        spot = on(form, crown, np.array([side * 0.98]), 0.028, 0.005, np.array([0.0]))[0]
        parts.append(rivet(spot, unit(spot - form.centre), 0.0065))
    return parts


def hardhat(ref: Reference) -> list[Part]:
    """A builder's helmet: three ridges, a short brim in front and a gutter around."""
    form = Form.of(ref, "hardhat", columns=48)

    def extra(turn: Float, rise: Float) -> Float:
        side = np.sin(turn) * np.cos(rise)
        ridges = bump(side, 0.0, 0.10) + 0.6 * bump(np.abs(side), 0.36, 0.085)
        return 0.012 + 0.0062 * np.clip(ridges, 0, 1) * smoothstep(rise, 0.42, 0.62) + 0.010 * np.sin(rise)

    crown = form.dome(12, extra)
    parts = [Part(crown, crown - form.centre, MAIN, "plain", loop=True), form.lip(crown[0], 0.03, 0.003)]
    rim = np.linalg.norm(crown[0] - form.centre, axis=1)
    width = 0.011 + 0.036 * smoothstep(np.cos(form.turn), 0.1, 1.0)
    parts += brim(
        form,
        rim - 0.002,
        width,
        lambda s: -0.010 * s * smoothstep(np.cos(form.turn), 0, 1) - 0.003 * s,
        4,
        parts[0],
        0.003,
    )
    spot = on(form, crown, np.array([0.0]), 0.040, 0.002, np.array([0.0]))[0]
    return [*parts, rivet(spot, unit(spot - form.centre), 0.014)]


def peaked(ref: Reference) -> list[Part]:
    """An officer's cap: a band with a badge, a crown that flares, a cord and a glossy visor."""
    form = Form.of(ref, "peaked")
    oval = form.oval()
    turn = form.turn[None]
    tall = 1 + 0.22 * (1 + np.cos(turn))
    share = np.array([0.0, 0.30, 0.62, 0.86, 0.97, 1.0, 1.0, 1.02, 1.03])
    grow = np.array([0.0, 0.006, 0.020, 0.031, 0.033, 0.029, 0.0, 0.0, 0.0])
    scale = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.86, 0.45, 0.0])
    radius = (oval[None] + grow[:, None]) * scale[:, None]
    crown = form.place(radius, 0.040 + share[:, None] * 0.050 * tall)
    crown[-1] = crown[-1].mean(0)
    parts = [Part(crown[:6], crown[:6] - form.centre, MAIN, "felt", loop=True)]
    parts.append(Part(crown[5:], form.up[None, None], MAIN, "felt", loop=True))
    parts.append(band(form, lambda _: oval, 0.0, 0.042, region=SECOND, style="cloth"))
    parts.append(form.lip(parts[-1].points[1], 0.016, 0.004))
    rim = form.place(oval[None] + 0.002, np.zeros((1, len(oval))))[0]
    parts += visor(form, rim, 1.02, 0.060, 0.006, 0.018, region=METAL, style="lens")
    arc = np.linspace(-1.1, 1.1, 17)
    cord = np.stack([np.interp(arc, form.turn, rim[:, k]) for k in range(3)], axis=1)
    cord = cord + form.out(arc) * 0.003 + form.up * 0.009
    parts.append(capped(tube(cord, 0.003, 0.0035, 6, form.up, Part(rim[None], rim[None], MAIN, "badge", coarsest=2))))
    spot = form.place(oval[None] + 0.012, np.full((1, len(oval)), 0.058))[0][len(oval) // 2]
    return [*parts, _badge(spot, unit(form.ahead + 0.12 * form.up), form.up)]


def _badge(spot: Float, out: Float, up: Float) -> Part:
    """A small shield."""
    side = unit(np.cross(up, out))
    turn = np.linspace(0, 2 * np.pi, 13)
    turn[-1] = 0
    width = 0.017 * np.sin(turn) * (1 - 0.25 * (np.cos(turn) < -0.3))
    circle = width[:, None] * side + (0.021 * np.cos(turn))[:, None] * up
    points = np.stack(
        [spot + circle * s + out * h for s, h in ((1.0, -0.008), (1.0, 0.001), (0.72, 0.0045), (0.0, 0.0055))]
    )
    return Part(points, out[None, None], MAIN, "badge", coarsest=2, loop=True)


def chef(ref: Reference) -> list[Part]:
    """A cook's hat: a tall strip and a pleated, puffed crown."""
    form = Form.of(ref, "chef", columns=60)
    oval = form.oval()
    turn = form.turn[None]
    strip = form.place(
        np.stack([oval - 0.004, oval, oval + 0.002, oval + 0.004, oval]),
        np.array([0.004, 0.0, 0.03, 0.066, 0.070])[:, None] + 0 * turn,
    )
    heights = np.array([0.064, 0.085, 0.112, 0.140, 0.160, 0.170, 0.170, 0.163, 0.158])
    grow = np.array([-0.002, 0.014, 0.028, 0.034, 0.030, 0.016, -0.014, -0.05, -0.2])
    deep = np.array([0.6, 1.0, 1.0, 1.0, 1.0, 0.9, 0.6, 0.3, 0.0])[:, None]
    pleat = 0.0045 * np.cos(15 * turn) * deep
    lean = 0.010 * np.sin(turn * 1.0 + 0.7) * smoothstep(heights, 0.08, 0.17)[:, None]
    puff = form.place(
        np.maximum(oval[None] + grow[:, None] + pleat, 0.0) * (deep > 0), heights[:, None] + lean * (deep > 0.4)
    )
    return [
        Part(strip, form.out(form.turn)[None], MAIN, "cloth", loop=True),
        form.lip(strip[1], 0.016, 0.003),
        Part(puff, puff - form.centre - 0.09 * form.up, MAIN, "pleats", loop=True),
    ]


def headscarf(ref: Reference) -> list[Part]:
    """Cloth around skull, ears and neck that leaves the face open and falls over chest and shoulders."""
    centre = np.array([0.0, FACE[0], 0.045])
    hull = ref.skull(np.array([0.0, 0.785, 0.0]), np.array([0.0, 1.0, 0.0]), ears=True)
    around = np.linspace(-np.pi, np.pi, 45)  # 0 above the forehead, π below the chin
    flat = np.stack([np.sin(around), np.cos(around), 0 * around], axis=1)
    edge = flat * np.array([FACE[1] + 0.006, FACE[2] + 0.007, 1.0])
    start = np.column_stack([edge[:, 0], edge[:, 1], np.zeros_like(around)])
    polar0 = np.arctan2(np.linalg.norm(start, axis=1), 0.075 + 0.02 * np.abs(np.cos(around)) * (np.cos(around) > 0))
    share = np.concatenate([[0.0, 0.0, 0.03, 0.08, 0.16], np.linspace(0.28, 1.0, 9)])
    polar = polar0 + share[:, None] * (np.pi - polar0)
    side = unit(edge)
    direction = np.cos(polar)[..., None] * np.array([0.0, 0.0, 1.0]) + np.sin(polar)[..., None] * side
    radius = reach(hull, centre, direction)
    radius = calm(radius)
    folds = 0.0022 * np.sin(9 * polar + 3.0 * np.cos(around)) * smoothstep(share, 0.05, 0.3)[:, None]
    grow = np.concatenate([[-0.002, 0.006, 0.011, 0.011, 0.010], np.full(9, 0.011)])[:, None] + folds
    hood = centre + direction * (radius + grow)[..., None]
    hood[-1] = hood[-1].mean(0)
    hood = sewn(hood)
    coarse = hood[np.ix_([1, 4, 7, 10, 13], [0, 6, 11, 15, 19, 22, 25, 29, 33, 38, 44])]
    parts = [
        Part(hood, hood - centre, MAIN, "cloth", "mask", loop=True, weight=4.0, coarsest=2),
        Part(coarse, coarse - centre, MAIN, "cloth", "mask", detail=0.2, loop=True, weight=99.0, finest=3),
    ]
    turn = np.linspace(-np.pi, np.pi, 41)
    out = np.stack([np.sin(turn), 0 * turn, np.cos(turn)], axis=1)
    heights = np.array([0.805, 0.788, 0.768, 0.745, 0.720, 0.695, 0.660, 0.625])
    wide = np.array([0.056, 0.066, 0.073, 0.082, 0.102, 0.130, 0.150, 0.160])
    front = np.array([0.092, 0.099, 0.100, 0.101, 0.106, 0.113, 0.128, 0.140])
    back = np.array([0.042, 0.056, 0.066, 0.073, 0.086, 0.100, 0.112, 0.118])
    deep = np.where(np.cos(turn) > 0, front[:, None], back[:, None])
    stage = np.arange(len(heights), dtype=float)[:, None]
    folds = 0.0035 * np.sin(7 * turn + 1.3 * stage) * np.clip(0.15 * stage, 0, 1)
    size = 1 / np.sqrt((np.sin(turn) / wide[:, None]) ** 2 + (np.cos(turn) / deep) ** 2) + folds
    shoulder = np.where(stage > 3, 0.745 - 0.011 * (stage - 3), heights[:, None])  # the hem lies on the shoulders
    fall = np.cos(turn) ** 2 * (1 + 0.35 * np.clip(np.cos(turn), 0, 1) * smoothstep(stage, 3, 7))
    low = shoulder + (heights[:, None] - shoulder) * fall
    drape = np.array([0.0, 0.0, 0.03]) + out * size[..., None] + low[..., None] * np.array([0.0, 1.0, 0.0])
    flat = drape[3:].reshape(-1, 3)
    loose = smoothstep(stage[3:], 3, 6)[..., None]
    drape[3:] += loose * (ref.snug(flat, 0.0115).reshape(drape[3:].shape) - drape[3:])
    drape = ref.clear(drape, 0.0115)
    drape = sewn(drape)
    parts += [Part(drape, out[None], MAIN, "cloth", "torso", loop=True)]
    return parts


HEADWEAR: dict[str, Callable[[Reference], list[Part]]] = {
    "cap": cap,
    "beanie": beanie,
    "fedora": fedora,
    "sunhat": sunhat,
    "helmet": helmet,
    "hardhat": hardhat,
    "headscarf": headscarf,
    "peaked": peaked,
    "chef": chef,
}
