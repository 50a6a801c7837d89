"""Coherent synthetic people: who wears what, and the names of their colours.

Phenotypes follow anny's anchors: gender 0 male .. 1 female; age 0 one year, 1/3 ten, 2/3 twenty-five, 1 ninety;
muscle, weight, height 0 least .. 1 most; proportions 0 ideal .. 1 uncommon.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lodestream_training import colours
from lodestream_training.synth import attributes, wardrobe
from lodestream_training.synth.chance import pick, weighted

Vector = NDArray[np.float32]
_AT = attributes.slices()
_COLOURED = np.concatenate([np.r_[_AT[g.name]] for g in attributes.GROUPS if g.kind == "colour"])
_CATEGORIES = {g.name: g.values for g in attributes.GROUPS if g.kind == "categorical"}

#: Skin tones by name, sRGB 0..255.
SKINS: dict[str, tuple[int, int, int]] = {
    "porcelain": (248, 222, 206),
    "pale": (244, 212, 192),
    "fair": (236, 198, 174),
    "light": (228, 184, 154),
    "rosy": (232, 180, 162),
    "medium": (206, 156, 120),
    "olive": (190, 144, 104),
    "tanned": (186, 128, 88),
    "golden": (204, 150, 100),
    "light brown": (164, 112, 76),
    "brown": (134, 86, 56),
    "dark brown": (96, 60, 40),
    "dark": (82, 52, 36),
    "ebony": (58, 38, 28),
}
#: Hair colours by name: natural ones, then dyed.
HAIRS: dict[str, tuple[int, int, int]] = {
    "black": (22, 18, 18),
    "jet black": (14, 12, 14),
    "dark brown": (52, 34, 24),
    "brown": (86, 56, 36),
    "chestnut": (104, 58, 36),
    "light brown": (132, 94, 62),
    "auburn": (118, 44, 26),
    "ginger": (188, 88, 34),
    "red": (160, 52, 26),
    "strawberry blonde": (212, 146, 96),
    "dark blonde": (164, 124, 76),
    "blonde": (218, 180, 112),
    "golden": (222, 170, 80),
    "platinum blonde": (236, 220, 184),
    "grey": (150, 150, 150),
    "silver": (192, 194, 198),
    "white": (232, 232, 230),
}
DYES: dict[str, tuple[int, int, int]] = {
    "pink": (240, 110, 170),
    "blue": (40, 84, 200),
    "green": (46, 150, 70),
    "purple": (122, 50, 160),
    "turquoise": (50, 190, 190),
    "bright red": (214, 26, 30),
    "orange": (240, 120, 30),
    "lilac": (196, 160, 222),
}
#: Irises by name.
EYES: dict[str, tuple[int, int, int]] = {
    "dark brown": (52, 32, 20),
    "brown": (98, 60, 34),
    "hazel": (132, 100, 54),
    "amber": (172, 112, 40),
    "green": (86, 122, 72),
    "blue": (84, 130, 178),
    "light blue": (136, 178, 210),
    "grey": (128, 138, 146),
}
_SKINS_OF: dict[str, tuple[str, ...]] = {
    "african": ("light brown", "brown", "brown", "dark brown", "dark brown", "dark", "ebony"),
    "asian": ("pale", "fair", "light", "light", "medium", "olive", "golden", "light brown"),
    "caucasian": ("porcelain", "pale", "fair", "light", "rosy", "medium", "olive", "tanned"),
    "mixed": tuple(SKINS),
}
_EYES_OF: dict[str, dict[str, float]] = {
    "caucasian": {"dark brown": 0.08, "brown": 0.26, "hazel": 0.13, "amber": 0.05, "green": 0.13, "blue": 0.2}
    | {"light blue": 0.08, "grey": 0.07},
    "other": {
        "dark brown": 0.45,
        "brown": 0.35,
        "hazel": 0.08,
        "amber": 0.05,
        "green": 0.03,
        "blue": 0.02,
        "grey": 0.02,
    },
}
_SOBER = ("navy", "black", "charcoal", "grey", "dark grey", "brown", "navy blue", "dark blue", "beige", "burgundy")
_SHIRTS = ("white", "light blue", "cream", "pink", "grey", "black", "lavender")
_LEATHERS = ("black", "brown", "dark brown", "tan", "burgundy", "white", "grey", "navy", "red")
_METALS = ("silver", "grey", "dark grey", "gold", "black")
_FRAMES = ("black", "brown", "dark brown", "silver", "gold", "red", "blue", "grey")
_BASICS = tuple(colours.BASIC)
_SURVEYED = tuple(colours.surveyed())
_LISTED = tuple(colours.listed())
_THINGS = tuple(colours.things())
#: Tops that come with trousers of the same cloth, and how often.
_SETS = {"suit": 0.88, "scrubs": 0.9, "uniform": 0.65, "armour": 1.0, "spacesuit": 1.0}
#: Where people's forebears lived: shares of MakeHuman's african, asian and caucasian targets.
ANCESTRIES: dict[str, tuple[float, float, float]] = {
    "african": (1.0, 0.0, 0.0),
    "asian": (0.0, 1.0, 0.0),
    "caucasian": (0.0, 0.0, 1.0),
    "mixed": (0.34, 0.33, 0.33),
}


@dataclass(frozen=True, slots=True)
class Person:
    """A person.

    ``vector``: ``a`` (attributes.SIZE,). ``values``: each category's value. ``colours``: each colour's name.
    ``years``: age. ``ancestry``: one of ANCESTRIES.
    """

    vector: Vector
    values: Mapping[str, str]
    colours: Mapping[str, str]
    years: float
    ancestry: str = "mixed"


def sample(rng: np.random.Generator) -> Vector:
    """The vector ``a`` of one person, float32 (attributes.SIZE,)."""
    return draw(rng).vector


def years_to_age(years: float) -> float:
    """Age in years to anny's age parameter."""
    return float(np.interp(years, (1.0, 10.0, 25.0, 90.0), (0.0, 1 / 3, 2 / 3, 1.0)))


def draw(
    rng: np.random.Generator, values: Mapping[str, str] | None = None, names: Mapping[str, str] | None = None
) -> Person:
    """One coherent person; category ``values`` and colour ``names`` that are given stay, ``rng`` chooses the rest."""
    chosen = wardrobe.values(rng, values or {})
    ancestry = weighted(rng, {"african": 0.22, "asian": 0.25, "caucasian": 0.38, "mixed": 0.15})
    return assemble(chosen, _colours(rng, chosen, ancestry, names or {}), rng, ancestry)


def assemble(
    values: Mapping[str, str], names: Mapping[str, str], rng: np.random.Generator, ancestry: str = "mixed"
) -> Person:
    """The person with these category values and colour names; phenotypes and noise are drawn to match.

    ``names`` gives every colour group a name that the tables above or ``colours`` know.
    """
    a = np.zeros(attributes.SIZE, np.float32)
    for group, value in values.items():
        a[_AT[group].start + _CATEGORIES[group].index(value)] = 1.0
    for group, name in names.items():
        a[_AT[group]] = rgb_of(group, name, values["bottom"])
    coloured = a[_COLOURED]
    a[_COLOURED] = (coloured + rng.normal(0.0, 0.012, len(coloured))).clip(0.02, 0.98)
    years = _years(rng, values["age"])
    a[_AT["phenotype"]] = _phenotype(rng, values, years)
    shares = np.array(ANCESTRIES[ancestry]) * 0.85 + 0.15 * rng.dirichlet((1.0, 1.0, 1.0))
    a[_AT["ancestry"]] = shares / shares.sum()
    a[_AT["face"]] = rng.normal(size=_AT["face"].stop - _AT["face"].start)
    a[_AT["detail"]] = rng.normal(size=4)
    return Person(a, values, names, years, ancestry)


def rgb_of(group: str, name: str, bottom: str = "trousers") -> colours.Rgb:
    """What ``name`` means as the colour of ``group`` (skin, hair and eyes have their own palettes, jeans theirs)."""
    if group == "skin":
        return colours.unit(SKINS[name])
    if group == "hair_colour" and (name in HAIRS or name in DYES):
        return colours.unit(HAIRS.get(name) or DYES[name])
    if group == "eye_colour":
        return colours.unit(EYES[name])
    if group == "bottom_colour" and bottom == "jeans":
        return colours.denim(name)
    return colours.cloth()[name]


def _garment(rng: np.random.Generator, basics: float = 0.4) -> str:
    if rng.random() < basics:
        return pick(rng, _BASICS)
    source = rng.random()
    return pick(rng, _SURVEYED if source < 0.4 else _LISTED if source < 0.65 else _THINGS)


def _colours(
    rng: np.random.Generator, values: Mapping[str, str], ancestry: str, fixed: Mapping[str, str]
) -> dict[str, str]:
    top, bottom = values["top"], values["bottom"]
    formal = top in ("suit", "waistcoat", "coat")
    names = {
        "skin": pick(rng, _SKINS_OF[ancestry]),
        "hair_colour": _hair(rng, values["age"], ancestry),
        "eye_colour": weighted(rng, _EYES_OF["caucasian" if ancestry == "caucasian" else "other"]),
        "top_colour": pick(rng, _SOBER) if formal and rng.random() < 0.65 else _garment(rng),
        "top_second": _garment(rng),
        "neck_colour": _garment(rng, 0.75),
        "bottom_colour": _garment(rng, 0.6),
        "bottom_second": _garment(rng),
        "shoe_colour": pick(rng, ("white", "black", "grey")) if rng.random() < 0.4 else _garment(rng),
        "head_colour": _garment(rng, 0.7),
        "glasses_colour": pick(rng, _FRAMES),
        "glove_colour": pick(rng, _LEATHERS) if rng.random() < 0.7 else _garment(rng),
        "bag_colour": _garment(rng, 0.7),
    }
    if top in attributes.OVER_SHIRT:
        names["top_second"] = pick(rng, _SHIRTS) if rng.random() < 0.7 else _garment(rng)
    elif rng.random() < 0.4:
        names["top_second"] = pick(rng, ("white", "black", "cream", "navy"))
    if top == "labcoat" and rng.random() < 0.8:
        names["top_colour"] = "white"
    if top == "armour" and rng.random() < 0.8:
        names["top_colour"] = pick(rng, _METALS)
    if top == "spacesuit" and rng.random() < 0.6:
        names["top_colour"] = pick(rng, ("white", "orange", "light grey"))
    if bottom == "jeans" and rng.random() < 0.75:
        names["bottom_colour"] = pick(rng, ("blue", "blue", "dark blue", "light blue", "black", "grey", "indigo"))
    names |= fixed
    long = top in attributes.LONG_TOPS and top not in attributes.OPEN_TOPS
    if "bottom_colour" not in fixed and (long or rng.random() < _SETS.get(top, 0.0)):
        names["bottom_colour"] = names["top_colour"]
        names["bottom_second"] = names["top_second"] if long else names["bottom_second"]
    if values["shoes"] not in ("trainers", "barefoot") and "shoe_colour" not in fixed and rng.random() < 0.75:
        names["shoe_colour"] = pick(rng, _LEATHERS)
    return names


def _hair(rng: np.random.Generator, age: str, ancestry: str) -> str:
    greying = {"child": 0.0, "young": 0.02, "middle": 0.15, "old": 0.82}[age]
    if rng.random() < greying:
        return pick(rng, ("grey", "silver", "white", "grey"))
    if rng.random() < 0.1:
        return pick(rng, tuple(DYES)) if rng.random() < 0.6 else _garment(rng, 0.3)
    if ancestry in ("african", "asian") and rng.random() < 0.7:
        return pick(rng, ("black", "jet black", "dark brown", "black"))
    return pick(rng, tuple(HAIRS)[:14])


def _years(rng: np.random.Generator, age: str) -> float:
    low, high = {"child": (4, 14), "young": (18, 34), "middle": (40, 58), "old": (66, 88)}[age]
    return float(rng.uniform(low, high))


def _phenotype(rng: np.random.Generator, values: Mapping[str, str], years: float) -> list[float]:
    far = rng.uniform(0.0, 0.1)
    weight, muscle = {
        "slim": ((0.08, 0.26), (0.3, 0.5)),
        "average": ((0.42, 0.56), (0.42, 0.58)),
        "muscular": ((0.5, 0.66), (0.84, 1.0)),
        "heavy": ((0.84, 1.0), (0.32, 0.55)),
    }[values["build"]]
    height = {"short": (0.08, 0.3), "average": (0.4, 0.6), "tall": (0.76, 0.95)}[values["height"]]
    return [
        far if values["sex"] == "male" else 1.0 - far,
        years_to_age(years),
        rng.uniform(*muscle),
        rng.uniform(*weight),
        rng.uniform(*height),
        rng.uniform(0.2, 0.6),
    ]
