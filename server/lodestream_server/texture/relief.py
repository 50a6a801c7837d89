"""Normal and occlusion-roughness-metallic maps of the finest level."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lodestream_server.avatar import Bytes, Float
from lodestream_server.field.planes import ShellPlanes
from lodestream_server.texture.albedo import resize

# metres that the chart's edge spans on the reference body, roughly; scales heights to slopes
_SPAN: Mapping[str, float] = {
    "body": 1.7,
    "head": 0.42,
    "top": 1.55,
    "bottom": 1.55,
    "skirt": 1.0,
    "footwear": 0.55,
    "hair": 1.1,
}
# roughness of each shell's material; skin is a little glossy, cloth is not
ROUGHNESS: Mapping[str, float] = {
    "body": 0.62,
    "head": 0.58,
    "top": 0.88,
    "bottom": 0.9,
    "skirt": 0.88,
    "footwear": 0.55,
    "hair": 0.62,
}
_WEAVE: Mapping[str, float] = {"top": 0.00022, "bottom": 0.00026, "skirt": 0.0002}
_WEAVE_PERIOD = 8  # texels


def normal_map(planes: ShellPlanes, shell: str, size: int) -> Bytes:
    """(size, size, 3) uint8 tangent-space normals, +Y up (glTF): the level set's slope and a woven grain on cloth."""
    height = resize(planes.level_set, size)
    texel = _SPAN[shell] / size
    weave = _WEAVE.get(shell, 0.0)
    if weave:
        row, column = np.indices((size, size)) * (2 * np.pi / _WEAVE_PERIOD)
        height = height + weave * (np.sin(column) * (np.sin(row) > 0) + np.sin(row) * (np.sin(row) <= 0))
    down, right = np.gradient(height, texel)
    normal = np.stack([-right, down, np.ones_like(right)], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    return ((normal * 0.5 + 0.5) * 255 + 0.5).astype(np.uint8)


def orm_map(planes: ShellPlanes, shell: str, size: int) -> Bytes:
    """(size, size, 3) uint8: occlusion from the shade, the shell's roughness, no metal."""
    out = np.zeros((size, size, 3), dtype=np.uint8)
    shade: Float = np.clip(resize(planes.shade, size), 0.0, 1.0)
    out[..., 0] = (shade * 255 + 0.5).astype(np.uint8)
    out[..., 1] = int(ROUGHNESS[shell] * 255 + 0.5)
    return out
