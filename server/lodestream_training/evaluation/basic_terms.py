"""Which basic colour term people would use for a colour.

One prototype a term, the nearest of which wins, is not what people do: it calls pale green white, cerulean grey and
dark teal black, and gives only 66 % of the surveyed names that have a basic term in them ("light green", "brick red")
that term. Neighbours among those names give 92 % (each left out in turn). The terms are those of Berlin and Kay (1969);
the names are of xkcd's survey, whose use for this is shown by Heer and Stone, Color Naming Models (CHI 2012).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lodestream_training import colours
from lodestream_training.evaluation.cielab import ciede2000, lab
from lodestream_training.synth.people import DYES, HAIRS

Lab = NDArray[np.float64]
TERMS = ("red", "blue", "green", "yellow", "orange", "purple", "pink", "brown", "black", "white", "grey")
#: Hair has terms of its own: the natural ones of identity papers, and dyes. Each names these colours.
HAIR_TERMS: dict[str, tuple[str, ...]] = {
    "black": ("black", "jet black"),
    "brown": ("dark brown", "brown", "chestnut", "light brown"),
    "red": ("auburn", "ginger", "red", "bright red"),
    "blonde": ("strawberry blonde", "dark blonde", "blonde", "golden", "platinum blonde"),
    "grey": ("grey", "silver"),
    "white": ("white",),
    "pink": ("pink",),
    "blue": ("blue",),
    "green": ("green",),
    "turquoise": ("turquoise",),
    "purple": ("purple", "lilac"),
    "orange": ("orange",),
}
NEIGHBOURS = 9
_SOFT = 2.0  # ΔE00 that is added to every neighbour's distance, so that one of 0 does not decide alone


def named() -> list[tuple[str, colours.Rgb]]:
    """The term and the colour of every surveyed or plain name with just one basic term in it."""
    every = [*colours.surveyed().items(), *((name, colours.unit(rgb)) for name, rgb in colours.BASIC.items())]
    said = [({"gray": "grey"}.get(word, word) for word in re.split(r"[ /-]", name)) for name, _ in every]
    terms = [{word for word in words if word in TERMS} for words in said]
    return [(term.pop(), rgb) for term, (_, rgb) in zip(terms, every, strict=True) if len(term) == 1]


def of_cloth(colour: Lab, left_out: int | None = None) -> str:
    """The term that the names of the nearest colours have: nearer ones count more, rare terms too.

    Args:
        colour: CIELAB, (3,). left_out: a row of ``named`` that is not asked.
    """
    terms, known, counts = _cloth()
    away = ciede2000(colour[None], known)
    if left_out is not None:
        away[left_out] = np.inf
    votes = dict.fromkeys(TERMS, 0.0)
    for row in np.argsort(away)[:NEIGHBOURS]:
        votes[terms[row]] += 1.0 / (away[row] + _SOFT) / counts[terms[row]] ** 0.5
    return max(votes, key=votes.__getitem__)


def of_hair(colour: Lab) -> str:
    """The term of the nearest of the named hair colours; ``colour``: CIELAB, (3,)."""
    terms, known = _hair()
    return terms[int(ciede2000(colour[None], known).argmin())]


@cache
def _cloth() -> tuple[Sequence[str], Lab, dict[str, int]]:
    terms = [term for term, _ in named()]
    return terms, lab(np.array([rgb for _, rgb in named()])), {term: terms.count(term) for term in TERMS}


@cache
def _hair() -> tuple[Sequence[str], Lab]:
    values = {**HAIRS, **DYES}
    pairs = [(term, values[name]) for term, names in HAIR_TERMS.items() for name in names]
    return [term for term, _ in pairs], lab(np.array([colours.unit(rgb) for _, rgb in pairs]))
