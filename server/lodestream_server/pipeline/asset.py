"""What a pipeline makes: a match, and one self-contained GLB per level."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Match:
    """The gallery picture that was used. ``score`` is its cosine similarity to the request, -1 to 1."""

    id: str
    score: float


@dataclass(frozen=True, slots=True, weakref_slot=True)
class LevelAsset:
    """One level of an avatar. ``texture`` is the edge length of its albedo textures in pixels."""

    level: int
    glb: bytes
    sha256: str
    triangles: int
    vertices: int
    texture: int
