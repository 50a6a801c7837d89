"""The binary chunk of a GLB while it grows, and the file around it."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pygltflib as gl
from numpy.typing import NDArray

_COMPONENTS = {
    np.dtype(np.uint8): gl.UNSIGNED_BYTE,
    np.dtype(np.uint16): gl.UNSIGNED_SHORT,
    np.dtype(np.uint32): gl.UNSIGNED_INT,
    np.dtype(np.float32): gl.FLOAT,
}
_SHAPES = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}

# What a reader assumes where nothing is written; pygltflib would write all of it.
_IMPLIED: dict[str, Any] = {
    "byteOffset": 0,
    "normalized": False,
    "doubleSided": False,
    "alphaMode": "OPAQUE",
    "alphaCutoff": 0.5,
    "baseColorFactor": [1.0, 1.0, 1.0, 1.0],
    "emissiveFactor": [0.0, 0.0, 0.0],
    "texCoord": 0,
    "mode": 4,
    "metallicFactor": 1.0,
    "roughnessFactor": 1.0,
}
_EMPTY: tuple[Any, ...] = ([], {})
_NUMBERS = (int, float)


class Document:
    """A glTF document whose arrays of one kind lie side by side in one buffer view: less JSON, fewer uploads."""

    def __init__(self) -> None:
        self.gltf = gl.GLTF2(scene=0)
        self._pieces: dict[str, list[bytes]] = {}
        self._sizes: dict[str, int] = {}
        self._views: dict[str, int] = {}

    def view(self, kind: str, stride: int | None = None, target: int | None = None) -> int:
        """The index of the buffer view for arrays of ``kind``."""
        if kind not in self._views:
            self._views[kind] = len(self.gltf.bufferViews)
            self.gltf.bufferViews.append(gl.BufferView(buffer=0, byteStride=stride, target=target))
            self._pieces[kind], self._sizes[kind] = [], 0
        return self._views[kind]

    def append(self, kind: str, data: bytes) -> int:
        """Puts ``data`` into the view of ``kind``, four-byte aligned; its offset there."""
        offset = self._sizes[kind]
        padding = -len(data) % 4
        self._pieces[kind].append(data + bytes(padding))
        self._sizes[kind] += len(data) + padding
        return offset

    def accessor(
        self,
        kind: str,
        values: NDArray[Any],
        target: int | None = None,
        *,
        normalized: bool = False,
        bounds: bool = False,
        share: bool = False,
    ) -> int:
        """Stores ``values`` (N, ...) as an accessor; its index. ``share``: not again if they stand in the view."""
        stride = values.nbytes // len(values) if target == gl.ARRAY_BUFFER else None
        number = self.view(kind, stride, target)
        data = np.ascontiguousarray(values).tobytes()
        offset = self._found(kind, data) if share else None
        self.gltf.accessors.append(
            gl.Accessor(
                bufferView=number,
                byteOffset=self.append(kind, data) if offset is None else offset,
                componentType=_COMPONENTS[values.dtype],
                normalized=normalized,
                count=len(values),
                type=_SHAPES[values.shape[1:]],
                min=short(values.min(0)) if bounds else [],
                max=short(values.max(0)) if bounds else [],
            )
        )
        return len(self.gltf.accessors) - 1

    def _found(self, kind: str, data: bytes) -> int | None:
        """Where ``data`` stands in the view of ``kind`` already, four-byte aligned."""
        whole = b"".join(self._pieces[kind])
        place = whole.find(data)
        while place % 4 and place >= 0:
            place = whole.find(data, place + 1)
        return None if place < 0 else place

    def sparse_accessor(self, kind: str, count: int, indices: NDArray[Any], values: NDArray[np.float32]) -> int:
        """Stores a VEC3 accessor of ``count`` rows that are 0 but for ``values`` (M, 3) at ``indices`` (M,)."""
        order = np.argsort(indices, kind="stable")
        small = count <= 65536
        places = indices[order].astype(np.uint16 if small else np.uint32)
        deltas = np.ascontiguousarray(values[order], np.float32)
        low, high = deltas.min(0), deltas.max(0)
        if len(deltas) < count:
            low, high = np.minimum(low, 0), np.maximum(high, 0)
        index_view, value_view = self.view(f"{kind} indices"), self.view(f"{kind} values")
        sparse = gl.Sparse(
            count=len(deltas),
            indices=gl.AccessorSparseIndices(
                bufferView=index_view,
                byteOffset=self.append(f"{kind} indices", places.tobytes()),
                componentType=_COMPONENTS[places.dtype],
            ),
            values=gl.AccessorSparseValues(
                bufferView=value_view, byteOffset=self.append(f"{kind} values", deltas.tobytes())
            ),
        )
        self.gltf.accessors.append(
            gl.Accessor(
                componentType=gl.FLOAT, count=count, type="VEC3", sparse=sparse, min=short(low), max=short(high)
            )
        )
        return len(self.gltf.accessors) - 1

    def image(self, name: str | None, data: bytes, mime: str) -> int:
        """Stores an encoded picture; its index."""
        kind = f"image {len(self.gltf.images)}"
        number = self.view(kind)
        self.append(kind, data)
        self.gltf.bufferViews[number].byteLength = len(data)
        self.gltf.images.append(gl.Image(bufferView=number, mimeType=mime, name=name))
        return len(self.gltf.images) - 1

    def picture(self, number: int) -> bytes:
        """The stored picture's bytes."""
        view = self.gltf.bufferViews[self._views[f"image {number}"]]
        return self._pieces[f"image {number}"][0][: view.byteLength]

    def pictures_size(self) -> int:
        """Bytes of all stored pictures."""
        return sum(self._sizes[f"image {number}"] for number in range(len(self.gltf.images)))

    def replace_image(self, number: int, data: bytes) -> None:
        """Other bytes for a stored picture."""
        kind = f"image {number}"
        self._pieces[kind], self._sizes[kind] = [], 0
        self.append(kind, data)
        self.gltf.bufferViews[self._views[kind]].byteLength = len(data)

    def to_bytes(self) -> bytes:
        """The whole file."""
        offset = 0
        for kind, number in self._views.items():
            view = self.gltf.bufferViews[number]
            view.byteOffset = offset
            view.byteLength = view.byteLength or self._sizes[kind]
            offset += self._sizes[kind]
        self.gltf.buffers = [gl.Buffer(byteLength=offset)]
        text = json.dumps(plain(self.gltf), separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        return b"".join(
            [
                struct.pack("<4sIIII", b"glTF", 2, 12 + 8 + len(text) + 8 + offset, len(text), 0x4E4F534A),
                text,
                struct.pack("<II", offset, 0x004E4942),
                *(piece for kind in self._views for piece in self._pieces[kind]),
            ]
        )


def short(values: NDArray[Any]) -> list[float]:
    """Decimals with no more digits than single precision needs."""
    return [_number(float(str(value))) for value in np.asarray(values, np.float32)]


def _number(value: float) -> float:
    return int(value) if value == int(value) else value


def plain(value: Any) -> Any:
    """The objects of pygltflib as plain JSON values, without what a reader assumes anyway."""
    if isinstance(value, list):
        return value if value and isinstance(value[0], _NUMBERS) else [plain(item) for item in value]
    if not hasattr(value, "__dict__"):
        return value
    return {
        name: plain(item)
        for name, item in vars(value).items()
        if item is not None and item != _IMPLIED.get(name) and item not in _EMPTY
    }
