"""Captions: a text, what it says of the latent, and which of that it says with words held out of training."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from lodestream_training import colours
from lodestream_training.language import chinese, english, lexicon, roles
from lodestream_training.language.lexicon import Split
from lodestream_training.language.roles import Role
from lodestream_training.language.text import Caption
from lodestream_training.synth import attributes, people
from lodestream_training.synth.chance import pick
from lodestream_training.synth.people import Person

__all__ = ["Caption", "Split", "draw", "held_out_combination", "mask", "of"]

#: Share of captions in Chinese.
CHINESE = 0.25
#: Share of people called by a role ("a chef").
CALLED = 1 / 6
#: Share of people dressed in one colour from top to toe.
MATCHED = 0.04
_GROWN = ("young", "young", "middle", "middle", "old")
_AT = attributes.slices()
_PHENOTYPES = {"sex": (0,), "age": (1,), "build": (2, 3), "height": (4,)}
#: What goes with a garment that a role's own is exchanged for.
_PARTS = {
    "top": ("top", "sleeve", "top_pattern", "top_material", "top_colour", "top_second", "neckwear", "neck_colour"),
    "bottom": ("bottom", "bottom_pattern", "bottom_material", "bottom_colour", "bottom_second", "skirt_length"),
    "headwear": ("headwear", "head_colour"),
}
_EXCHANGES = {"top": 0.2, "bottom": 0.12, "headwear": 0.12}
_RARE = ("top_colour", "shoe_colour", "head_colour", "neck_colour", "bag_colour", "glove_colour")


def mask(said: Iterable[str]) -> NDArray[np.bool_]:
    """Where the vector is said: (attributes.SIZE,); sex, age, build and height also cover their phenotypes."""
    out = np.zeros(attributes.SIZE, np.bool_)
    for group in said:
        out[_AT[group]] = True
        for index in _PHENOTYPES.get(group, ()):
            out[_AT["phenotype"].start + index] = True
    return out


def held_out_combination(values: dict[str, str]) -> bool:
    """Whether training never meets these ``values`` of top, bottom and hair together: one combination of 25."""
    name = "+".join((values["top"], values["bottom"], values["hair"]))
    return sha256(name.encode()).digest()[0] * 25 < 256


def draw(rng: np.random.Generator, split: Split = "train", chinese: float = CHINESE) -> tuple[Person, Caption]:
    """A person and a caption; ``chinese`` is the share of Chinese ones.

    Split "train" has neither held-out words nor phrasings nor combinations; each other split has its own kind of them.
    """
    return _draw(rng, split, in_chinese=rng.random() < chinese)


def of(person: Person, rng: np.random.Generator, split: Split = "train", chinese: float = CHINESE) -> Caption:
    """A caption of exactly this person; colours without a name in the language stay unsaid."""
    return _write(person, rng, split, None, (), in_chinese=rng.random() < chinese)


def _draw(rng: np.random.Generator, split: Split, *, in_chinese: bool) -> tuple[Person, Caption]:
    while True:
        role = roles.every()[int(rng.random() * len(roles.every()))] if rng.random() < CALLED else None
        role, always = _exchanged(rng, role) if role else (None, set[str]())
        names = {group: pick(rng, options) for group, options in role.colours.items()} if role else {}
        if split == "words":
            rare = lexicon.colours_held_out()
            names = {group: pick(rng, rare) for group in _RARE if rng.random() < 0.5} | names
        elif role is None and rng.random() < MATCHED:
            names = dict.fromkeys(("top_colour", "bottom_colour", "shoe_colour"), pick(rng, tuple(colours.BASIC)))
        values = {"age": pick(rng, _GROWN), **role.values} if role else None
        person = people.draw(rng, values, names)
        if held_out_combination(dict(person.values)) == (split == "combinations"):
            break
    if split == "combinations":
        always |= {"top", "bottom", "hair"}
    if in_chinese:
        person = chinese.known(person, rng)
    return person, _write(person, rng, split, role, always, in_chinese=in_chinese)


def _exchanged(rng: np.random.Generator, role: Role) -> tuple[Role, set[str]]:
    """The role, now and then without its own top, bottom or headwear, which the caption must then say."""
    gone = {part for part, chance in _EXCHANGES.items() if rng.random() < chance}
    if not gone:
        return role, gone
    dropped = {group for part in gone for group in _PARTS[part]}
    values = {group: value for group, value in role.values.items() if group not in dropped}
    kept = {group: names for group, names in role.colours.items() if group not in dropped}
    return replace(role, values=values, colours=kept), gone


def _write(
    person: Person,
    rng: np.random.Generator,
    split: Split,
    role: Role | None,
    always: Collection[str],
    *,
    in_chinese: bool,
) -> Caption:
    write = chinese.write if in_chinese else english.write
    return write(person, rng, split, role, always)
