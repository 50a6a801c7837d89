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
CANDIDATES = 6000
SIZE = 160
QUALITY = 88
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
        data = _jpeg(pictures.render(vector, size=SIZE))
        (folder / f"{name}.jpg").write_bytes(data)
        pixels.append(preprocess.pixels(Image.open(io.BytesIO(data))))
    embeddings, features = _embed(out_dir, np.stack(pixels))
    np.savez(bundle_dir / "gallery.npz", ids=np.array(ids), embeddings=embeddings, features=features)


def chosen(rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    """People for the gallery, (count, attributes.SIZE): three in four dressed soberly, then those unlike all others.

    What a prompt leaves unsaid comes from its match, so most matches should look like somebody one might meet.
    """
    drawn = [people.draw(rng) for _ in range(CANDIDATES)]
    sober = [index for index, person in enumerate(drawn) if _sober(person)][: 3 * count // 4]
    return np.stack([drawn[index].vector for index in spread(np.stack([p.vector for p in drawn]), sober, count)])


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
    plain = person.values["bottom_pattern"] == "plain" or person.values["top"] in ("suit", "dress")
    dyed = person.colours["hair_colour"] not in HAIRS
    worn = {person.colours[group] for group in ("top_colour", "top_second", "bottom_colour", "shoe_colour")}
    return plain and not dyed and worn <= SOBER


@torch.inference_mode()
def _embed(out_dir: Path, pixels: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    _, words = load_words(out_dir)
    clip, features = load_clip(out_dir, words.tower), load_features(out_dir)
    batches = torch.from_numpy(pixels).split(48)
    return torch.cat([clip(b) for b in batches]).numpy(), torch.cat([features(b) for b in batches]).numpy()


def _jpeg(rgb: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=QUALITY, subsampling=0)
    return out.getvalue()
