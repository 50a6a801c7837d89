"""What people wear and how they look, category by category: coherent draws with the shares of a street and a stage."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lodestream_training.synth.attributes import LONG_TOPS, OPEN_TOPS
from lodestream_training.synth.chance import weighted

_FORMAL = ("suit", "waistcoat")


def values(rng: np.random.Generator, fixed: Mapping[str, str]) -> dict[str, str]:
    """Each category's value; those in ``fixed`` stay, the others are drawn to go with them."""
    out: dict[str, str] = {}

    def choose(group: str, options: Mapping[str, float]) -> str:
        out[group] = fixed.get(group) or weighted(rng, options)
        return out[group]

    male = choose("sex", {"male": 0.5, "female": 0.5}) == "male"
    age = choose("age", {"child": 0.12, "young": 0.42, "middle": 0.28, "old": 0.18})
    grown = age != "child"
    muscular = (0.18 if male else 0.1) if grown else 0.01
    choose("build", {"slim": 0.27, "average": 0.38, "muscular": muscular, "heavy": 0.2})
    choose("height", {"short": 0.25, "average": 0.45, "tall": 0.3})
    choose("hair", _hairstyles(male, age))
    beards = {"none": 0.46, "stubble": 0.12, "moustache": 0.1, "goatee": 0.09, "full": 0.16, "long": 0.07}
    choose("beard", beards if male and grown else {"none": 1.0})
    choose("marks", {"none": 0.84, "freckles": 0.1, "scar": 0.06 if grown else 0.01})
    painted = (
        {"none": 0.6, "lipstick": 0.25, "dramatic": 0.15} if not male and grown else {"none": 1.0, "dramatic": 0.01}
    )
    choose("makeup", painted)
    top = choose("top", _tops(male, grown))
    choose("sleeve", sleeves(top))
    choose("top_pattern", _patterns(top))
    choose("top_material", _top_materials(top))
    choose("neckwear", neckwear(top, male))
    bottom = choose("bottom", _bottoms(top, male))
    below = top in LONG_TOPS and top not in OPEN_TOPS
    choose("bottom_pattern", {out["top_pattern"]: 1.0} if below or top == "suit" else _bottom_patterns(top, bottom))
    choose("bottom_material", {out["top_material"]: 1.0} if below else _bottom_materials(top, bottom))
    choose("skirt_length", lengths(top))
    choose("shoes", _shoes(top, bottom, male))
    choose("headwear", _headwear(top, male))
    choose("glasses", {"none": 0.78, "glasses": 0.14, "sunglasses": 0.08})
    gloved = {"armour": 0.8, "spacesuit": 0.95, "coat": 0.2}.get(top, 0.05)
    choose("gloves", {"none": 1 - gloved, "gloves": gloved})
    bag = 0.02 if top in (*_FORMAL, "armour") else 0.3 if top == "spacesuit" else 0.09
    choose("bag", {"none": 1 - bag, "backpack": bag})
    return out


_LENGTHS: dict[str, dict[str, float]] = {
    "coat": {"knee": 0.75, "long": 0.25},
    "labcoat": {"knee": 1.0},
    "kimono": {"long": 1.0},
    "qipao": {"knee": 0.4, "long": 0.6},
    "sari": {"long": 1.0},
    "robe": {"long": 1.0},
    "dress": {"mini": 0.27, "knee": 0.4, "long": 0.33},
}


def lengths(top: str) -> dict[str, float]:
    """How likely each length below the waist is, of a skirt or of a long top itself."""
    return _LENGTHS.get(top, {"mini": 0.25, "knee": 0.45, "long": 0.3})


def _hairstyles(male: bool, age: str) -> dict[str, float]:
    if male:
        bald = {"child": 0.01, "young": 0.08, "middle": 0.18, "old": 0.26}[age]
        styles = {"short": 0.3, "parted": 0.14, "buzz": 0.13, "curly": 0.09, "spiky": 0.09, "long": 0.06, "wavy": 0.04}
        styles |= {"bob": 0.02, "ponytail": 0.03, "bun": 0.03, "afro": 0.06, "dreadlocks": 0.05, "mohawk": 0.04}
        return styles | {"braids": 0.01, "bald": bald}
    styles = {"long": 0.2, "wavy": 0.14, "bob": 0.13, "ponytail": 0.12, "bun": 0.1, "short": 0.06, "curly": 0.07}
    styles |= {"pigtails": 0.1 if age == "child" else 0.04, "braids": 0.06, "afro": 0.05, "dreadlocks": 0.03}
    return styles | {"buzz": 0.02, "spiky": 0.03, "parted": 0.03, "mohawk": 0.02, "bald": 0.02}


def sleeves(top: str) -> dict[str, float]:
    """How likely each sleeve is on each top."""
    return {
        "tshirt": {"short": 0.84, "long": 0.16},
        "tank": {"none": 1.0},
        "crop": {"none": 0.45, "short": 0.35, "long": 0.2},
        "shirt": {"short": 0.22, "long": 0.78},
        "polo": {"short": 0.88, "long": 0.12},
        "jersey": {"short": 0.75, "long": 0.1, "none": 0.15},
        "waistcoat": {"long": 0.85, "short": 0.15},
        "scrubs": {"short": 1.0},
        "uniform": {"long": 0.8, "short": 0.2},
        "qipao": {"none": 0.25, "short": 0.55, "long": 0.2},
        "sari": {"short": 0.9, "none": 0.1},
        "dress": {"none": 0.4, "short": 0.33, "long": 0.27},
    }.get(top, {"long": 1.0})


def neckwear(top: str, male: bool) -> dict[str, float]:
    """How likely each thing round the neck is with each top."""
    tie = {"suit": 0.62 if male else 0.22, "shirt": 0.2 if male else 0.06, "waistcoat": 0.4, "uniform": 0.45}.get(
        top, 0
    )
    bow = {"suit": 0.12 if male else 0.03, "shirt": 0.05, "waistcoat": 0.15}.get(top, 0.0)
    scarf = {"coat": 0.3, "jacket": 0.14, "jumper": 0.1, "cardigan": 0.1}.get(top, 0.03)
    if top in ("armour", "spacesuit", "turtleneck", "hoodie"):
        scarf = 0.02
    chain = 0.03 if male else 0.12
    return {
        "none": max(0.05, 1 - tie - bow - scarf - chain),
        "tie": tie,
        "bowtie": bow,
        "scarf": scarf,
        "necklace": chain,
    }


def _tops(male: bool, grown: bool) -> dict[str, float]:
    tops = {"tshirt": 0.15, "tank": 0.06, "shirt": 0.11, "polo": 0.05, "jersey": 0.05, "jumper": 0.07}
    tops |= {"turtleneck": 0.04, "cardigan": 0.05, "hoodie": 0.08, "waistcoat": 0.04, "jacket": 0.09, "coat": 0.06}
    tops |= {"labcoat": 0.03, "uniform": 0.04, "scrubs": 0.03, "kimono": 0.03, "armour": 0.03, "spacesuit": 0.03}
    tops |= {"robe": 0.03, "suit": (0.12 if male else 0.07) if grown else 0.02}
    if male:
        return tops | {"crop": 0.005, "qipao": 0.002, "sari": 0.002, "dress": 0.005}
    return tops | {"crop": 0.05, "qipao": 0.04, "sari": 0.04, "dress": 0.2}


def _patterns(top: str) -> dict[str, float]:
    rest = {"stripes": 0.09, "plaid": 0.05, "check": 0.04, "dots": 0.06, "camouflage": 0.03, "floral": 0.05}
    rest |= {"leopard": 0.03, "zigzag": 0.03, "pinstripes": 0.02}
    return {
        "suit": {"plain": 0.7, "pinstripes": 0.18, "plaid": 0.06, "check": 0.06},
        "waistcoat": {"plain": 0.7, "pinstripes": 0.15, "plaid": 0.08, "check": 0.07},
        "shirt": {"plain": 0.4, "stripes": 0.1, "plaid": 0.16, "check": 0.1, "dots": 0.05, "pinstripes": 0.07}
        | {"floral": 0.08, "leopard": 0.02, "camouflage": 0.02},
        "jacket": {"plain": 0.86, "plaid": 0.05, "camouflage": 0.05, "leopard": 0.02, "stripes": 0.02},
        "coat": {"plain": 0.82, "plaid": 0.06, "check": 0.06, "leopard": 0.04, "camouflage": 0.02},
        "hoodie": {"plain": 0.82, "stripes": 0.07, "camouflage": 0.06, "dots": 0.02, "zigzag": 0.03},
        "uniform": {"plain": 0.75, "camouflage": 0.25},
        "kimono": {"plain": 0.45, "floral": 0.35, "stripes": 0.08, "check": 0.06, "dots": 0.06},
        "qipao": {"plain": 0.45, "floral": 0.48, "dots": 0.07},
        "sari": {"plain": 0.55, "floral": 0.3, "dots": 0.08, "stripes": 0.07},
        "labcoat": {"plain": 1.0},
        "scrubs": {"plain": 0.9, "floral": 0.06, "dots": 0.04},
        "armour": {"plain": 1.0},
        "spacesuit": {"plain": 1.0},
        "robe": {"plain": 0.85, "stripes": 0.08, "zigzag": 0.03, "floral": 0.04},
        "jersey": {"plain": 0.62, "stripes": 0.33, "check": 0.05},
    }.get(top, {"plain": 0.6} | rest)


def _top_materials(top: str) -> dict[str, float]:
    return {
        "suit": {"wool": 0.94, "silk": 0.03, "leather": 0.03},
        "waistcoat": {"wool": 0.8, "silk": 0.1, "leather": 0.05, "denim": 0.05},
        "shirt": {"cotton": 0.8, "denim": 0.1, "silk": 0.1},
        "jumper": {"knit": 0.75, "wool": 0.25},
        "turtleneck": {"knit": 0.75, "wool": 0.25},
        "cardigan": {"knit": 0.7, "wool": 0.3},
        "hoodie": {"cotton": 1.0},
        "jacket": {"leather": 0.4, "nylon": 0.26, "denim": 0.24, "cotton": 0.1},
        "coat": {"wool": 0.62, "nylon": 0.2, "leather": 0.18},
        "jersey": {"nylon": 1.0},
        "kimono": {"silk": 0.6, "cotton": 0.4},
        "qipao": {"silk": 0.9, "cotton": 0.1},
        "sari": {"silk": 0.8, "cotton": 0.2},
        "armour": {"metal": 0.9, "leather": 0.1},
        "spacesuit": {"nylon": 1.0},
        "robe": {"wool": 0.5, "cotton": 0.35, "silk": 0.15},
        "dress": {"cotton": 0.55, "silk": 0.22, "denim": 0.06, "knit": 0.06, "leather": 0.05, "wool": 0.06},
        "uniform": {"cotton": 0.7, "wool": 0.3},
        "tank": {"cotton": 0.85, "nylon": 0.1, "leather": 0.05},
        "crop": {"cotton": 0.7, "knit": 0.15, "leather": 0.08, "denim": 0.07},
    }.get(top, {"cotton": 1.0})


def _bottoms(top: str, male: bool) -> dict[str, float]:  # noqa: PLR0911 (one return a kind of top)
    if top in LONG_TOPS and top not in OPEN_TOPS:
        return {"skirt": 1.0}
    if top in ("armour", "spacesuit", "scrubs"):
        return {"trousers": 1.0}
    if top == "uniform":
        return {"trousers": 0.7, "cargo": 0.25, "skirt": 0.0 if male else 0.1}
    if top in OPEN_TOPS:
        return {"trousers": 0.62, "jeans": 0.25, "cargo": 0.04, "leggings": 0.02 if male else 0.15}
    if top in _FORMAL:
        return {"trousers": 0.92 if male else 0.68, "skirt": 0.005 if male else 0.25, "jeans": 0.06}
    if top == "jersey":
        return {"shorts": 0.62, "joggers": 0.25, "leggings": 0.03 if male else 0.12}
    dungarees = 0.07 if top in ("tshirt", "shirt", "tank", "polo") else 0.0
    if male:
        legs = {"jeans": 0.34, "trousers": 0.25, "cargo": 0.1, "joggers": 0.11, "shorts": 0.17, "leggings": 0.015}
        return legs | {"dungarees": dungarees, "skirt": 0.008}
    legs = {"jeans": 0.26, "trousers": 0.16, "cargo": 0.05, "joggers": 0.07, "shorts": 0.12, "leggings": 0.13}
    return legs | {"dungarees": dungarees, "skirt": 0.22}


def _bottom_patterns(top: str, bottom: str) -> dict[str, float]:
    if bottom in ("jeans", "dungarees") or top in ("armour", "spacesuit", "scrubs"):
        return {"plain": 1.0}
    if bottom == "cargo":
        return {"plain": 0.7, "camouflage": 0.3}
    rest = {"stripes": 0.04, "pinstripes": 0.03, "plaid": 0.05, "check": 0.03, "dots": 0.03, "camouflage": 0.03}
    return {"plain": 0.74} | rest | {"floral": 0.03, "leopard": 0.02, "zigzag": 0.01}


def _bottom_materials(top: str, bottom: str) -> dict[str, float]:
    if top == "armour":
        return {"metal": 0.6, "leather": 0.4}
    if top == "spacesuit":
        return {"nylon": 1.0}
    return {
        "jeans": {"denim": 1.0},
        "dungarees": {"denim": 0.75, "cotton": 0.25},
        "trousers": {"cotton": 0.42, "wool": 0.42, "leather": 0.1, "silk": 0.06},
        "joggers": {"cotton": 0.7, "nylon": 0.3},
        "shorts": {"cotton": 0.6, "denim": 0.2, "nylon": 0.2},
        "leggings": {"nylon": 0.7, "cotton": 0.2, "leather": 0.1},
        "skirt": {"cotton": 0.5, "wool": 0.12, "denim": 0.14, "leather": 0.1, "silk": 0.14},
    }.get(bottom, {"cotton": 1.0})


def _shoes(top: str, bottom: str, male: bool) -> dict[str, float]:
    if top in _FORMAL:
        heels = 0.0 if male else 0.45
        return {"leather": 0.9 - heels, "heels": heels, "trainers": 0.04, "boots": 0.05, "barefoot": 0.01}
    if top in ("armour", "spacesuit", "uniform"):
        return {"boots": 0.6, "tallboots": 0.25, "leather": 0.15 if top == "uniform" else 0.0}
    if top in ("kimono", "sari", "robe"):
        return {"sandals": 0.6, "barefoot": 0.2, "flats": 0.1, "leather": 0.1}
    if bottom == "skirt":
        skirted = {"heels": 0.28, "flats": 0.16, "sandals": 0.2, "boots": 0.1, "tallboots": 0.08, "trainers": 0.1}
        return skirted | {"leather": 0.04, "barefoot": 0.06}
    women = {} if male else {"heels": 0.07, "flats": 0.07, "tallboots": 0.05}
    return {
        "trainers": 0.46,
        "leather": 0.14,
        "boots": 0.17,
        "tallboots": 0.02,
        "sandals": 0.09,
        "barefoot": 0.06,
    } | women


def _headwear(top: str, male: bool) -> dict[str, float]:
    hats = {"cap": 0.07, "beanie": 0.05, "fedora": 0.03, "sunhat": 0.015 if male else 0.04, "helmet": 0.01}
    hats |= {"hardhat": 0.015, "headscarf": 0.0 if male else 0.04, "peaked": 0.01, "chef": 0.01}
    if top == "uniform":
        hats |= {"peaked": 0.45, "helmet": 0.1}
    elif top == "armour":
        hats = {"helmet": 0.6}
    elif top == "spacesuit":
        hats = {"helmet": 0.35, "cap": 0.03}
    elif top == "coat":
        hats |= {"fedora": 0.12, "beanie": 0.1}
    elif top in _FORMAL:
        hats = {"fedora": 0.08}
    return {"none": 1.0 - sum(hats.values())} | hats
