"""What goes together where nobody said otherwise: what the matched picture brings, made to fit what the words ask for.

A match agrees with a prompt only in part, and what a tower sees of it is a little off. Words are never touched, nor is
anything when the request brings a picture of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lodestream_server.avatar import Float
from lodestream_server.body import phenotype
from lodestream_server.latent import LatentSpec
from lodestream_server.outfit import OVER_SHIRT

SAID = 0.5  # probability from which the words count as having said a number
#: Hair that nobody is given unasked, and what they have instead, by sex.
_CUTS: Mapping[str, Mapping[str, str]] = {
    "male": {
        "bob": "parted", "long": "parted", "wavy": "curly", "ponytail": "short", "pigtails": "short", "braids": "short",
        "bun": "short", "mohawk": "short", "spiky": "short", "dreadlocks": "curly",
    },
    "female": {
        "bald": "short", "buzz": "short", "mohawk": "bob", "spiky": "short", "parted": "bob", "pigtails": "long",
        "braids": "wavy", "dreadlocks": "curly",
    },
}  # fmt: skip
#: Tops whose trousers are of the same cloth.
SETS = ("suit", "scrubs", "uniform", "armour", "spacesuit")
#: Tops that want quiet trousers and shoes.
FORMAL = ("suit", "waistcoat", "uniform", "coat", "labcoat")
_LEATHERS = ((20, 20, 22), (62, 38, 24), (104, 64, 36), (168, 124, 84), (88, 26, 30), (68, 70, 74))
_TROUSERS = ((20, 20, 22), (22, 30, 66), (68, 70, 74), (52, 54, 60), (104, 64, 36), (206, 172, 124))
_DENIMS = ((62, 94, 146), (136, 168, 204), (34, 48, 82), (32, 32, 36), (120, 124, 130))
_BOTTOMS = {"jeans": _DENIMS, "dungarees": _DENIMS, "trousers": _TROUSERS, "cargo": _TROUSERS, "joggers": _TROUSERS}
#: Things that nobody is given unasked, and tops that gloves belong to.
EXTRAS = ("headwear", "glasses", "gloves", "bag", "neckwear", "marks")
GLOVED = ("armour", "spacesuit")
#: Least age of those of whom nobody says that they are children, as `body.phenotype` counts it: a young adult.
GROWN = 2.0 / 3.0
_SHIRTS = ((240, 240, 238), (240, 240, 238), (190, 214, 238), (246, 236, 208), (232, 196, 206), (60, 62, 66))
_TIES = ((108, 14, 42), (22, 30, 66), (14, 70, 34), (20, 20, 22), (68, 70, 74), (190, 194, 200))
_TOQUES = ((240, 240, 238),)
_WHITE = 0.9  # sRGB of trainers that nobody chose
#: Difference of mean sRGB from which a tie is seen on its shirt.
_CONTRAST = 0.25
_HAIRS = (
    (14, 12, 14), (22, 18, 18), (52, 34, 24), (86, 56, 36), (104, 58, 36), (132, 94, 62), (118, 44, 26), (188, 88, 34),
    (164, 124, 76), (218, 180, 112), (222, 170, 80), (150, 150, 150), (192, 194, 198), (232, 232, 230),
)  # fmt: skip
#: Skins by where one's forebears lived, in the order of the latent's shares, and hair where that is dark.
_SKINS = (
    ((164, 112, 76), (134, 86, 56), (96, 60, 40), (82, 52, 36), (58, 38, 28)),
    ((244, 212, 192), (236, 198, 174), (228, 184, 154), (206, 156, 120), (190, 144, 104), (204, 150, 100)),
    ((248, 222, 206), (244, 212, 192), (236, 198, 174), (228, 184, 154), (232, 180, 162), (206, 156, 120)),
)
_DARK, _GREYS = _HAIRS[:3], _HAIRS[-3:]
_MOST = 0.6  # share from which forebears lived mostly there


def settle(spec: LatentSpec, latent: Float, said: Float) -> Float:
    """The latent with what is unsaid made to go together: age, extras, hair, materials, shoes, colours.

    Args:
        latent: (L,) definite. said: (L,) probability that the words say each number.
    Returns:
        (L,) a new latent; numbers that are said stay.
    """
    settled = _Settled(spec, latent.copy(), said, spec.describe(latent))
    settled.grow_up()
    settled.leave_out()
    settled.cut()
    settled.shave()
    settled.weave()
    settled.shoe()
    settled.match(latent)
    settled.colour(latent)
    return settled.latent


@dataclass(frozen=True, slots=True)
class _Settled:
    spec: LatentSpec
    latent: Float  # changed in place
    said: Float
    values: Mapping[str, str]

    def _open(self, group: str) -> bool:
        return float(self.said[self.spec.slices[group].start]) < SAID

    def _choose(self, group: str, value: str) -> None:
        at = self.spec.slices[group]
        self.latent[at] = 0.0
        self.latent[at.start + self.spec.values[group].index(value)] = 1.0

    def grow_up(self) -> None:
        """Nobody is a child unless the words say so."""
        if not self._open("age"):
            return
        if self.values["age"] == "child":
            self._choose("age", "young")
        years = self.spec.slices["phenotype"].start + phenotype.NAMES.index("age")
        self.latent[years] = max(float(self.latent[years]), GROWN)

    def leave_out(self) -> None:
        """Nobody is given a hat, a bag or a scar unasked."""
        for extra in EXTRAS:
            if self._open(extra) and not (extra == "gloves" and self.values["top"] in GLOVED):
                self._choose(extra, "none")

    def cut(self) -> None:
        """Nobody stands out by a hair style unasked."""
        instead = _CUTS[self.values["sex"]].get(self.values["hair"])
        if instead is not None and self._open("hair"):
            self._choose("hair", instead)

    def shave(self) -> None:
        """No woman is given a beard unasked, however bearded her match."""
        if self.values["sex"] == "female" and self._open("beard"):
            self._choose("beard", "none")

    def weave(self) -> None:
        """Nobody but a knight wears metal unasked."""
        for part in ("top", "bottom"):
            group = f"{part}_material"
            if self.values[group] == "metal" and self.values["top"] != "armour" and self._open(group):
                self._choose(group, "cotton")

    def shoe(self) -> None:
        """Nobody goes barefoot unasked."""
        if self.values["shoes"] == "barefoot" and self._open("shoes"):
            self._choose("shoes", "trainers")
            if self._open("shoe_colour"):
                self.latent[self.spec.slices["shoe_colour"]] = _WHITE

    def _together(self) -> bool:
        return self.values["top"] in SETS and self.values["bottom"] in ("trousers", "cargo")

    def _origin(self) -> int | None:
        """Where the words say that one's forebears lived, a row of ``_SKINS``; None if they do not, or many places."""
        shares = self.latent[self.spec.slices["ancestry"]]
        return None if self._open("ancestry") or shares.max() < _MOST else int(shares.argmax())

    def match(self, before: Float) -> None:
        """Trousers of the top's own cloth, where they come together; ``before``: the latent as it was."""
        if not self._together():
            return
        for part in ("colour", "pattern", "material"):
            if self._open(f"bottom_{part}"):
                self.latent[self.spec.slices[f"bottom_{part}"]] = before[self.spec.slices[f"top_{part}"]]

    def colour(self, before: Float) -> None:
        """Trousers, shoes, shirt, tie, toque, skin and hair; ``before``: the latent as it was."""
        at, values = self.spec.slices, self.values

        def quiet(group: str, swatches: tuple[tuple[int, int, int], ...]) -> None:
            if self._open(group):
                self.latent[at[group]] = _nearest(before[at[group]], swatches)

        formal = values["top"] in FORMAL
        quiet_ones = _BOTTOMS.get(values["bottom"], _TROUSERS if formal else ())
        if quiet_ones and not self._together():
            quiet("bottom_colour", quiet_ones)
        if formal and values["shoes"] != "trainers":
            quiet("shoe_colour", _LEATHERS)
        if values["top"] in OVER_SHIRT:
            quiet("top_second", _SHIRTS)
        if values["headwear"] == "chef":
            quiet("head_colour", _TOQUES)
        if values["neckwear"] in ("tie", "bowtie"):
            shirt = self.latent[at["top_second" if values["top"] in OVER_SHIRT else "top_colour"]]
            seen = tuple(tie for tie in _TIES if abs(np.mean(tie) / 255.0 - shirt.mean()) > _CONTRAST)
            quiet("neck_colour", seen)
        origin = self._origin()
        if origin is not None:
            quiet("skin", _SKINS[origin])
        dark = (*_DARK, *_GREYS) if values["age"] == "old" else _DARK
        quiet("hair_colour", dark if origin in (0, 1) else _HAIRS)


def _nearest(colour: Float, swatches: tuple[tuple[int, int, int], ...]) -> Float:
    """The swatch that is most alike: sRGB distance, lightness counted twice."""
    known = np.array(swatches, dtype=np.float32) / 255.0
    off = known - colour
    distance = (off**2).sum(axis=1) + off.mean(axis=1) ** 2
    return np.asarray(known[int(distance.argmin())])
