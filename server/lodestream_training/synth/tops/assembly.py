"""From a person's categories to the planes of the top."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_server.field.planes import ShellPlanes
from lodestream_training.synth.attributes import LONG_TOPS
from lodestream_training.synth.brush import step
from lodestream_training.synth.measure import Measure
from lodestream_training.synth.texels import Canvas
from lodestream_training.synth.tops import casual, protective, tailored, traditional
from lodestream_training.synth.tops.cloth import Cloth, drape, start
from lodestream_training.synth.tops.form import form

Float = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Pattern:
    """How a top is made: ``thick`` metres of cloth, ``hem`` height, ``loose`` (1 is a t-shirt), shoulder metres."""

    sew: Callable[[Cloth], None]
    thick: float
    hem: float
    loose: float
    shoulder: float = 0.155


PATTERNS: Mapping[str, Pattern] = {
    "tshirt": Pattern(casual.tshirt, 0.008, 0.085, 1.0),
    "tank": Pattern(casual.tank, 0.006, 0.095, 0.5, 0.142),
    "crop": Pattern(casual.crop, 0.007, 0.420, 0.6),
    "shirt": Pattern(casual.shirt, 0.008, 0.080, 0.9),
    "polo": Pattern(casual.polo, 0.008, 0.085, 0.8),
    "jersey": Pattern(casual.jersey, 0.009, 0.085, 1.15),
    "jumper": Pattern(casual.jumper, 0.015, 0.085, 1.2),
    "turtleneck": Pattern(casual.turtleneck, 0.009, 0.085, 0.6),
    "cardigan": Pattern(casual.cardigan, 0.015, 0.080, 1.0),
    "hoodie": Pattern(casual.hoodie, 0.018, 0.080, 1.35),
    "waistcoat": Pattern(tailored.waistcoat, 0.010, 0.165, 0.55),
    "suit": Pattern(tailored.suit, 0.015, 0.050, 0.55),
    "jacket": Pattern(tailored.jacket, 0.017, 0.110, 0.95),
    "coat": Pattern(tailored.coat, 0.019, 0.245, 0.8),
    "labcoat": Pattern(tailored.labcoat, 0.014, 0.245, 0.9),
    "uniform": Pattern(tailored.uniform, 0.014, 0.075, 0.55),
    "scrubs": Pattern(casual.scrubs, 0.010, 0.075, 1.25),
    "kimono": Pattern(traditional.kimono, 0.013, 0.245, 0.75),
    "qipao": Pattern(traditional.qipao, 0.006, 0.245, 0.25, 0.150),
    "sari": Pattern(traditional.sari, 0.005, 0.245, 0.25),
    "armour": Pattern(protective.armour, 0.008, 0.105, 0.0),
    "spacesuit": Pattern(protective.spacesuit, 0.024, 0.085, 0.7),
    "robe": Pattern(traditional.robe, 0.016, 0.245, 1.2),
    "dress": Pattern(casual.dress, 0.006, 0.245, 0.3, 0.145),
}
_METAL = {"uniform": (0.80, 0.66, 0.34), "armour": (0.80, 0.67, 0.38), "spacesuit": (0.70, 0.71, 0.74)}
_BELOW = {"coat": 0.014, "labcoat": 0.012, "robe": 0.011, "kimono": 0.009}  # metres under the skirt shell's upper end
_ROPE = (0.74, 0.62, 0.42)


def top(canvas: Canvas, m: Measure, v: dict[str, str], main: Float, second: Float, tie: Float) -> ShellPlanes:
    """The top a person wears.

    Args:
        canvas: the tights shell, R × R texels. m: its measure.
        v: the person's categories; top, sleeve, neckwear and bottom are read.
        main, second, tie: (3,) sRGB.
    """
    f, kind = form(canvas, m), v["top"]
    pattern = PATTERNS[kind]
    tucked = kind in LONG_TOPS or (v["bottom"] == "skirt" and kind != "crop")
    c = start(f, v, thick=pattern.thick, hem=pattern.hem, tucked=tucked, shoulder=pattern.shoulder)
    drape(c, pattern.loose)
    pattern.sew(c)
    _finish(c)
    palette = np.stack([main, second, tie, main * 0.58, _detail_colour(kind, main)])
    return ShellPlanes(
        level_set=c.height.astype(np.float32)[f.gather],
        edge=np.clip(c.edge, -0.05, 0.35).astype(np.float32)[f.gather],
        regions=c.weights.astype(np.float32)[:, f.gather],
        shade=np.clip(c.shade, 0.5, 1.15).astype(np.float32)[f.gather],
        palette=np.clip(palette, 0, 1).astype(np.float32),
    )


def _finish(c: Cloth) -> None:
    """Hem over what is worn below, thickness of the edges, the light that reaches the cloth."""
    f = c.f
    if c.tucked:
        waistband = step(0.312 - f.y, 0.06) * (1 - f.limb)
        c.height = c.height * (1 - waistband) + np.minimum(c.height, _BELOW.get(c.v["top"], 0.007)) * waistband
    elif c.hem < 0.3:
        over_hips = step(0.25 - f.y, 0.14) * (1 - f.limb)
        c.height = c.height + over_hips * np.maximum(0.024 - c.height, 0.008)
    c.height = np.minimum(c.height, _collar_height(c))
    c.height = np.minimum(c.height, f.limit)
    lip = 1 - np.clip(c.edge / 0.014, 0, 1)
    c.height = np.maximum(c.height - 0.6 * np.minimum(c.height, 0.012) * lip, 0.002)
    sky = np.maximum(f.occlusion, 0.92 * np.clip(f.bridge / 0.008, 0, 1) * (1 - f.limb))  # cloth spans hollows
    c.shade = c.shade * (0.70 + 0.30 * sky) * (0.86 + 0.14 * np.clip(c.edge / 0.010, 0, 1))


def _collar_height(c: Cloth) -> Float:
    """Metres that the cloth may stand off near the neckline; a hood's edge more than a collar."""
    if c.v["top"] in ("hoodie", "robe"):
        return np.asarray(0.012 + 0.9 * np.maximum(c.neck, 0))
    return np.asarray(0.0065 + 0.6 * np.maximum(c.neck, 0))


def _detail_colour(kind: str, main: Float) -> Float:
    """Metal, rope, or a darker main colour."""
    if kind in _METAL:
        return np.array(_METAL[kind], dtype=np.float32)
    return np.array(_ROPE, dtype=np.float32) if kind == "robe" else np.asarray(main * 0.35)
