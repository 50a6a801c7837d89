"""Coherent synthetic people: who wears what, and the names of their colours.

Phenotypes follow anny's anchors: gender 0 male .. 1 female; age 0 one year, 1/3 ten, 2/3 twenty-five, 1 ninety;
muscle, weight, height 0 least .. 1 most; proportions 0 ideal .. 1 uncommon.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from lodestream_training import colours
from lodestream_training.synth import attributes

Vector = NDArray[np.float32]
_AT = attributes.slices()
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
_SOBER = ("navy", "black", "charcoal", "grey", "dark grey", "brown", "navy blue", "dark blue", "beige", "burgundy")
_SHIRTS = ("white", "light blue", "cream", "pink", "grey", "black", "lavender")
_LEATHERS = ("black", "brown", "dark brown", "tan", "burgundy", "white", "grey", "navy", "red")
_BASICS = tuple(colours.BASIC)


@dataclass(frozen=True, slots=True)
class Person:
    """A person: the vector ``a`` (attributes.SIZE,), each category's value, each colour's name, age in years."""

    vector: Vector
    values: Mapping[str, str]
    colours: Mapping[str, str]
    years: float


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
    chosen = _values(rng, values or {})
    return assemble(chosen, _colours(rng, chosen, names or {}), rng)


def assemble(values: Mapping[str, str], names: Mapping[str, str], rng: np.random.Generator) -> Person:
    """The person with these category values and colour names; phenotypes and noise are drawn to match.

    ``names`` gives every colour group a name that the tables above or ``colours`` know.
    """
    a = np.zeros(attributes.SIZE, np.float32)
    for group, value in values.items():
        a[_AT[group].start + _CATEGORIES[group].index(value)] = 1.0
    for group, name in names.items():
        wobble = rng.normal(0.0, 0.012, 3)
        a[_AT[group]] = np.clip(np.asarray(rgb_of(group, name, values["bottom"])) + wobble, 0.02, 0.98)
    years = _years(rng, values["age"])
    a[_AT["phenotype"]] = _phenotype(rng, values, years)
    a[_AT["face"]] = rng.normal(size=16)
    a[_AT["detail"]] = rng.normal(size=4)
    return Person(a, values, names, years)


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


def pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    """One of ``options``, all alike."""
    return options[int(rng.random() * len(options))]


def weighted(rng: np.random.Generator, options: Mapping[str, float]) -> str:
    """One of ``options`` by weight."""
    sums = list(accumulate(options.values()))
    at = rng.random() * sums[-1]
    return next(name for name, upto in zip(options, sums, strict=True) if at < upto)


def _values(rng: np.random.Generator, fixed: Mapping[str, str]) -> dict[str, str]:
    values: dict[str, str] = {}

    def choose(group: str, options: Mapping[str, float]) -> str:
        values[group] = fixed.get(group) or weighted(rng, options)
        return values[group]

    male = choose("sex", {"male": 0.5, "female": 0.5}) == "male"
    age = choose("age", {"child": 0.12, "young": 0.42, "middle": 0.28, "old": 0.18})
    grown = age != "child"
    muscular = (0.18 if male else 0.1) if grown else 0.01
    choose("build", {"slim": 0.27, "average": 0.38, "muscular": muscular, "heavy": 0.2})
    choose("height", {"short": 0.25, "average": 0.45, "tall": 0.3})
    choose("hair", _hairstyles(male, age))
    beards = {"none": 0.46, "stubble": 0.13, "moustache": 0.1, "goatee": 0.1, "full": 0.21}
    choose("beard", beards if male and grown else {"none": 1.0})
    top = choose("top", _tops(male, grown))
    choose("sleeve", sleeves(top))
    choose("top_pattern", _patterns(top))
    tie = ties(top, male)
    choose("neckwear", {"tie": tie, "none": 1.0 - tie})
    choose("bottom", _bottoms(top, male))
    choose("bottom_pattern", _bottom_patterns(values))
    choose("skirt_length", {"mini": 0.25, "knee": 0.45, "long": 0.3})
    choose("shoes", _shoes(values))
    return values


def _hairstyles(male: bool, age: str) -> dict[str, float]:
    if male:
        bald = {"child": 0.01, "young": 0.08, "middle": 0.18, "old": 0.26}[age]
        styles = {"short": 0.44, "buzz": 0.16, "long": 0.08, "bob": 0.03, "ponytail": 0.03, "bun": 0.03, "afro": 0.07}
        return styles | {"mohawk": 0.04, "bald": bald}
    styles = {"long": 0.32, "bob": 0.18, "ponytail": 0.15, "bun": 0.13, "short": 0.11, "afro": 0.06, "buzz": 0.03}
    return styles | {"mohawk": 0.02, "bald": 0.02}


def sleeves(top: str) -> dict[str, float]:
    """How likely each sleeve is under each top."""
    return {
        "tshirt": {"none": 0.0, "short": 0.84, "long": 0.16},
        "tank": {"none": 1.0},
        "shirt": {"short": 0.22, "long": 0.78},
        "polo": {"short": 0.88, "long": 0.12},
        "dress": {"none": 0.4, "short": 0.33, "long": 0.27},
    }.get(top, {"long": 1.0})


def ties(top: str, male: bool) -> float:
    """How likely a tie is under each top."""
    return {"suit": 0.72 if male else 0.25, "shirt": 0.22 if male else 0.06, "jacket": 0.04}.get(top, 0.0)


def _tops(male: bool, grown: bool) -> dict[str, float]:
    tops = {"tshirt": 0.22, "tank": 0.08, "shirt": 0.15, "polo": 0.08, "jumper": 0.12, "hoodie": 0.11, "jacket": 0.11}
    return tops | {"suit": (0.17 if male else 0.09) if grown else 0.03, "dress": 0.01 if male else 0.3}


def _patterns(top: str) -> dict[str, float]:
    plain = {"plain": 0.62, "stripes": 0.15, "plaid": 0.08, "dots": 0.09, "pinstripes": 0.04}
    return {
        "suit": {"plain": 0.72, "pinstripes": 0.2, "plaid": 0.08},
        "shirt": {"plain": 0.5, "stripes": 0.14, "plaid": 0.2, "dots": 0.07, "pinstripes": 0.09},
        "jacket": {"plain": 0.92, "plaid": 0.06, "stripes": 0.02},
        "hoodie": {"plain": 0.86, "stripes": 0.1, "dots": 0.04},
    }.get(top, plain)


def _bottoms(top: str, male: bool) -> dict[str, float]:
    if top == "dress":
        return {"skirt": 1.0}
    if top == "suit":
        return {"trousers": 0.97 if male else 0.7, "skirt": 0.01 if male else 0.28, "jeans": 0.02}
    if male:
        return {"jeans": 0.42, "trousers": 0.34, "shorts": 0.21, "leggings": 0.02, "skirt": 0.01}
    return {"jeans": 0.3, "trousers": 0.2, "shorts": 0.13, "leggings": 0.14, "skirt": 0.23}


def _bottom_patterns(values: Mapping[str, str]) -> dict[str, float]:
    if values["top"] in ("suit", "dress"):
        return {values["top_pattern"]: 1.0}
    if values["bottom"] == "jeans":
        return {"plain": 1.0}
    return {"plain": 0.8, "stripes": 0.06, "pinstripes": 0.03, "plaid": 0.07, "dots": 0.04}


def _shoes(values: Mapping[str, str]) -> dict[str, float]:
    if values["top"] == "suit":
        return {"leather": 0.9, "trainers": 0.04, "boots": 0.05, "barefoot": 0.01}
    if values["top"] == "dress" or values["bottom"] == "skirt":
        return {"leather": 0.34, "sandals": 0.3, "boots": 0.17, "trainers": 0.12, "barefoot": 0.07}
    return {"trainers": 0.5, "leather": 0.17, "boots": 0.17, "sandals": 0.1, "barefoot": 0.06}


def _garment(rng: np.random.Generator, basics: float = 0.5) -> str:
    return pick(rng, _BASICS if rng.random() < basics else tuple(colours.cloth()))


def _colours(rng: np.random.Generator, values: Mapping[str, str], fixed: Mapping[str, str]) -> dict[str, str]:
    top, bottom = values["top"], values["bottom"]
    formal = top == "suit"
    names = {
        "skin": pick(rng, tuple(SKINS)),
        "hair_colour": _hair(rng, values["age"]),
        "eye_colour": weighted(
            rng,
            {"dark brown": 0.2, "brown": 0.32, "hazel": 0.1, "amber": 0.05, "green": 0.09, "blue": 0.14}
            | {"light blue": 0.05, "grey": 0.05},
        ),
        "top_colour": pick(rng, _SOBER) if formal and rng.random() < 0.65 else _garment(rng),
        "top_second": _garment(rng),
        "tie_colour": _garment(rng, 0.75),
        "bottom_colour": _garment(rng, 0.6),
        "bottom_second": _garment(rng),
        "shoe_colour": pick(rng, ("white", "black", "grey")) if rng.random() < 0.4 else _garment(rng),
    }
    if top in ("suit", "jacket"):
        names["top_second"] = pick(rng, _SHIRTS) if rng.random() < 0.7 else _garment(rng)
    elif rng.random() < 0.4:
        names["top_second"] = pick(rng, ("white", "black", "cream", "navy"))
    if bottom == "jeans" and rng.random() < 0.75:
        names["bottom_colour"] = pick(rng, ("blue", "blue", "dark blue", "light blue", "black", "grey", "indigo"))
    names |= fixed
    if "bottom_colour" not in fixed and (top == "dress" or (formal and rng.random() < 0.88)):
        names["bottom_colour"] = names["top_colour"]
        names["bottom_second"] = names["top_second"] if top == "dress" else names["bottom_second"]
    if values["shoes"] in ("leather", "boots", "sandals") and "shoe_colour" not in fixed and rng.random() < 0.75:
        names["shoe_colour"] = pick(rng, _LEATHERS)
    return names


def _hair(rng: np.random.Generator, age: str) -> str:
    greying = {"child": 0.0, "young": 0.02, "middle": 0.15, "old": 0.82}[age]
    if rng.random() < greying:
        return pick(rng, ("grey", "silver", "white", "grey"))
    if rng.random() < 0.1:
        return pick(rng, tuple(DYES)) if rng.random() < 0.6 else _garment(rng, 0.3)
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
