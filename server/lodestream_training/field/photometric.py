"""The photometric loss: the predicted field, volume-rendered, against the person's own field, along the same rays.

Differentiable twin of `lodestream_server.field.volume` (see there for the formula); a test holds the two together.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lodestream_server.body.template import BodyTemplate, Shape
from lodestream_server.field import volume
from lodestream_server.field.camera import Camera
from lodestream_server.field.planes import (
    EDGE_SCALE,
    EDGE_WIDTH,
    HEIGHT_SCALE,
    SHADE_RANGE,
    SHARPNESS,
    Planes,
)
from lodestream_server.field.volume import Samples


def density(level_set: Tensor, edge: Tensor, distance: Tensor) -> Tensor:
    """σ (N,) in 1/metre; see `planes.density`."""
    t = (level_set - distance) / SHARPNESS
    half = 0.5 * torch.exp(-t.abs())
    presence = torch.clamp(0.5 + edge / EDGE_WIDTH, 0.0, 1.0)
    return presence / SHARPNESS * torch.where(t > 0, 1.0 - half, half)


def render(raw: dict[str, Tensor], palettes: dict[str, Tensor], samples: list[Samples], pixels: int) -> Tensor:
    """Colours and opacity of all rays.

    Args:
        raw: {shell: (3 + K, R, R)} the decoder's planes. palettes: {shell: (K, 3)}.
        samples: of `volume.trace`. pixels: rays.
    Returns:
        (pixels, 4): sRGB premultiplied by opacity, opacity.
    """
    tau: list[Tensor] = []
    colour: list[Tensor] = []
    for s in samples:
        own = raw[s.shell]
        own = torch.cat([own[:1], own[1:2].clamp(-1, 1), own[2:]])
        grid = torch.tensor(s.uv)[None, None] * 2 - 1
        at = F.grid_sample(own[None], grid, mode="bilinear", padding_mode="border", align_corners=False)
        level_set, edge, shade, regions = at[0, 0, 0], at[0, 1, 0], at[0, 2, 0], at[0, 3:, 0]
        sigma = density(level_set * HEIGHT_SCALE, edge * EDGE_SCALE, torch.tensor(s.distance))
        tau.append(sigma * torch.tensor(s.step * s.open))
        mixed = torch.softmax(regions, dim=0).T @ palettes[s.shell]
        colour.append((mixed * (1 + SHADE_RANGE * shade)[:, None]).clamp(0, 1))
    pixel = np.concatenate([s.pixel for s in samples])
    depth = np.concatenate([s.depth for s in samples])
    order = np.lexsort((depth, pixel))
    where = torch.tensor(pixel[order])
    first = np.flatnonzero(np.diff(pixel[order], prepend=-1))
    counts = torch.tensor(np.diff(np.append(first, len(order))))
    sorted_tau = torch.cat(tau)[torch.tensor(order)].double()
    before = torch.cumsum(sorted_tau, 0) - sorted_tau
    before = before - torch.repeat_interleave(before[torch.tensor(first)], counts)
    weight = (torch.exp(-before) * -torch.expm1(-sorted_tau)).float()
    values = torch.cat([torch.cat(colour)[torch.tensor(order)], torch.ones(len(order), 1)], dim=1)
    return torch.zeros(pixels, 4).index_add(0, where, weight[:, None] * values)


def loss(
    raw: dict[str, Tensor],
    palettes: dict[str, Tensor],
    truth: Planes,
    template: BodyTemplate,
    shape: Shape,
    rng: np.random.Generator,
    size: int = 112,
) -> Tensor:
    """Mean absolute difference over the rays of one random view.

    Args:
        raw, palettes: predicted, of one person. truth: the painted planes, ``regions`` as logits.
        shape: the person's body. size: width and height of the view in pixels.
    """
    head = bool(rng.random() < 0.4)
    target = (0.0, 0.9, 0.08) if head else (0.0, 0.15, 0.02)
    camera = Camera.look(float(rng.uniform(-180, 180)), float(rng.uniform(-5, 15)), target, 0.45 if head else 2.0)
    samples = volume.trace(template, shape, truth, camera, size, size, level=2)
    if not samples:
        return torch.zeros(())
    predicted = render(raw, palettes, samples, size * size)
    with torch.no_grad():
        goal_raw = {
            s: torch.tensor(
                np.concatenate(
                    [
                        np.stack([p.level_set / HEIGHT_SCALE, p.edge / EDGE_SCALE, (p.shade - 1) / SHADE_RANGE]),
                        p.regions,
                    ]
                ).astype(np.float32)
            )
            for s, p in truth.items()
        }
        goal = render(goal_raw, {s: torch.tensor(p.palette) for s, p in truth.items()}, samples, size * size)
    seen = (goal[:, 3] > 0.01) | (predicted[:, 3].detach() > 0.01)
    return (predicted - goal)[seen].abs().mean() if bool(seen.any()) else predicted.sum() * 0.0
