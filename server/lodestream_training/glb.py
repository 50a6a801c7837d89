"""Reads avatars back from GLB, in any pose, for pictures and measurements."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pygltflib as gl
from numpy.typing import NDArray
from PIL import Image

from lodestream_server.body.pose import skin
from lodestream_training.render import Float, Surface

Pose = Mapping[str, Sequence[float]]  # joint name -> axis times angle, radians, in the joint's own frame

_TYPES = {5120: np.int8, 5121: np.uint8, 5122: np.int16, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


def load_glb(source: str | Path | bytes, pose: Pose | None = None) -> list[Surface]:
    """The surfaces of an avatar.

    Args:
        source: a path or a file's content: one skin, identity rest rotations, textures inside.
        pose: by default the rest pose.

    Returns:
        One surface a mesh node, named like it.

    Raises:
        KeyError: the pose names a joint that the skeleton lacks.
    """
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    reader = _Reader(gl.GLTF2.load_from_bytes(data))
    return reader.surfaces(pose)


class _Reader:
    def __init__(self, gltf: gl.GLTF2) -> None:
        self._gltf = gltf
        self._blob: bytes = gltf.binary_blob()

    def surfaces(self, pose: Pose | None) -> list[Surface]:
        result = []
        for node in self._gltf.nodes:
            if node.mesh is None:
                continue
            primitive = self._gltf.meshes[node.mesh].primitives[0]
            attributes = primitive.attributes
            positions, normals = self.array(attributes.POSITION), self.array(attributes.NORMAL)
            if pose:
                rest, posed, rotation = self._posed(pose)
                positions, normals = skin(
                    positions,
                    normals,
                    self.array(attributes.JOINTS_0),
                    self.array(attributes.WEIGHTS_0),
                    rotation,
                    rest,
                    posed,
                )
            result.append(
                self._clad(
                    Surface(
                        positions,
                        self.array(primitive.indices).reshape(-1, 3).astype(np.int32),
                        self.array(attributes.TEXCOORD_0),
                        np.zeros((1, 1, 3), np.uint8),
                        normals,
                        node.name or "",
                    ),
                    self._gltf.materials[primitive.material],
                )
            )
        return result

    def array(self, number: int) -> NDArray[Any]:
        """Accessor ``number`` as (N,) or (N, width); normalised integers become float32 in [0, 1]."""
        accessor = self._gltf.accessors[number]
        view = self._gltf.bufferViews[accessor.bufferView]
        dtype, width = np.dtype(_TYPES[accessor.componentType]), _WIDTHS[accessor.type]
        stride = view.byteStride or dtype.itemsize * width
        start = (view.byteOffset or 0) + (accessor.byteOffset or 0)
        rows = np.ndarray((accessor.count, width), dtype, self._blob, start, (stride, dtype.itemsize))
        values = rows[:, 0].copy() if width == 1 else rows.copy()
        if accessor.normalized:
            return np.asarray(values / np.iinfo(dtype.str).max, np.float32)
        return values

    def _clad(self, surface: Surface, material: gl.Material) -> Surface:
        pbr, normal = material.pbrMetallicRoughness, material.normalTexture
        rough = pbr.metallicRoughnessTexture
        return surface._replace(
            albedo=self._picture(pbr.baseColorTexture.index),
            normal_map=self._picture(normal.index) if normal else None,
            orm=self._picture(rough.index) if rough else None,
            roughness=1.0 if pbr.roughnessFactor is None else pbr.roughnessFactor,
            metallic=1.0 if pbr.metallicFactor is None else pbr.metallicFactor,
            alpha=material.alphaMode or "OPAQUE",
        )

    def _picture(self, texture: int) -> NDArray[np.uint8]:
        image = self._gltf.images[self._gltf.textures[texture].source]
        view = self._gltf.bufferViews[image.bufferView]
        start = view.byteOffset or 0
        picture = Image.open(io.BytesIO(self._blob[start : start + view.byteLength]))
        return np.asarray(picture.convert("RGBA" if picture.mode == "RGBA" else "RGB"))

    def _posed(self, pose: Pose) -> tuple[Float, Float, Float]:
        """Rest and posed positions (J, 3) and global rotations (J, 3, 3) of the joints."""
        joints = self._gltf.skins[0].joints
        names = {self._gltf.nodes[node].name: place for place, node in enumerate(joints)}
        place_of = {node: place for place, node in enumerate(joints)}
        parents = np.full(len(joints), -1)
        for node in joints:
            for child in self._gltf.nodes[node].children:
                parents[place_of[child]] = place_of[node]
        turns = {names[name]: axis_angle(vector) for name, vector in pose.items()}
        rest = np.zeros((len(joints), 3), np.float32)
        posed = np.zeros_like(rest)
        rotation = np.tile(np.eye(3, dtype=np.float32), (len(joints), 1, 1))
        for place, node in enumerate(joints):
            offset = np.asarray(self._gltf.nodes[node].translation or (0, 0, 0), np.float32)
            parent = parents[place]
            above = rotation[parent] if parent >= 0 else np.eye(3, dtype=np.float32)
            rest[place] = offset + (rest[parent] if parent >= 0 else 0)
            posed[place] = above @ offset + (posed[parent] if parent >= 0 else 0)
            rotation[place] = above @ turns.get(place, np.eye(3, dtype=np.float32))
        return rest, posed, rotation


def axis_angle(vector: Sequence[float]) -> Float:
    """The rotation (3, 3) about ``vector`` (3,) by its length in radians (Rodrigues)."""
    angle = float(np.linalg.norm(vector))
    if angle == 0:
        return np.eye(3, dtype=np.float32)
    x, y, z = np.asarray(vector, np.float64) / angle
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross, np.float32)
