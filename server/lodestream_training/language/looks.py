"""English words for what somebody looks like: age, build, height, ancestry, skin, eyes, hair and face."""

from __future__ import annotations

import re

from lodestream_training.language.garments import nothing
from lodestream_training.language.grammar import article, bare, tidy
from lodestream_training.language.speech import Speech

#: Skins that words such as "black" and "white" fit.
_SHADES = {"african": ("brown", "dark brown", "dark", "ebony"), "caucasian": ("porcelain", "pale", "fair", "light")}

#: Heights that fit grown-up people alone.
_MEASURED = re.compile(r"\d|foot|feet|met(?:re|er)|basketball")


class Looks:
    """Features of one caption: ``adjectives``, ``has`` (reads after "with"), and ``more`` (reads on its own)."""

    def __init__(self, speech: Speech) -> None:
        self.speech = speech
        self.adjectives: list[str] = []
        self.has: list[str] = []
        self.more: list[str] = []

    def tell(self, topics: set[str]) -> None:
        """Tell the topics that are features."""
        for group in ("age", "build", "height"):
            if group in topics:
                self._plain(group, self.speech.values[group])
        if "ancestry" in topics:
            self._ancestry()
        if "skin" in topics and "skin" not in self.speech.said:
            self._skin()
        if "eyes" in topics:
            self._eyes()
        if "hair" in topics:
            self._hair(must="hair" if self.speech.split == "combinations" else "")
        if "beard" in topics:
            self._beard()
        for group in ("marks", "makeup"):
            if group in topics:
                self._face(group)
        self.adjectives = self.speech.shuffled(self.adjectives)
        self.has, self.more = self.speech.shuffled(self.has), self.speech.shuffled(self.more)

    def _add(self, clause: str) -> None:
        """A clause goes where it reads well."""
        if clause.startswith("with "):
            self.has.append(clause[5:])
        else:
            self.more.append(clause)

    def _plain(self, group: str, value: str) -> None:
        form = "clauses" if self.speech.some(0.22) else "adjectives"
        word = self.speech.word(group, value, form)
        if group == "height" and self.speech.values["age"] == "child" and _MEASURED.search(word):
            form, word = "adjectives", self.speech.word(group, value, "plain")
        if form == "clauses":
            self._add(word)
            return
        (self.more if word.startswith("of ") else self.adjectives).append(word)

    def _ancestry(self) -> None:
        speech = self.speech
        ancestry = speech.person.ancestry
        if speech.names["skin"] in _SHADES.get(ancestry, ()) and speech.some(0.45):
            self.adjectives.append(speech.word("ancestry", ancestry, "shade", ("ancestry", "skin")))
        else:
            self._plain("ancestry", ancestry)

    def _skin(self) -> None:
        word = self.speech.colour("skin")
        phrase = self.speech.template("skin").format(w=word)
        if phrase.startswith("with a "):
            self.has.append(article(phrase[7:]))
        elif phrase.startswith(word):
            self.adjectives.append(phrase)
        else:
            self._add(phrase)

    def _eyes(self) -> None:
        word = self.speech.colour("eye_colour")
        if self.speech.some(0.2):
            self.adjectives.append(f"{word}-eyed")
        else:
            self.has.append(self.speech.template("eyes").format(w=word))

    def _hair(self, must: str) -> None:
        speech = self.speech
        style = speech.values["hair"]
        form = speech.random()
        if style != "bald" and form < 0.2 and not must and (colour := speech.colour("hair_colour")):
            if speech.some(0.35):
                self.adjectives.append(f"{colour}-haired")
            else:
                self.has.append(speech.template("hair").format(w=colour))
        elif form < 0.34 or (style == "bald" and form < 0.6):
            if speech.some(0.45):
                self.adjectives.append(speech.word("hair", style, "adjectives"))
            else:
                self.has.append(tidy(speech.word("hair", style, "clauses").replace("{c}", "")))
        else:
            clause = speech.word("hair", style, "clauses")
            self.has.append(tidy(clause.replace("{c}", speech.colour("hair_colour") if "{c}" in clause else "")))

    def _beard(self) -> None:
        speech = self.speech
        kind = speech.values["beard"]
        if kind == "none":
            if speech.some(0.35):
                self.adjectives.append(speech.word("beard", kind, "adjectives"))
            else:
                self._negated("beard")
        elif speech.some(0.3):
            self.adjectives.append(speech.word("beard", kind, "adjectives"))
        else:
            clause = speech.word("beard", kind, "clauses")
            if clause.startswith("a ") and "face" not in clause and speech.some(0.2):
                clause = article(f"{colour} {bare(clause)}") if (colour := speech.colour("hair_colour")) else clause
            self.has.append(clause)

    def _face(self, group: str) -> None:
        value = self.speech.values[group]
        if value == "none":
            self._negated(group)
        elif self.speech.some(0.3):
            self.adjectives.append(self.speech.word(group, value, "adjectives"))
        else:
            self.has.append(self.speech.word(group, value, "clauses"))

    def _negated(self, group: str) -> None:
        phrase, reads_after_with = nothing(self.speech, group)
        (self.has if reads_after_with else self.more).append(phrase)
