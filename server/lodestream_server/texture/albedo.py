"""Albedo of a field shell: region logits upsampled, sharpened, coloured by the palette, shaded."""

from __future__ import annotations

import numpy as np
from PIL import Image

from lodestream_server.avatar import Bytes, Float
from lodestream_server.field.planes import ShellPlanes

CONTRAST = 1.6  # sharpens region boundaries after upsampling


def resize(plane: Float, size: int) -> Float:
    """Bicubic resampling of an (R, R) plane to (size, size)."""
    if plane.shape[0] == size:
        return plane
    return np.asarray(Image.fromarray(plane).resize((size, size), Image.Resampling.BICUBIC), dtype=np.float32)


def albedo(planes: ShellPlanes, size: int) -> Bytes:
    """(size, size, 3) uint8 sRGB. Regions are decided at up to twice the planes' resolution, then upsampled."""
    fine = min(size, 2 * planes.shade.shape[0])
    logits = np.stack([resize(r, fine) for r in planes.regions]) * CONTRAST
    logits -= logits.max(axis=0)
    weight = np.exp(logits, out=logits)
    weight /= weight.sum(axis=0)
    colour = np.tensordot(weight, planes.palette, axes=(0, 0)) * resize(planes.shade, fine)[..., None]
    image = Image.fromarray((np.clip(colour, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8))
    return np.asarray(image if fine == size else image.resize((size, size), Image.Resampling.BICUBIC))
