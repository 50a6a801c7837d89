"""The collection: pictures of synthetic people on disk, drawn from a seed, resumable shard by shard."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from lodestream_server.encoders import preprocess
from lodestream_training.synth import people, pictures
from lodestream_training.synth.chance import weighted
from lodestream_training.synth.people import Person

SHARD = 50
SEED = 20
_VIEWS = {"front": 0.84, "left": 0.06, "right": 0.06, "back": 0.04}


@dataclass(frozen=True, slots=True)
class Collection:
    """``pictures`` uint8 (N, 256, 256, 3), one of each of the ``people``, and from where they are seen."""

    pictures: NDArray[np.uint8]
    people: list[Person]
    views: list[str]

    def vectors(self) -> NDArray[np.float32]:
        """The people's vectors, (N, attributes.SIZE)."""
        return np.stack([person.vector for person in self.people])


def collect(folder: Path, count: int, seed: int = SEED) -> None:
    """Draw ``count`` pictures into ``folder``; shards that are there already are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    for shard in tqdm(range(-(-count // SHARD)), unit="shard", desc="pictures"):
        path = folder / f"{shard:04d}.npz"
        if not path.exists():
            _draw(path, np.random.default_rng((seed, shard)))


def load(folder: Path) -> Collection:
    """Every shard of ``folder`` that is complete."""
    shown: list[NDArray[np.uint8]] = []
    persons: list[Person] = []
    views: list[str] = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as shard:
            shown.append(shard["pictures"])
            vectors = shard["vectors"]
            told = json.loads(str(shard["people"]))
        persons += [Person(vector, *facts) for vector, (facts, _) in zip(vectors, told, strict=True)]
        views += [view for _, view in told]
    if not shown:
        raise FileNotFoundError(f"no pictures in {folder}: run the pictures step first")
    return Collection(np.concatenate(shown), persons, views)


def _draw(path: Path, rng: np.random.Generator) -> None:
    drawn = [people.draw(rng) for _ in range(SHARD)]
    views = [weighted(rng, _VIEWS) for _ in drawn]
    shown = [pictures.render(person.vector, rng, view, preprocess.SIZE, _background(rng)) for person, view in
             zip(drawn, views, strict=True)]  # fmt: skip
    facts = [[dict(p.values), dict(p.colours), p.years, p.ancestry] for p in drawn]
    told = list(zip(facts, views, strict=True))
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        np.savez_compressed(file, pictures=np.stack(shown), vectors=np.stack([p.vector for p in drawn]),
                            people=json.dumps(told))  # fmt: skip
    fresh.replace(path)


def _background(rng: np.random.Generator) -> tuple[int, int, int]:
    if rng.random() < 0.4:
        return 236, 238, 241
    grey = rng.uniform(20, 250)
    red, green, blue = np.clip(grey + rng.normal(0, 35, 3), 0, 255).astype(int).tolist()
    return red, green, blue
