"""Checkpoints from a bundle's networks, so that training can go on from what ships; weights as stored, in 8 bits.

Fusion is in the checkpoint of the text tower, from which its own run starts anew.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from tokenizers import Tokenizer
from torch import nn

from lodestream_training.runs import Run
from lodestream_training.towers import export, train_text
from lodestream_training.towers.export import Example
from lodestream_training.towers.fusion import Fusion
from lodestream_training.towers.pictures import FeatureTower, PictureTower
from lodestream_training.towers.text import TextTower
from lodestream_training.towers.train_pictures import Clip
from lodestream_training.towers.train_text import Words

Array = NDArray[np.float32]


def restore(bundle_dir: Path, checkpoint_dir: Path, minutes: Mapping[str, float]) -> None:
    """Writes ``text.pt``, ``features.pt``, ``clip.pt`` and ``tokenizer.json`` into ``checkpoint_dir``.

    Args:
        bundle_dir: A bundle that this code exported.
        checkpoint_dir: A folder without checkpoints.
        minutes: What each run (``text``, ``features``, ``clip``) is taken to have spent: one that goes on
            for as long again starts at half its learning rate.

    Raises:
        FileExistsError: There are checkpoints already.
        ValueError: The bundle's networks are not those of this code.
    """
    if any(checkpoint_dir.glob("*.pt")):
        raise FileExistsError(f"{checkpoint_dir} has checkpoints already: name another folder")
    checkpoint_dir.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(bundle_dir / "tokenizer.json", checkpoint_dir / "tokenizer.json")
    words = Words(TextTower(Tokenizer.from_file(str(bundle_dir / "tokenizer.json")).get_vocab_size()))
    picture, features = PictureTower(), FeatureTower()
    models = {"text_tower": words.tower, "picture_tower": export.Seen(picture), "fusion": export.Fused(words.fusion)}
    for name, example in export.examples().items():
        fill(models[name], bundle_dir / f"{name}.onnx", example)
    features.vit.load_state_dict(picture.vit.state_dict())
    _probe_as(words.fusion, features)
    clip = Clip(picture.out, words.tower.head)
    runs: dict[str, tuple[nn.Module, torch.optim.Optimizer]] = {
        "text": (words, train_text.optimiser(words, *train_text.RATES)),
        "features": (features, torch.optim.AdamW(features.parameters(), fused=True)),
        "clip": (clip, torch.optim.AdamW(clip.parameters())),
    }
    for name, (model, optimiser) in runs.items():
        run = Run(checkpoint_dir, name, minutes[name], model, optimiser)
        run.spent = run.budget
        run.save()


@torch.no_grad()
def fill(model: nn.Module, path: Path, example: Example) -> None:
    """Gives ``model`` the weights of the network in ``path``.

    The exporter transposes matrices and numbers them, so which is which is seen from an export of ``model`` itself
    with weights that are all unlike each other.

    Raises:
        ValueError: The network was exported from another model.
    """
    generator = torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        parameter.copy_(torch.rand(parameter.shape, generator=generator) + 0.5)
    own = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in export.graph_of(model.eval(), example).graph.initializer
    }
    stored = _weights(onnx.load(path))
    for name, parameter in model.named_parameters():
        place, turned = _place(name, parameter.numpy(), own)
        found = stored.get(place, np.empty(0, np.float32))
        found = found.T if turned else found
        if found.shape != tuple(parameter.shape):
            raise ValueError(f"{path.name} was not exported from this model: it has {name} as {found.shape}")
        parameter.copy_(torch.from_numpy(found.copy()))


def _place(name: str, weights: Array, own: Mapping[str, Array]) -> tuple[str, bool]:
    """Under which name a parameter's ``weights`` were exported, and whether transposed."""
    for place, array in own.items():
        for turned in (False, True):
            seen = array.T if turned else array
            if seen.shape == weights.shape and np.array_equal(seen, weights):
                return place, turned
    raise ValueError(f"the exporter has done more to {name} than to transpose it")


def _weights(model: onnx.ModelProto) -> dict[str, Array]:
    """Initialisers as ``export.compressed`` found them, float32 by name."""
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for name in [name.removesuffix(".codes") for name in stored if name.endswith(".codes")]:
        stored[name] = stored.pop(f"{name}.codes").astype(np.float32) * stored.pop(f"{name}.scale")
    return stored


def _probe_as(fusion: Fusion, tower: FeatureTower) -> None:
    """The probe is not in a bundle; fusion's picture path began as it (``train_fusion.adopt``)."""
    norm, look, _, seen = tower.probe
    norm.load_state_dict(fusion.feature_norm.state_dict())
    look.load_state_dict(fusion.look.state_dict())
    seen.load_state_dict(fusion.seen.state_dict())
