"""What goes together where nobody said otherwise: the matched picture's colours, made to fit what the words ask for.

A match agrees with a prompt only in part, and what a tower sees of it is a little off. Words are never touched, nor is
anything when the request brings a picture of its own.
"""

from __future__ import annotations

import numpy as np

from lodestream_server.avatar import Float
from lodestream_server.latent import LatentSpec

SAID = 0.5  # probability from which the words count as having said a number
#: Tops whose trousers are of the same cloth.
SETS = ("suit", "scrubs", "armour", "spacesuit")
#: Tops that want quiet shoes.
FORMAL = ("suit", "waistcoat", "uniform", "coat", "labcoat")
#: Tops whose second colour is a shirt.
OVER_SHIRT = ("suit", "waistcoat", "jacket", "coat", "labcoat", "cardigan", "uniform")
_LEATHERS = ((20, 20, 22), (62, 38, 24), (104, 64, 36), (168, 124, 84), (88, 26, 30), (68, 70, 74))
_SHIRTS = ((240, 240, 238), (240, 240, 238), (190, 214, 238), (246, 236, 208), (232, 196, 206), (60, 62, 66))
_HAIRS = (
    (14, 12, 14), (22, 18, 18), (52, 34, 24), (86, 56, 36), (104, 58, 36), (132, 94, 62), (118, 44, 26), (188, 88, 34),
    (164, 124, 76), (218, 180, 112), (222, 170, 80), (150, 150, 150), (192, 194, 198), (232, 232, 230),
)  # fmt: skip


def settle(spec: LatentSpec, latent: Float, said: Float) -> Float:
    """The latent with unsaid colours that go together.

    Args:
        latent: (L,) definite. said: (L,) probability that the words say each number.
    Returns:
        (L,) a new latent; numbers that are said stay.
    """
    out = latent.copy()
    values = spec.describe(latent)
    at = spec.slices

    def open_(group: str) -> bool:
        return float(said[at[group].start]) < SAID

    def same(group: str, source: str) -> None:
        if open_(group):
            out[at[group]] = latent[at[source]]

    if values["top"] in SETS and values["bottom"] == "trousers":
        same("bottom_colour", "top_colour")
        same("bottom_pattern", "top_pattern")
        same("bottom_material", "top_material")
    if values["top"] in FORMAL and values["shoes"] != "trainers" and open_("shoe_colour"):
        out[at["shoe_colour"]] = _nearest(latent[at["shoe_colour"]], _LEATHERS)
    if values["top"] in OVER_SHIRT and open_("top_second"):
        out[at["top_second"]] = _nearest(latent[at["top_second"]], _SHIRTS)
    if open_("hair_colour"):
        out[at["hair_colour"]] = _nearest(latent[at["hair_colour"]], _HAIRS)
    return out


def _nearest(colour: Float, swatches: tuple[tuple[int, int, int], ...]) -> Float:
    """The swatch that is most alike: sRGB distance, lightness counted twice."""
    known = np.array(swatches, dtype=np.float32) / 255.0
    off = known - colour
    distance = (off**2).sum(axis=1) + off.mean(axis=1) ** 2
    return np.asarray(known[int(distance.argmin())])
