"""What can be said about a synthetic person: the structured latent.

A person is a vector ``a`` of float32: one slice per group below, in this order. Categorical slices are one-hot
(or the probabilities that fusion predicts), colour slices are sRGB in [0, 1], phenotype slices follow MakeHuman's
macro parameters in [0, 1], noise slices are standard normal and always drawn from the seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["categorical", "colour", "phenotype", "noise"]


@dataclass(frozen=True, slots=True)
class Group:
    """One slice of the latent: ``size`` numbers; ``values`` names them where the group is categorical."""

    name: str
    kind: Kind
    size: int
    values: tuple[str, ...] = ()


def _categorical(name: str, *values: str) -> Group:
    return Group(name, "categorical", len(values), values)


def _colour(name: str) -> Group:
    return Group(name, "colour", 3)


GROUPS: tuple[Group, ...] = (
    _categorical("sex", "male", "female"),
    _categorical("age", "child", "young", "middle", "old"),
    _categorical("build", "slim", "average", "muscular", "heavy"),
    _categorical("height", "short", "average", "tall"),
    _categorical("hair", "bald", "buzz", "short", "bob", "long", "ponytail", "bun", "afro", "mohawk"),
    _categorical("beard", "none", "stubble", "moustache", "goatee", "full"),
    _categorical("top", "tshirt", "tank", "shirt", "polo", "jumper", "hoodie", "suit", "jacket", "dress"),
    _categorical("sleeve", "none", "short", "long"),
    _categorical("top_pattern", "plain", "stripes", "pinstripes", "plaid", "dots"),
    _categorical("neckwear", "none", "tie"),
    _categorical("bottom", "jeans", "trousers", "shorts", "leggings", "skirt"),
    _categorical("bottom_pattern", "plain", "stripes", "pinstripes", "plaid", "dots"),
    _categorical("skirt_length", "mini", "knee", "long"),
    _categorical("shoes", "trainers", "leather", "boots", "sandals", "barefoot"),
    _colour("skin"),
    _colour("hair_colour"),
    _colour("eye_colour"),
    _colour("top_colour"),
    _colour("top_second"),  # pattern colour; the shirt under a suit or jacket
    _colour("tie_colour"),
    _colour("bottom_colour"),
    _colour("bottom_second"),
    _colour("shoe_colour"),
    Group("phenotype", "phenotype", 6, ("gender", "age", "muscle", "weight", "height", "proportions")),
    Group("face", "noise", 16),
    Group("detail", "noise", 4),
)

SIZE: int = sum(g.size for g in GROUPS)


def slices() -> dict[str, slice]:
    """Slice of every group inside ``a``."""
    out: dict[str, slice] = {}
    at = 0
    for group in GROUPS:
        out[group.name] = slice(at, at + group.size)
        at += group.size
    return out
