"""The decoder: structured latent → style → planes of every shell, one stage a level.

A stage upsamples the shell's features, joins learned maps of the stage's resolution (they start as positional features
of the reference body) and applies two 1×1 convolutions whose inputs are scaled and whose outputs are shifted by the
style (Karras et al. 2020, style modulation without demodulation). Everything but the upsampling is per texel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lodestream_server.field.planes import BASE_SIZE, REGIONS
from lodestream_training.synth import attributes

MIXED = 96
CHANNELS = (64, 48, 32, 24)
SHELLS = tuple(BASE_SIZE)
_SLICES = attributes.slices()


def _indices(groups: list[attributes.Group]) -> list[int]:
    return [i for g in groups for i in range(_SLICES[g.name].start, _SLICES[g.name].stop)]


# what the planes depend on, and the colours, which only the palettes see
CONDITIONS = _indices([g for g in attributes.GROUPS if g.kind == "categorical" or g.name == "detail"])
COLOURS = _indices([g for g in attributes.GROUPS if g.kind == "colour" and g.name != "eye_colour"])
STYLE = len(CONDITIONS) + MIXED


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
            nn.init.normal_(layer.weight, std=0.05)
            nn.init.zeros_(layer.bias)

    def fold(self, style: Tensor) -> tuple[Tensor, Tensor]:
        """Style (B, S) → weights (B, O, I), shift (B, O, 1)."""
        return self.weight * (1.0 + self.scale(style))[:, None, :], self.shift(style)[:, :, None]

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """X (B, I, P) texels → (B, O, P)."""
        weight, shift = self.fold(style)
        return torch.baddbmm(shift, weight, x)


@dataclass(frozen=True)
class Window:
    """A square part of a stage's texels: rows and columns from ``top``, ``left``, ``size`` texels wide."""

    top: int
    left: int
    size: int

    def halved(self) -> Window:
        """The same part of the next coarser stage."""
        return Window(self.top // 2, self.left // 2, self.size // 2)

    def doubled(self) -> Window:
        """The same part of the next finer stage."""
        return Window(self.top * 2, self.left * 2, self.size * 2)

    def within(self, outer: Window) -> Window:
        """Relative to ``outer``, which holds it."""
        return Window(self.top - outer.top, self.left - outer.left, self.size)

    def cut(self, x: Tensor) -> Tensor:
        """(..., R, R) → (..., size, size)."""
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
        """X (B, I, R/2, R/2): the stage before, already cut to the window if there is one."""
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
        self.register_buffer("conditions", torch.tensor(CONDITIONS))
        self.register_buffer("colours", torch.tensor(COLOURS))
        self.conditions: Tensor
        self.colours: Tensor
        self.mix = nn.Sequential(nn.Linear(len(CONDITIONS), 192), nn.ReLU(), nn.Linear(192, MIXED), nn.LayerNorm(MIXED))
        width = len(CONDITIONS) + len(COLOURS)
        self.palette = nn.ModuleDict()
        for s in SHELLS:
            outputs = 3 * len(REGIONS[s])
            deep = nn.Sequential(nn.Linear(width, 96), nn.ReLU(), nn.Linear(96, outputs))
            self.palette[s] = nn.ModuleDict({"direct": nn.Linear(width, outputs), "deep": deep})
        self.stages = nn.ModuleList()
        for k, channels in enumerate(CHANNELS):
            previous = CHANNELS[k - 1] if k else 0
            self.stages.append(
                nn.ModuleDict({s: ShellStage(previous, channels, len(REGIONS[s]), maps[s][k]) for s in SHELLS})
            )

    def start(self, latent: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Latent (B, A) → style (B, STYLE) and palettes {shell: (B, K, 3)} in [0, 1]."""
        conditions = latent[:, self.conditions]
        style = torch.cat([conditions, self.mix(conditions)], dim=1)
        return style, self.palettes(latent)

    def palettes(self, latent: Tensor) -> dict[str, Tensor]:
        """Latent (B, A) → {shell: (B, K, 3)}. Colours go through as log-odds, so passing one on is linear."""
        odds = torch.logit(latent[:, self.colours].clamp(0.01, 0.99))
        seen = torch.cat([latent[:, self.conditions], odds], dim=1)
        out: dict[str, Tensor] = {}
        for s in SHELLS:
            heads = self.palette[s]
            assert isinstance(heads, nn.ModuleDict)
            out[s] = torch.sigmoid(heads["direct"](seen) + heads["deep"](seen)).view(-1, len(REGIONS[s]), 3)
        return out

    def stage(
        self, k: int, features: Mapping[str, Tensor] | None, style: Tensor, windows: Mapping[str, Window] | None = None
    ) -> Stage:
        """Stage k (0 is the coarsest) from the features of the stage before, both cut to ``windows`` if given."""
        modules = self.stages[k]
        assert isinstance(modules, nn.ModuleDict)
        out = {s: modules[s](features[s] if features else None, style, windows[s] if windows else None) for s in SHELLS}
        return Stage({s: x for s, (x, _) in out.items()}, {s: p for s, (_, p) in out.items()})

    def forward(self, latent: Tensor) -> tuple[dict[str, Tensor], list[Stage]]:
        """All stages in full."""
        style, palettes = self.start(latent)
        stages: list[Stage] = []
        for k in range(len(CHANNELS)):
            stages.append(self.stage(k, stages[-1].features if stages else None, style))
        return palettes, stages

    def sampled(self, latent: Tensor, windows: list[dict[str, Window] | None]) -> tuple[dict[str, Tensor], list[Stage]]:
        """As `forward`, but the finer stages only in windows of `draw_windows`: every texel is independent."""
        style, palettes = self.start(latent)
        stages = [self.stage(0, None, style)]
        outer: dict[str, Window] | None = None
        for k in range(1, len(CHANNELS)):
            window = windows[k]
            assert window is not None
            cut: dict[str, Tensor] = {}
            for s, x in stages[-1].features.items():
                part = window[s].halved()
                cut[s] = (part if outer is None else part.within(outer[s])).cut(x)
            stages.append(self.stage(k, cut, style, window))
            outer = window
        return palettes, stages


_SHARE = (1.0, 0.6, 0.42, 0.3)  # of a stage's edge length that a training step looks at


def draw_windows(rng: np.random.Generator) -> list[dict[str, Window] | None]:
    """Random windows for `Decoder.sampled`, each inside the one before; the coarsest stage is seen in full."""
    out: list[dict[str, Window] | None] = [None]
    outer = {s: Window(0, 0, size) for s, size in BASE_SIZE.items()}
    for k in range(1, len(CHANNELS)):
        inner: dict[str, Window] = {}
        for s, window in outer.items():
            size = round(BASE_SIZE[s] * 2**k * _SHARE[k] / 4) * 4  # in texels of stage k, window halves stay whole
            room = window.size - size // 2
            top, left = (int(rng.integers(0, room + 1)) for _ in range(2))
            inner[s] = Window(2 * (window.top + top), 2 * (window.left + left), size)
        out.append(inner)
        outer = inner
    return out
