"""Small English grammar: articles, plurals, lists, spelling and typing mistakes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

_PLURAL_TOO = ("converse", "lederhosen", "leather trousers")
_UNCOUNTED = ("armour", "armor", "knitwear", "full plate", "plate mail", "battle dress", "lip colour", "stubble")
#: Where the head of a noun phrase ends.
_AFTER_HEAD = re.compile(r" (?:with|of|on|over|around|and|in|up|at|from|without|that|to) |,")
_LIKE_A = ("uni", "uti", "one", "eu", "ukr", "ewe", "uk")
_LIKE_AN = ("npc", "eva", "a-shirt", "oap", "mc", "nba", "honest", "8", "11-", "11 ", "18", "x")
_AMERICAN = (
    ("grey", "gray"),
    ("colour", "color"),
    ("armour", "armor"),
    ("moustach", "mustach"),
    ("woollen", "woolen"),
    ("cosy", "cozy"),
    ("jewelled", "jeweled"),
)
_NEAR = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk",
    "k": "jl", "l": "kp", "m": "n", "n": "bm", "o": "ip", "p": "ol", "q": "wa", "r": "et", "s": "ad", "t": "ry",
    "u": "yi", "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "xs",
}  # fmt: skip


@cache
def plural(noun: str) -> bool:
    """Whether the noun phrase is a plural ("blue jeans", "pants with side pockets")."""
    head = _AFTER_HEAD.split(noun, maxsplit=1)[0]
    return noun in _PLURAL_TOO or (head.endswith("s") and not head.endswith(("ss", "us")))


@cache
def counted(noun: str) -> bool:
    """Whether the noun takes an article."""
    return not plural(noun) and not _AFTER_HEAD.split(noun, maxsplit=1)[0].endswith(_UNCOUNTED)


def article(phrase: str) -> str:
    """The phrase with "a" or "an"."""
    start = phrase[:8].lower()
    vowel = start.startswith(_LIKE_AN) or (start[:1] in "aeiou" and not start.startswith(_LIKE_A))
    return f"an {phrase}" if vowel else f"a {phrase}"


def bare(phrase: str) -> str:
    """The phrase without its article."""
    return phrase[2:] if phrase.startswith("a ") else phrase.removeprefix("an ")


def listing(items: Sequence[str], last: str = " and ", between: str = ", ") -> str:
    """The items as one list, ``last`` before the last of them."""
    return items[0] if len(items) == 1 else f"{between.join(items[:-1])}{last}{items[-1]}" if items else ""


def tidy(text: str) -> str:
    """The text with single spaces and "an" before vowels where an adjective was left out or put in."""
    text = " ".join(text.split()).replace(" ,", ",")
    return re.sub(r"\ba (?=[aeio])(?!one)", "an ", re.sub(r"\ban (?=[b-df-hj-np-tv-z])", "a ", text))


def american(text: str) -> str:
    """The text in American spelling."""
    for british, other in _AMERICAN:
        text = text.replace(british, other)
    return text


def sentences(text: str) -> str:
    """The text with a capital letter after every full stop and at its start."""
    return ". ".join(part[:1].upper() + part[1:] for part in text.split(". "))


def mistyped(word: str, how: float, where: float) -> str:
    """The word with one typing mistake; ``how`` and ``where`` in [0, 1) choose it."""
    at = 1 + int(where * (len(word) - 2))
    if how < 0.3:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if how < 0.6:
        return word[:at] + word[at + 1 :]
    if how < 0.8:
        return word[:at] + word[at] + word[at:]
    near = _NEAR.get(word[at].lower(), word[at])
    return word[:at] + near[int(where * 997) % len(near)] + word[at + 1 :]
