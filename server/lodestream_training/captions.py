"""Captions of synthetic people: many templates, shuffled and partial clauses, with what each one says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lodestream_training import chinese, lexicon
from lodestream_training.synth import attributes, people
from lodestream_training.synth.people import Person, pick

_AT = attributes.slices()
_PHENOTYPES = {"sex": (0,), "age": (1,), "build": (2, 3), "height": (4,)}
_DEFAULT_SLEEVE = {"tshirt": "short", "polo": "short", "shirt": "long", "tank": "none"}
#: Share of captions in Chinese.
CHINESE = 0.25
_PLURAL = ("jeans", "trousers", "shorts", "leggings")


@dataclass(frozen=True, slots=True)
class Caption:
    """A text and the groups of the latent that it says something about."""

    text: str
    said: frozenset[str]


def mask(said: Iterable[str]) -> NDArray[np.bool_]:
    """Where the vector is said: (attributes.SIZE,); sex, age, build and height also cover their phenotypes."""
    out = np.zeros(attributes.SIZE, np.bool_)
    for group in said:
        out[_AT[group]] = True
        for index in _PHENOTYPES.get(group, ()):
            out[_AT["phenotype"].start + index] = True
    return out


def draw(rng: np.random.Generator) -> tuple[Person, Caption]:
    """A person and a caption; one in seven is called by a role ("a chef") that fixes parts of the outfit."""
    if rng.random() > 0.15:
        person = people.draw(rng)
        return _chinese(person, rng) if rng.random() < CHINESE else (person, caption(person, rng))
    role = lexicon.ROLES[int(rng.random() * len(lexicon.ROLES))]
    values = dict(role.values)
    names = {group: pick(rng, options) for group, options in role.colours.items()}
    said_anyway: set[str] = set()
    if rng.random() < 0.25:  # "a chef in a red hoodie": the caption's own words win over the role
        for group in ("top", "sleeve", "top_colour", "top_pattern", "neckwear", "top_second"):
            values.pop(group, None)
            names.pop(group, None)
        said_anyway.add("top")
    if rng.random() < 0.15:
        for group in ("bottom", "bottom_colour", "skirt_length"):
            values.pop(group, None)
            names.pop(group, None)
        said_anyway.add("bottom")
    person = people.draw(rng, values, names)
    called = Called(pick(rng, role.nouns), (*values, *names), role.nouns[0])
    if called.role in chinese.ROLES and rng.random() < CHINESE:
        return _chinese(person, rng, called, said_anyway)
    return person, caption(person, rng, called, said_anyway)


def _chinese(
    person: Person, rng: np.random.Generator, called: Called | None = None, always: Iterable[str] = ()
) -> tuple[Person, Caption]:
    """The person with colours that Chinese has words for here, and a Chinese caption."""
    person = chinese.known(person, rng)
    writer = chinese.Writer(person, rng)
    noun = pick(rng, chinese.ROLES[called.role]) if called else None
    text = writer.write(noun, called.implied if called else (), set(always))
    return person, Caption(text, frozenset(writer.said))


def of(person: Person, rng: np.random.Generator) -> Caption:
    """A caption of exactly this person; in Chinese, colours without a name there stay unsaid."""
    if rng.random() < CHINESE:
        writer = chinese.Writer(person, rng)
        text = writer.write(None, (), set())
        return Caption(text, frozenset(writer.said))
    return caption(person, rng)


@dataclass(frozen=True, slots=True)
class Called:
    """The noun of a role, the groups it implies, and the role's first noun, which names it."""

    noun: str
    implied: tuple[str, ...]
    role: str


def caption(
    person: Person, rng: np.random.Generator, called: Called | None = None, always: Iterable[str] = ()
) -> Caption:
    """One caption of ``person``, every choice from ``rng``; the clauses in ``always`` are never left out."""
    writer = _Writer(person, rng)
    text = writer.write(called, set(always))
    return Caption(text, frozenset(writer.said))


class _Writer:
    """Writes one caption; collects what it says in ``said``."""

    def __init__(self, person: Person, rng: np.random.Generator) -> None:
        self.values: Mapping[str, str] = person.values
        self.names: Mapping[str, str] = person.colours
        self.rng = rng
        self.said: set[str] = set()
        self.his = "his" if person.values["sex"] == "male" else "her"

    def write(self, called: Called | None, always: set[str]) -> str:
        topics = self._topics(always, called)
        noun = self._noun(called, topics)
        adjectives, features = self._features(topics)
        garments = self._garments(topics)
        text = self._arrange(noun, adjectives, features, garments)
        return self._finish(text.replace("{his}", self.his))

    def some(self, chance: float) -> bool:
        return bool(self.rng.random() < chance)

    def shuffled(self, items: Sequence[str]) -> list[str]:
        return [items[i] for i in self.rng.permutation(len(items))]

    def _topics(self, always: set[str], called: Called | None) -> set[str]:
        everything = ["age", "build", "height", "skin", "eyes", "hair", "beard", "top", "bottom", "shoes", "tie"]
        implied = called.implied if called else ()
        mood = self.rng.random()
        if mood < 0.18:
            topics = set(self.shuffled(everything)[: 1 + int(self.rng.random() * 2)])
        else:
            usual = {"top": 0.85, "bottom": 0.68, "hair": 0.55, "shoes": 0.3, "beard": 0.3, "skin": 0.14, "eyes": 0.1}
            usual |= {"age": 0.35, "build": 0.3, "height": 0.28, "tie": 0.6}
            more = 1.0 if mood < 0.75 else 1.7
            topics = {name for name in everything if self.some(usual[name] * more)}
        if self.values["age"] in ("child", "old") and self.some(0.95):
            topics.add("age")
        if called and self.some(0.75):
            topics -= set(implied) | ({"tie"} if "neckwear" in implied else set())
        return topics | always

    def _noun(self, called: Called | None, topics: set[str]) -> str:
        sex, age = self.values["sex"], self.values["age"]
        if called:
            self.said.update(called.implied)
            if "sex" in called.implied or self.some(0.5):
                return called.noun
            self.said.add("sex")
            return f"{sex if self.some(0.5) else ('woman' if sex == 'female' else 'man')} {called.noun}"
        if self.some(0.06):
            if age in ("child", "old"):
                self.said.add("age")
                topics.discard("age")
            return pick(self.rng, lexicon.PEOPLE[age])
        self.said.add("sex")
        own = lexicon.NOUNS.get((sex, age))
        if own and "age" in topics and (age == "child" or self.some(0.5)):
            self.said.add("age")
            topics.discard("age")
            return pick(self.rng, own)
        return pick(self.rng, lexicon.ADULTS[sex])

    def _features(self, topics: set[str]) -> tuple[list[str], list[str]]:
        adjectives: list[str] = []
        features: list[str] = []
        for group, words in (("age", lexicon.AGES), ("build", lexicon.BUILDS), ("height", lexicon.HEIGHTS)):
            if group in topics:
                self.said.add(group)
                word = pick(self.rng, words[self.values[group]])
                if group == "age" and self.some(0.1):
                    features.append(pick(self.rng, lexicon.AGE_CLAUSES[self.values[group]]))
                elif word.startswith("of "):
                    features.append(word)
                elif group == "build" and self.some(0.08):
                    features.append(f"with {article(word)} build")
                else:
                    adjectives.append(word)
        if "skin" in topics:
            self._skin(adjectives, features)
        if "eyes" in topics:
            self._eyes(adjectives, features)
        if "hair" in topics:
            self._hair(adjectives, features)
        if "beard" in topics and (self.values["beard"] != "none" or (self.values["sex"] == "male" and self.some(0.5))):
            self._beard(adjectives, features)
        return self.shuffled(adjectives), self.shuffled(features)

    def _skin(self, adjectives: list[str], features: list[str]) -> None:
        self.said.add("skin")
        word = pick(self.rng, lexicon.SKINS[self.names["skin"]])
        form = self.rng.random()
        if form < 0.5:
            features.append(f"with {word} skin")
        elif form < 0.75:
            adjectives.append(f"{word}-skinned")
        elif form < 0.85:
            features.append(f"with {article(word)} complexion")
        else:
            adjectives.append(word if word in ("black", "asian", "latino", "african", "indian", "caucasian", "white",
                                               "tanned", "pale") else f"{word} skinned")  # fmt: skip

    def _eyes(self, adjectives: list[str], features: list[str]) -> None:
        self.said.add("eye_colour")
        word = pick(self.rng, lexicon.EYES[self.names["eye_colour"]])
        if self.some(0.2):
            adjectives.append(f"{word}-eyed")
        else:
            features.append(f"with {word} eyes")

    def _hair(self, adjectives: list[str], features: list[str]) -> None:
        style = self.values["hair"]
        colour = pick(self.rng, lexicon.HAIR_COLOURS.get(self.names["hair_colour"], (self.names["hair_colour"],)))
        if style == "bald":
            self.said.add("hair")
            if self.some(0.6):
                adjectives.append(pick(self.rng, lexicon.HAIR_ADJECTIVES[style]))
            else:
                features.append(f"with {pick(self.rng, lexicon.HAIR_CLAUSES[style])}")
            return
        form = self.rng.random()
        if form < 0.2:  # only the colour
            self.said.add("hair_colour")
            if self.some(0.4):
                adjectives.append(f"{colour}-haired")
            else:
                features.append(f"with {colour} hair")
        elif form < 0.35:  # only the style
            self.said.add("hair")
            if self.some(0.4):
                adjectives.append(pick(self.rng, lexicon.HAIR_ADJECTIVES[style]))
            else:
                clause = pick(self.rng, lexicon.HAIR_CLAUSES[style])
                features.append("with " + tidy(clause.replace("{c}", "")))
        else:
            self.said.update(("hair", "hair_colour"))
            clause = pick(self.rng, lexicon.HAIR_CLAUSES[style])
            features.append("with " + tidy(clause.replace("{c}", colour)))

    def _beard(self, adjectives: list[str], features: list[str]) -> None:
        self.said.add("beard")
        kind = self.values["beard"]
        if self.some(0.35):
            adjectives.append(pick(self.rng, lexicon.BEARD_ADJECTIVES[kind]))
        elif kind == "none" and self.some(0.4):
            features.append(pick(self.rng, lexicon.BEARD_WITHOUT))
        else:
            clause = pick(self.rng, lexicon.BEARD_CLAUSES[kind])
            if kind not in ("none", "stubble") and clause.startswith("a ") and self.some(0.12):
                self.said.add("hair_colour")
                clause = f"{article(self.names['hair_colour'])} {clause[2:]}"
            features.append(f"with {clause}")

    def _garments(self, topics: set[str]) -> list[str]:
        out: list[str] = []
        if "top" in topics:
            out.append(self._top())
        if self.values["neckwear"] == "tie" and ("tie" in topics and ("top" in topics or self.some(0.3))):
            self.said.update(("neckwear", "tie_colour"))
            colour = self._colour("tie_colour")
            tie = pick(self.rng, lexicon.TIES)
            if self.some(0.12):
                self.said.discard("tie_colour")
                colour = ""
            out.append(article(tidy(f"{colour} {tie}")))
        elif self.values["neckwear"] == "none" and self.values["top"] in ("suit", "shirt") and self.some(0.1):
            self.said.add("neckwear")
            out.append(pick(self.rng, lexicon.TIELESS))
        if "bottom" in topics and self.values["top"] != "dress" and not self._one_suit(out):
            out.append(self._bottom())
        if "shoes" in topics:
            out.append(self._shoes())
        return out

    def _one_suit(self, out: list[str]) -> bool:
        """Whether the suit's own word already says its trousers."""
        same = self.names["bottom_colour"] == self.names["top_colour"] and self.values["bottom"] == "trousers"
        return bool(out) and self.values["top"] == "suit" and same and self.some(0.8)

    def _colour(self, group: str) -> str:
        self.said.add(group)
        name = self.names[group]
        return name.replace("grey", "gray") if self.some(0.3) else name

    def _garment(self, words: list[str], kind: str, second: Callable[[], str], pattern: str) -> str:
        """Adjectives (colour first), kind and pattern as one noun phrase, article and plural left to the caller."""
        colour, *rest = words
        suffix = ""
        pattern_form = self.rng.random()
        if pattern != "plain" and pattern_form < 0.45:
            rest.append(pick(self.rng, lexicon.PATTERNS[pattern]))
            if colour and pattern_form < 0.2:
                colour = f"{colour} and {second()}"
        elif pattern != "plain":
            clause = pick(self.rng, lexicon.PATTERN_CLAUSES[pattern])
            suffix = " " + tidy(clause.replace("{c}", second() if pattern_form < 0.85 else ""))
        elif self.some(0.06):
            rest.append(pick(self.rng, lexicon.PATTERNS["plain"]))
        rest = self.shuffled(rest)
        form = self.rng.random()
        if not colour:
            phrase = " ".join((*rest, kind))
        elif form < 0.07:
            phrase = f"{' '.join((*rest, kind))} in {colour}"
        elif form < 0.1:
            phrase = f"{colour}-coloured {' '.join((*rest, kind))}"
        elif form < 0.12:
            phrase = f"{' '.join((*rest, kind))} {pick(self.rng, ('of', 'in'))} {colour} colour"
        elif self.some(0.72):
            phrase = " ".join((colour, *rest, kind))
        else:
            phrase = " ".join((*rest, colour, kind))
        return phrase + suffix

    def _top(self) -> str:
        values = self.values
        kind = values["top"]
        self.said.update(("top", "sleeve", "top_pattern"))
        words = [self._colour("top_colour") if self.some(0.92) else ""]
        after = ""
        if kind == "dress":
            self.said.update(("bottom", "bottom_pattern"))
            if "top_colour" in self.said:
                self.said.add("bottom_colour")
            self.said.discard("sleeve")
            if self.some(0.4):
                self.said.add("skirt_length")
                words.append(pick(self.rng, lexicon.SKIRT_LENGTHS[values["skirt_length"]]))
        if kind == "suit" and values["bottom"] == "trousers":
            self.said.update(("bottom", "bottom_pattern"))
            if self.names["bottom_colour"] == self.names["top_colour"] and "top_colour" in self.said:
                self.said.add("bottom_colour")
        usual = _DEFAULT_SLEEVE.get(kind, "long")
        if (kind == "dress" and self.some(0.4)) or (kind != "dress" and (values["sleeve"] != usual or self.some(0.07))):
            self.said.add("sleeve")
            if self.some(0.7):
                words.append(pick(self.rng, lexicon.SLEEVES[values["sleeve"]]))
            else:
                after = " " + pick(self.rng, lexicon.SLEEVE_CLAUSES[values["sleeve"]])
        if kind in ("suit", "jacket") and self.some(0.4):
            shirt = f"{self._colour('top_second')} {pick(self.rng, ('shirt', 'shirt', 'dress shirt', 'blouse'))}"
            if kind == "jacket":
                shirt = f"{self.names['top_second']} {pick(self.rng, ('shirt', 'top', 't-shirt'))}"
            link = pick(self.rng, ("with {}", "over {}", "and {}", "with {} underneath", ", {}", "on top of {}"))
            after += " " + link.format(article(shirt))
        noun = pick(self.rng, lexicon.TOPS[kind])
        return article(self._garment(words, noun, lambda: self._second("top"), values["top_pattern"])) + after

    def _second(self, garment: str) -> str:
        if garment == "top" and self.values["top"] in ("suit", "jacket"):
            return ""
        if garment == "top" and self.values["top"] == "dress":
            self.said.add("bottom_second")
        return self._colour(f"{garment}_second")

    def _bottom(self) -> str:
        values = self.values
        kind = values["bottom"]
        self.said.update(("bottom", "bottom_pattern"))
        words = [self._colour("bottom_colour") if self.some(0.9) else ""]
        if kind == "skirt" and self.some(0.5):
            self.said.add("skirt_length")
            words.append(pick(self.rng, lexicon.SKIRT_LENGTHS[values["skirt_length"]]))
        phrase = self._garment(words, pick(self.rng, lexicon.BOTTOMS[kind]), lambda: self._second("bottom"),
                               values["bottom_pattern"])  # fmt: skip
        if kind in _PLURAL:
            return f"a pair of {phrase}" if self.some(0.08) else phrase
        return article(phrase)

    def _shoes(self) -> str:
        kind = self.values["shoes"]
        self.said.add("shoes")
        if kind == "barefoot":
            return pick(self.rng, lexicon.BAREFOOT if self.some(0.7) else lexicon.SHOES[kind])
        colour = self._colour("shoe_colour") if self.some(0.75) else ""
        phrase = tidy(f"{colour} {pick(self.rng, lexicon.SHOES[kind])}")
        return f"a pair of {phrase}" if self.some(0.08) else phrase

    def _arrange(self, noun: str, adjectives: list[str], features: list[str], garments: list[str]) -> str:
        rng = self.rng
        if self.some(0.4):
            garments = self.shuffled(garments)
        comma = ", " if self.some(0.2) else " "
        subject = comma.join((*adjectives, noun)) if comma == " " else f"{', '.join(adjectives)} {noun}".strip()
        determined = article(subject) if self.some(0.88) else pick(rng, ("the ", "one ", "")) + subject
        worn = f"{pick(rng, lexicon.WEARING)} {listing(garments)}" if garments else ""
        having = self._having(features)
        he = "he" if self.values["sex"] == "male" else "she"
        form = rng.random()
        if form < 0.42:
            return tidy(f"{determined} {having} {worn}")
        if form < 0.6:
            return tidy(f"{determined} {worn}, {having}")
        if form < 0.7 and "sex" in self.said:
            wears = pick(rng, ("wears", "is wearing", "is dressed in", "has on", "is in"))
            second = f". {he} {wears} {listing(garments)}" if garments else ""
            owned = [f.removeprefix("with ") for f in features if f.startswith("with ")]
            determined += "".join(f" {f}" for f in features if not f.startswith("with "))
            third = f". {he} has {listing(owned)}" if owned else ""
            return tidy(f"{determined}{second}{third}" if self.some(0.5) else f"{determined}{third}{second}")
        if form < 0.82:
            parts = [noun, *adjectives, *(f.removeprefix("with ") for f in features), *garments]
            bare = [part.removeprefix("a ").removeprefix("an ") if self.some(0.7) else part for part in parts]
            return ", ".join(bare if self.some(0.5) else self.shuffled(bare))
        if form < 0.9 and garments:
            return tidy(f"{listing(garments)} {pick(rng, ('on', 'worn by', 'for', 'on'))} {determined} {having}")
        return tidy(f"{listing(garments)}, {subject}, {having}" if garments else f"{subject} {having}")

    def _having(self, features: list[str]) -> str:
        if len(features) > 1 and self.some(0.6):
            plain = [f.removeprefix("with ") for f in features if f.startswith("with ")]
            rest = [f for f in features if not f.startswith("with ")]
            return " ".join((*rest, f"with {listing(plain)}")) if plain else " ".join(rest)
        return " ".join(features)

    def _finish(self, text: str) -> str:
        if self.some(0.15):
            text = pick(self.rng, lexicon.OPENINGS) + text
        form = self.rng.random()
        if form < 0.12:
            text = text[:1].upper() + text[1:]
        elif form < 0.16:
            text = text.title() if self.some(0.5) else text.upper()
        if self.some(0.12):
            text += pick(self.rng, (".", ".", "!", ", full body", " please", ", standing", ", t-pose"))
        if self.some(0.07):
            text = mistyped(text, self.rng)
        return text


def article(phrase: str) -> str:
    """``a`` or ``an`` before ``phrase``."""
    return f"{'an' if phrase[:1].lower() in 'aeio' else 'a'} {phrase}"


def listing(items: Sequence[str]) -> str:
    """``a, b and c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def tidy(text: str) -> str:
    """Single spaces, none before a comma or a full stop, none of either at the ends."""
    return " ".join(text.split()).replace(" ,", ",").replace(" .", ".").strip(" ,")


def mistyped(text: str, rng: np.random.Generator) -> str:
    """Two neighbouring letters swapped, one dropped or one doubled."""
    at = int(rng.random() * max(len(text) - 2, 1))
    form = rng.random()
    if form < 0.4:
        return text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]
    return text[:at] + text[at + 1 :] if form < 0.7 else text[:at] + text[at : at + 1] + text[at:]
