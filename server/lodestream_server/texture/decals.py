"""Draws construction detail: which colours its tones stand for, where the cloth's coordinates come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Float
from lodestream_server.outfit import Outfit
from lodestream_server.texture import tailoring
from lodestream_server.texture.cloth import Cloth
from lodestream_server.texture.material import part
from lodestream_server.texture.stroke import Stroke, touched
from lodestream_server.texture.trims import strokes

_FIXED: Mapping[str, Float] = {
    "metal": np.array([0.70, 0.70, 0.70], dtype=np.float32),
    "brass": np.array([0.80, 0.62, 0.26], dtype=np.float32),
    "thread": np.array([0.80, 0.56, 0.24], dtype=np.float32),
    "black": np.array([0.06, 0.06, 0.07], dtype=np.float32),
    "red": np.array([0.72, 0.12, 0.12], dtype=np.float32),
    "blue": np.array([0.14, 0.26, 0.58], dtype=np.float32),
    "pearl": np.array([0.90, 0.89, 0.86], dtype=np.float32),
}
_SHINY = ("metal", "brass")


def draw(colour: Float, cloth: Cloth, edge: Float, regions: Mapping[str, Float], outfit: Outfit, main: Float) -> None:
    """Paints the garment's detail over ``colour`` (3, N), in place.

    Args:
        cloth: N texels. edge: (N,) metres inside the garment's edge. regions: share of each colour region, (N,) by
            name; those that are nowhere may be missing. main: (3,) sRGB of the garment.
    """
    tones = _tones(cloth.shell, outfit, main)
    for stroke, which, share in _strokes(cloth, edge, outfit):
        if not stroke.alpha:
            continue
        alpha = stroke.alpha * (share if stroke.region is None else share * regions[stroke.region][which])
        below = colour.take(which, axis=1)
        colour[:, which] = below + (tones[stroke.tone][:, None] - below) * alpha


def height(cloth: Cloth, edge: Float, outfit: Outfit) -> tuple[Float, Float]:
    """Metres that the detail stands out, and its share of metal. Both (N,)."""
    out, metal = np.zeros(len(cloth.index), np.float32), np.zeros(len(cloth.index), np.float32)
    for stroke, which, share in _strokes(cloth, edge, outfit):
        out[which] += stroke.height * share
        metal[which] += (float(stroke.tone in _SHINY) - metal[which]) * share * stroke.alpha
    return out, metal


def _strokes(cloth: Cloth, edge: Float, outfit: Outfit) -> Iterator[tuple[Stroke, NDArray[np.intp], Float]]:
    garment = _garment(cloth.shell, outfit)
    return touched(strokes(cloth.shell, garment), _coordinates(cloth, edge), _masks(cloth), cloth.texel)


def _garment(shell: str, outfit: Outfit) -> str:
    if shell == "footwear":
        return outfit.values["shoes"]
    if shell == "top" and tailoring.double_breasted(outfit):
        return "chef"
    return outfit.values[part(shell, outfit)]


def _tones(shell: str, outfit: Outfit, main: Float) -> Mapping[str, Float]:
    name = "shoe" if shell == "footwear" else part(shell, outfit)
    white = np.array([0.93, 0.93, 0.91], dtype=np.float32)
    light = float(main.mean()) > 0.62
    own = {
        "main": main,
        "dark": main * 0.52,
        "light": main + (1 - main) * 0.42,
        "stitch": main * 0.74 if float(main.mean()) > 0.25 else main + (1 - main) * 0.14,
        "second": outfit.colours.get(f"{name}_second", main * 0.45 if light else white),
        "button": main * 0.42 + 0.04 if light or name != "top" or _sober(outfit) else white,
        "cord": main * 0.55 if light else white,
    }
    return {k: np.asarray(v, dtype=np.float32) for k, v in own.items()} | dict(_FIXED)


def _sober(outfit: Outfit) -> bool:
    """Buttons of tailored garments are dark."""
    return outfit.values["top"] in ("suit", "coat", "waistcoat", "cardigan")


def _coordinates(cloth: Cloth, edge: Float) -> Mapping[str, Float]:
    around = np.abs(cloth.across)
    ax = np.abs(cloth.x)
    own = {"x": cloth.x, "ax": ax, "y": cloth.y, "z": cloth.z, "edge": edge, "arm": cloth.arm}
    own |= {"across": cloth.across, "around": around}
    if cloth.shell == "top":
        own |= {"armhole": (cloth.sleeve - 0.5) * 0.12, "ridge": cloth.facing * 0.08}
    if cloth.shell == "footwear":
        ground = cloth.y + 0.822
        lace = ax - 0.195 - 0.09 * (cloth.z - 0.05)
        own |= {"ground": ground, "lace": np.abs(lace), "slope": cloth.z - 0.4 * ground, "cap": cloth.z + np.abs(lace)}
    return own


def _masks(cloth: Cloth) -> Mapping[str, NDArray[np.bool_]]:
    if cloth.shell == "footwear":
        lace = np.abs(np.abs(cloth.x) - 0.195 - 0.09 * (cloth.z - 0.05))
        instep = (lace < 0.027) & (cloth.y > -0.777) & (cloth.z > 0.02)
        return {"front": instep, "body": lace > 0.022, "back": ~instep, "sleeve": np.zeros_like(instep)}
    body = cloth.sleeve <= 0.5 if cloth.shell == "top" else np.ones(len(cloth.index), dtype=bool)
    front = cloth.facing > 0
    return {"front": body & front, "back": body & ~front, "body": body, "sleeve": ~body}
