"""The two ViT/16 towers: one into CLIP's shared space, one into features for fusion; and how pictures are varied."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from lodestream_server.encoders import preprocess
from lodestream_training.synth import attributes
from lodestream_training.torch_compat import import_timm
from lodestream_training.towers.fusion import FEATURES
from lodestream_training.towers.text import SHARED

#: Numbers that every patch brings into the features.
LOCAL = 24
#: Channels of the convolutions before the transformer; each halves the sides.
STEM = (24, 48, 96, 128)
#: People stand upright in the middle of a square: of its columns the ViT sees these.
COLUMNS = slice(64, 192)
#: Pixels by which a picture is drawn out before it is moved.
EDGE = 32


class Vit(nn.Module):
    """A timm ViT/16 over convolutions whose features know where they were seen: every patch has its weights in them.

    Patches come from four convolutions of stride 2 in place of one of stride 16, which learns from far fewer pictures
    (Xiao et al., "Early Convolutions Help Transformers See Better", 2021). Of the square only ``COLUMNS`` are looked
    at. Positions start as loud as what is seen, for people all stand alike.
    """

    def __init__(self) -> None:
        super().__init__()
        timm = import_timm()
        sides = preprocess.SIZE, COLUMNS.stop - COLUMNS.start
        self.trunk = timm.models.vision_transformer.VisionTransformer(
            img_size=sides, patch_size=1, embed_dim=FEATURES, depth=3, num_heads=3, num_classes=0,
            embed_layer=partial(timm.layers.HybridEmbed, _stem()),
        )  # fmt: skip
        nn.init.trunc_normal_(self.trunk.pos_embed, std=0.3)
        self.local = nn.Linear(FEATURES, LOCAL)
        self.pool = nn.Linear(LOCAL * self.trunk.pos_embed.shape[1], FEATURES)

    def forward(self, pixels: Tensor) -> Tensor:
        """``pixels`` (B, 3, 256, 256) in [-1, 1] -> features (B, 192)."""
        features: Tensor = self.pool(self.local(self.trunk.forward_features(pixels[..., COLUMNS])).flatten(1))
        return features


def _stem() -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, channels in zip((3, *STEM), STEM, strict=False):
        convolution = nn.Conv2d(before, channels, 3, stride=2, padding=1)
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
        layers += [convolution, nn.ReLU()]
    return nn.Sequential(*layers)


class FeatureTower(nn.Module):
    """A ViT whose features say what a person looks like; ``probe`` reads their vector while it is trained."""

    def __init__(self) -> None:
        super().__init__()
        self.vit = Vit()
        self.probe = nn.Sequential(nn.LayerNorm(FEATURES), nn.Linear(FEATURES, 384), nn.ReLU(),
                                   nn.Linear(384, attributes.SIZE))  # fmt: skip

    def forward(self, pixels: Tensor) -> Tensor:
        """``pixels`` (B, 3, 256, 256) in [-1, 1] -> features (B, 192)."""
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
        """``pixels`` (B, 3, 256, 256) in [-1, 1] -> embedding (B, 256) of unit length."""
        return functional.normalize(self.out(self.vit(pixels)), dim=-1)


def varied(shown: NDArray[np.uint8], rng: np.random.Generator) -> Tensor:
    """Training pictures (B, 256, 256, 3): on another ground, smaller or larger, shifted, mirrored, brighter or darker.

    Returns:
        (B, 3, 256, 256) in [-1, 1].
    """
    out = np.stack([preprocess.scaled(_moved(rgb, rng)) for rgb in shown])
    gain = rng.uniform(0.9, 1.1, (len(out), 1, 1, 1)).astype(np.float32)
    return torch.from_numpy(np.clip((out + 1.0) * gain - 1.0, -1.0, 1.0))


def plain(shown: NDArray[np.uint8]) -> Tensor:
    """Pictures (B, 256, 256, 3) as they are -> (B, 3, 256, 256) in [-1, 1]."""
    return torch.from_numpy(np.stack([preprocess.scaled(rgb) for rgb in shown]))


def _moved(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    rgb = _on_another_ground(rgb, rng) if rng.random() < 0.3 else rgb
    rgb = rgb[:, ::-1] if rng.random() < 0.5 else rgb
    scale, (right, down) = 1.0 / rng.uniform(0.94, 1.04), rng.uniform(-6.0, 6.0, 2)
    middle = 0.5 * preprocess.SIZE * (1.0 - scale)
    # what comes into view is edge: the picture's own is drawn out
    edged = Image.fromarray(np.pad(rgb, ((EDGE, EDGE), (EDGE, EDGE), (0, 0)), mode="edge"))
    moved = edged.transform((preprocess.SIZE, preprocess.SIZE), Image.Transform.AFFINE,
                            (scale, 0.0, EDGE + middle + right, 0.0, scale, EDGE + middle + down),
                            Image.Resampling.BILINEAR)  # fmt: skip
    return np.asarray(moved)


def _on_another_ground(rgb: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Where the picture has its corner's colour: a slope between two colours, and up to five boxes before it."""
    ground = (rgb == rgb[0, 0]).all(axis=2, keepdims=True)
    top, bottom = rng.uniform(0, 255, (2, 3))
    slope = np.linspace(0.0, 1.0, len(rgb))[:, None, None]
    behind = np.repeat(top * (1 - slope) + bottom * slope, len(rgb), axis=1)
    for _ in range(rng.integers(0, 6)):
        (left, right), (above, below) = np.sort(rng.integers(0, len(rgb), (2, 2)), axis=1)
        behind[above:below, left:right] = rng.uniform(0, 255, 3)
    return np.where(ground, behind, rgb).astype(np.uint8)
