"""English phrases for what somebody wears."""

from __future__ import annotations

from lodestream_training.language.grammar import article, counted, plural, tidy
from lodestream_training.language.speech import Speech
from lodestream_training.synth import attributes
from lodestream_training.synth.attributes import OVER_SHIRT

#: The sleeve that a top has unless told otherwise; the others may have any.
USUAL_SLEEVE = {
    "tshirt": "short", "tank": "none", "shirt": "long", "polo": "short", "jersey": "short", "jumper": "long",
    "turtleneck": "long", "cardigan": "long", "hoodie": "long", "waistcoat": "long", "suit": "long", "jacket": "long",
    "coat": "long", "labcoat": "long", "uniform": "long", "scrubs": "short", "kimono": "long", "sari": "short",
    "armour": "long", "spacesuit": "long", "robe": "long",
}  # fmt: skip
#: Materials that nobody mentions.
_OBVIOUS = {
    ("jeans", "denim"), ("dungarees", "denim"), ("armour", "metal"), ("spacesuit", "nylon"), ("suit", "wool"),
    ("jumper", "knit"), ("turtleneck", "knit"), ("cardigan", "knit"), ("jersey", "nylon"), ("leggings", "nylon"),
    ("scrubs", "cotton"), ("labcoat", "cotton"), ("waistcoat", "wool"), ("uniform", "cotton"), ("hoodie", "cotton"),
}  # fmt: skip
_TRIMMED = ("qipao", "jersey", "robe", "kimono")
_TRIMS = {"kimono": ("obi", "sash", "belt"), "qipao": ("trim", "piping"), "jersey": ("trim",), "robe": ("trim",)}
#: Tops whose word means the trousers too, unless it names the upper half alone.
_WHOLE = ("suit", "scrubs", "spacesuit", "armour")
_HALVES = ("jacket", "blazer", "coat", "top", "tunic", "breastplate", "cuirass")


class Garments:
    """Writes phrases such as "a red and white striped jumper" and notes what they say in ``speech``."""

    def __init__(self, speech: Speech) -> None:
        self.speech = speech

    def below(self) -> bool:
        """Whether trousers or a skirt of their own are to be seen."""
        top = self.speech.values["top"]
        return top not in attributes.LONG_TOPS or top in attributes.OPEN_TOPS

    def top(self, *, colourless: bool = False) -> str:
        """The top with its sleeve, length, material, pattern, colour and what is under it."""
        speech = self.speech
        kind = speech.values["top"]
        before = set(speech.said)
        if kind == "suit" and speech.values["neckwear"] == "tie" and speech.some(0.2):
            speech.said.update(("top", "neckwear"))
            noun, form = speech.template("suit_and_tie"), "nouns"
        else:
            noun, form = self._noun("top", kind)
        words, after = self._cut(kind, form)
        phrase = self._coloured("top", noun, words, colourless=colourless)
        if kind in OVER_SHIRT and speech.some(0.3):
            phrase = self._under(phrase)
        elif kind in _TRIMMED and speech.values["top_pattern"] == "plain" and speech.some(0.2):
            second = speech.colour("top_second")
            phrase += f" with {article(second)} {speech.pick(_TRIMS[kind])}" if second else ""
        self._whole(kind, noun, speech.said - before)
        return tidy(phrase + after)

    def bottom(self, *, colourless: bool = False) -> str:
        """Trousers, shorts or skirt."""
        speech = self.speech
        kind = speech.values["bottom"]
        noun, form = self._noun("bottom", kind)
        words = []
        if kind == "skirt" and form not in ("mini", "knee", "long") and speech.some(0.45):
            words.append(speech.word("skirt_length", speech.values["skirt_length"]))
        return tidy(self._coloured("bottom", noun, words, colourless=colourless))

    def shoes(self, *, colourless: bool = False) -> str:
        """Shoes; for bare feet a phrase that reads after "with" and "wearing"."""
        speech = self.speech
        kind = speech.values["shoes"]
        noun = speech.word("shoes", kind, "nouns")
        if kind == "barefoot":
            return noun
        return tidy(self._simple(noun, "" if colourless else self._dyed("shoe_colour", 0.7)))

    def worn(self, group: str, colour: str, chance: float) -> str:
        """Headwear, glasses, gloves, a bag or neckwear, its colour said with this chance."""
        noun = self.speech.word(group, self.speech.values[group], "nouns")
        dyed = self._dyed(colour, chance)
        if group == "glasses" and dyed and self.speech.some(0.3):
            return f"{dyed}-rimmed {noun}"
        return tidy(self._simple(noun, dyed))

    def _noun(self, garment: str, kind: str) -> tuple[str, str]:
        """A noun and the list that it is from; what else the list tells is then said."""
        speech = self.speech
        told = {
            f"{garment}_material": speech.values[f"{garment}_material"],
            f"{garment}_pattern": speech.values[f"{garment}_pattern"],
        }
        if kind in ("dress", "skirt"):
            told["skirt_length"] = speech.values["skirt_length"]
        if garment == "top":
            told["sleeve"] = "sleeve_" + speech.values["sleeve"]
        fitting = [(group, form) for group, form in told.items() if speech.has(garment, kind, form)]
        if fitting and speech.some(0.15 if speech.split == "words" else 0.4):
            group, form = fitting[int(speech.random() * len(fitting))]
            return speech.word(garment, kind, form, (garment, group)), form
        return speech.word(garment, kind, "nouns"), "nouns"

    def _cut(self, kind: str, form: str) -> tuple[list[str], str]:
        """Sleeve and length: words before the noun, and a clause after it."""
        speech = self.speech
        words: list[str] = []
        after = ""
        sleeve, usual = speech.values["sleeve"], USUAL_SLEEVE.get(kind)
        if usual == sleeve:
            speech.said.add("sleeve")
        if kind != "waistcoat" and not form.startswith("sleeve_"):
            must = usual is not None and usual != sleeve
            if must or speech.some(0.35 if usual is None else 0.05):
                if speech.some(0.7):
                    words.append(speech.word("sleeve", sleeve))
                else:
                    after = " " + speech.word("sleeve_clause", sleeve, tells=("sleeve",))
        if kind in ("dress", "qipao", "coat") and form not in ("mini", "knee", "long") and speech.some(0.35):
            words.append(speech.word("skirt_length", speech.values["skirt_length"]))
        return words, after

    def _under(self, phrase: str) -> str:
        """The phrase with the shirt under it."""
        speech = self.speech
        second = speech.colour("top_second")
        if not second:
            return phrase
        kind = "shirt" if speech.values["top"] in ("suit", "waistcoat", "uniform") else "top"
        shirt = article(f"{second} {speech.word('under', kind, tells=())}")
        return speech.template("under").format(t=phrase, s=shirt)

    def _whole(self, kind: str, noun: str, new: set[str]) -> None:
        """Say of the bottom what the top's word has said of both."""
        speech = self.speech
        values, names = speech.values, speech.names
        whole = kind in _WHOLE and values["bottom"] == "trousers" and not noun.endswith(_HALVES)
        if not whole and self.below():
            return
        speech.said.add("bottom")
        for part in ("pattern", "material", "colour", "second"):
            top, bottom = f"top_{part}", f"bottom_{part}"
            table = names if top in names else values
            if top in new and table[top] == table[bottom]:
                speech.said.add(bottom)
                if top in speech.strange:
                    speech.strange.add(bottom)

    def _coloured(self, garment: str, noun: str, words: list[str], *, colourless: bool) -> str:
        """The noun with ``words``, material, pattern and colours."""
        speech = self.speech
        pattern, material = speech.values[f"{garment}_pattern"], speech.values[f"{garment}_material"]
        told = f"{garment}_pattern" in speech.said and pattern != "plain"
        colour = "" if colourless or not speech.some(0.88) else speech.colour(f"{garment}_colour")
        after = ""
        if pattern == "plain":
            if speech.some(0.05):
                words.append(speech.word("pattern", "plain", "adjectives", (f"{garment}_pattern",)))
            elif colour or colourless:
                speech.said.add(f"{garment}_pattern")
        elif not told and (colour or speech.some(0.7)):
            colour, after = self._patterned(garment, pattern, colour, words)
        chance = 0.06 if material == "cotton" else 0.34
        kind = speech.values[garment]
        if f"{garment}_material" not in speech.said and (kind, material) not in _OBVIOUS and speech.some(chance):
            if speech.some(0.8):
                words.append(speech.word("material", material, tells=(f"{garment}_material",)))
            else:
                after = f" {speech.word('material_clause', material, tells=(f'{garment}_material',))}{after}"
        return self._simple(noun, colour, speech.shuffled(words), after)

    def _patterned(self, garment: str, pattern: str, colour: str, words: list[str]) -> tuple[str, str]:
        """Adds the pattern's word to ``words``, or gives a clause; the colours with the second one where it is told."""
        speech = self.speech
        tells = (f"{garment}_pattern",)
        second = ""
        if speech.some(0.6) and (garment == "bottom" or speech.values["top"] not in OVER_SHIRT):
            second = speech.colour(f"{garment}_second")
        if speech.some(0.5):
            words.append(speech.word("pattern", pattern, "adjectives", tells))
            if second and colour:
                return speech.template("two_colours").format(c=colour, d=second), ""
            if second:
                speech.said.discard(f"{garment}_second")
            return colour, ""
        return colour, " " + speech.word("pattern", pattern, "clauses", tells).replace("{c}", second)

    def _dyed(self, group: str, chance: float) -> str:
        return self.speech.colour(group) if self.speech.some(chance) else ""

    def _simple(self, noun: str, colour: str, words: list[str] | None = None, after: str = "") -> str:
        """Colour, words and noun in one of the orders of English, with an article where there is one."""
        speech = self.speech
        phrase = " ".join((*(words or ()), noun))
        many = plural(noun)
        if colour:
            template = "{c} {k}" if speech.split != "phrasings" and speech.some(0.72) else None
            template = template or speech.template("garment_many" if many else "garment_one")
            phrase = template.format(c=colour, k=phrase)
        elif many and speech.some(0.08):
            phrase = f"pair of {phrase}"
        phrase += after
        return article(phrase) if phrase.startswith("pair of") or counted(noun) else phrase


def nothing(speech: Speech, group: str) -> tuple[str, bool]:
    """That somebody has none of ``group``: a phrase, and whether it reads after "with"."""
    if speech.some(0.5):
        return speech.word(group, "none", "without"), False
    return speech.word(group, "none", "clauses"), True
