"""English captions: who, what features, what clothes, in one of many sentence frames."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

import numpy as np

from lodestream_training.language import lexicon
from lodestream_training.language.garments import Garments, nothing
from lodestream_training.language.grammar import american, article, bare, listing, mistyped, sentences, tidy
from lodestream_training.language.lexicon import Split
from lodestream_training.language.looks import Looks
from lodestream_training.language.roles import Role
from lodestream_training.language.speech import Speech
from lodestream_training.language.text import Caption
from lodestream_training.synth.people import Person

#: How often each topic comes up; where the person has such a thing, and where not.
_USUAL = {"age": 0.34, "build": 0.28, "height": 0.26, "ancestry": 0.12, "skin": 0.12, "eyes": 0.11, "hair": 0.56,
          "top": 0.85, "bottom": 0.68, "shoes": 0.36}  # fmt: skip
_SHOWN = {"beard": 0.5, "marks": 0.45, "makeup": 0.42, "neckwear": 0.6, "headwear": 0.75, "glasses": 0.7,
          "gloves": 0.6, "bag": 0.65}  # fmt: skip
_ABSENT = {"beard": 0.12, "marks": 0.03, "makeup": 0.03, "neckwear": 0.04, "headwear": 0.09, "glasses": 0.09,
           "gloves": 0.05, "bag": 0.05}  # fmt: skip
_COLOUR_OF = {"neckwear": ("neck_colour", 0.75), "headwear": ("head_colour", 0.75), "glasses": ("glasses_colour", 0.3),
              "gloves": ("glove_colour", 0.6), "bag": ("bag_colour", 0.65)}  # fmt: skip
_OPENS = ("{subject}", "{bare}")
#: Frames that are whole sentences, which no imperative opens.
_VERB = re.compile(r"\{subject\}(?:\[,? \{\w+\}\])?,? (?:has|wears|is)\b")
#: Share of captions with typing mistakes, and of their longer words that have one.
_HASTY, _SLIPS = 0.22, 0.25


def write(
    person: Person, rng: np.random.Generator, split: Split, role: Role | None = None, always: Collection[str] = ()
) -> Caption:
    """One English caption of ``person``; see ``text``."""
    return _Writer(Speech(person, rng, split, "en")).write(role, always)


@dataclass(frozen=True, slots=True)
class Frame:
    """A sentence frame: parts with whether they may be left out, the placeholders it has, and those it needs."""

    parts: tuple[tuple[bool, str], ...]
    tells: frozenset[str]
    needs: frozenset[str]
    pronoun: bool
    opens: bool
    terse: bool


class _Writer:
    def __init__(self, speech: Speech) -> None:
        self.speech = speech
        self.garments = Garments(speech)
        self.looks = Looks(speech)

    def write(self, role: Role | None, always: Collection[str]) -> Caption:
        speech = self.speech
        topics = self._topics(role, always)
        noun = self._noun(role, topics)
        self.looks.tell(topics)
        clothes = self._clothes(topics)
        text = self._arranged(noun, clothes)
        return Caption(self._finished(text), frozenset(speech.said), frozenset(speech.strange & speech.said))

    def _topics(self, role: Role | None, always: Collection[str]) -> set[str]:
        speech = self.speech
        values = speech.values
        chances = dict(_USUAL)
        for topic, chance in _SHOWN.items():
            chances[topic] = chance if values[topic] != "none" else _ABSENT[topic]
        if values["sex"] == "female" or values["age"] == "child":
            chances["beard"] = 0.0
        mood = speech.random()
        if mood < 0.18:
            shown = [topic for topic, chance in chances.items() if chance > 0.05]
            topics = set(speech.shuffled(shown)[: 1 + int(speech.random() * 2)])
        else:
            more = 1.0 if mood < 0.75 else 1.6
            topics = {topic for topic, chance in chances.items() if speech.some(chance * more)}
        if values["age"] in ("child", "old") and speech.some(0.9):
            topics.add("age")
        if role and speech.some(0.75):
            topics -= set(role.implied)
        topics |= set(always)
        if not self.garments.below():
            topics.discard("bottom")
        return topics

    def _noun(self, role: Role | None, topics: set[str]) -> str:
        speech = self.speech
        sex, age = speech.values["sex"], speech.values["age"]
        if role:
            speech.said.update(role.implied)
            noun = speech.pick(role.en)
            if "sex" in role.implied or speech.some(0.55):
                return noun
            speech.said.add("sex")
            return f"{sex if speech.some(0.6) else ('woman' if sex == 'female' else 'man')} {noun}"
        aged = "age" in topics and (age == "child" or speech.some(0.4))
        sexed = speech.some(0.93) and (aged or age != "child")
        if aged:
            topics.discard("age")
        who = "_".join(part for part, told in ((sex, sexed), (age, aged)) if told) or "anyone"
        return speech.word("noun", who, tells=[group for group, told in (("sex", sexed), ("age", aged)) if told])

    def _clothes(self, topics: set[str]) -> list[str]:
        speech, looks = self.speech, self.looks
        names = speech.names
        out: list[str] = []
        same = names["top_colour"] == names["bottom_colour"] == names["shoe_colour"]
        uniform = same and self.garments.below() and speech.values["shoes"] != "barefoot" and speech.some(0.8)
        if uniform and speech.values["top_pattern"] == speech.values["bottom_pattern"] == "plain":
            colour = speech.colour("top_colour")
            if colour:
                groups = ("top_colour", "bottom_colour", "shoe_colour", "top_pattern", "bottom_pattern")
                speech.said.update(groups)
                if "top_colour" in speech.strange:
                    speech.strange.update(groups[:3])
                looks.more.append(speech.template("all_in").format(c=colour))
        else:
            uniform = False
        if "top" in topics:
            out.append(self.garments.top(colourless=uniform))
        suited = "bottom" in speech.said and "top" in topics and speech.values["top"] != "shirt"
        if "bottom" in topics and self.garments.below() and not (suited and speech.some(0.85)):
            out.append(self.garments.bottom(colourless=uniform))
        if "shoes" in topics:
            if speech.values["shoes"] == "barefoot" and speech.some(0.7):
                form = "adjectives" if speech.some(0.6) else "without"
                looks.more.append(speech.word("shoes", "barefoot", form))
            else:
                out.append(self.garments.shoes(colourless=uniform))
        for group, (colour, chance) in _COLOUR_OF.items():
            if group in topics and not (group == "neckwear" and "neckwear" in speech.said):
                self._extra(group, colour, chance, out)
        return speech.shuffled(out) if speech.some(0.4) else out

    def _extra(self, group: str, colour: str, chance: float, out: list[str]) -> None:
        speech, looks = self.speech, self.looks
        if speech.values[group] == "none":
            phrase, reads_after_with = nothing(speech, group)
            (looks.has if reads_after_with else looks.more).append(phrase)
        elif speech.some(0.12) and speech.has(group, speech.values[group], "adjectives"):
            looks.adjectives.append(speech.word(group, speech.values[group], "adjectives"))
        else:
            phrase = self.garments.worn(group, colour, chance)
            (out if speech.some(0.7) else looks.has).append(phrase)

    def _arranged(self, noun: str, clothes: list[str]) -> str:
        speech, looks = self.speech, self.looks
        adjectives, has, more = looks.adjectives, looks.has, looks.more
        full = [name for name, items in (("adjectives", adjectives), ("has", has), ("of", more), ("clothes", clothes))
                if items]  # fmt: skip
        options = frames(speech.split, frozenset(full), "sex" in speech.said)
        plainest = 4 if speech.split != "phrasings" and speech.some(0.25) else len(options)
        frame = options[int(speech.random() * min(plainest, len(options)))]
        male = speech.values["sex"] == "male"
        if frame.terse and speech.some(0.6):
            clothes, has = [bare(item) for item in clothes], [bare(item) for item in has]
        last = ", " if frame.terse and speech.some(0.8) else speech.pick((" and ", " and ", " and ", ", ", ", and "))
        who = f"{(', ' if speech.some(0.2) else ' ').join(adjectives)} {noun}" if adjectives else noun
        with_has = f"with {listing(has, last)}" if has else ""
        filled = {
            "subject": article(who) if speech.some(0.9) else speech.pick(("the ", "one ", "")) + who,
            "bare": who,
            "noun": noun,
            "adjectives": ", ".join(adjectives),
            "has": listing(has, last),
            "of": ", ".join(more),
            "having": ", ".join(part for part in (with_has, *more) if part),
            "clothes": listing(clothes, last),
            "he": "he" if male else "she",
            "his": ("his" if male else "her") if "sex" in speech.said else "their",
        }
        parts = [text.format(**filled) for optional, text in frame.parts if not optional or _full(text, filled)]
        text = "".join(parts).replace("{his}", filled["his"])
        if frame.opens and speech.some(0.14):
            text = f"{speech.template('opening')} {text}"
        return tidy(text)

    def _finished(self, text: str) -> str:
        speech = self.speech
        if speech.some(0.3):
            text = american(text)
        if speech.split == "train" and speech.some(_HASTY):
            text = " ".join(
                mistyped(word, speech.random(), speech.random()) if len(word) > 3 and speech.some(_SLIPS) else word
                for word in text.split(" ")
            )
        form = speech.random()
        if form < 0.3:
            text = sentences(text)
        elif form < 0.45:
            text = text.lower()
        elif form < 0.465:
            text = text.upper()
        return f"{text}." if form < 0.15 and not text.endswith(".") else text


@cache
def frames(split: Split, full: frozenset[str], sexed: bool) -> tuple[Frame, ...]:
    """The frames that tell everything in ``full`` and need nothing else; without a sex said, none with pronouns."""

    def fitting(split: Split) -> tuple[Frame, ...]:
        every = (_frame(text) for text in lexicon.templates("en", "sentence", split))
        return tuple(f for f in every if f.needs <= full <= f.tells and (sexed or not f.pronoun))

    return fitting(split) or fitting("train")


@cache
def _frame(text: str) -> Frame:
    parts = tuple((part.startswith("["), part.strip("[]")) for part in re.findall(r"\[[^]]*\]|[^[]+", text))
    names = {name: _covers(name) for name in re.findall(r"{(\w+)}", text)}
    needed = {name for optional, part in parts if not optional for name in re.findall(r"{(\w+)}", part)}
    return Frame(
        parts,
        frozenset[str]().union(*names.values()),
        frozenset(needed & {"adjectives", "has", "of", "clothes"}),
        "he" in names,
        text.startswith(_OPENS) and not _VERB.match(text),
        text.startswith(("{bare}", "{noun}", "{clothes}", "{has}")),
    )


def _covers(name: str) -> frozenset[str]:
    return {"having": frozenset({"has", "of"}), "subject": frozenset({"adjectives"}),
            "bare": frozenset({"adjectives"})}.get(name, frozenset({name}))  # fmt: skip


def _full(part: str, filled: dict[str, str]) -> bool:
    return all(filled[name] for name in re.findall(r"{(\w+)}", part))
