"""All layers of an avatar in one: a single mesh with one material whose textures lie in a fixed grid.

The square is cut into quadrants. The first goes to the head, or to the next layer where the head has none of its own;
the others go to the remaining layers, the most important ones first, and are cut again as there are more layers.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lodestream_server.avatar import Avatar, Bytes, Float, Layer, Material, Morph
from lodestream_server.gltf.subset import subset
from lodestream_server.gltf.textures import resize

NAME = "avatar"
_LARGEST_SIDE = 2048
_IMPORTANCE = ("head", "face", "top", "bottom", "body", "skirt", "hair", "footwear", "headwear", "eyes", "mouth")
_HALF = 128  # alpha from which something is there rather than not
_FLAT_NORMAL = (128, 128, 255)

Cell = tuple[int, int, int]  # x, y, side in texels


def cells(count: int, side: int) -> list[Cell]:
    """Squares for ``count`` layers in an atlas of ``side`` texels: a quarter first, then the largest that fit."""
    half = side // 2
    rest: list[Cell] = [(half, 0, half), (0, half, half), (half, half, half)]
    while len(rest) < count - 1:
        largest = max(cell[2] for cell in rest)
        place = max(index for index, cell in enumerate(rest) if cell[2] == largest)
        x, y, size = rest.pop(place)
        size //= 2
        rest += [(x, y, size), (x + size, y, size), (x, y + size, size), (x + size, y + size, size)]
    return [(0, 0, half), *rest][:count]


def merge(avatar: Avatar) -> Avatar:
    """The same avatar with the single layer ``avatar``; its texture is twice as wide as the widest of the layers."""
    layers = sorted(avatar.layers, key=_rank)
    side = min(2 * max(max(layer.material.albedo.shape[:2]) for layer in layers), _LARGEST_SIDE)
    plan = cells(len(layers), side)
    starts = np.cumsum([0, *(len(layer.positions) for layer in layers)])
    uv = [_placed(layer, cell, side) for layer, cell in zip(layers, plan, strict=True)]
    merged = Layer(
        name=NAME,
        positions=np.concatenate([layer.positions for layer in layers]),
        normals=np.concatenate([layer.normals for layer in layers]),
        uv=np.concatenate(uv),
        joints=np.concatenate([layer.joints for layer in layers]),
        weights=np.concatenate([layer.weights for layer in layers]),
        triangles=np.concatenate(
            [layer.triangles + start for layer, start in zip(layers, starts, strict=False)]
        ).astype(np.int32),
        material=_material(layers, plan, side),
        morphs=_morphs(layers, starts),
    )
    return replace(avatar, layers=(merged,))


def cut(avatar: Avatar) -> Avatar:
    """The same avatar without holes: triangles that are mostly hole are left out, the others become opaque."""
    return replace(avatar, layers=tuple(_cut(layer) for layer in avatar.layers))


def _cut(layer: Layer) -> Layer:
    albedo = layer.material.albedo
    if layer.material.alpha == "OPAQUE" or albedo.shape[2] == 3:
        return layer
    height, width = albedo.shape[:2]
    corners = layer.uv[layer.triangles]
    spots = np.concatenate(
        [0.9 * corners + 0.1 * corners.mean(1, keepdims=True), corners.mean(1, keepdims=True)], axis=1
    )
    texel = np.floor(spots * [width, height]).astype(int).clip(0, [width - 1, height - 1])
    kept = layer.triangles[albedo[texel[..., 1], texel[..., 0], 3].mean(1) >= _HALF]
    if not len(kept):
        return layer
    opaque = replace(layer.material, albedo=albedo[:, :, :3], alpha="OPAQUE")
    return replace(subset(layer, kept), material=opaque)


def _placed(layer: Layer, cell: Cell, side: int) -> Float:
    """Texture coordinates (V, 2) of a layer whose picture fills ``cell`` of a square of ``side`` texels."""
    x, y, size = cell
    return ((np.clip(layer.uv, 0, 1) * (size - 1) + np.array([x + 0.5, y + 0.5])) / side).astype(np.float32)


def _rank(layer: Layer) -> tuple[int, str]:
    place = _IMPORTANCE.index(layer.name) if layer.name in _IMPORTANCE else len(_IMPORTANCE)
    return place, layer.name


def _morphs(layers: list[Layer], starts: np.ndarray) -> dict[str, Morph]:
    names = dict.fromkeys(name for layer in layers for name in layer.morphs)
    result = {}
    for name in names:
        parts = [
            (layer.morphs[name], start) for layer, start in zip(layers, starts, strict=False) if name in layer.morphs
        ]
        indices = np.concatenate([morph.indices + start for morph, start in parts]).astype(np.int32)
        result[name] = Morph(indices, np.concatenate([morph.deltas for morph, _ in parts]))
    return result


def _material(layers: list[Layer], plan: list[Cell], side: int) -> Material:
    materials = [layer.material for layer in layers]
    has_alpha = any(m.alpha != "OPAQUE" and m.albedo.shape[2] == 4 for m in materials)
    albedo: Bytes = np.zeros((side, side, 4 if has_alpha else 3), np.uint8)
    normal = np.full((side, side, 3), _FLAT_NORMAL, np.uint8) if any(m.normal is not None for m in materials) else None
    orm = np.full((side, side, 3), 255, np.uint8) if any(m.orm is not None for m in materials) else None
    for material, (x, y, size) in zip(materials, plan, strict=True):
        window = np.s_[y : y + size, x : x + size]
        picture = resize(material.albedo, size, size)
        albedo[window][:, :, :3] = picture[:, :, :3]
        if has_alpha:
            opaque = material.alpha == "OPAQUE" or picture.shape[2] == 3
            albedo[window][:, :, 3] = 255 if opaque else picture[:, :, 3]
        if normal is not None and material.normal is not None:
            normal[window] = resize(material.normal, size, size)
        if orm is not None:
            constant = np.array([255, round(255 * material.roughness), round(255 * material.metallic)], np.uint8)
            orm[window] = constant if material.orm is None else resize(material.orm, size, size)
    area = np.array([size * size for _, _, size in plan], np.float64)
    return Material(
        albedo=albedo,
        roughness=float(np.average([m.roughness for m in materials], weights=area)),
        metallic=float(np.average([m.metallic for m in materials], weights=area)),
        normal=normal,
        orm=orm,
        alpha="MASK" if has_alpha else "OPAQUE",
        double_sided=any(m.double_sided for m in materials),
    )
