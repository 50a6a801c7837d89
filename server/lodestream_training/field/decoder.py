"""The decoder: structured latent → planes of every shell, one stage a level.

A stage joins two parts. The *wardrobe maps* hold, for every state a shell can be in (`states`), the planes that this
state adds; a person's are the sum over their states. What such a sum cannot say, a small network adds: it upsamples the
shell's features, joins learned maps of the stage's resolution (they start as positional features of the reference body)
and applies 1×1 convolutions whose inputs are scaled and whose outputs are shifted by the style (Karras et al. 2020,
style modulation without demodulation). Everything but the upsampling is per texel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lodestream_server.field.planes import BASE_SIZE, REGIONS
from lodestream_training.field import states
from lodestream_training.synth import attributes

MIXED = 64
CHANNELS = (40, 32, 20, 10)
WARDROBE_STAGES = 3  # the finest stage upsamples the wardrobe's planes of the one before
SHELLS = tuple(BASE_SIZE)
_SLICES = attributes.slices()


def _indices(groups: list[attributes.Group]) -> list[int]:
    return [i for g in groups for i in range(_SLICES[g.name].start, _SLICES[g.name].stop)]


# what the planes depend on, and the colours, which only the palettes see
_SHAPING = ("sex", "age", "hair", "beard", "marks", "makeup", "top", "sleeve", "neckwear", "bottom", "skirt_length")
CONDITIONS = _indices([g for g in attributes.GROUPS if g.name in (*_SHAPING, "shoes", "gloves", "detail")])
COLOURS = _indices([g for g in attributes.GROUPS if g.kind == "colour" and g.name != "eye_colour"])
STYLE = len(CONDITIONS) + MIXED


@dataclass
class Stage:
    """Outputs of one stage for every shell: features (B, C, R, R) and raw planes (B, 3 + K, R, R).

    Before the features of the last stage with wardrobe maps come its wardrobe's planes, (B, 3 + K + C, R, R) in all.
    """

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


class Wardrobe(nn.Module):
    """The planes that every state of a shell adds, at one resolution."""

    def __init__(self, shell: str, size: int) -> None:
        super().__init__()
        self.active = states.ACTIVE[shell]
        self.maps = nn.Parameter(torch.zeros(len(states.STATES[shell]), 3 + len(REGIONS[shell]), size, size))

    def forward(self, weights: Tensor, window: Window | None = None) -> Tensor:
        """Weights (B, F) of the states → (B, 3 + K, R, R); only the states that somebody is in are read."""
        maps = self.maps if window is None else window.cut(self.maps)
        if len(weights) > 1:
            return torch.einsum("bf,fchw->bchw", weights, maps)
        strongest = torch.topk(weights[0].abs(), self.active).indices
        return torch.einsum("f,fchw->chw", weights[0, strongest], maps[strongest])[None]


class Palette(nn.Module):
    """A shell's colours: in every state a mixture of the person's colours, plus what a small network adds."""

    def __init__(self, shell: str) -> None:
        super().__init__()
        self.count = len(REGIONS[shell])
        sources = len(COLOURS) // 3
        # for every state and region: the shares of the person's colours, then a constant colour
        self.mixture = nn.Parameter(torch.zeros(len(states.STATES[shell]), self.count, sources + 3))
        self.first = nn.Linear(len(CONDITIONS) + len(COLOURS), 64)
        self.second = nn.Linear(64, 3 * self.count)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, weights: Tensor, colours: Tensor, seen: Tensor) -> Tensor:
        """Weights (B, F) of the states, colours (B, J, 3), conditions and colours (B, C) → (B, K, 3) in [0, 1]."""
        mixed = torch.einsum("bf,fkj->bkj", weights, self.mixture)
        plain = torch.matmul(mixed[..., :-3], colours) + mixed[..., -3:]
        added = self.second(F.relu(self.first(seen))).view(-1, self.count, 3)
        return (plain + added).clamp(0.0, 1.0)


def _upsampled(x: Tensor, size: int) -> Tensor:
    return F.interpolate(x, size=(size, size), mode="bilinear", align_corners=False)


class ShellStage(nn.Module):
    """One shell at one resolution."""

    def __init__(
        self, shell: str, inputs: int, channels: int, maps: Tensor, wardrobe: nn.Module | None, *, hands_on: bool
    ) -> None:
        super().__init__()
        self.hands_on = hands_on  # whether the next stage has no wardrobe of its own and goes on from this one's
        outputs = 3 + len(REGIONS[shell])
        self.maps = nn.Parameter(maps)  # (D, R, R)
        self.inputs = inputs
        self.outputs = outputs
        self.wardrobe = wardrobe
        self.first = Modulated(inputs + maps.shape[0], channels)
        self.second = Modulated(channels, channels)
        self.head = Modulated(channels, outputs, gain=0.02)
        for layer in (self.head.scale, self.head.shift):
            nn.init.zeros_(layer.weight)

    def forward(
        self, x: Tensor | None, weights: Tensor, style: Tensor, window: Window | None = None
    ) -> tuple[Tensor, Tensor]:
        """Features and planes.

        Args:
            x: (B, I, R/2, R/2) features of the stage before, already cut to the window if there is one; behind the
                wardrobe's planes of that stage where this one has no wardrobe.
            weights: (B, F) of the shell's states. style: (B, STYLE).
        """
        maps = self.maps if window is None else window.cut(self.maps)
        size = maps.shape[-1]
        weight, shift = self.first.fold(style)
        y = torch.matmul(weight[:, :, self.inputs :], maps.reshape(1, maps.shape[0], -1)) + shift
        base = None if self.wardrobe is None else self.wardrobe(weights, window)
        if x is not None:
            if base is None:
                base, x = _upsampled(x[:, : self.outputs], size), x[:, self.outputs :]
            low = torch.matmul(weight[:, :, : self.inputs], x.flatten(2)).unflatten(2, x.shape[-2:])
            y = y + _upsampled(low, size).flatten(2)  # linear, so after the convolution, where channels are fewer
        assert base is not None
        y = F.relu(self.second(F.relu(y), style))
        planes = base + self.head(y, style).reshape(-1, self.outputs, size, size)
        y = y.reshape(-1, y.shape[1], size, size)
        return torch.cat([base, y], dim=1) if self.hands_on else y, planes


class Decoder(nn.Module):
    """All shells, four stages. ``maps[shell][k]``: (D, R, R) starting values of the learned maps."""

    def __init__(self, maps: Mapping[str, list[Tensor]]) -> None:
        super().__init__()
        self.register_buffer("conditions", torch.tensor(CONDITIONS))
        self.register_buffer("colours", torch.tensor(COLOURS))
        self.conditions: Tensor
        self.colours: Tensor
        for s in SHELLS:
            self.register_buffer(f"selector_{s}", states.selectors(s), persistent=False)
        self.mix = nn.Sequential(nn.Linear(len(CONDITIONS), 128), nn.ReLU(), nn.Linear(128, MIXED), nn.LayerNorm(MIXED))
        self.palette = nn.ModuleDict({s: Palette(s) for s in SHELLS})
        self.stages = nn.ModuleList()
        for k, channels in enumerate(CHANNELS):
            previous = CHANNELS[k - 1] if k else 0
            stage = nn.ModuleDict()
            for s in SHELLS:
                wardrobe = Wardrobe(s, BASE_SIZE[s] * 2**k) if k < WARDROBE_STAGES else None
                last = k == WARDROBE_STAGES - 1
                stage[s] = ShellStage(s, previous, channels, maps[s][k], wardrobe, hands_on=last)
            self.stages.append(stage)

    def start(self, latent: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Latent (B, A) → style (B, STYLE + states of all shells) and palettes {shell: (B, K, 3)} in [0, 1]."""
        conditions = latent[:, self.conditions]
        worn = [states.evaluate(latent, self.get_buffer(f"selector_{s}")) for s in SHELLS]
        return torch.cat([conditions, self.mix(conditions), *worn], dim=1), self.palettes(latent)

    def palettes(self, latent: Tensor) -> dict[str, Tensor]:
        """Latent (B, A) → {shell: (B, K, 3)} sRGB in [0, 1]."""
        colours = latent[:, self.colours].view(len(latent), -1, 3)
        seen = torch.cat([latent[:, self.conditions], latent[:, self.colours]], dim=1)
        out: dict[str, Tensor] = {}
        for s in SHELLS:
            worn = states.evaluate(latent, self.get_buffer(f"selector_{s}"))
            module = self.palette[s]
            assert isinstance(module, Palette)
            out[s] = module(worn, colours, seen)
        return out

    def stage(
        self, k: int, features: Mapping[str, Tensor] | None, style: Tensor, windows: Mapping[str, Window] | None = None
    ) -> Stage:
        """Stage k (0 is the coarsest) from the features of the stage before, both cut to ``windows`` if given."""
        modules = self.stages[k]
        assert isinstance(modules, nn.ModuleDict)
        counts = [STYLE, *(len(states.STATES[s]) for s in SHELLS)]
        own, *worn = style.split(counts, dim=1)
        out = {
            s: modules[s](features[s] if features else None, w, own, windows[s] if windows else None)
            for s, w in zip(SHELLS, worn, strict=True)
        }
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
