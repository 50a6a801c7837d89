"""Ground-truth planes as tensors, at every stage's resolution."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from lodestream_server.field.planes import EDGE_SCALE, HEIGHT_SCALE, SHADE_RANGE
from lodestream_training.field.decoder import CHANNELS, SHELLS, Window
from lodestream_training.synth import people
from lodestream_training.synth.painter import Painter


@dataclass
class Target:
    """One shell of a batch at one stage. ``planes`` (B, 3, R, R): level set, edge, shade in the decoder's units."""

    planes: Tensor
    regions: Tensor  # (B, K, R, R) sum to 1
    worn: Tensor  # (B, 1, R, R) weight of height and colour
    palette: Tensor  # (B, K, 3)

    def cut(self, window: Window) -> Target:
        """The same, cut to a window."""
        return Target(window.cut(self.planes), window.cut(self.regions), window.cut(self.worn), self.palette)


Batch = tuple[Tensor, dict[str, list[Target]]]


def batch(painter: Painter, vectors: NDArray[np.float32]) -> Batch:
    """Paints people (B, A) and pools their planes to the four stages."""
    painted = [painter.paint(a) for a in vectors]
    out: dict[str, list[Target]] = {}
    for shell in SHELLS:
        inside = torch.tensor(painter.canvases[shell].inside.astype(np.float32))[None, None]
        raw = [p[shell] for p in painted]
        planes = torch.tensor(
            np.stack(
                [
                    np.stack(
                        [
                            p.level_set / HEIGHT_SCALE,
                            np.clip(p.edge / EDGE_SCALE, -1, 1),
                            (p.shade - 1) / SHADE_RANGE,
                        ]
                    )
                    for p in raw
                ]
            )
        )
        regions = torch.tensor(np.stack([p.regions for p in raw]))
        worn = torch.sigmoid((planes[:, 1:2] + 0.15) * 20) * inside
        palette = torch.tensor(np.stack([p.palette for p in raw]))
        size = planes.shape[-1]
        levels: list[Target] = []
        for k in range(len(CHANNELS)):
            scale = 2 ** (len(CHANNELS) - 1 - k)
            pooled = [planes, regions, worn, inside.expand(len(raw), -1, -1, -1)]
            if scale > 1:
                pooled = [F.avg_pool2d(t, scale) for t in pooled]
            assert pooled[0].shape[-1] == size // scale
            levels.append(Target(pooled[0], pooled[1], pooled[2], palette))
        out[shell] = levels
    return torch.tensor(vectors), out


def stream(painter: Painter, seed: int, size: int) -> Iterator[Batch]:
    """Endless batches of ``size`` fresh people."""
    rng = np.random.default_rng(seed)
    while True:
        yield batch(painter, np.stack([people.sample(rng) for _ in range(size)]))
