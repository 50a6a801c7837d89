"""What `generate` yields. In this order: Accepted, then per level Progress … Level, then Done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Match:
    """The gallery picture that was used; ``score`` is its cosine similarity to the prompt."""

    id: str
    score: float


@dataclass(frozen=True, slots=True)
class Accepted:
    """The request is understood. ``levels`` will come in this order; ``match`` is ``None`` for picture prompts."""

    avatar_id: str
    levels: tuple[int, ...]
    match: Match | None
    seed: int
    bundle: str
    engine: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Part of a level has arrived: ``received`` of ``total`` bytes."""

    level: int
    received: int
    total: int


@dataclass(frozen=True, slots=True)
class Level:
    """A whole level, its SHA-256 checked. ``texture`` in pixels; ``ms`` since the request was sent."""

    level: int
    glb: bytes
    sha256: str
    triangles: int
    vertices: int
    texture: int
    ms: float


@dataclass(frozen=True, slots=True)
class Done:
    """All levels have arrived. Times are the server's, in milliseconds."""

    stages_ms: Mapping[str, float]
    total_ms: float


Event = Accepted | Progress | Level | Done


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What a server runs and accepts."""

    version: str
    bundle: str
    engine: str
    levels: tuple[int, ...]
    gallery_size: int
    rigs: tuple[str, ...]
    layouts: tuple[str, ...]
    morph_targets: tuple[str, ...]
