"""The full profile's bundle: towers and fusion as ONNX, a gallery, the embedded bundle's field and body, a manifest."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.export import Dim
from tqdm import tqdm

from lodestream_server.encoders import preprocess
from lodestream_training import gallery
from lodestream_training.bundle import write_manifest
from lodestream_training.full import onnx_file
from lodestream_training.full.towers import Towers
from lodestream_training.synth import attributes, pictures
from lodestream_training.towers.export import Fused
from lodestream_training.towers.fusion import Fusion

VERSION = "1"
#: Taken over as they are: they know of latents, not of words and pictures.
TAKEN = ("body.npz", "accessories.npz", "field_0.onnx", "field_1.onnx", "field_2.onnx", "field_3.onnx")


def take_over(embedded: Path, bundle_dir: Path) -> None:
    """Copies what the profiles have in common.

    Raises:
        ValueError: The embedded bundle's field reads another latent than fusion is trained for.
    """
    manifest = json.loads((embedded / "manifest.json").read_text("utf-8"))
    known = [(group["name"], group["kind"], group["size"], tuple(group["values"])) for group in manifest["latent"]]
    if known != [(group.name, group.kind, group.size, group.values) for group in attributes.GROUPS]:
        raise ValueError(f"the field in {embedded} was trained for another latent: train the embedded bundle first")
    bundle_dir.mkdir(parents=True, exist_ok=True)
    for name in TAKEN:
        shutil.copyfile(embedded / name, bundle_dir / name)


def export(towers: Towers, fusion: Fusion, bundle_dir: Path) -> dict[str, float]:
    """Writes the three networks. Returns the largest absolute difference from torch of each."""
    batch, length = Dim("batch", min=1, max=64), Dim("length", min=2, max=towers.texts.max_tokens)
    generator = torch.Generator().manual_seed(3)
    words, size = towers.tokenizer.get_vocab_size(), towers.pictures.size
    ids = torch.randint(0, words, (2, 20), generator=generator)
    mask = torch.ones_like(ids)
    mask[1, 13:] = 0
    tokens = {0: batch, 1: length}
    pixels = torch.randn(2, 3, size, size, generator=generator)
    states = torch.randn(2, 20, towers.token_width, generator=generator)
    shown = torch.randn(2, towers.features, generator=generator)
    # each input its own tensor and not all ones: the exporter takes one tensor given twice for one input
    has_text, has_picture = torch.tensor([[1.0], [0.0]]), torch.tensor([[0.0], [1.0]])
    return {
        "text_tower": onnx_file.write(
            bundle_dir / "text_tower.onnx", towers.text, {"input_ids": ids, "attention_mask": mask}, [tokens, tokens],
            ["token_states", "embedding"],
        ),
        "picture_tower": onnx_file.write(
            bundle_dir / "picture_tower.onnx", towers.picture, {"pixels": pixels}, [{0: batch}],
            ["embedding", "features"],
        ),
        "fusion": onnx_file.write(
            bundle_dir / "fusion.onnx", Fused(fusion),
            {"token_states": states, "attention_mask": mask, "features": shown, "has_text": has_text,
             "has_picture": has_picture},
            [tokens, tokens, {0: batch}, {0: batch}, {0: batch}], ["latent", "said"],
        ),
    }  # fmt: skip


def bake_gallery(towers: Towers, bundle_dir: Path, count: int) -> None:
    """Draws ``count`` people unlike each other; writes ``gallery/<id>.jpg`` and ``gallery.npz``."""
    folder = bundle_dir / "gallery"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.jpg"):
        old.unlink()
    ids = [f"p{index:03d}" for index in range(count)]
    embeddings, features = [], []
    vectors = gallery.chosen(np.random.default_rng(gallery.SEED), count)
    for name, vector in zip(tqdm(ids, unit="picture", desc="gallery"), vectors, strict=True):
        path = folder / f"{name}.jpg"
        rgb = pictures.render(vector, size=towers.pictures.size)
        Image.fromarray(rgb).save(path, quality=gallery.QUALITY, subsampling=0)
        with Image.open(path) as picture:
            seen = towers.look(preprocess.pixels(picture, towers.pictures)[None])
        embeddings.append(seen[0])
        features.append(seen[1])
    np.savez(bundle_dir / "gallery.npz", ids=np.array(ids), embeddings=np.concatenate(embeddings),
             features=np.concatenate(features))  # fmt: skip


def write(towers: Towers, bundle_dir: Path) -> Path:
    """Writes the manifest, which says how prompts and pictures are prepared. Returns its path."""
    path = write_manifest(bundle_dir, "full-chinese" if towers.chinese else "full", VERSION)
    manifest = json.loads(path.read_text("utf-8"))
    clip, vit = towers.sources
    manifest["licence"] += "; the towers' as their sources say"
    manifest["provenance"] = [
        *(part for part in manifest["provenance"] if "tower" not in part["part"]),
        {"part": "text_tower.onnx, tokenizer.json, embedding of picture_tower.onnx", "from": clip,
         "licence": f"as {clip} says"},
        {"part": "features of picture_tower.onnx", "from": vit, "licence": f"as {vit} says"},
        {"part": "fusion.onnx", "from": "trained from scratch on generated captions and synthetic people",
         "licence": "Apache-2.0"},
    ]  # fmt: skip
    manifest["encoders"] = {"text": asdict(towers.texts), "picture": asdict(towers.pictures)}
    path.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
