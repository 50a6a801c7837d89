"""What flows from extraction to glTF: layers of triangles with materials on one skeleton. Data only.

Frame: glTF's, +Y up, the avatar faces +Z, metres. Texture coordinates: glTF's, origin at the top left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Int = NDArray[np.int32]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Material:
    """A metallic-roughness material. ``albedo`` (H, W, 3 or 4) uint8 sRGB; ``normal`` and ``orm`` (H, W, 3) uint8."""

    albedo: Bytes
    roughness: float = 0.9
    metallic: float = 0.0
    normal: Bytes | None = None
    orm: Bytes | None = None
    alpha: str = "OPAQUE"  # OPAQUE, MASK or BLEND
    double_sided: bool = False


@dataclass(frozen=True, slots=True)
class Morph:
    """A sparse morph target: ``deltas`` (M, 3) metres added to the vertices ``indices`` (M,)."""

    indices: Int
    deltas: Float


@dataclass(frozen=True, slots=True)
class Layer:
    """One garment or body part. V vertices, T triangles, counter-clockwise seen from outside."""

    name: str
    positions: Float  # (V, 3) rest pose
    normals: Float  # (V, 3) unit
    uv: Float  # (V, 2)
    joints: Bytes  # (V, 4) indices into the skeleton; entries of zero weight are 0
    weights: Float  # (V, 4) rows sum to 1
    triangles: Int  # (T, 3)
    material: Material
    morphs: Mapping[str, Morph] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """J joints, parents before children; rest rotations are the identity, so a joint is its position."""

    names: tuple[str, ...]
    parents: tuple[int, ...]  # -1 for the root
    positions: Float  # (J, 3) global rest positions


@dataclass(frozen=True, slots=True)
class Avatar:
    """One level of one avatar, ready to be written."""

    avatar_id: str
    level: int
    seed: int
    bundle: str
    prompt_sha256: str
    skeleton: Skeleton
    layers: tuple[Layer, ...]
