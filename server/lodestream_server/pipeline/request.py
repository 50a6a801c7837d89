"""What a user asks for, already checked: no protobuf, no HTTP."""

from __future__ import annotations

from dataclasses import dataclass

LEVELS: tuple[int, ...] = (3, 2, 1, 0)
"""Every level of detail, coarse to fine."""
RIGS: tuple[str, ...] = ("mixamo", "unreal", "vrm")
TEXTURE_SIZES: tuple[int, ...] = (1024, 2048)
"""Edge lengths of level 0's albedo textures in pixels; the first is the default."""
LAYOUTS: tuple[str, ...] = ("layers", "atlas")


@dataclass(frozen=True, slots=True)
class AvatarRequest:
    """One avatar. At least one of ``prompt`` and ``image`` is there.

    Attributes:
        prompt: Words, NFC-normalised and stripped, or ``None``.
        image: The bytes of a PNG, JPEG or WebP file, or ``None``.
        seed: Picks among the best matches and draws what the words leave open; 0 takes the best match.
        levels: Levels wanted, coarse to fine.
        rig: One of ``RIGS``.
        layout: One of ``LAYOUTS``.
        texture_size: One of ``TEXTURE_SIZES``.
        morph_targets: Names of morph targets, groups resolved, sorted.
    """

    prompt: str | None
    image: bytes | None = None
    seed: int = 0
    levels: tuple[int, ...] = LEVELS
    rig: str = "mixamo"
    layout: str = "layers"
    morph_targets: tuple[str, ...] = ()
    texture_size: int = TEXTURE_SIZES[0]
