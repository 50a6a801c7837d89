"""The progressive decoder: stage k is all that level 3 - k needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lodestream_server.avatar import Float
from lodestream_server.encoders.engines.base import Session
from lodestream_server.field.planes import (
    BASE_SIZE,
    EDGE_SCALE,
    HEIGHT_SCALE,
    SHADE_RANGE,
    Planes,
    ShellPlanes,
)

STAGES = 4


@dataclass(frozen=True, slots=True)
class DecoderState:
    """Between two stages: how many were run, the style, the palettes and the features of every shell."""

    done: int
    feeds: Mapping[str, Float]
    palettes: Mapping[str, Float]


class FieldDecoder:
    """Runs the stages' networks for one avatar at a time. Thread-safe as its sessions are."""

    def __init__(self, sessions: Sequence[Session]) -> None:
        if len(sessions) != STAGES:
            raise ValueError(f"the field has {STAGES} stages, got {len(sessions)} networks")
        self._sessions = tuple(sessions)

    def start(self, latent: Float) -> DecoderState:
        """The state before the first stage. ``latent``: (L,)."""
        return DecoderState(0, {"latent": latent[None].astype(np.float32)}, {})

    def advance(self, state: DecoderState) -> tuple[DecoderState, Planes]:
        """Runs the next stage; its planes are twice as fine as those before."""
        if state.done == STAGES:
            raise ValueError("all stages were run")
        out = self._sessions[state.done].run(state.feeds)
        palettes = state.palettes or {s: out[f"palette_{s}"][0] for s in BASE_SIZE}
        style = out["style"] if state.done == 0 else state.feeds["style"]
        feeds = {"style": style} | {f"features_{s}": out[f"next_{s}"] for s in BASE_SIZE if f"next_{s}" in out}
        planes = {s: unpack(out[f"planes_{s}"][0], palettes[s]) for s in BASE_SIZE}
        return DecoderState(state.done + 1, feeds, palettes), planes


def unpack(raw: Float, palette: Float) -> ShellPlanes:
    """The decoder's raw planes (3 + K, R, R) in metres and factors. ``palette``: (K, 3)."""
    return ShellPlanes(
        level_set=raw[0] * HEIGHT_SCALE,
        edge=np.clip(raw[1], -1.0, 1.0) * EDGE_SCALE,
        regions=raw[3:],
        shade=1.0 + SHADE_RANGE * raw[2],
        palette=palette,
    )
