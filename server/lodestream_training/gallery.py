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
from lodestream_training.synth import attributes, people, pictures
from lodestream_training.towers.evaluate import load_words
from lodestream_training.towers.train_pictures import load_clip, load_features

COUNT = 288
CANDIDATES = 3000
SIZE = 160
QUALITY = 88
SEED = 11


def bake(out_dir: Path, bundle_dir: Path, count: int = COUNT) -> None:
    """Draws ``count`` people and embeds them with the towers that training left in ``out_dir``.

    Writes ``gallery/<id>.jpg`` and ``gallery.npz`` (``ids``, ``embeddings``, ``features``) into ``bundle_dir``.
    """
    rng = np.random.default_rng(SEED)
    vectors = spread(np.stack([people.sample(rng) for _ in range(CANDIDATES)]), count)
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


def spread(vectors: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """``count`` of the vectors (N, attributes.SIZE), each the farthest from those before it (noise left out)."""
    heard = np.concatenate([np.full(g.size, 0.0 if g.kind == "noise" else 2.0 if g.kind == "colour" else 1.0)
                            for g in attributes.GROUPS])  # fmt: skip
    points = vectors * heard.astype(np.float32)
    chosen = [0]
    distance = np.linalg.norm(points - points[0], axis=1)
    while len(chosen) < count:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return vectors[chosen]


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
