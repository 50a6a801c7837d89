"""Chinese words that fit a person, and the record of what they say."""

from __future__ import annotations

from functools import cache

import numpy as np

from lodestream_training.language import lexicon
from lodestream_training.language.chinese_colours import named
from lodestream_training.language.lexicon import Split
from lodestream_training.language.text import Caption
from lodestream_training.synth.chance import pick
from lodestream_training.synth.people import Person

Needs = tuple[tuple[str, frozenset[str]], ...]
_TRIES = 6


class Speaker:
    """Chooses words for one person; collects the groups that they say, and those said in held-out words."""

    def __init__(self, person: Person, rng: np.random.Generator, split: Split) -> None:
        self.values = person.values
        self.names = person.colours
        self.years = round(person.years)
        self.rng = rng
        self.split: Split = split
        self.said: set[str] = set()
        self.strange: set[str] = set()

    def some(self, chance: float) -> bool:
        """True with this chance."""
        return bool(self.rng.random() < chance)

    def shuffled(self, items: list[str]) -> list[str]:
        """The items in another order."""
        return [items[i] for i in self.rng.permutation(len(items))]

    def caption(self, text: str) -> Caption:
        """The text with what was said on the way."""
        return Caption(text, frozenset(self.said), frozenset(self.strange))

    def say(self, *groups: str, strange: bool = False) -> None:
        """Records that the groups are said."""
        self.said.update(groups)
        if strange:
            self.strange.update(groups)

    def word(self, table: str, value: str, *groups: str) -> str:
        """A word of the list that is true of the person; says ``groups`` and what the word implies besides."""
        splits: tuple[Split, ...] = ("words", "train") if self.split == "words" else ("train",)
        for split in splits:
            word = self._fitting(table, lexicon.words("zh", table, value, split))
            if word:
                strange = lexicon.strange("zh", table, value, split)
                self.say(*groups, *(group for group, _ in implied(table, word)), strange=strange)
                return word
        raise LookupError(f"no word of {table}.{value} fits")

    def plain(self, table: str, value: str = "any") -> str:
        """A word of a list that says nothing by itself."""
        return pick(self.rng, lexicon.words("zh", table, value, "train"))

    def phrase(self, table: str, value: str) -> str:
        """A phrasing of the list: a held-out one in split "phrasings", else one of the rest."""
        return pick(self.rng, phrasings(table, value, held_out=self.split == "phrasings"))

    def colour(self, group: str) -> str:
        """The colour's word, or "" where it has none or may not be said."""
        place = named(group, self.names[group])
        if place is None or group in self.said:
            return ""
        table, name = place
        strange = table == "colour" and not lexicon.sayable(name, "train")
        if strange and not lexicon.sayable(name, self.split):
            return ""
        self.say(group, strange=strange)
        return self.word(table, name, group)

    def fits(self, needs: Needs) -> bool:
        """Whether the person has all of this."""
        return all((self.values.get(group) or self.names.get(group, "")) in values for group, values in needs)

    def _fitting(self, table: str, words: tuple[str, ...]) -> str:
        for _ in range(_TRIES):
            word = pick(self.rng, words)
            if self.fits(implied(table, word)):
                return word
        fitting = [word for word in words if self.fits(implied(table, word))]
        return pick(self.rng, fitting) if fitting else ""


@cache
def implied(table: str, word: str) -> Needs:
    """What else must be true of a person for this word of the list, and is said by it: (group, values)."""
    parts = lexicon.table("zh").get(f"implied_{table}", {})
    hits = [part for part in parts if part in word]
    needs = (need.split("=") for part in hits for need in parts[part]["words"])
    return tuple((group, frozenset(values.split("|"))) for group, values in needs)


@cache
def phrasings(table: str, value: str, *, held_out: bool) -> tuple[str, ...]:
    """The phrasings of a list: the held-out tenth, or the rest."""
    every = lexicon.table("zh")[table][value]["words"]
    kept_out = lexicon.held_out(every)
    return tuple(text for text in every if (text in kept_out) == (held_out and bool(kept_out)))
