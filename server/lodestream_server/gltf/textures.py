"""Pictures as JPEG or PNG bytes, the same for the same pixels."""

from __future__ import annotations

import heapq
import io
from collections.abc import Mapping
from typing import Literal

import numpy as np
from PIL import Image

from lodestream_server.avatar import Bytes

Mime = Literal["image/jpeg", "image/png"]
_SMALL = 256  # texels up to which Huffman tables of one's own pay: a third of a flat picture at 128², 6 % at 1024²
# quality, divisors of width and height (powers of two stay such): what a picture is worth in turn
_STEPS = (
    *((quality, 1, 1) for quality in (72, 66, 60, 52, 45, 38)),
    *((quality, 1, 2) for quality in (52, 44, 36)),
    *((quality, 2, 2) for quality in (60, 45)),
)


def encode_colour(pixels: Bytes, quality: int, keep_alpha: bool) -> tuple[bytes, Mime]:
    """Colour ``pixels`` (H, W, 3 or 4): PNG where alpha is wanted and says something, else JPEG with halved chroma."""
    if keep_alpha and pixels.shape[2] == 4 and int(pixels[:, :, 3].min()) < 255:
        return _png(pixels), "image/png"
    return _jpeg(pixels[:, :, :3], quality, halve_chroma=True), "image/jpeg"


def encode_data(pixels: Bytes, quality: int) -> tuple[bytes, Mime]:
    """Normals or occlusion-roughness-metallic (H, W, 3): JPEG with full chroma, as every channel counts alike."""
    return _jpeg(pixels, quality, halve_chroma=False), "image/jpeg"


def shrink(pictures: Mapping[int, Bytes], encoded: Mapping[int, bytes], excess: int) -> dict[int, bytes]:
    """Re-encodes opaque pictures, always the one that takes most, until ``excess`` bytes are saved or none can shrink.

    Args:
        pictures: by number, sRGB (H, W, 3 or 4).
        encoded: the JPEG bytes of each by now.
        excess: bytes too many.

    Returns:
        New bytes for the pictures that changed.
    """
    result: dict[int, bytes] = {}
    heap = [(-len(data), number, 0) for number, data in encoded.items()]
    heapq.heapify(heap)
    while excess > 0 and heap:
        size, number, step = heapq.heappop(heap)
        if step == len(_STEPS):
            continue
        quality, across, down = _STEPS[step]
        pixels = pictures[number]
        smaller = resize(pixels, pixels.shape[1] // across, pixels.shape[0] // down)
        data = _jpeg(smaller[:, :, :3], quality, halve_chroma=True)
        if len(data) < -size:
            result[number] = data
            excess -= -size - len(data)
            size = -len(data)
        heapq.heappush(heap, (size, number, step + 1))
    return result


def resize(pixels: Bytes, width: int, height: int) -> Bytes:
    """``pixels`` (H, W, 3 or 4) at another size: averaged when it shrinks, bilinear when it grows.

    Alpha is taken for itself: colours under holes stay what they are.
    """
    if pixels.shape[:2] == (height, width):
        return pixels
    parts = [_resize(pixels[:, :, :3], width, height)]
    if pixels.shape[2] == 4:
        parts.append(_resize(pixels[:, :, 3], width, height)[:, :, None])
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=2)


def _resize(pixels: Bytes, width: int, height: int) -> Bytes:
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if image.height % height == 0 and image.width % width == 0:
        return np.asarray(image.reduce((image.width // width, image.height // height)))
    method = Image.Resampling.BOX if image.height >= height else Image.Resampling.BILINEAR
    return np.asarray(image.resize((width, height), method))


def _jpeg(pixels: Bytes, quality: int, *, halve_chroma: bool) -> bytes:
    stream = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(pixels))
    small = max(image.size) <= _SMALL
    image.save(stream, "JPEG", quality=quality, subsampling=2 if halve_chroma else 0, optimize=small)
    return stream.getvalue()


def _png(pixels: Bytes) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, "PNG", compress_level=4)
    return stream.getvalue()
