"""Supervision of the planes: level set, signed edge distance, regions, palette, shade, composed colour."""

from __future__ import annotations

import torch
from torch import Tensor

from lodestream_server.field.planes import SHADE_RANGE
from lodestream_training.field.decoder import Stage
from lodestream_training.field.targets import Target

_STAGE_WEIGHT = (0.5, 0.5, 0.7, 1.0)
_WEIGHTS = {"level_set": 1.0, "edge": 1.0, "regions": 0.5, "shade": 1.0, "colour": 2.0}


def colour(planes: Tensor, palette: Tensor) -> Tensor:
    """Raw planes (B, 3 + K, R, R) and palette (B, K, 3) → sRGB (B, 3, R, R)."""
    weight = torch.softmax(planes[:, 3:], dim=1)
    mixed = torch.einsum("bkhw,bkc->bchw", weight, palette)
    return mixed * (1 + SHADE_RANGE * planes[:, 2:3])


def shell_loss(planes: Tensor, palette: Tensor, target: Target) -> dict[str, Tensor]:
    """Terms of one shell at one stage, each a scalar."""
    worn = target.worn
    total = worn.sum() + 0.01 * worn.numel()
    near = 1.0 + 3.0 * torch.exp(-((target.planes[:, 1:2] / 0.25) ** 2))
    edge = torch.clamp(planes[:, 1:2], -1.3, 1.3) - target.planes[:, 1:2]
    log = torch.log_softmax(planes[:, 3:], dim=1)
    goal = colour_of(target)
    return {
        "level_set": ((planes[:, :1] - target.planes[:, :1]).abs() * worn).sum() / total,
        "edge": (edge.abs() * near).mean(),
        "regions": -(target.regions * log * worn).sum() / total,
        "shade": ((planes[:, 2:3] - target.planes[:, 2:3]).abs() * worn).sum() / total,
        "colour": ((colour(planes, palette) - goal).abs() * worn).sum() / total / 3,
    }


def colour_of(target: Target) -> Tensor:
    """The target's own composed colour (B, 3, R, R)."""
    mixed = torch.einsum("bkhw,bkc->bchw", target.regions, target.palette)
    return mixed * (1 + SHADE_RANGE * target.planes[:, 2:3])


def palette_loss(predicted: dict[str, Tensor], truth: dict[str, Tensor]) -> Tensor:
    """Mean absolute difference of all palettes."""
    return torch.stack([(predicted[s] - truth[s]).abs().mean() for s in truth]).sum()


def total(
    palettes: dict[str, Tensor], stages: list[Stage], targets: dict[str, list[Target]]
) -> tuple[Tensor, dict[str, Tensor]]:
    """The weighted sum over shells and stages, and the finest stage's terms for the log."""
    out = torch.zeros(())
    log: dict[str, Tensor] = {}
    for shell, levels in targets.items():
        for k, (stage, target) in enumerate(zip(stages, levels, strict=True)):
            terms = shell_loss(stage.planes[shell], palettes[shell], target)
            for name, term in terms.items():
                out = out + _STAGE_WEIGHT[k] * _WEIGHTS[name] * term
            if k == len(stages) - 1:
                log |= {f"{shell}/{n}": t.detach() for n, t in terms.items()}
    return out, log
