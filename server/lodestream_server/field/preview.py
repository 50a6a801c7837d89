"""The preview picture: the whole avatar, volume-rendered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lodestream_server.avatar import Bytes, Float
from lodestream_server.body.template import BodyTemplate, Shape
from lodestream_server.field import volume
from lodestream_server.field.camera import Camera
from lodestream_server.field.planes import Planes
from lodestream_server.field.volume import Solid

BACKGROUND = np.array([0.925, 0.933, 0.945], dtype=np.float32)


def render_preview(
    template: BodyTemplate,
    shape: Shape,
    planes: Planes,
    albedo: Mapping[str, Float],
    solids: Sequence[Solid],
    size: tuple[int, int],
    azimuth: float,
) -> Bytes:
    """(height, width, 3) uint8 sRGB: the avatar in the template's rest pose, seen from ``azimuth`` degrees.

    ``albedo`` and ``solids`` as for `volume.render`; ``size``: (width, height).
    """
    width, height = size
    top = max([float(shape.vertices[:, 1].max()), *(float(s.positions[:, 1].max()) for s in solids)]) + 0.06
    bottom = float(shape.vertices[:, 1].min()) - 0.03
    span = max(top - bottom, 1.35 * (top - bottom) * height / width * 0.62)
    camera = Camera.look(azimuth, 4.0, (0.0, (top + bottom) / 2, 0.05), span * 1.04)
    image = volume.render(template, shape, planes, albedo, solids, camera, size, BACKGROUND)
    return (image * 255.0 + 0.5).astype(np.uint8)
