"""The decoder: structured latent → style → planes of every shell, one stage a level.

A stage upsamples the shell's features, joins learned maps of the stage's resolution (they start as positional features
of the reference body) and applies two 1×1 convolutions whose inputs are scaled and whose outputs are shifted by the
style (Karras et al. 2020, style modulation without demodulation). Everything but the upsampling is per texel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lodestream_server.field.planes import BASE_SIZE, REGIONS
from lodestream_training.synth import attributes

STYLE = 160
CHANNELS = (64, 48, 32, 24)
SHELLS = tuple(BASE_SIZE)
_UNSEEN = ("face", "phenotype", "eye_colour")  # groups that shape the body or the eyes, not the planes


@dataclass
class Stage:
    """Outputs of one stage for every shell: features (B, C, R, R) and raw planes (B, 3 + K, R, R)."""

    features: dict[str, Tensor]
    planes: dict[str, Tensor]


class Modulated(nn.Module):
    """A 1×1 convolution; ``style`` scales its inputs (folded into the weights) and shifts its outputs."""

    def __init__(self, inputs: int, outputs: int, gain: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) * gain * (2.0 / inputs) ** 0.5)
        self.scale = nn.Linear(STYLE, inputs)
        self.shift = nn.Linear(STYLE, outputs)
        for layer in (self.scale, self.shift):
            nn.init.normal_(layer.weight, std=0.02)
            nn.init.zeros_(layer.bias)

    def fold(self, style: Tensor) -> tuple[Tensor, Tensor]:
        """style (B, S) → weights (B, O, I), shift (B, O, 1)."""
        return self.weight * (1.0 + self.scale(style))[:, None, :], self.shift(style)[:, :, None]

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """x (B, I, P) texels → (B, O, P)."""
        weight, shift = self.fold(style)
        return torch.baddbmm(shift, weight, x)


@dataclass(frozen=True)
class Window:
    """A square part of a stage's texels: rows and columns from ``top``, ``left``, ``size`` texels wide."""

    top: int
    left: int
    size: int

    def cut(self, x: Tensor) -> Tensor:
        return x[..., self.top : self.top + self.size, self.left : self.left + self.size]


class ShellStage(nn.Module):
    """One shell at one resolution."""

    def __init__(self, inputs: int, channels: int, regions: int, maps: Tensor) -> None:
        super().__init__()
        self.maps = nn.Parameter(maps)  # (D, R, R)
        self.inputs = inputs
        self.first = Modulated(inputs + maps.shape[0], channels)
        self.second = Modulated(channels, channels)
        self.head = Modulated(channels, 3 + regions, gain=0.2)

    def forward(self, x: Tensor | None, style: Tensor, window: Window | None = None) -> tuple[Tensor, Tensor]:
        """x (B, I, R/2, R/2): the stage before, already cut to the window if there is one."""
        maps = self.maps if window is None else window.cut(self.maps)
        size = maps.shape[-1]
        weight, shift = self.first.fold(style)
        y = torch.matmul(weight[:, :, self.inputs :], maps.reshape(1, maps.shape[0], -1)) + shift
        if x is not None:
            x = F.interpolate(x, size=(size, size), mode="bilinear", align_corners=False)
            y = torch.baddbmm(y, weight[:, :, : self.inputs], x.reshape(x.shape[0], self.inputs, -1))
        y = F.relu(self.second(F.relu(y), style))
        planes = self.head(y, style)
        return y.reshape(-1, y.shape[1], size, size), planes.reshape(-1, planes.shape[1], size, size)


class Decoder(nn.Module):
    """All shells, four stages. ``maps[shell][k]``: (D, R, R) starting values of the learned maps."""

    def __init__(self, maps: Mapping[str, list[Tensor]]) -> None:
        super().__init__()
        slices = attributes.slices()
        keep = [i for g in attributes.GROUPS if g.name not in _UNSEEN for i in range(*slices[g.name].indices(10**6))]
        self.register_buffer("keep", torch.tensor(keep))
        self.keep: Tensor
        self.lift = nn.Sequential(nn.Linear(len(keep), 256), nn.ReLU(), nn.Linear(256, STYLE))
        self.palette = nn.ModuleDict(
            {s: nn.Sequential(nn.Linear(len(keep), 96), nn.ReLU(), nn.Linear(96, 3 * len(REGIONS[s]))) for s in SHELLS}
        )
        self.stages = nn.ModuleList()
        for k, channels in enumerate(CHANNELS):
            previous = CHANNELS[k - 1] if k else 0
            self.stages.append(
                nn.ModuleDict({s: ShellStage(previous, channels, len(REGIONS[s]), maps[s][k]) for s in SHELLS})
            )

    def start(self, latent: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """latent (B, A) → style (B, STYLE) and palettes {shell: (B, K, 3)} in [0, 1]."""
        seen = latent[:, self.keep]
        palettes = {s: torch.sigmoid(self.palette[s](seen)).view(-1, len(REGIONS[s]), 3) for s in SHELLS}
        return self.lift(seen), palettes

    def stage(
        self, k: int, features: Mapping[str, Tensor] | None, style: Tensor, windows: Mapping[str, Window] | None = None
    ) -> Stage:
        """Stage k (0 is the coarsest) from the features of the stage before, both cut to ``windows`` if given."""
        modules = self.stages[k]
        assert isinstance(modules, nn.ModuleDict)
        out = {
            s: modules[s](features[s] if features else None, style, windows[s] if windows else None) for s in SHELLS
        }
        return Stage({s: x for s, (x, _) in out.items()}, {s: p for s, (_, p) in out.items()})

    def forward(self, latent: Tensor) -> tuple[dict[str, Tensor], list[Stage]]:
        """All stages in full."""
        style, palettes = self.start(latent)
        stages: list[Stage] = []
        for k in range(len(CHANNELS)):
            stages.append(self.stage(k, stages[-1].features if stages else None, style))
        return palettes, stages

    def sampled(
        self, latent: Tensor, rng: torch.Generator
    ) -> tuple[dict[str, Tensor], list[Stage], list[dict[str, Window] | None]]:
        """As `forward`, but the two finest stages only in a random window each: every texel is independent."""
        style, palettes = self.start(latent)
        first = self.stage(0, None, style)
        second = self.stage(1, first.features, style)
        wide: dict[str, Window] = {}
        narrow: dict[str, Window] = {}
        inner: dict[str, Window] = {}
        for s in SHELLS:
            size = BASE_SIZE[s] * 4
            width = size * 9 // 16
            top, left = (2 * int(torch.randint(0, (size - width) // 2 + 1, (), generator=rng)) for _ in range(2))
            wide[s] = Window(top, left, width)
            small = size * 6 // 16
            down, right = (int(torch.randint(0, width - small + 1, (), generator=rng)) for _ in range(2))
            inner[s] = Window(down, right, small)
            narrow[s] = Window(2 * (top + down), 2 * (left + right), 2 * small)
        cut = {s: Window(w.top // 2, w.left // 2, w.size // 2).cut(second.features[s]) for s, w in wide.items()}
        third = self.stage(2, cut, style, wide)
        fourth = self.stage(3, {s: inner[s].cut(x) for s, x in third.features.items()}, style, narrow)
        return palettes, [first, second, third, fourth], [None, None, wide, narrow]
