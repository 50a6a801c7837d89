"""One level of an avatar as a self-contained GLB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pygltflib as gl

from lodestream_server.avatar import Avatar, Bytes, Layer, Material, Skeleton
from lodestream_server.checkpoint import checkpoint
from lodestream_server.gltf import atlas, textures
from lodestream_server.gltf.binary import Document, short
from lodestream_server.gltf.skin import inverse_binds, local_translations, quantize_influences
from lodestream_server.gltf.tangents import vertex_tangents
from lodestream_server.gltf.thin import thin

Layout = Literal["layers", "atlas"]
GENERATOR = "lodestream"
_QUALITY = 88
_COARSE_LEVEL, _COARSE_QUALITY, _COARSE_BYTES = 3, 80, 60_000  # the first sight must be quick
_LEAST_PICTURES, _LEAST_PICTURE = 4_000, 560  # bytes that pictures, and each of them, keep rather than vertices
_VERTEX_BYTES = 42  # of a vertex and two triangles at the coarsest level
_CLAMP, _REPEAT, _LINEAR, _TRILINEAR = 33071, 10497, 9729, 9987


@dataclass(frozen=True, slots=True)
class _Manner:
    """How layers are written.

    ``compact`` stores texture coordinates and weights as normalised integers. The finest level, which goes into tools
    as well as engines, keeps to floats: some loaders (panda3d-gltf) do not know normalised integers. ``coarse`` counts
    every byte.
    """

    quality: int  # of JPEG
    compact: bool
    coarse: bool


def write_glb(
    avatar: Avatar, layout: Layout = "layers", quality: int | None = None, max_bytes: int | None = None
) -> bytes:
    """Writes one level of an avatar: the same bytes for the same avatar.

    Args:
        avatar: at least one layer, at most 256 joints.
        layout: ``layers`` gives each layer its own mesh, node and material, ``atlas`` merges all into one. At the
            coarsest level nothing is translucent.
        quality: of JPEG, 1 to 95; by default 80 at the coarsest level and 88 at the others.
        max_bytes: above it, the largest opaque pictures lose quality and then size; geometry stays as it is, but at
            the coarsest level rather than hardly any picture. By default 60,000 at the coarsest level without morph
            targets, else no limit.

    Returns:
        A glTF 2.0 binary: metres, +Y up, facing +Z, one skin, joints below the root joint, mesh nodes beside it.

    Raises:
        ValueError: the avatar has no layers or too many joints.
    """
    if not avatar.layers:
        raise ValueError("an avatar needs at least one layer")
    if len(avatar.skeleton.names) > 256:
        raise ValueError(f"a skeleton may have 256 joints, got {len(avatar.skeleton.names)}")
    coarse = avatar.level >= _COARSE_LEVEL
    if coarse:
        avatar = atlas.cut(avatar)
    quality = quality or (_COARSE_QUALITY if coarse else _QUALITY)
    document, laid_out = _document(avatar, layout, quality)
    data = document.to_bytes()
    still = not any(layer.morphs for layer in avatar.layers)
    if max_bytes is None and coarse and still:
        max_bytes = _COARSE_BYTES
    if max_bytes is None or len(data) <= max_bytes:
        return data
    least = max(_LEAST_PICTURES, _LEAST_PICTURE * len(laid_out.layers))
    excess = len(data) - max_bytes - max(0, document.pictures_size() - least)
    if coarse and still and excess > 0:
        document, laid_out = _document(thin(avatar, -(-excess // _VERTEX_BYTES)), layout, quality)
        data = document.to_bytes()
    _shrink_pictures(document, laid_out, len(data) - max_bytes)
    return document.to_bytes()


def _document(avatar: Avatar, layout: Layout, quality: int) -> tuple[Document, Avatar]:
    """The avatar as glTF, and as it is laid out there."""
    coarse = avatar.level >= _COARSE_LEVEL
    if layout == "atlas":
        avatar = atlas.merge(avatar)
    document = Document()
    gltf = document.gltf
    gltf.asset = gl.Asset(version="2.0", generator=GENERATOR, extras={"lodestream": _identity(avatar)})
    roots = _add_skeleton(document, avatar.skeleton)
    manner = _Manner(quality, compact=avatar.level > 0, coarse=coarse)
    influences = _influences(avatar.layers)
    meshes = [_add_layer(document, layer, own, manner) for layer, own in zip(avatar.layers, influences, strict=True)]
    gltf.scenes = [gl.Scene(nodes=[*roots, *meshes])]
    return document, avatar


def _shrink_pictures(document: Document, avatar: Avatar, excess: int) -> None:
    pictures, encoded = {}, {}
    for layer, material in zip(avatar.layers, document.gltf.materials, strict=True):
        texture = document.gltf.textures[material.pbrMetallicRoughness.baseColorTexture.index]
        if document.gltf.images[texture.source].mimeType == "image/jpeg":
            pictures[texture.source] = layer.material.albedo
            encoded[texture.source] = document.picture(texture.source)
    for number, data in textures.shrink(pictures, encoded, excess).items():
        document.replace_image(number, data)


def _identity(avatar: Avatar) -> dict[str, str | int]:
    return {
        "avatar_id": avatar.avatar_id,
        "level": avatar.level,
        "seed": avatar.seed,
        "bundle": avatar.bundle,
        "prompt_sha256": avatar.prompt_sha256,
    }


def _add_skeleton(document: Document, skeleton: Skeleton) -> list[int]:
    """Nodes 0 … J-1 are the joints, in order; returns the roots."""
    gltf = document.gltf
    for name, offset in zip(skeleton.names, local_translations(skeleton), strict=True):
        gltf.nodes.append(gl.Node(name=name, translation=short(offset) if offset.any() else None))
    for joint, parent in enumerate(skeleton.parents):
        if parent >= 0:
            gltf.nodes[parent].children.append(joint)
    roots = [joint for joint, parent in enumerate(skeleton.parents) if parent < 0]
    gltf.skins = [
        gl.Skin(
            inverseBindMatrices=document.accessor("inverse binds", inverse_binds(skeleton)),
            skeleton=roots[0] if len(roots) == 1 else None,
            joints=list(range(len(skeleton.names))),
        )
    ]
    return roots


def _influences(layers: tuple[Layer, ...]) -> list[tuple[Bytes, Bytes]]:
    """Each layer's joints (V, 4) and weights (V, 4) as bytes."""
    joints, weights = quantize_influences(
        np.concatenate([layer.joints for layer in layers]), np.concatenate([layer.weights for layer in layers])
    )
    ends = np.cumsum([len(layer.joints) for layer in layers])[:-1]
    return list(zip(np.split(joints, ends), np.split(weights, ends), strict=True))


def _add_layer(document: Document, layer: Layer, influences: tuple[Bytes, Bytes], manner: _Manner) -> int:
    """The layer's mesh, material and node; returns the node."""
    checkpoint()
    gltf = document.gltf
    count = len(layer.positions)
    joints, weights = influences
    fits = bool(layer.uv.min() >= 0 and layer.uv.max() <= 1)
    compact = manner.compact
    short_uv = compact and fits
    uv = np.rint(layer.uv * 65535).astype(np.uint16) if short_uv else layer.uv.astype(np.float32)
    index_type = np.dtype(np.uint16 if count <= 65535 else np.uint32)
    if manner.coarse and count <= 255:
        index_type = np.dtype(np.uint8)
    vertex = gl.ARRAY_BUFFER
    positions = (np.round(layer.positions, 4) if manner.coarse else layer.positions).astype(np.float32)
    normals = _unit(layer.normals)
    attributes = gl.Attributes(
        POSITION=document.accessor("positions", positions, vertex, bounds=True),
        NORMAL=document.accessor("normals", normals, vertex),
        TEXCOORD_0=document.accessor("short uv" if short_uv else "uv", uv, vertex, normalized=short_uv),
        JOINTS_0=document.accessor("joints", joints, vertex, share=manner.coarse),
        WEIGHTS_0=document.accessor(
            "weights",
            weights if compact else (weights / 255).astype(np.float32),
            vertex,
            normalized=compact,
            share=manner.coarse,
        ),
    )
    if layer.material.normal is not None:
        tangents = vertex_tangents(layer.positions, normals, layer.uv, layer.triangles)
        attributes.TANGENT = document.accessor("tangents", tangents, vertex)
    indices = document.accessor(
        f"{index_type.name} indices",
        layer.triangles.astype(index_type).reshape(-1),
        gl.ELEMENT_ARRAY_BUFFER,
    )
    morphs = {name: morph for name, morph in layer.morphs.items() if len(morph.indices)}
    targets = [
        {"POSITION": document.sparse_accessor("morph", count, morph.indices, morph.deltas)} for morph in morphs.values()
    ]
    primitive = gl.Primitive(
        attributes=attributes,
        indices=indices,
        material=_add_material(document, layer.name, layer.material, manner, repeat=not fits),
        targets=targets,
    )
    extras = {"targetNames": list(morphs)} if morphs else {}
    named = not manner.coarse or layer.name == atlas.NAME  # nodes are named anyway
    gltf.meshes.append(gl.Mesh(name=layer.name if named else None, primitives=[primitive], extras=extras))
    gltf.nodes.append(gl.Node(name=layer.name, mesh=len(gltf.meshes) - 1, skin=0))
    return len(gltf.nodes) - 1


def _unit(normals: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    up = np.array([0.0, 1.0, 0.0])
    return np.where(lengths > 1e-8, normals / np.maximum(lengths, 1e-8), up).astype(np.float32)


def _add_material(document: Document, name: str, material: Material, manner: _Manner, *, repeat: bool) -> int:
    gltf, quality = document.gltf, manner.quality
    picture, mime = textures.encode_colour(material.albedo, quality, keep_alpha=material.alpha != "OPAQUE")
    number = _add_texture(document, None if manner.coarse else name, picture, mime, repeat=repeat)
    colour = gl.TextureInfo(index=number)
    surface = gl.PbrMetallicRoughness(
        baseColorTexture=colour, roughnessFactor=material.roughness, metallicFactor=material.metallic
    )
    result = gl.Material(
        name=name, pbrMetallicRoughness=surface, alphaMode=material.alpha, doubleSided=material.double_sided
    )
    checkpoint()
    if material.normal is not None:
        picture, mime = textures.encode_data(material.normal, quality)
        result.normalTexture = gl.NormalMaterialTexture(
            index=_add_texture(document, f"{name} normal", picture, mime, repeat=repeat), scale=None
        )
    if material.orm is not None:
        picture, mime = textures.encode_data(material.orm, quality)
        index = _add_texture(document, f"{name} orm", picture, mime, repeat=repeat)
        surface.roughnessFactor = surface.metallicFactor = 1.0
        surface.metallicRoughnessTexture = gl.TextureInfo(index=index)
        result.occlusionTexture = gl.OcclusionTextureInfo(index=index, strength=None)
    gltf.materials.append(result)
    return len(gltf.materials) - 1


def _add_texture(document: Document, name: str | None, data: bytes, mime: str, *, repeat: bool) -> int:
    gltf = document.gltf
    wrap = _REPEAT if repeat else _CLAMP
    wraps = [sampler.wrapS for sampler in gltf.samplers]
    if wrap not in wraps:
        gltf.samplers.append(gl.Sampler(magFilter=_LINEAR, minFilter=_TRILINEAR, wrapS=wrap, wrapT=wrap))
        wraps.append(wrap)
    source = document.image(name, data, mime)
    gltf.textures.append(gl.Texture(sampler=wraps.index(wrap), source=source))
    return len(gltf.textures) - 1
