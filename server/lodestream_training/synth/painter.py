"""From the structured latent to the ground-truth planes of every shell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lodestream_server.field.planes import BASE_SIZE, Planes
from lodestream_training.synth import attributes, bottoms, footwear, hair, measure, skin, skirts, tops
from lodestream_training.synth.texels import canvases

FINE = 8  # training resolution over the resolution of level 3
_SLICES = attributes.slices()


class Painter:
    """Paints people. Keeps the canvases of one body asset; painting itself is a pure function of the vector."""

    def __init__(self, body: Path) -> None:
        sizes = tuple((name, size * FINE) for name, size in BASE_SIZE.items())
        self.canvases = canvases(body, sizes)
        self._garment = measure.measure(self.canvases["top"])

    def paint(self, a: NDArray[np.float32]) -> Planes:
        """Planes of every shell at training resolution. ``regions`` hold weights that sum to 1, not logits."""
        v = categories(a)
        colour = {g.name: a[_SLICES[g.name]] for g in attributes.GROUPS if g.kind == "colour"}
        detail = a[_SLICES["detail"]]
        c = self.canvases
        long = v["top"] in attributes.LONG_TOPS
        # what lies under something else is painted as if it did not; `field.fit` makes shells give way
        loose = v if long else v | {"bottom": "trousers"}
        closed = long and v["top"] not in attributes.OPEN_TOPS
        below = ("top_colour", "top_second") if long else ("bottom_colour", "bottom_second")
        return {
            "body": skin.body(c["body"], v, colour["skin"], colour["glove_colour"]),
            "head": skin.head(c["head"], v, colour["skin"], colour["hair_colour"], detail),
            "top": tops.top(
                c["top"], self._garment, loose, colour["top_colour"], colour["top_second"], colour["neck_colour"]
            ),
            "bottom": bottoms.bottom(
                c["bottom"],
                v if closed else v | {"top": "tshirt"},
                colour["bottom_colour"],
                colour["bottom_second"],
            ),
            "skirt": skirts.skirt(c["skirt"], v, colour[below[0]], colour[below[1]]),
            "footwear": footwear.footwear(c["footwear"], v["shoes"], colour["shoe_colour"]),
            "hair": hair.paint(c["hair"], v | {"headwear": "none"}, colour["hair_colour"]),
        }


def logits(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Region weights (sum to 1) as logits for the server's planes."""
    return np.log(weights + 0.002).astype(np.float32)


def categories(a: NDArray[np.float32]) -> dict[str, str]:
    """The arg max of every categorical slice, by name."""
    return {g.name: g.values[int(np.argmax(a[_SLICES[g.name]]))] for g in attributes.GROUPS if g.kind == "categorical"}
