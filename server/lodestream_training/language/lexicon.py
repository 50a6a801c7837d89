"""The words of both languages by group and value, from TOML, with a deterministic tenth held out of training.

``en/*.toml`` and ``zh/*.toml`` hold tables ``[group]`` with ``value = [words]``, or ``[group.value]`` with one list of
words per grammatical form (``nouns``, ``adjectives``, ``clauses``, ...). The first word of a list is the canonical one.
Several files may list words of the same value; each list holds out its own tenth, so that a file more moves no word
from one side to the other. Those of ``further.toml`` and ``things.toml`` hold out none.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Literal

from lodestream_training import colours

Language = Literal["en", "zh"]
Split = Literal["train", "words", "phrasings", "combinations"]
Words = tuple[str, ...]
#: Lists shorter than this hold nothing out.
ENOUGH = 6
#: Files whose words all train, so that the held-out ones stay the same; none of them has a held-out one in it.
_TRAINED = ("further.toml", "things.toml")


def _toml(language: Language) -> Iterator[tuple[str, dict[str, Any]]]:
    every = files(__package__).joinpath(language).iterdir()
    for path in sorted(every, key=lambda path: (path.name in ("synonyms.toml", *_TRAINED), path.name)):  # further last
        if path.name.endswith(".toml"):
            yield path.name, tomllib.loads(path.read_text("utf-8"))


@cache
def _templates(language: Language) -> dict[str, Words]:
    return {
        kind: tuple(dict.fromkeys(items))
        for _, file in _toml(language)
        for kind, items in file.get("template", {}).items()
    }


@cache
def _lists(language: Language, *, trained: bool) -> dict[tuple[str, str, str], tuple[Words, ...]]:
    out: dict[tuple[str, str, str], tuple[Words, ...]] = {}
    for name, file in _toml(language):
        if (name in _TRAINED) != trained:
            continue
        for group, values in file.items():
            if group == "template":
                continue
            for value, lists in values.items():
                forms = lists if isinstance(lists, dict) else {"words": lists}
                for form, items in forms.items():
                    key = (group, value, form)
                    out[key] = (*out.get(key, ()), tuple(dict.fromkeys(items)))
    return out


@cache
def table(language: Language) -> dict[str, dict[str, dict[str, Words]]]:
    """Every word: by group, value and form; a plain list has the one form ``words``."""
    out: dict[str, dict[str, dict[str, Words]]] = {}
    testing, trained = (_lists(language, trained=each) for each in (False, True))
    for (group, value, form), lists in testing.items():
        every = tuple(
            dict.fromkeys(word for words in (*lists, *trained.get((group, value, form), ())) for word in words)
        )
        out.setdefault(group, {}).setdefault(value, {})[form] = every
    return out


@cache
def _held_out(language: Language, group: str, value: str, form: str) -> frozenset[str]:
    lists = _lists(language, trained=False).get((group, value, form), ())
    return frozenset(word for words in lists for word in held_out(words))


@cache
def words(language: Language, group: str, value: str, split: Split, form: str = "words") -> Words:
    """The words to use: in split "words" the held-out ones where there are any, else all but those; () without any."""
    every = table(language).get(group, {}).get(value, {}).get(form, ())
    kept_out = _held_out(language, group, value, form)
    if split == "words" and kept_out:
        return tuple(word for word in every if word in kept_out)
    return tuple(word for word in every if word not in kept_out)


@cache
def templates(language: Language, kind: str, split: Split) -> Words:
    """Templates of ``[template]``: in split "phrasings" the held-out ones where there are any, else all but those."""
    every = _templates(language)[kind]
    kept_out = held_out(every)
    if split == "phrasings" and kept_out:
        return tuple(template for template in every if template in kept_out)
    return tuple(template for template in every if template not in kept_out)


@cache
def strange(language: Language, group: str, value: str, split: Split, form: str = "words") -> bool:
    """Whether ``words`` of the same arguments are held-out ones."""
    return split == "words" and bool(_held_out(language, group, value, form))


@cache
def held_out(every: Words) -> frozenset[str]:
    """A tenth of ``every`` (at least one of six), by hash; never the first."""
    if len(every) < ENOUGH:
        return frozenset()
    return frozenset(sorted(every[1:], key=_hash)[: max(1, len(every) // 10)])


@cache
def colours_held_out() -> Words:
    """A tenth of the surveyed colour names, none of them plain words. Paints' names are all for training."""
    rare = [name for name in colours.surveyed() if name not in colours.BASIC]
    return tuple(sorted(rare, key=_hash)[: len(rare) // 10])


def sayable(name: str, split: Split) -> bool:
    """Whether a caption of this split may call a garment's colour ``name``."""
    return split == "words" or name not in _colours_held_out()


def spoken(language: Language) -> Iterator[str]:
    """Every word of the language's lists and templates."""
    for items in _templates(language).values():
        yield from items
    for values in table(language).values():
        for forms in values.values():
            for items in forms.values():
                yield from items


@cache
def _colours_held_out() -> frozenset[str]:
    return frozenset(colours_held_out())


def _hash(word: str) -> bytes:
    return sha256(word.encode()).digest()
