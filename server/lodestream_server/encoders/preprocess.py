"""Pictures as the towers want them; the same code prepares the training pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZE = 128


def pixels(picture: Image.Image) -> NDArray[np.float32]:
    """Pads to a square with the mean colour of the corners, resizes bicubically, scales to [-1, 1].

    Returns:
        (3, 128, 128) float32 RGB.
    """
    square = padded(picture.convert("RGB"))
    if square.size != (SIZE, SIZE):
        square = square.resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    return scaled(np.asarray(square))


def scaled(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(H, W, 3) uint8 to (3, H, W) float32 in [-1, 1]."""
    return np.ascontiguousarray(rgb.transpose(2, 0, 1), dtype=np.float32) / np.float32(127.5) - np.float32(1.0)


def padded(picture: Image.Image) -> Image.Image:
    """The RGB picture in the middle of a square of the mean colour of its four corners."""
    width, height = picture.size
    if width == height:
        return picture
    side = max(width, height)
    rgb = np.asarray(picture)
    red, green, blue = np.rint(rgb[[0, 0, -1, -1], [0, -1, 0, -1]].mean(axis=0)).astype(int).tolist()
    square = Image.new("RGB", (side, side), (red, green, blue))
    square.paste(picture, ((side - width) // 2, (side - height) // 2))
    return square
