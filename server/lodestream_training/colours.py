"""Colour names and their sRGB values: xkcd's survey (CC0), CSS, a list (MIT), things, fabric values for plain words."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

Rgb = tuple[float, float, float]

#: Plain words as cloth shows them (the surveys give the most saturated screen colour), sRGB 0..255.
BASIC: dict[str, tuple[int, int, int]] = {
    "red": (204, 24, 30),
    "dark red": (125, 12, 18),
    "blue": (28, 70, 190),
    "light blue": (148, 196, 236),
    "dark blue": (16, 28, 92),
    "navy": (22, 30, 66),
    "navy blue": (22, 32, 72),
    "green": (28, 135, 48),
    "light green": (146, 220, 140),
    "dark green": (14, 70, 34),
    "yellow": (245, 216, 32),
    "orange": (240, 118, 18),
    "purple": (118, 36, 150),
    "pink": (246, 138, 184),
    "hot pink": (240, 40, 136),
    "brown": (104, 64, 36),
    "light brown": (168, 124, 84),
    "dark brown": (62, 38, 24),
    "black": (20, 20, 22),
    "white": (240, 240, 238),
    "grey": (132, 134, 138),
    "light grey": (196, 198, 200),
    "dark grey": (68, 70, 74),
    "charcoal": (52, 54, 60),
    "silver": (190, 194, 200),
    "beige": (220, 202, 166),
    "cream": (246, 236, 208),
    "tan": (206, 172, 124),
    "khaki": (168, 152, 104),
    "olive": (98, 100, 42),
    "maroon": (98, 14, 32),
    "burgundy": (108, 14, 42),
    "wine red": (112, 16, 44),
    "teal": (10, 128, 128),
    "turquoise": (48, 204, 194),
    "cyan": (24, 200, 220),
    "magenta": (206, 22, 130),
    "lime": (150, 224, 40),
    "gold": (214, 166, 44),
    "violet": (130, 60, 190),
    "indigo": (52, 34, 110),
    "mustard": (206, 164, 28),
    "coral": (250, 116, 96),
}

#: Denim has its own blues.
DENIM: dict[str, tuple[int, int, int]] = {
    "blue": (62, 94, 146),
    "light blue": (136, 168, 204),
    "dark blue": (34, 48, 82),
    "navy": (30, 40, 70),
    "indigo": (40, 48, 92),
    "denim": (62, 94, 146),
    "faded blue": (128, 156, 190),
    "washed blue": (118, 148, 186),
    "black": (32, 32, 36),
    "grey": (120, 124, 130),
    "white": (232, 232, 228),
}


def unit(rgb: tuple[int, int, int]) -> Rgb:
    """0..255 to sRGB in [0, 1]."""
    return rgb[0] / 255, rgb[1] / 255, rgb[2] / 255


def _read(table: str) -> dict[str, Rgb]:
    out: dict[str, Rgb] = {}
    for line in files(__package__).joinpath(table).read_text("utf-8").splitlines():
        if not line.startswith("#"):
            name, value = line.split(",")[:2]
            out[name] = unit((int(value[1:3], 16), int(value[3:5], 16), int(value[5:7], 16)))
    return out


@cache
def surveyed() -> dict[str, Rgb]:
    """The names of xkcd's survey and of CSS."""
    return _read("colours.csv")


@cache
def listed() -> dict[str, Rgb]:
    """Thousands more, as paints and yarns are called."""
    return _read("colours_listed.csv")


@cache
def things() -> dict[str, Rgb]:
    """Things that are known for their colour: birds, stones, dishes, flowers, ..."""
    return _read("colours_things.csv")


@cache
def cloth() -> dict[str, Rgb]:
    """Every name, the plain words with their fabric values."""
    return {**things(), **surveyed(), **listed(), **{name: unit(rgb) for name, rgb in BASIC.items()}}


def denim(name: str) -> Rgb:
    """The colour of jeans called ``name``."""
    return unit(DENIM[name]) if name in DENIM else cloth()[name]
