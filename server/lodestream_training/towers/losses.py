"""Losses: the latent against a person's vector, and CLIP's contrastive loss."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from lodestream_training.synth import attributes

_AT = attributes.slices()


def contrastive(pictures: Tensor, texts: Tensor, scale: Tensor) -> Tensor:
    """CLIP's loss: -log(exp(s_ii) / sum_j exp(s_ij)), s = ``scale`` * <picture_i, text_j>, both ways; a number.

    ``pictures``, ``texts`` (B, D) of unit length, ``scale`` = 1 / temperature.
    """
    scores = scale * pictures @ texts.T
    own = torch.arange(len(scores))
    return 0.5 * (functional.cross_entropy(scores, own) + functional.cross_entropy(scores.T, own))


def lab(rgb: Tensor) -> Tensor:
    """Colours from sRGB in [0, 1] (..., 3) to CIELAB (D65) (..., 3)."""
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb.clamp_min(0.04) + 0.055) / 1.055) ** 2.4)
    to_xyz = linear.new_tensor(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    xyz = linear @ to_xyz.T / linear.new_tensor([0.95047, 1.0, 1.08883])
    root = torch.where(xyz > 0.008856, xyz.clamp_min(0.008) ** (1 / 3), 7.787 * xyz + 16 / 116)
    x, y, z = root.unbind(-1)
    return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), -1)


def attribute_loss(latent: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Cross entropy of categories, CIELAB distance of colours, distance of phenotypes; a number.

    ``latent``, ``target``, ``weight`` (B, attributes.SIZE); the weight of a group is that of its first number,
    phenotypes have one each.
    """
    total = latent.new_zeros(())
    for group in attributes.GROUPS:
        at = _AT[group.name]
        guess, truth, share = latent[:, at], target[:, at], weight[:, at.start]
        if group.kind == "categorical":
            total = total + (functional.cross_entropy(guess, truth.argmax(1), reduction="none") * share).mean()
        elif group.kind == "colour":
            distance = (lab(guess) - lab(truth)).square().sum(1).add(1.0).sqrt()
            total = total + (distance * share).mean() / 12
        elif group.kind == "phenotype":
            total = total + 3.0 * ((guess - truth).abs() * weight[:, at]).sum(1).mean()
    return total
