"""Which Chinese list names a colour: its own, or that of a colour that looks the same."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from lodestream_training import colours
from lodestream_training.language import lexicon
from lodestream_training.synth import people
from lodestream_training.synth.chance import pick
from lodestream_training.synth.people import Person

#: Distance in CIELAB under which another colour's name will do.
NEAR = 6.0
_OWN = ("skin", "eye_colour")
#: sRGB primaries to CIE XYZ, relative to the D65 white (IEC 61966-2-1).
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = _TO_XYZ.sum(1)


@cache
def named(group: str, name: str) -> tuple[str, str] | None:
    """The list (table, value) that names the colour ``name`` of ``group``, or None."""
    table = group if group in (*_OWN, "hair_colour") else "colour"
    if name in lexicon.table("zh")[table]:
        return table, name
    near = None if group in _OWN else _nearest().get(name)
    return ("colour", near) if near else None


def known(person: Person, rng: np.random.Generator) -> Person:
    """The person with other colours where Chinese has no name for theirs; alike ones stay alike."""
    names = dict(person.colours)
    other: dict[str, str] = {}
    for group, name in names.items():
        if named(group, name) is None:
            names[group] = other.setdefault(name, pick(rng, _common()))
    return people.assemble(person.values, names, rng, person.ancestry) if other else person


def lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB under D65 (n, 3) of sRGB in [0, 1] (n, 3)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    ratio = linear @ _TO_XYZ.T / _WHITE
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116).T
    return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), 1)


@cache
def _nearest() -> dict[str, str]:
    """For every colour of cloth the listed one that looks the same, where there is one."""
    cloth = colours.cloth()
    listed = list(lexicon.table("zh")["colour"])
    theirs = lab(np.array([cloth[name] for name in listed]))
    out = {}
    for name, own in zip(cloth, lab(np.array(list(cloth.values()))), strict=True):
        far = np.linalg.norm(theirs - own, axis=1)
        at = int(far.argmin())
        if far[at] < NEAR:
            out[name] = listed[at]
    return out


@cache
def _common() -> tuple[str, ...]:
    return tuple(name for name in lexicon.table("zh")["colour"] if lexicon.sayable(name, "train"))
