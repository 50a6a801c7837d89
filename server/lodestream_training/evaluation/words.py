"""How faithfully the whole path from prompt to latent does what the words say, on words that training never saw."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lodestream_server.pipeline.neural import NeuralPipeline
from lodestream_server.pipeline.request import AvatarRequest
from lodestream_training import colours
from lodestream_training.evaluation import basic_terms
from lodestream_training.evaluation.cielab import ciede2000, lab
from lodestream_training.evaluation.statistics import Estimate, median, share
from lodestream_training.language import caption as captions
from lodestream_training.language.caption import Split
from lodestream_training.language.text import Caption
from lodestream_training.synth import attributes, people
from lodestream_training.synth.people import Person

KINDS = ("top", "bottom", "shoes", "headwear", "glasses", "gloves", "bag", "neckwear")
GARMENT_COLOURS = ("top_colour", "bottom_colour", "shoe_colour", "head_colour", "neck_colour", "bag_colour")
#: ΔE00 from which two said colours are so far apart that a mix-up cannot be a slightly wrong colour.
DISTINCT = 20.0
#: Orders that "taller" and "heavier" are judged by.
ORDERS = {"height": ("short", "average", "tall"), "build": ("slim", "average", "heavy")}
#: One prototype a term, as cloth: the stricter measure of former reports, which calls pale green white.
_PROTOTYPES = lab(np.array([colours.cloth()[name] for name in basic_terms.TERMS]))
_AT = attributes.slices()
_GROUPS = {g.name: g for g in attributes.GROUPS}


@dataclass
class Tally:
    """What was right, by name."""

    right: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    distance: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    mistakes: list[str] = field(default_factory=list)

    def estimates(self) -> dict[str, Estimate]:
        """Shares of right answers (``accuracy/…``) and median ΔE00 (``colour/…``)."""
        out = {f"accuracy/{name}": share(hits) for name, hits in sorted(self.right.items())}
        return out | {f"colour/{name}": median(values) for name, values in sorted(self.distance.items())}


def evaluate(pipeline: NeuralPipeline, split: Split, chinese: float, count: int, seed: int = 5) -> Tally:
    """Prompts of fresh people through the pipeline.

    Args:
        split: "words" counts only what held-out words say; the other splits count all that is said.
        chinese: share of Chinese prompts. count: prompts.
    """
    rng = np.random.default_rng((seed, int(chinese)))
    tally = Tally()
    for _ in range(count):
        person, caption = captions.draw(rng, split, chinese)
        latent = pipeline.begin(AvatarRequest(caption.text)).latent
        judge(tally, person, caption, latent, caption.strange if split == "words" else caption.said)
    return tally


def judge(tally: Tally, person: Person, caption: Caption, latent: NDArray[np.float32], counted: frozenset[str]) -> None:
    """Adds one prompt: the groups ``counted`` of ``latent`` against the person that it was written of."""
    for name in sorted(counted & _GROUPS.keys()):
        group, at = _GROUPS[name], _AT[name]
        if group.kind == "categorical":
            got = group.values[int(latent[at].argmax())]
            right = got == person.values[name]
            tally.right[name].append(right)
            if name in KINDS:
                tally.right["garment kind"].append(right)
            if not right:
                tally.mistakes.append(f"{name} {got}, not {person.values[name]}: {caption.text}")
            if name in ORDERS and person.values[name] in ORDERS[name] and got in ORDERS[name]:
                off = abs(ORDERS[name].index(got) - ORDERS[name].index(person.values[name]))
                tally.right[f"{name} order"].append(off < 2)
        elif group.kind == "colour":
            _colour(tally, name, latent[at], _named(person, name))
    pair = ("top_colour", "bottom_colour")
    if caption.said >= set(pair) and person.colours[pair[0]] != person.colours[pair[1]]:
        _binding(tally, latent, person, caption)


def _named(person: Person, group: str) -> NDArray[np.float64]:
    """The colour that the person's colour name of the group stands for: sRGB (3,)."""
    return np.array(people.rgb_of(group, person.colours[group], person.values["bottom"]))


def _colour(tally: Tally, name: str, got: NDArray[np.float32], wanted: NDArray[np.float64]) -> None:
    labs = lab(np.stack([got, wanted]))
    away = float(ciede2000(labs[0], labs[1]))
    term = basic_terms.of_hair if name == "hair_colour" else basic_terms.of_cloth
    hits = {"basic term": term(labs[0]) == term(labs[1])}
    if name != "hair_colour":
        nearest = ciede2000(labs[:, None], _PROTOTYPES[None]).argmin(axis=1)
        hits["nearest prototype"] = bool(nearest[0] == nearest[1])
    for shown in (name, "garment colour") if name in GARMENT_COLOURS else (name,):
        tally.distance[shown].append(away)
        for measure, hit in hits.items():
            tally.right[f"{measure} {shown}"].append(hit)


def _binding(tally: Tally, latent: NDArray[np.float32], person: Person, caption: Caption) -> None:
    """The right colour on the right garment: the two colours fit their own words better than each other's.

    ``binding, each by itself``: each of the two colours is nearer to its own word than to the other's; this also
    counts a colour that is wrong, though not the other garment's.
    """
    got = lab(np.stack([latent[_AT["top_colour"]], latent[_AT["bottom_colour"]]]))
    said = lab(np.stack([_named(person, "top_colour"), _named(person, "bottom_colour")]))
    if float(ciede2000(said[0], said[1])) < DISTINCT:
        return
    away = ciede2000(got[:, None], said[None])
    bound = bool(away[0, 0] + away[1, 1] < away[0, 1] + away[1, 0])
    tally.right["binding"].append(bound)
    tally.right["binding, each by itself"].append(bool(away[0, 0] < away[0, 1] and away[1, 1] < away[1, 0]))
    if not bound:
        tally.mistakes.append(f"binding: {caption.text}")
