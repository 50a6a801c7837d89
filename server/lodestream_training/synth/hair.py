"""Paints hair: thickness, outline and strands of every style on the hair shell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lodestream_server.field.planes import ShellPlanes
from lodestream_training.synth.brush import over, step
from lodestream_training.synth.hairstyles import STYLES, Style
from lodestream_training.synth.scalp import Sheet
from lodestream_training.synth.skin import mix
from lodestream_training.synth.texels import Canvas

Float = NDArray[np.float32]
ROOTS = -0.004  # metres: at its outline the sheet lies on the skin


@dataclass(frozen=True)
class _Plan:
    """A painted style without its colours."""

    level_set: Float
    edge: Float
    regions: Float
    shade: Float


_sheets: dict[int, Sheet] = {}  # by the identity of the canvas, which the sheet keeps alive
_plans: dict[tuple[int, str], _Plan] = {}


def paint(canvas: Canvas, v: dict[str, str], hair: Float) -> ShellPlanes:
    """The hair shell without headwear. ``v``: the person's categories. ``hair``: (3,) sRGB."""
    plan = _plan(canvas, v["hair"])
    return ShellPlanes(
        level_set=plan.level_set.copy(),
        edge=plan.edge.copy(),
        regions=plan.regions.copy(),
        shade=plan.shade.copy(),
        palette=palette(hair),
    )


def palette(hair: Float) -> Float:
    """(3, 3) sRGB of base, dark and light strands of ``hair`` (3,) sRGB."""
    light = mix(hair * 1.18 + 0.035, np.array([1.0, 0.96, 0.88], np.float32), 0.06)
    return np.clip(np.stack([hair, hair * 0.56, light]), 0, 1).astype(np.float32)


def _plan(canvas: Canvas, style: str) -> _Plan:
    key = (id(canvas), style)
    if key not in _plans:
        sheet = _sheets.get(id(canvas)) or Sheet.of(canvas)
        _sheets[id(canvas)] = sheet
        _plans[key] = _painted(sheet, STYLES[style](sheet))
    return _plans[key]


def _painted(sheet: Sheet, style: Style) -> _Plan:
    inner = np.clip(style.edge / style.taper, 0, 1)
    rise = (inner * (2 - inner)) ** 0.8
    roots = ROOTS - 0.006 * step(sheet.drop - 0.9, 0.15) * step(0.03 - sheet.hang, 0.04)  # the rim stands off
    height = roots + (style.height - roots + style.relief * inner) * rise
    fade = np.clip(sheet.drop / 0.25, 0, 1)
    fibre = style.fibre * (0.35 + 0.65 * fade)
    gloss = style.gloss * (0.45 + 0.55 * np.clip(fibre + 0.4, 0, 1))
    weights = np.zeros((3, *sheet.x.shape), dtype=np.float32)
    weights[0] = 1.0
    over(weights, 1, np.clip(0.62 * np.clip(-fibre, 0, 1) + 0.7 * style.dark, 0, 0.85).astype(np.float32))
    over(weights, 2, np.clip(0.40 * np.clip(fibre, 0, 1) + 0.42 * gloss, 0, 0.8).astype(np.float32) * (1 - style.dark))
    root = 0.80 + 0.20 * step(style.edge - 0.010, 0.024)
    tip = 1.0 + 0.06 * step(sheet.hang - 0.08, 0.3)
    under_chin = 0.66 + 0.34 * sheet.canvas.occlusion
    shade = root * tip * under_chin * (1 - 0.22 * style.dark) * (1 + 0.08 * gloss)
    return _Plan(
        level_set=height.astype(np.float32),
        edge=np.clip(style.edge, -0.05, 0.35).astype(np.float32),
        regions=weights,
        shade=shade.astype(np.float32),
    )
