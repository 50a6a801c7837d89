"""What a definite latent says by name: the category of every group and its colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lodestream_server.avatar import Float
from lodestream_server.latent import LatentSpec

#: Tops that go on below the waist: the skirt shell is theirs, in their colours.
LONG_TOPS = ("coat", "labcoat", "kimono", "qipao", "sari", "robe", "dress")
#: Long tops that are worn open over trousers.
OPEN_TOPS = ("coat", "labcoat")
#: Tops whose second colour is that of the shirt below.
OVER_SHIRT = ("suit", "jacket", "coat", "labcoat", "waistcoat", "cardigan", "uniform")


@dataclass(frozen=True, slots=True)
class Outfit:
    """``values``: the chosen category of each group. ``colours``: (3,) float32 sRGB in [0, 1] of each colour group."""

    values: Mapping[str, str]
    colours: Mapping[str, Float]

    @staticmethod
    def of(spec: LatentSpec, latent: Float) -> Outfit:
        """Reads a latent (L,) as `LatentSpec.draw` makes it definite."""
        colours = {name: latent[part] for name, part in spec.slices.items() if spec.kinds[name] == "colour"}
        return Outfit(spec.describe(latent), colours)


def wearable(spec: LatentSpec, latent: Float) -> Float:
    """The latent (L,) without what cannot be worn together: the skirt shell can be a coat's or a skirt's, not both."""
    values = spec.describe(latent)
    if values["top"] not in OPEN_TOPS or values["bottom"] != "skirt":
        return latent
    out = latent.copy()
    part = spec.slices["bottom"]
    out[part] = 0.0
    out[part.start + spec.values["bottom"].index("leggings")] = 1.0
    return out
