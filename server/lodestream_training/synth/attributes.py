"""What can be said about a synthetic person: the structured latent.

A person is a vector ``a`` of float32: one slice per group below, in this order. Categorical slices are one-hot
(or the probabilities that fusion predicts), colour slices are sRGB in [0, 1], phenotype slices follow MakeHuman's
macro parameters in [0, 1], noise slices are standard normal and always drawn from the seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lodestream_server.outfit import LONG_TOPS, OPEN_TOPS, OVER_SHIRT

__all__ = ["GROUPS", "LONG_TOPS", "MATERIALS", "OPEN_TOPS", "OVER_SHIRT", "PATTERNS", "SIZE", "Group", "Kind", "slices"]

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


PATTERNS = (
    "plain", "stripes", "pinstripes", "plaid", "check", "dots", "camouflage", "floral", "leopard", "zigzag",
)  # fmt: skip
MATERIALS = ("cotton", "denim", "leather", "knit", "wool", "silk", "nylon", "metal")

GROUPS: tuple[Group, ...] = (
    _categorical("sex", "male", "female"),
    _categorical("age", "child", "young", "middle", "old"),
    _categorical("build", "slim", "average", "muscular", "heavy"),
    _categorical("height", "short", "average", "tall"),
    _categorical(
        "hair",
        "bald",
        "buzz",
        "short",
        "parted",
        "curly",
        "spiky",
        "bob",
        "long",
        "wavy",
        "ponytail",
        "pigtails",
        "braids",
        "bun",
        "afro",
        "dreadlocks",
        "mohawk",
    ),
    _categorical("beard", "none", "stubble", "moustache", "goatee", "full", "long"),
    _categorical("marks", "none", "freckles", "scar"),
    _categorical("makeup", "none", "lipstick", "dramatic"),
    _categorical(
        "top",
        "tshirt",
        "tank",
        "crop",
        "shirt",
        "polo",
        "jersey",
        "jumper",
        "turtleneck",
        "cardigan",
        "hoodie",
        "waistcoat",
        "suit",
        "jacket",
        "coat",
        "labcoat",
        "uniform",
        "scrubs",
        "kimono",
        "qipao",
        "sari",
        "armour",
        "spacesuit",
        "robe",
        "dress",
    ),
    _categorical("sleeve", "none", "short", "long"),
    _categorical("top_pattern", *PATTERNS),
    _categorical("top_material", *MATERIALS),
    _categorical("neckwear", "none", "tie", "bowtie", "scarf", "necklace"),
    _categorical("bottom", "jeans", "trousers", "cargo", "joggers", "shorts", "leggings", "dungarees", "skirt"),
    _categorical("bottom_pattern", *PATTERNS),
    _categorical("bottom_material", *MATERIALS),
    _categorical("skirt_length", "mini", "knee", "long"),
    _categorical("shoes", "trainers", "leather", "boots", "tallboots", "heels", "flats", "sandals", "barefoot"),
    _categorical(
        "headwear", "none", "cap", "beanie", "fedora", "sunhat", "helmet", "hardhat", "headscarf", "peaked", "chef"
    ),
    _categorical("glasses", "none", "glasses", "sunglasses"),
    _categorical("gloves", "none", "gloves"),
    _categorical("bag", "none", "backpack"),
    _colour("skin"),
    _colour("hair_colour"),
    _colour("eye_colour"),
    _colour("top_colour"),
    _colour("top_second"),  # pattern colour; the shirt under a suit, jacket, coat or waistcoat; trims
    _colour("neck_colour"),  # tie, bow tie, scarf, necklace
    _colour("bottom_colour"),
    _colour("bottom_second"),
    _colour("shoe_colour"),
    _colour("head_colour"),  # headwear
    _colour("glasses_colour"),  # frames
    _colour("glove_colour"),
    _colour("bag_colour"),
    Group("phenotype", "phenotype", 6, ("gender", "age", "muscle", "weight", "height", "proportions")),
    Group("ancestry", "phenotype", 3, ("african", "asian", "caucasian")),  # shares, they sum to 1
    Group("face", "noise", 24),
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
