"""Ground-truth planes as tensors, at every stage's resolution, and the people that training draws them from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from lodestream_training.field.decoder import SHELLS, Window
from lodestream_training.field.wardrobe import balanced, planes_of
from lodestream_training.synth import people
from lodestream_training.synth.painter import Painter

BALANCED = 0.6  # share of people drawn evenly over all garments instead of as they are on a street


@dataclass
class Target:
    """One shell of a batch at one stage. ``planes`` (B, 3, R, R): level set, edge, shade in the decoder's units."""

    planes: Tensor
    regions: Tensor  # (B, K, R, R) sum to 1
    worn: Tensor  # (B, 1, R, R) weight of height and colour
    palette: Tensor  # (B, K, 3)


@dataclass
class _Painted:
    """One shell of one person: at training resolution (half precision and 8 bit), and pooled for stages 0 and 1."""

    planes: Tensor  # (3, R, R) float16
    regions: Tensor  # (K, R, R) uint8
    coarse: tuple[Tensor, Tensor]  # (3 + K, R/8, R/8), (3 + K, R/4, R/4) float16
    palette: Tensor  # (K, 3)


class People:
    """A reservoir of painted people: painting costs more than a training step, so each is used many times."""

    def __init__(self, painter: Painter, seed: int, capacity: int) -> None:
        self._painter = painter
        self._rng = np.random.default_rng(seed)
        self._capacity = capacity
        self._vectors: list[Tensor] = []
        self._painted: list[dict[str, _Painted]] = []
        self._inside = {s: torch.tensor(c.inside.astype(np.float32))[None, None] for s, c in painter.canvases.items()}

    def grow(self, count: int) -> None:
        """Paints ``count`` new people; the oldest make room."""
        for _ in range(count):
            vector = balanced(self._rng) if self._rng.random() < BALANCED else people.sample(self._rng)
            planes = self._painter.paint(vector)
            shells: dict[str, _Painted] = {}
            for s, p in planes.items():
                full = planes_of(p)[None]
                three, regions = full[0, :3], full[0, 3:]
                coarse = (F.avg_pool2d(full, 8)[0].half(), F.avg_pool2d(full, 4)[0].half())
                shells[s] = _Painted(
                    three.half(), (regions * 255).round().to(torch.uint8), coarse, torch.tensor(p.palette)
                )
            self._vectors.append(torch.tensor(vector))
            self._painted.append(shells)
        excess = len(self._painted) - self._capacity
        if excess > 0:
            del self._vectors[:excess], self._painted[:excess]

    def draw(self, size: int, windows: list[dict[str, Window] | None]) -> tuple[Tensor, dict[str, list[Target]]]:
        """``size`` people: vectors (B, A) and their targets, cut to the windows."""
        chosen = self._rng.choice(len(self._painted), size)
        middle, wide, narrow = windows[1:]
        assert middle is not None
        assert wide is not None
        assert narrow is not None
        out: dict[str, list[Target]] = {}
        for s in SHELLS:
            rows = [self._painted[i][s] for i in chosen]
            palette = torch.stack([r.palette for r in rows])
            inside = self._inside[s]
            levels = []
            for k, part in enumerate((F.avg_pool2d(inside, 8), middle[s].cut(F.avg_pool2d(inside, 4)))):
                coarse = torch.stack([r.coarse[k] if k == 0 else middle[s].cut(r.coarse[k]) for r in rows]).float()
                levels.append(_target(coarse[:, :3], coarse[:, 3:], part, palette))
            for window, scale in ((wide[s].doubled(), 2), (narrow[s], 1)):
                planes = torch.stack([window.cut(r.planes) for r in rows]).float()
                regions = torch.stack([window.cut(r.regions) for r in rows]).float() / 255
                part = window.cut(inside)
                if scale > 1:
                    planes, regions, part = (F.avg_pool2d(t, scale) for t in (planes, regions, part))
                levels.append(_target(planes, regions, part, palette))
            out[s] = levels
        return torch.stack([self._vectors[i] for i in chosen]), out

    def palettes(self, size: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Vectors (B, A) and palettes {shell: (B, K, 3)} of ``size`` people."""
        chosen = self._rng.choice(len(self._painted), size)
        out = {s: torch.stack([self._painted[i][s].palette for i in chosen]) for s in SHELLS}
        return torch.stack([self._vectors[i] for i in chosen]), out


def _target(planes: Tensor, regions: Tensor, inside: Tensor, palette: Tensor) -> Target:
    worn = torch.sigmoid((planes[:, 1:2] + 0.15) * 20) * inside
    return Target(planes, regions, worn, palette)
