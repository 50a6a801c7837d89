"""Normal and occlusion-roughness-metallic maps of the finest level."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lodestream_server.avatar import Bytes, Float
from lodestream_server.field.planes import REGIONS, ShellPlanes
from lodestream_server.outfit import Outfit
from lodestream_server.texture import decals, material, tailoring
from lodestream_server.texture.albedo import CONTRAST, repainted, resize, shares, worn
from lodestream_server.texture.cloth import Cloth

_METAL_DETAIL = ("jacket", "uniform", "armour")  # tops whose ``detail`` region is metal
# roughness of regions that are not the main one, where it differs
_ROUGHNESS = {"lips": 0.38, "tie": 0.5, "sole": 0.82, "second": 0.85, "glove": 0.5, "nail": 0.35, "brow": 0.8}


def surface(shell: str, outfit: Outfit) -> tuple[float, float]:
    """Roughness and metalness of a field shell's main material, for levels without an ORM map."""
    stuff = material.of(shell, outfit)
    return stuff.roughness, stuff.metallic


def normal_map(planes: ShellPlanes, outfit: Outfit, cloth: Cloth) -> Bytes:
    """(S, S, 3) uint8 tangent-space normals, +Y up (glTF), of the shell and size of ``cloth``.

    The slopes of the level set, of construction detail and of the material's weave, grain, pores or strands.
    """
    size = cloth.size
    flat = np.array(resize(planes.level_set, size)).ravel()
    own, edge = worn(planes, cloth)
    fine = material.of(cloth.shell, outfit).relief(own)
    if cloth.shell in CONTRAST:
        fine = fine + decals.height(own, edge, outfit)[0]
        front = tailoring.front(own, outfit)
        if front is not None:
            fine[front.which] += front.height
    flat[own.index] += fine
    height = flat.reshape(size, size)
    scale = np.float32(0.5 / cloth.texel)
    right, down = np.zeros_like(height), np.zeros_like(height)
    right[:, 1:-1] = (height[:, 2:] - height[:, :-2]) * scale
    down[1:-1] = (height[2:] - height[:-2]) * scale
    length = np.float32(127.5) / np.sqrt(right * right + down * down + 1)
    out = np.empty((size, size, 3), dtype=np.uint8)
    out[..., 0] = 128.0 - right * length
    out[..., 1] = 128.0 + down * length
    out[..., 2] = 128.0 + length
    return out


def orm_map(planes: ShellPlanes, outfit: Outfit, cloth: Cloth) -> Bytes:
    """(S, S, 3) uint8: occlusion from the shade, roughness and metalness of the regions and of metal detail."""
    shell, size = cloth.shell, cloth.size
    stuff = material.of(shell, outfit)
    regions = shares(planes, shell, size, None)
    if shell in CONTRAST:
        drawn, edge = worn(planes, cloth)
        front = tailoring.front(drawn, outfit)
        if front is not None:
            repainted(regions, replace(front, which=drawn.index[front.which].astype(np.intp)))
    rough: Float = np.zeros(size * size, dtype=np.float32)
    metal: Float = np.zeros(size * size, dtype=np.float32)
    for k, share in regions.items():
        name = REGIONS[shell][k]
        shiny = name == "detail" and shell == "top" and outfit.values["top"] in _METAL_DETAIL
        own = 0.35 if shiny else _ROUGHNESS.get(name, stuff.roughness)
        whole = name in ("main", "seam") or (name == "detail" and stuff.metallic > 0)
        rough += share * np.float32(own)
        metal += share * np.float32(1.0 if shiny else stuff.metallic * whole)
    if shell in CONTRAST:
        share = decals.height(drawn, edge, outfit)[1]
        metal[drawn.index] = np.maximum(metal[drawn.index], share)
        rough[drawn.index] += (0.35 - rough[drawn.index]) * share
    out = np.empty((size * size, 3), dtype=np.uint8)
    out[:, 0] = np.clip(resize(planes.shade, size), 0, 1).ravel() * 255 + 0.5
    out[:, 1] = rough * 255 + 0.5
    out[:, 2] = metal * 255 + 0.5
    return out.reshape(size, size, 3)
