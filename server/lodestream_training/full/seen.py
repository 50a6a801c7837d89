"""Synthetic people as the frozen towers see them: drawn once, looked at once, kept as vectors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from lodestream_server.encoders import preprocess
from lodestream_training.full.towers import Towers
from lodestream_training.synth import people, pictures
from lodestream_training.synth.chance import weighted
from lodestream_training.synth.people import Person

SHARD = 50
SEED = 21
_VIEWS = {"front": 0.84, "left": 0.06, "right": 0.06, "back": 0.04}


@dataclass(frozen=True, slots=True)
class Seen:
    """N ``people``, each with the ``embeddings`` (N, D) and ``features`` (N, F) of a picture of them."""

    people: list[Person]
    embeddings: NDArray[np.float32]
    features: NDArray[np.float32]


def look(towers: Towers, folder: Path, count: int) -> Seen:
    """Draws ``count`` people and looks at them; shards that lie in ``folder`` already are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    persons: list[Person] = []
    embeddings, features = [], []
    for first in tqdm(range(0, count, SHARD), unit="shard", desc="people"):
        path = folder / f"{first:06d}-{min(SHARD, count - first)}.npz"
        if not path.exists():
            _draw(towers, path, np.random.default_rng((SEED, first)), min(SHARD, count - first))
        with np.load(path) as shard:
            told = json.loads(str(shard["people"]))
            persons += [Person(vector, *facts) for vector, facts in zip(shard["vectors"], told, strict=True)]
            embeddings.append(shard["embeddings"])
            features.append(shard["features"])
    return Seen(persons, np.concatenate(embeddings), np.concatenate(features))


def _draw(towers: Towers, path: Path, rng: np.random.Generator, count: int) -> None:
    drawn = [people.draw(rng) for _ in range(count)]
    shown = [
        pictures.render(person.vector, rng, weighted(rng, _VIEWS), towers.pictures.size, _background(rng))
        for person in drawn
    ]
    pixels = np.stack([preprocess.pixels(Image.fromarray(rgb), towers.pictures) for rgb in shown])
    embeddings, features = towers.look(pixels)
    facts = [[dict(p.values), dict(p.colours), p.years, p.ancestry] for p in drawn]
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        np.savez(file, vectors=np.stack([p.vector for p in drawn]), people=json.dumps(facts), embeddings=embeddings,
                 features=features)  # fmt: skip
    fresh.replace(path)


def _background(rng: np.random.Generator) -> tuple[int, int, int]:
    """A grey with a tint, dark to light."""
    red, green, blue = np.clip(rng.uniform(20, 250) + rng.normal(0, 35, 3), 0, 255).astype(int).tolist()
    return red, green, blue
