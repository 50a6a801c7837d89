"""Which strokes a garment has."""

from __future__ import annotations

from lodestream_server.texture.sewing import Strokes
from lodestream_server.texture.trims_lower import BOTTOMS, LEG_SEAMS, SHOES, SKIRTS
from lodestream_server.texture.trims_top import HEMS, SEAMLESS, SEAMS, TOPS


def strokes(shell: str, garment: str) -> Strokes:
    """What is drawn on a shell of cloth when ``garment`` (a top, bottom or shoe) is worn there."""
    if shell == "top":
        return (*(() if garment in SEAMLESS else SEAMS), *TOPS.get(garment, HEMS))
    if shell == "bottom":
        return BOTTOMS.get(garment, LEG_SEAMS)
    if shell == "skirt":
        return SKIRTS.get(garment, HEMS[:1])
    return SHOES.get(garment, ())
