"""Garments in Chinese: tops, bottoms and shoes as noun phrases."""

from __future__ import annotations

from collections.abc import Collection

from lodestream_training.language.chinese_words import Speaker
from lodestream_training.synth.attributes import LONG_TOPS, OPEN_TOPS
from lodestream_training.synth.wardrobe import sleeves

#: Tops over which the second colour is that of the shirt beneath.
_OVER_SHIRT = ("suit", "jacket", "coat", "labcoat", "waistcoat", "cardigan")
#: The sleeve that a top's bare word says, where others occur.
_USUAL_SLEEVE = {"tshirt": "short", "polo": "short", "shirt": "long", "jersey": "short", "uniform": "long"}
#: Tops that come with trousers of the same cloth, which their word says too.
_SETS = ("suit", "scrubs", "uniform", "armour", "spacesuit")
#: Tops of which the bare word says nothing of the sleeve.
_SLEEVE_OPEN = ("waistcoat", "crop", "qipao", "sari", "dress")
_PARTS = ("", "_pattern", "_material", "_colour", "_second")


class Clothes(Speaker):
    """A speaker about clothes."""

    def garments(self, topics: set[str]) -> dict[str, str]:
        """The noun phrases by slot: T top, B bottom, S shoes, in this order; F where bare feet are to be said."""
        out: dict[str, str] = {}
        top = self.values["top"]
        closed = top in LONG_TOPS and top not in OPEN_TOPS
        if "top" in topics:
            out["T"] = self._counted("件", self._top())
            if closed:
                self._follows(_PARTS)
        if "bottom" in topics and not closed and not ("T" in out and self._one_set()):
            kind = self.values["bottom"]
            out["B"] = self._counted("条", self._garment("bottom", self._bottom_noun(kind)))
        if "shoes" in topics:
            if self.values["shoes"] == "barefoot":
                out["F"] = "F"
            else:
                word = self.word("shoes", self.values["shoes"], "shoes")
                colour = self.colour("shoe_colour") if self.some(0.75) else ""
                out["S"] = self._counted("双", self._joined(colour, word))
        return out

    def monochrome(self, topics: set[str], always: Collection[str]) -> list[str]:
        """Now and then "all in black" for a top and a bottom of one colour, before the clothes or instead of them."""
        alike = self.names["bottom_colour"] == self.names["top_colour"]
        wanted = alike and bool(topics & {"top", "bottom"}) and self.some(0.1)
        colour = self.colour("top_colour") if wanted else ""
        if not colour:
            return []
        self.say("bottom_colour", strange="top_colour" in self.strange)
        if self.some(0.4):
            topics -= {"top", "bottom"} - set(always)
        return [self.phrase("monochrome", "any").replace("{c}", colour.removesuffix("的"))]

    def _one_set(self) -> bool:
        """Whether the top's word says its trousers too; it then is recorded as said."""
        same = self.names["bottom_colour"] == self.names["top_colour"]
        if self.values["top"] not in _SETS or self.values["bottom"] != "trousers" or not same or self.some(0.2):
            return False
        self._follows(("", "_colour") if self.values["top"] != "suit" else ("", "_pattern", "_colour"))
        return True

    def _follows(self, parts: tuple[str, ...]) -> None:
        """Says of the bottom what is said of the top and true of both."""
        self.say("bottom", strange="top" in self.strange)
        for part in parts[1:]:
            top, bottom = f"top{part}", f"bottom{part}"
            alike = (self.values.get(top) or self.names.get(top)) == (self.values.get(bottom) or self.names.get(bottom))
            if top in self.said and alike:
                self.say(bottom, strange=top in self.strange)

    def _top(self) -> str:
        kind = self.values["top"]
        noun = self.word("top", kind, "top")
        noun = self._sleeve(kind, noun)
        if kind == "dress" and "skirt_length" not in self.said and self.some(0.35):
            noun = self.word("skirt_length", self.values["skirt_length"], "skirt_length") + noun
        text = self._garment("top", noun)
        if kind in _OVER_SHIRT and self.some(0.3) and (second := self.colour("top_second")):
            shirt = self._joined(second, self.plain("top_open", "shirt"))
            text += self.phrase("second", "shirt").replace("{s}", shirt)
        return text

    def _sleeve(self, kind: str, noun: str) -> str:
        """The noun, with the sleeve's word where it must be said or now and then may."""
        if "sleeve" in self.said:
            return noun
        sleeve = self.values["sleeve"]
        odd = sleeve != _USUAL_SLEEVE.get(kind, sleeve) or not sleeves(kind).get(sleeve)
        if odd or self.some(0.4 if kind in ("dress", "crop", "qipao") else 0.04):
            return self.word("sleeve", sleeve, "sleeve") + noun
        if kind not in _SLEEVE_OPEN:
            self.say("sleeve")
        return noun

    def _bottom_noun(self, kind: str) -> str:
        if kind != "skirt" or self.some(0.55):
            return self.word("bottom", kind, "bottom")
        length = self.values["skirt_length"]
        if self.some(0.5):
            return self.word("skirt_noun", length, "bottom", "skirt_length")
        self.say("bottom")
        return self.word("skirt_length", length, "skirt_length") + ("半身裙" if self.some(0.5) else "裙子")

    def _garment(self, part: str, noun: str) -> str:
        """The noun with colour, pattern and material of the ``part`` (top or bottom)."""
        colour = self.colour(f"{part}_colour") if self.some(0.9) else ""
        material = f"{part}_material"
        made = self.word("material", self.values[material], material) if self._unsaid(material, 0.22) else ""
        pattern = self.values[f"{part}_pattern"]
        if f"{part}_pattern" in self.said or pattern == "plain" or self.some(0.08):
            if pattern == "plain":
                self.say(f"{part}_pattern")
                noun = (self.word("pattern", "plain") if self.some(0.03) and not colour else "") + noun
            if made and colour:
                return self._filled("cmn", c=colour, m=made, n=noun)
            return self._joined(colour, made + noun)
        figure = self.word("pattern", pattern, f"{part}_pattern")
        noun = made + noun
        if not colour:
            return figure + ("的" if self.some(0.3) else "") + noun
        own = part == "bottom" or self.values["top"] not in _OVER_SHIRT
        second = self.colour(f"{part}_second") if own and self.some(0.5) else ""
        if second and len(colour) == len(second) == 1:
            return f"{colour}{second}{figure}{noun}"
        return self._filled("cpsn" if second else "cpn", c=colour, p=figure, s=second, n=noun)

    def _unsaid(self, group: str, chance: float) -> bool:
        return group not in self.said and self.some(chance)

    def _joined(self, colour: str, noun: str) -> str:
        return self._filled("cn", c=colour, n=noun) if colour and self.some(0.25) else colour + noun

    def _filled(self, form: str, **slots: str) -> str:
        text = self.phrase("cloth", form)
        for slot, filled in slots.items():
            text = text.replace(f"{{{slot}}}", filled)
        return text

    def _counted(self, measure: str, text: str) -> str:
        return f"一{measure}{text}" if self.some(0.1) and not text.startswith("一") else text
