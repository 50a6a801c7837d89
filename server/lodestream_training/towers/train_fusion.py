"""Phase B: fusion learns that words win and the picture fills in what they leave unsaid."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from lodestream_training.field.states import TIED, legal_sleeves
from lodestream_training.language import caption as captions
from lodestream_training.language.caption import Caption
from lodestream_training.runs import Run
from lodestream_training.synth import attributes
from lodestream_training.synth.people import Person
from lodestream_training.towers import collection, datasets, pictures
from lodestream_training.towers.collection import Collection
from lodestream_training.towers.evaluate import load_words
from lodestream_training.towers.fusion import FEATURES, Fusion
from lodestream_training.towers.losses import attribute_loss
from lodestream_training.towers.pictures import FeatureTower
from lodestream_training.towers.train_pictures import HELD_OUT, load_clip, load_features, visible

BATCH = 48
#: Pictures that a caption is matched against in one step: as many as a gallery has.
POOL = 300
#: Layers that read the words.
READING = frozenset(("memory", "memory_norm", "queries", "readers", "kept", "words_directly", "said_directly"))
#: What an unsaid number weighs where a picture shows it.
SHOWN = 0.5
Rows = NDArray[np.int64]
Modes = NDArray[np.str_]
_AT = attributes.slices()
_VALUES = {group.name: group.values for group in attributes.GROUPS}


@dataclass(frozen=True, slots=True)
class Seen:
    """The collection as fusion meets it: frozen ``features`` (N, 192) and ``embeddings`` (N, 256)."""

    shown: Collection
    features: Tensor
    embeddings: Tensor


def train_fusion(out_dir: Path, folder: Path, minutes: float) -> None:
    """Train fusion with the towers frozen; ``<out_dir>/fusion.pt``."""
    tokenizer, words = load_words(out_dir)
    seen = _look(folder, load_clip(out_dir, words.tower), load_features(out_dir))
    fusion = words.fusion.train()
    adopt(fusion, load_features(out_dir))
    run = Run(out_dir, "fusion", minutes, fusion, optimiser(fusion))
    rng = np.random.default_rng((6, run.step))
    for _ in run.steps():
        drawn, own, mode = _draw(seen.shown, rng)
        texts = datasets.texts_of(tokenizer, drawn)
        with torch.no_grad():
            states, embedding = words.tower(texts.input_ids, texts.attention_mask)
        matched = match(embedding, seen.embeddings, rng)
        picture = np.where(own >= 0, own, matched)
        has_text = torch.from_numpy(mode != "picture").float()[:, None]
        has_picture = torch.from_numpy(mode != "text").float()[:, None]
        latent, said = fusion.explain(states, texts.attention_mask, seen.features[picture], has_text, has_picture)
        target, weight = targets(drawn, [seen.shown.people[i] for i in picture], mode)
        loss = attribute_loss(latent, target, weight)
        speaks = functional.binary_cross_entropy_with_logits(said, texts.said, weight=has_text.expand_as(said))
        run.descend(loss + 3.0 * speaks, {"attributes": loss, "said": speaks})


def optimiser(fusion: Fusion) -> torch.optim.AdamW:
    """AdamW: what reads the words changes slowly, for it has learned from many more captions than come here."""
    slow = [p for name, p in fusion.named_parameters() if name.split(".")[0] in READING]
    fast = [p for name, p in fusion.named_parameters() if name.split(".")[0] not in READING]
    groups = [{"params": slow, "lr": 2e-5}, {"params": fast, "lr": 3e-4}]
    return torch.optim.AdamW(groups, weight_decay=0.01, fused=True)


def adopt(fusion: Fusion, tower: FeatureTower) -> None:
    """Start fusion's picture path from the feature tower's probe, and its joint layers blind to the picture."""
    norm, look, _, seen = tower.probe
    fusion.feature_norm.load_state_dict(norm.state_dict())
    fusion.look.load_state_dict(look.state_dict())
    fusion.seen.load_state_dict(seen.state_dict())
    with torch.no_grad():
        fusion.first.weight[:, -FEATURES:] = 0.0


def load_fusion(out_dir: Path) -> Fusion:
    """The fusion that ``train_fusion`` left in ``out_dir``."""
    fusion = Fusion()
    fusion.load_state_dict(torch.load(out_dir / "fusion.pt", weights_only=True)["model"])
    return fusion.eval()


def filled(person: Person, caption: Caption, picture: Person) -> Person:
    """What a caption of ``person`` beside a picture of another should give.

    The said groups of ``person``, the rest from the picture, less what would not go together.
    """
    said = caption.said
    values = {g: (person if g in said else picture).values[g] for g in picture.values}
    if values["sex"] == "female" or values["age"] == "child":
        values["beard"] = person.values["beard"] if "beard" in said else "none"
    if values["sex"] == "male":
        values["makeup"] = person.values["makeup"] if "makeup" in said else "none"
    closed = values["top"] in attributes.LONG_TOPS and values["top"] not in attributes.OPEN_TOPS
    if "top" not in said and closed and ("bottom" in said or values["sex"] != picture.values["sex"]):
        values |= {"top": "tshirt", "sleeve": "short"}
    elif closed and "bottom" not in said:
        values["bottom"] = "skirt"
    if "bottom" not in said and values["bottom"] == "skirt" and not closed and values["sex"] == "male":
        values["bottom"] = "trousers"
    if "sleeve" not in said and values["sleeve"] not in legal_sleeves(values["top"]):
        values["sleeve"] = legal_sleeves(values["top"])[0]
    if "neckwear" not in said and values["neckwear"] in ("tie", "bowtie") and values["top"] not in TIED:
        values["neckwear"] = "none"
    if "headwear" not in said and "hair" in said and values["headwear"] != picture.values["headwear"]:
        values["headwear"] = "none"
    vector = np.where(captions.mask(said), person.vector, picture.vector)
    for group, value in values.items():
        vector[_AT[group]] = np.eye(len(_VALUES[group]), dtype=np.float32)[_VALUES[group].index(value)]
    return Person(vector, values, picture.colours, person.years)


@torch.no_grad()
def _look(folder: Path, clip: torch.nn.Module, features: FeatureTower) -> Seen:
    shown = collection.load(folder)
    kept = len(shown.people) - HELD_OUT
    shown = Collection(shown.pictures[:kept], shown.people[:kept], shown.views[:kept])
    batches = [pictures.plain(shown.pictures[at : at + 50]) for at in range(0, kept, 50)]
    return Seen(shown, torch.cat([features(b) for b in batches]), torch.cat([clip(b) for b in batches]))


def _draw(shown: Collection, rng: np.random.Generator) -> tuple[list[tuple[Person, Caption]], Rows, Modes]:
    """People and captions, the row of their own picture (-1: it is yet to be matched), and how they are asked."""
    mode = rng.choice(["match", "own", "picture", "text"], size=BATCH, p=[0.5, 0.18, 0.22, 0.1])
    own = np.where((mode == "own") | (mode == "picture"), rng.integers(0, len(shown.people), BATCH), -1)
    drawn = []
    for row in own:
        if row < 0:
            drawn.append(captions.draw(rng))
        else:
            person = shown.people[row]
            drawn.append((person, captions.of(person, rng)))
    return drawn, own, mode


def match(texts: Tensor, embeddings: Tensor, rng: np.random.Generator) -> Rows:
    """One of the five best pictures of a random pool for each text, (B,)."""
    pool = torch.from_numpy(rng.permutation(len(embeddings))[:POOL])
    best = (texts @ embeddings[pool].T).topk(5, dim=1).indices
    chosen = best[torch.arange(len(best)), torch.from_numpy(rng.integers(0, 5, len(best)))]
    return pool[chosen].numpy()


def targets(drawn: list[tuple[Person, Caption]], shown: list[Person], mode: Modes) -> tuple[Tensor, Tensor]:
    """What the latent should be and what each number weighs, (B, attributes.SIZE) each, by who speaks in ``mode``."""
    vectors, weights = [], []
    for (person, caption), picture, how in zip(drawn, shown, mode, strict=True):
        said = captions.mask(caption.said)
        if how == "text":
            vectors.append(person.vector)
            weights.append(np.where(said, 1.0, datasets.UNSAID))
        elif how == "picture":
            vectors.append(person.vector)
            weights.append(visible(person))
        else:
            whole = filled(person, caption, picture)
            vectors.append(whole.vector)
            weights.append(np.where(said, 1.0, SHOWN * visible(whole)))
    return torch.from_numpy(np.stack(vectors)), torch.from_numpy(np.stack(weights)).float()
