"""What one caption has said so far: chooses words and colours and keeps count of the groups that they tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import cycle

import numpy as np

from lodestream_training.language import lexicon
from lodestream_training.language.lexicon import Language, Split
from lodestream_training.synth.people import Person

#: Random numbers drawn at once.
BLOCK = 256
#: Share of words that are the canonical one, and share of the rest that are among the first five.
CANONICAL, USUAL = 0.2, 0.3
#: Colours that have tables of words of their own.
TABLES = ("skin", "hair_colour", "eye_colour")


class Speech:
    """One caption's choices; ``said`` and ``strange`` are the groups told, and told in held-out words."""

    def __init__(self, person: Person, rng: np.random.Generator, split: Split, language: Language) -> None:
        self.person = person
        self.values = person.values
        self.names = person.colours
        self.split: Split = split
        self.language: Language = language
        self.said: set[str] = set()
        self.strange: set[str] = set()
        self._random = cycle(rng.random(BLOCK).tolist())

    def random(self) -> float:
        """Uniform in [0, 1)."""
        return next(self._random)

    def some(self, chance: float) -> bool:
        """True with this chance."""
        return next(self._random) < chance

    def pick(self, options: Sequence[str]) -> str:
        """One of the options, all alike."""
        return options[int(next(self._random) * len(options))]

    def shuffled(self, items: Iterable[str]) -> list[str]:
        """The items in any order."""
        return sorted(items, key=lambda _: next(self._random))

    def has(self, group: str, value: str, form: str) -> bool:
        """Whether there are words of this form."""
        return bool(lexicon.words(self.language, group, value, self.split, form))

    def word(self, group: str, value: str, form: str = "words", tells: Iterable[str] | None = None) -> str:
        """A word for the value, which tells ``tells`` (by default the group itself)."""
        told = (group,) if tells is None else tells
        self.said.update(told)
        if lexicon.strange(self.language, group, value, self.split, form):
            self.strange.update(told)
        options = lexicon.words(self.language, group, value, self.split, form)
        at = next(self._random)
        if self.split != "words":
            at = 0.0 if at < CANONICAL else (at - CANONICAL) / (1.0 - CANONICAL)
            at *= 1.0 if self.some(1.0 - USUAL) else min(1.0, 5 / len(options))
        return options[int(at * len(options))]

    def colour(self, group: str) -> str:
        """The name of a colour, which is then said, or nothing where this split may not say it."""
        name = self.names[group]
        if group in TABLES and self.has(group, name, "words"):
            return self.word(group, name)
        if not lexicon.sayable(name, self.split):
            return ""
        self.said.add(group)
        if not lexicon.sayable(name, "train"):
            self.strange.add(group)
        return name

    def template(self, kind: str) -> str:
        """A template of this kind."""
        return self.pick(lexicon.templates(self.language, kind, self.split))
