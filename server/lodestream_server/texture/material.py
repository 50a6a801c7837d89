"""What cloth, leather, metal, skin and hair are made of: fine relief, tint, roughness and metalness."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Float
from lodestream_server.outfit import LONG_TOPS, Outfit
from lodestream_server.texture.cloth import Cloth

#: Tops that go on below the waist: the skirt shell is theirs.
Field = Callable[[Cloth], Any]  # (N,) float of a cloth's texels


def _none(c: Cloth) -> Any:
    return np.zeros(len(c.index), dtype=np.float32)


def _wave(u: NDArray[np.floating[Any]], period: float, texel: float) -> Float:
    """A sine that fades where texels are too coarse for it."""
    return np.asarray(np.sin(u * (2 * np.pi / period)) * min(1.0, max(0.0, period / (2 * texel) - 1)), np.float32)


def _plain_weave(c: Cloth) -> Any:
    return 0.00018 * _wave(c.across, 0.008, c.texel) * _wave(c.along, 0.008, c.texel)


def _twill(c: Cloth) -> Any:
    return 0.0002 * _wave(c.across + c.along, 0.0075, c.texel)


def _grained(c: Cloth) -> Any:
    return 0.0006 * np.abs(c.grain)


def _stitches(c: Cloth) -> Any:
    """Columns of knit stitches: every half column leans the other way."""
    lean = np.abs((c.across / 0.012) % 1.0 - 0.5) * 0.012
    return 0.0007 * (_wave(c.along + 0.9 * lean, 0.009, c.texel) + 0.7 * _wave(c.across, 0.012, c.texel))


def _felt(c: Cloth) -> Any:
    return 0.0003 * c.grain


def _ripstop(c: Cloth) -> Any:
    return 0.0002 * np.maximum(_wave(c.across, 0.012, c.texel), _wave(c.along, 0.012, c.texel))


def _hammered(c: Cloth) -> Any:
    return 0.0004 * c.grain + 0.0010 * c.cloud


def _pores(c: Cloth) -> Any:
    return 0.00009 * c.grain


def _strands(c: Cloth) -> Any:
    return 0.0011 * c.grain + 0.0016 * c.cloud


def _fade(c: Cloth) -> Any:
    """Denim: lighter on thighs, knees and seat, uneven along the yarn."""
    worn = np.exp(-(((c.y + 0.13) / 0.22) ** 2)) * np.exp(-((c.across / 0.085) ** 2)) if c.shell == "bottom" else 0.0
    return 0.13 * worn + 0.05 * c.cloud + 0.05 * c.grain + 120 * _twill(c)


def _mottle(c: Cloth) -> Any:
    return 0.07 * c.cloud + 0.04 * c.grain


def _grooves(c: Cloth) -> Any:
    return 75 * _stitches(c)


def _flecks(c: Cloth) -> Any:
    return 0.08 * c.grain + 0.03 * c.cloud


def _weave_tint(c: Cloth) -> Any:
    return 0.02 * c.grain + 0.015 * c.cloud


def _sheen(c: Cloth) -> Any:
    return 0.05 * c.cloud


@dataclass(frozen=True, slots=True)
class Stuff:
    """``relief``: micro height, metres. ``tint``: relative lightness, about 0. Roughness and metalness in [0, 1]."""

    roughness: float
    metallic: float
    relief: Field
    tint: Field


CLOTH: Mapping[str, Stuff] = {
    "cotton": Stuff(0.90, 0.0, _plain_weave, _weave_tint),
    "denim": Stuff(0.92, 0.0, _twill, _fade),
    "leather": Stuff(0.46, 0.0, _grained, _mottle),
    "knit": Stuff(0.95, 0.0, _stitches, _grooves),
    "wool": Stuff(0.95, 0.0, _felt, _flecks),
    "silk": Stuff(0.34, 0.0, _none, _sheen),
    "nylon": Stuff(0.52, 0.0, _ripstop, _sheen),
    "metal": Stuff(0.34, 1.0, _hammered, _mottle),
}
_SKIN = Stuff(0.58, 0.0, _pores, _none)  # its tint is `Cloth.sheet`
_HAIR = Stuff(0.60, 0.0, _strands, _none)
_SHOES: Mapping[str, Stuff] = {
    "trainers": Stuff(0.70, 0.0, _plain_weave, _weave_tint),
    "leather": Stuff(0.32, 0.0, _grained, _mottle),
    "boots": Stuff(0.50, 0.0, _grained, _mottle),
    "tallboots": Stuff(0.38, 0.0, _grained, _mottle),
    "heels": Stuff(0.28, 0.0, _none, _sheen),
    "flats": Stuff(0.45, 0.0, _grained, _sheen),
    "sandals": Stuff(0.62, 0.0, _grained, _mottle),
}


def part(shell: str, outfit: Outfit) -> str:
    """Whose colours and material a shell of cloth has: ``top`` or ``bottom``."""
    if shell == "skirt":
        return "top" if outfit.values["top"] in LONG_TOPS else "bottom"
    return shell


def of(shell: str, outfit: Outfit) -> Stuff:
    """What the main region of a field shell is made of."""
    if shell in ("body", "head"):
        return _SKIN
    if shell == "hair":
        return _HAIR
    if shell == "footwear":
        return _SHOES.get(outfit.values["shoes"], _SHOES["leather"])
    if part(shell, outfit) == "top" and outfit.values["top"] == "armour":
        return CLOTH["metal"]
    kind = outfit.values[f"{part(shell, outfit)}_material"]
    if kind == "cotton" and shell == "bottom" and outfit.values["bottom"] == "jeans":
        kind = "denim"
    return CLOTH.get(kind, CLOTH["cotton"])
