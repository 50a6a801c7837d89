"""Bakes the gallery: pictures of people as unlike each other as can be, embedded by the towers."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from lodestream_server.encoders import preprocess
from lodestream_training.colours import BASIC, DENIM
from lodestream_training.synth import attributes, people, pictures
from lodestream_training.synth.people import HAIRS, Person
from lodestream_training.towers.evaluate import load_words
from lodestream_training.towers.train_pictures import load_clip, load_features

COUNT = 288
CANDIDATES = 12_000
QUALITY = 80
SEED = 11
SOBER = (BASIC.keys() | DENIM.keys()) - {"hot pink", "magenta", "lime", "cyan", "violet"}


def bake(out_dir: Path, bundle_dir: Path, count: int = COUNT) -> None:
    """Draws ``count`` people and embeds them with the towers that training left in ``out_dir``.

    Writes ``gallery/<id>.jpg`` and ``gallery.npz`` (``ids``, ``embeddings``, ``features``) into ``bundle_dir``.
    """
    vectors = chosen(np.random.default_rng(SEED), count)
    folder = bundle_dir / "gallery"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.jpg"):
        old.unlink()
    ids = [f"p{index:03d}" for index in range(count)]
    pixels = []
    for name, vector in zip(tqdm(ids, unit="picture", desc="gallery"), vectors, strict=True):
        data = _jpeg(pictures.render(vector, size=preprocess.SIZE))
        (folder / f"{name}.jpg").write_bytes(data)
        pixels.append(preprocess.pixels(Image.open(io.BytesIO(data))))
    embeddings, features = _embed(out_dir, np.stack(pixels))
    np.savez(bundle_dir / "gallery.npz", ids=np.array(ids), embeddings=embeddings, features=features)


def chosen(rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    """People for the gallery, (count, attributes.SIZE): three in four dressed soberly, then those unlike all others.

    What a prompt leaves unsaid comes from its match, so most matches should look like somebody one might meet.
    """
    drawn = [people.draw(rng) for _ in range(CANDIDATES)]
    sober = _in_turn([(index, person) for index, person in enumerate(drawn) if _sober(person)])[: 3 * count // 4]
    return np.stack([drawn[index].vector for index in spread(np.stack([p.vector for p in drawn]), sober, count)])


def _in_turn(sober: list[tuple[int, Person]]) -> list[int]:
    """Their numbers, every kind of top in turn, men and women alike, so that none crowds out the others."""
    waiting: dict[tuple[str, str], list[int]] = {}
    for index, person in sober:
        waiting.setdefault((person.values["top"], person.values["sex"]), []).append(index)
    rounds = max(map(len, waiting.values()), default=0)
    return [row[k] for k in range(rounds) for row in waiting.values() if k < len(row)]


def spread(vectors: NDArray[np.float32], first: list[int], count: int) -> list[int]:
    """``first`` and then, up to ``count``, the rows of ``vectors`` farthest from all before them (noise left out)."""
    heard = np.concatenate([np.full(g.size, 0.0 if g.kind == "noise" else 1.0) for g in attributes.GROUPS])
    points = vectors * heard.astype(np.float32)
    rows = list(first)
    distance = np.min([np.linalg.norm(points - points[row], axis=1) for row in rows], axis=0)
    while len(rows) < count:
        rows.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(points - points[rows[-1]], axis=1))
    return rows


def _sober(person: Person) -> bool:
    """Whether nobody would be surprised to be given these clothes: few patterns, no loud colours, nothing extra."""
    values = person.values
    plain = values["bottom_pattern"] == "plain" or values["top"] in ("suit", "dress")
    bare = all(values[group] == "none" for group in ("headwear", "glasses", "gloves", "bag", "marks"))
    natural = person.colours["hair_colour"] in HAIRS and values["makeup"] != "dramatic"
    worn = {person.colours[group] for group in ("top_colour", "top_second", "bottom_colour", "shoe_colour")}
    return plain and bare and natural and worn <= SOBER


@torch.inference_mode()
def _embed(out_dir: Path, pixels: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    _, words = load_words(out_dir)
    clip, features = load_clip(out_dir, words.tower), load_features(out_dir)
    batches = torch.from_numpy(pixels).split(48)
    return torch.cat([clip(b) for b in batches]).numpy(), torch.cat([features(b) for b in batches]).numpy()


def _jpeg(rgb: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()
