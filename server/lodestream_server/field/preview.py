"""The preview picture: the whole avatar, volume-rendered."""

from __future__ import annotations

import numpy as np

from lodestream_server.avatar import Bytes, Float
from lodestream_server.body.template import BodyTemplate, Shape
from lodestream_server.field import volume
from lodestream_server.field.camera import Camera
from lodestream_server.field.planes import Planes
from lodestream_server.texture import fixed

_BACKGROUND = np.array([0.925, 0.933, 0.945], dtype=np.float32)


def render_preview(
    template: BodyTemplate,
    shape: Shape,
    planes: Planes,
    eye_colour: Float,
    width: int,
    height: int,
    azimuth: float,
) -> Bytes:
    """(height, width, 3) uint8 sRGB: the avatar in the template's rest pose, seen from ``azimuth`` degrees."""
    top = float(shape.vertices[:, 1].max()) + 0.06
    bottom = float(shape.vertices[:, 1].min()) - 0.03
    span = max(top - bottom, 1.35 * (top - bottom) * height / width * 0.62)
    camera = Camera.look(azimuth, 4.0, (0.0, (top + bottom) / 2, 0.05), span * 1.04)
    albedo = {
        "eyes": fixed.eyes(template, eye_colour),
        "mouth": fixed.mouth(template),
        "lashes": fixed.lashes(planes["hair"].palette[0]),
    }
    image = volume.render(template, shape, planes, albedo, camera, (width, height), _BACKGROUND)
    return (image * 255.0 + 0.5).astype(np.uint8)
