"""The two ViT/16 towers: one into CLIP's shared space, one into features for fusion; and how pictures are varied."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from lodestream_server.encoders import preprocess
from lodestream_training.synth import attributes
from lodestream_training.torch_compat import import_timm
from lodestream_training.towers.fusion import FEATURES
from lodestream_training.towers.text import SHARED

#: Numbers that every patch brings into the features.
LOCAL = 64


class Vit(nn.Module):
    """A timm ViT/16 whose features know where they were seen: every patch has its own weights in them.

    With the class token alone, a few thousand pictures of people who all stand alike taught it next to nothing; for
    the same reason positions start as loud as what is seen.
    """

    def __init__(self) -> None:
        super().__init__()
        timm = import_timm()
        self.trunk = timm.models.vision_transformer.VisionTransformer(
            img_size=preprocess.SIZE, patch_size=16, embed_dim=FEATURES, depth=4, num_heads=3, num_classes=0
        )
        nn.init.trunc_normal_(self.trunk.pos_embed, std=0.3)
        self.local = nn.Linear(FEATURES, LOCAL)
        self.pool = nn.Linear(LOCAL * self.trunk.pos_embed.shape[1], FEATURES)

    def forward(self, pixels: Tensor) -> Tensor:
        """``pixels`` (B, 3, 128, 128) in [-1, 1] -> features (B, 192)."""
        features: Tensor = self.pool(self.local(self.trunk.forward_features(pixels)).flatten(1))
        return features


class FeatureTower(nn.Module):
    """A ViT whose features say what a person looks like; ``probe`` reads their vector while it is trained."""

    def __init__(self) -> None:
        super().__init__()
        self.vit = Vit()
        self.probe = nn.Sequential(nn.LayerNorm(FEATURES), nn.Linear(FEATURES, 384), nn.ReLU(),
                                   nn.Linear(384, attributes.SIZE))  # fmt: skip

    def forward(self, pixels: Tensor) -> Tensor:
        """``pixels`` (B, 3, 128, 128) in [-1, 1] -> features (B, 192)."""
        features: Tensor = self.vit(pixels)
        return features


class PictureTower(nn.Module):
    """A ViT into the space that the text tower shares."""

    def __init__(self) -> None:
        super().__init__()
        self.vit = Vit()
        self.out = nn.Sequential(nn.LayerNorm(FEATURES), nn.Linear(FEATURES, 2 * SHARED), nn.ReLU(),
                                 nn.Linear(2 * SHARED, SHARED))  # fmt: skip

    def forward(self, pixels: Tensor) -> Tensor:
        """``pixels`` (B, 3, 128, 128) in [-1, 1] -> embedding (B, 256) of unit length."""
        return functional.normalize(self.out(self.vit(pixels)), dim=-1)


def varied(shown: NDArray[np.uint8], rng: np.random.Generator) -> Tensor:
    """Training pictures (B, 128, 128, 3): shifted, mirrored, brighter or darker -> (B, 3, 128, 128) in [-1, 1]."""
    out = np.stack([preprocess.scaled(_moved(rgb, rng)) for rgb in shown])
    gain = rng.uniform(0.9, 1.1, (len(out), 1, 1, 1)).astype(np.float32)
    return torch.from_numpy(np.clip((out + 1.0) * gain - 1.0, -1.0, 1.0))


def plain(shown: NDArray[np.uint8]) -> Tensor:
    """Pictures (B, 128, 128, 3) as they are -> (B, 3, 128, 128) in [-1, 1]."""
    return torch.from_numpy(np.stack([preprocess.scaled(rgb) for rgb in shown]))


def _moved(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    rgb = _on_another_ground(rgb, rng) if rng.random() < 0.3 else rgb
    rgb = rgb[:, ::-1] if rng.random() < 0.5 else rgb
    down, right = rng.integers(-4, 5, 2)
    edged = np.pad(rgb, ((4, 4), (4, 4), (0, 0)), mode="edge")
    return edged[4 + down : 4 + down + preprocess.SIZE, 4 + right : 4 + right + preprocess.SIZE]


def _on_another_ground(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Where the picture has its corner's colour: a slope between two colours."""
    ground = (rgb == rgb[0, 0]).all(axis=2, keepdims=True)
    top, bottom = rng.uniform(0, 255, (2, 3))
    slope = np.linspace(0.0, 1.0, len(rgb))[:, None, None]
    return np.where(ground, top * (1 - slope) + bottom * slope, rgb).astype(np.uint8)
