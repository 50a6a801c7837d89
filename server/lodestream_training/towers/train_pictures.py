"""The ViT towers: features that tell what a person looks like, then CLIP's contrastive loss against captions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from lodestream_training.language import caption as captions
from lodestream_training.runs import Run
from lodestream_training.synth import attributes
from lodestream_training.synth.people import Person
from lodestream_training.towers import collection, datasets, pictures
from lodestream_training.towers.evaluate import load_words
from lodestream_training.towers.losses import attribute_loss, contrastive
from lodestream_training.towers.pictures import FeatureTower, PictureTower
from lodestream_training.towers.text import POSITIONS, WIDTH, Pool, TextTower

BATCH = 32
CLIP_BATCH = 256
#: Captions of each person that the contrastive loss reads.
CAPTIONS = 3
#: Views of each picture that the contrastive loss sees: one as it is, the others varied.
COPIES = 3
#: People at the end of the collection that no tower is trained on.
HELD_OUT = 200


def train_features(out_dir: Path, folder: Path, minutes: float) -> None:
    """Train the feature tower on the collection in ``folder``; ``<out_dir>/features.pt``."""
    model = FeatureTower()
    rate = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05, fused=True)
    run = Run(out_dir, "features", minutes, model, rate)
    rng = np.random.default_rng((3, run.step))
    held = collection.load(folder)
    vectors = torch.from_numpy(held.vectors())
    weights = torch.from_numpy(np.stack([visible(person) for person in held.people]))
    for _ in run.steps():
        chosen = rng.integers(0, len(vectors) - HELD_OUT, BATCH)
        latent = as_latent(model.probe(model(pictures.varied(held.pictures[chosen], rng))))
        loss = attribute_loss(latent, vectors[chosen], weights[chosen])
        run.descend(loss, {"attributes": loss})


def visible(person: Person) -> NDArray[np.float32]:
    """The loss's weights (attributes.SIZE,): what no picture shows weighs nothing."""
    return (~captions.mask(_hidden(person))).astype(np.float32)


def shown(person: Person) -> frozenset[str]:
    """The groups of the latent that a picture of this person shows."""
    return frozenset(group.name for group in attributes.GROUPS if group.kind != "noise") - _hidden(person)


def _hidden(person: Person) -> set[str]:
    values = person.values
    hidden = {"eye_colour"} if values["hair"] != "bald" else {"eye_colour", "hair_colour"}
    worn = {"neckwear": "neck_colour", "headwear": "head_colour", "glasses": "glasses_colour", "gloves": "glove_colour",
            "bag": "bag_colour"}  # fmt: skip
    hidden |= {colour for group, colour in worn.items() if values[group] == "none"}
    if values["bottom"] != "skirt" and values["top"] not in attributes.LONG_TOPS:
        hidden.add("skirt_length")
    if values["top_pattern"] == "plain" and values["top"] not in attributes.OVER_SHIRT:
        hidden.add("top_second")
    if values["bottom_pattern"] == "plain":
        hidden.add("bottom_second")
    if values["shoes"] == "barefoot":
        hidden.add("shoe_colour")
    if values["headwear"] in ("helmet", "headscarf"):
        hidden |= {"hair", "hair_colour"}
    return hidden


def as_latent(numbers: Tensor) -> Tensor:
    """Bare numbers (B, attributes.SIZE) as the latent has them: logits stay, colours and phenotypes in [0, 1]."""
    kinds = [group.kind for group in attributes.GROUPS for _ in range(group.size)]
    logits = torch.tensor([kind == "categorical" for kind in kinds])
    return torch.where(logits, numbers, numbers.sigmoid())


class Clip(nn.Module):
    """What the contrastive loss trains: the picture tower's last layers, the text tower's head, the temperature."""

    def __init__(self, out: nn.Module, head: Pool) -> None:
        super().__init__()
        self.out = out
        self.head = head
        self.log_scale = nn.Parameter(torch.tensor(2.7))

    def scale(self) -> Tensor:
        """1 / temperature, at most 100."""
        return self.log_scale.exp().clamp_max(100.0)


def train_pictures(out_dir: Path, folder: Path, minutes: float) -> None:
    """Train the shared space over the feature tower's ViT and the text tower's trunk, both frozen.

    Leaves ``<out_dir>/clip.pt``. Frozen, an epoch costs seconds instead of minutes.
    """
    tokenizer, words = load_words(out_dir)
    model = Clip(PictureTower().out, words.tower.head)
    run = Run(out_dir, "clip", minutes, model, torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.02))
    rng = np.random.default_rng((4, run.step))
    held = collection.load(folder)
    persons = held.people[:-HELD_OUT]
    features = _features(load_features(out_dir), held.pictures[:-HELD_OUT], rng)
    states, attention_mask = _read(tokenizer, words.tower, persons, rng)
    for _ in run.steps():
        chosen = torch.from_numpy(rng.permutation(len(persons))[:CLIP_BATCH])
        told = chosen * CAPTIONS + torch.from_numpy(rng.integers(0, CAPTIONS, CLIP_BATCH))
        seen = functional.normalize(model.out(features[rng.integers(0, len(features)), chosen]), dim=-1)
        loss = contrastive(seen, model.head(states[told].float(), attention_mask[told]), model.scale())
        run.descend(loss, {"contrastive": loss})


@torch.no_grad()
def _read(
    tokenizer: Tokenizer, tower: TextTower, persons: Sequence[Person], rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Token states (N * CAPTIONS, T, 384), half precision, and attention masks of CAPTIONS captions of each person."""
    texts = [captions.of(person, rng).text for person in persons for _ in range(CAPTIONS)]
    order = sorted(range(len(texts)), key=lambda i: len(texts[i].encode()))
    states = torch.zeros(len(texts), POSITIONS, WIDTH, dtype=torch.float16)
    masks = torch.zeros(len(texts), POSITIONS, dtype=torch.int64)
    for at in range(0, len(order), 64):
        rows = order[at : at + 64]
        ids, mask = datasets.encode(tokenizer, [texts[i] for i in rows])
        states[rows, : ids.shape[1]] = tower.states(ids, mask).half()
        masks[rows, : ids.shape[1]] = mask
    return states, masks


@torch.no_grad()
def _features(tower: FeatureTower, shown: NDArray[np.uint8], rng: np.random.Generator) -> Tensor:
    """Features of the pictures as they are and of varied copies, (COPIES, N, 192)."""
    parts = [shown[at : at + 50] for at in range(0, len(shown), 50)]
    copies = [torch.cat([tower(pictures.varied(part, rng)) for part in parts]) for _ in range(COPIES - 1)]
    return torch.stack([torch.cat([tower(pictures.plain(part)) for part in parts]), *copies])


def load_features(out_dir: Path) -> FeatureTower:
    """The feature tower that ``train_features`` left in ``out_dir``."""
    model = FeatureTower()
    model.load_state_dict(torch.load(out_dir / "features.pt", weights_only=True)["model"])
    return model.eval()


def load_clip(out_dir: Path, words: TextTower) -> PictureTower:
    """The picture tower that ``train_pictures`` left in ``out_dir``; puts the trained head into ``words``."""
    tower = PictureTower()
    tower.vit.load_state_dict(load_features(out_dir).vit.state_dict())
    model = Clip(tower.out, words.head)
    model.load_state_dict(torch.load(out_dir / "clip.pt", weights_only=True)["model"])
    return tower.eval()
