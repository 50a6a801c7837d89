"""Chinese captions: people in the words that people in China use."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from lodestream_training.language import lexicon
from lodestream_training.language.chinese_clothes import Clothes
from lodestream_training.language.chinese_colours import known
from lodestream_training.language.lexicon import Split
from lodestream_training.language.roles import Role
from lodestream_training.language.text import Caption
from lodestream_training.synth.chance import pick
from lodestream_training.synth.people import Person

__all__ = ["known", "write"]

#: How often each topic comes up in a caption of usual length.
_USUAL = {"top": 0.86, "bottom": 0.66, "hair": 0.55, "shoes": 0.32, "beard": 0.5, "skin": 0.13, "eye_colour": 0.1}
_USUAL |= {"age": 0.4, "build": 0.28, "height": 0.26, "marks": 0.5, "makeup": 0.4, "headwear": 0.6, "glasses": 0.6}
_USUAL |= {"gloves": 0.5, "bag": 0.6, "neckwear": 0.55}
#: How often a caption says that something is not there, where its topic comes up.
_ABSENT = {"beard": 0.3, "marks": 0.03, "makeup": 0.1, "headwear": 0.09, "glasses": 0.09, "gloves": 0.05, "bag": 0.05}
_ABSENT |= {"neckwear": 0.02}
_WORN = {"headwear": "head_colour", "neckwear": "neck_colour", "glasses": "glasses_colour", "gloves": "glove_colour"}
_WORN |= {"bag": "bag_colour"}
_MEASURES = {"headwear": "顶", "neckwear": "条", "glasses": "副", "gloves": "双", "bag": "个"}
_LINKS = ("，", "，", "，", "，", "、", "、", "、", "，并且", "，而且")
#: Sentences that begin like this are no things to ask for.
_STATED = ("这是", "有", "他", "她", "TA", "就要", "角色")
_DIGITS = "零一二三四五六七八九"
_TIDY = (
    ("的的", "的"),
    ("，，", "，"),
    ("。。", "。"),
    ("，。", "。"),
    ("。，", "，"),
    ("，的", "的"),
    ("、，", "，"),
)


def write(
    person: Person, rng: np.random.Generator, split: Split, role: Role | None = None, always: Collection[str] = ()
) -> Caption:
    """One caption of exactly this person; ``language.text`` says what the arguments mean."""
    writer = _Writer(person, rng, split)
    return writer.caption(writer.text(role, always))


def numeral(number: int) -> str:
    """1..99 in Chinese characters."""
    tens, ones = divmod(number, 10)
    ten = ("" if tens == 1 else _DIGITS[tens]) + "十" if tens else ""
    return ten + (_DIGITS[ones] if ones else "")


class _Writer(Clothes):
    """Writes one caption."""

    def text(self, role: Role | None, always: Collection[str]) -> str:
        """The sentence."""
        topics = self._topics(role, always)
        noun = self._noun(role, topics)
        person = self._adjectives(topics) + noun
        features = self._looks(topics) + self._accessories(topics) + self.monochrome(topics, always)
        features = self.shuffled(features)
        garments = self.garments(topics)
        if garments.pop("F", ""):
            features.append(self.word("shoes", "barefoot", "shoes"))
        return self._finish(self._arrange(person, features, garments))

    def _topics(self, role: Role | None, always: Collection[str]) -> set[str]:
        mood = self.rng.random()
        if mood < 0.16:
            names = list(_USUAL)
            topics = {pick(self.rng, names) for _ in range(1 + int(self.rng.random() * 2))}
        else:
            more = 1.0 if mood < 0.8 else 1.7
            topics = {name for name, chance in _USUAL.items() if self.some(chance * more)}
        if role and self.some(0.75):
            topics -= set(role.implied)
        return topics | set(always)

    def _noun(self, role: Role | None, topics: set[str]) -> str:
        sex, age = self.values["sex"], self.values["age"]
        if role:
            strange = lexicon.held_out(role.zh)
            nouns = [noun for noun in role.zh if (noun in strange) == (self.split == "words" and bool(strange))]
            self.say(*role.implied, strange=self.split == "words" and bool(strange))
            noun = pick(self.rng, nouns)
            if "sex" in role.implied or self.some(0.6):
                return noun
            self.say("sex")
            return ("男" if sex == "male" else "女") + noun
        if self.some(0.07):
            groups = ("age",) if age in ("child", "old") else ()
            return self.word("person", age, *groups)
        if age == "child" or self.some({"old": 0.75, "middle": 0.4, "young": 0.4}[age] if "age" in topics else 0.12):
            topics.discard("age")
            return self.word("noun", f"{sex}_{age}", "sex", "age")
        return self.word("noun", sex, "sex")

    def _adjectives(self, topics: set[str]) -> str:
        out = []
        if "age" in topics and "age" not in self.said:
            years = {"{n}": str(self.years), "{k}": numeral(self.years), "{d}": numeral(self.years // 10 * 10)}
            word = self.word("age", self.values["age"], "age")
            for slot, number in years.items():
                word = word.replace(slot, number)
            out.append(word)
        if "build" in topics and "build" not in self.said:
            out.append(self.word("build", self.values["build"], "build"))
        if "height" in topics and "height" not in self.said:
            numbered = f"{self.values['sex']}_{self.values['height']}"
            if "sex" in self.said and self.values["age"] != "child" and self.some(0.15) and self._numbered(numbered):
                out.append(self.word("height_number", numbered, "height"))
            else:
                out.append(self.word("height", self.values["height"], "height"))
        out = self.shuffled(out)
        bare = [word.removesuffix("的") if len(word) > 2 and self.some(0.4) else word for word in out[:-1]]
        return "".join((*bare, *out[-1:]))

    def _numbered(self, value: str) -> bool:
        return bool(lexicon.words("zh", "height_number", value, "train"))

    def _looks(self, topics: set[str]) -> list[str]:
        out = [self._hair()] if "hair" in topics else []
        if "beard" in topics and (self.values["sex"] == "male" or self.values["beard"] != "none"):
            out += self._shown("beard")
        out += [clause for group in ("marks", "makeup") if group in topics for clause in self._shown(group)]
        out += [clause for group in ("skin", "eye_colour") if group in topics and (clause := self.colour(group))]
        return out

    def _shown(self, group: str) -> list[str]:
        value = self.values[group]
        return [self.word(group, value, group)] if value != "none" or self.some(_ABSENT[group]) else []

    def _hair(self) -> str:
        style = self.values["hair"]
        if style == "bald":
            return self.word("hair", style, "hair")
        form = self.rng.random()
        if form < 0.15 and (colour := self.colour("hair_colour")):
            return self.phrase("hair_only_colour", "any").replace("{c}", colour)
        word = self.word("hair", style, "hair")
        colour = self.colour("hair_colour") if form < 0.75 else ""
        if colour.endswith("色") and self.some(0.15):
            colour += "的"
        text = word.replace("{c}", colour) if "{c}" in word else colour + word
        return self.plain("hair_verb", style) + text if self.some(0.55) else text

    def _accessories(self, topics: set[str]) -> list[str]:
        return [text for group in _WORN if group in topics and (text := self._accessory(group))]

    def _accessory(self, group: str) -> str:
        value = self.values[group]
        if value == "none":
            tieless = group == "neckwear" and self.values["top"] in ("suit", "shirt") and self.some(0.1)
            return self.word(group, "none", group) if tieless or self.some(_ABSENT[group]) else ""
        word = self.word(group, value, group)
        coloured = self.some(0.35 if group == "glasses" else 0.75)
        colour = self.colour(_WORN[group]) if coloured else ""
        if group == "glasses" and colour:
            word = colour.removesuffix("的") + ("框" if "框" not in word else "") + word
        else:
            word = colour + ("的" if colour.endswith("色") and self.some(0.15) else "") + word
        if self.some(0.12) and not word.startswith("一"):
            word = f"一{'个' if value == 'bowtie' else _MEASURES[group]}{word}"
        verbs = f"{group}_verb"
        known_verbs = lexicon.words("zh", verbs, value, "train")
        verb = pick(self.rng, known_verbs) if known_verbs else self.plain(verbs)
        return verb + word if self.some(0.9) else word

    def _arrange(self, person: str, features: list[str], garments: dict[str, str]) -> str:
        link = pick(self.rng, _LINKS)
        has = link.join(part for part in ("，".join(features[:-1]), *features[-1:]) if part)
        worn, listed = "", ""
        if garments:
            worn = self.phrase("worn", "".join(garments))
            for slot, text in garments.items():
                worn = worn.replace(f"{{{slot}}}", text)
            order = list(garments.values())
            listed = pick(self.rng, ("，", "、", "和", "配", " ", "+")).join(self.shuffled(order))
        kind = ("worn_and_features" if has else "worn") if worn else "features" if has else "person"
        text = self.phrase("sentence", kind)
        he = ("他" if self.values["sex"] == "male" else "她") if "sex" in self.said else "TA"
        slots = {"{P}": person, "{C}": self.plain("count"), "{H}": he, "{W}": worn, "{G}": listed, "{F}": has}
        for slot, filled in slots.items():
            text = text.replace(slot, filled)
        return text

    def _finish(self, text: str) -> str:
        if self.some(0.2) and not text.startswith(_STATED):
            text = self.plain("opening") + text
        if self.some(0.16):
            text += self.plain("ending")
        for wrong, right in _TIDY:
            text = text.replace(wrong, right)
        form = self.rng.random()
        if form < 0.1:
            text = text.replace("，", ",").replace("。", ".")
        elif form < 0.16:
            text = text.replace("，", " ").replace("、", " ")
        if self.split == "train" and self.some(0.03):
            text = text.replace("的", pick(self.rng, ("", "地", "得")), 1)
        return text
