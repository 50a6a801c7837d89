"""Pictures as the towers want them; the same code prepares the training pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lodestream_server.errors import BundleError

#: Pixels of a side of what the embedded towers see.
SIZE = 256
RESAMPLINGS = ("nearest", "bilinear", "bicubic", "lanczos")
CROPS = ("figure", "pad", "centre")
#: Longer pictures are made smaller before they are padded: a square of this side takes 268 MB.
LONGEST = 8192
#: Of a picture that is longer than this many times its short side, only the middle is looked at when it is cropped.
ELONGATION = 8
#: How far a pixel must be from a plain ground's colour, in steps of 8 bits, to belong to a figure before it.
APART = 24
#: Share of the square's side that such a figure fills, as those do that the towers are trained on.
FILLED = 0.93
#: Pictures are made about this small before a figure is looked for.
LOOKED_AT = 1024


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """What a picture tower sees.

    Args:
        size: pixels of a side. mean, std: of red, green and blue in [0, 1]; pixels become (value - mean) / std.
        resampling: one of ``RESAMPLINGS``.
        crop: ``pad`` shows the whole picture in a square of its corners' mean colour; ``figure`` does so too, but lets
            what stands before a plain ground fill the square; ``centre`` shows the middle square, as CLIP's and timm's
            own transforms do.
    """

    size: int = SIZE
    mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    std: tuple[float, ...] = (0.5, 0.5, 0.5)
    resampling: str = "bicubic"
    crop: str = "figure"

    def __post_init__(self) -> None:
        if not (isinstance(self.size, int) and 0 < self.size <= LONGEST):
            raise ValueError(f"size must be a number of pixels, got {self.size!r}")
        for name, numbers in (("mean", self.mean), ("std", self.std)):
            if len(numbers) != 3 or not all(isinstance(number, int | float) for number in numbers):
                raise ValueError(f"{name} must be three numbers, got {numbers!r}")
        if min(self.std) <= 0:
            raise ValueError(f"std must be above 0, got {self.std!r}")
        if self.resampling not in RESAMPLINGS:
            raise ValueError(f"resampling must be one of {', '.join(RESAMPLINGS)}, got {self.resampling!r}")
        if self.crop not in CROPS:
            raise ValueError(f"crop must be one of {', '.join(CROPS)}, got {self.crop!r}")

    @staticmethod
    def from_manifest(encoders: Mapping[str, Any]) -> PictureFormat:
        """Reads the manifest's ``encoders.picture``; what is not there is as in the embedded bundle.

        Raises:
            BundleError: There is something else in it.
        """
        try:
            return PictureFormat(**encoders.get("picture", {}))
        except (AttributeError, TypeError, ValueError) as error:
            raise BundleError(f"the bundle's manifest, encoders.picture: {error}") from error


EMBEDDED = PictureFormat()


def pixels(picture: Image.Image, wanted: PictureFormat = EMBEDDED) -> NDArray[np.float32]:
    """Makes a picture square, resizes it and scales its colours.

    Returns:
        (3, size, size) float32 RGB.
    """
    rgb = picture.convert("RGB")
    square = {"figure": framed, "pad": padded, "centre": Image.Image.copy}[wanted.crop](rgb)
    return scaled(np.asarray(_resized(square, wanted)), wanted)


def scaled(rgb: NDArray[np.uint8], wanted: PictureFormat = EMBEDDED) -> NDArray[np.float32]:
    """(H, W, 3) uint8 to (3, H, W) float32: (value / 255 - mean) / std, which is [-1, 1] by default."""
    std, mean = np.asarray(wanted.std), np.asarray(wanted.mean)
    span, shift = ((255.0 * std).astype(np.float32), (mean / std).astype(np.float32))
    channels = np.ascontiguousarray(rgb.transpose(2, 0, 1), dtype=np.float32)
    return channels / span[:, None, None] - shift[:, None, None]


def framed(picture: Image.Image) -> Image.Image:
    """What stands before a plain ground, in the middle of a square of it; padded if the ground is not plain."""
    if max(picture.size) > LOOKED_AT:
        picture = picture.reduce(-(-max(picture.size) // LOOKED_AT))
    rgb = np.asarray(picture).astype(np.int16)
    corners = rgb[[0, 0, -1, -1], [0, -1, 0, -1]]
    ground = np.rint(corners.mean(axis=0)).astype(np.int16)
    apart = (np.abs(rgb - ground) > APART).any(axis=2)
    if np.ptp(corners, axis=0).max() > APART or not apart.any():
        return padded(picture)
    (above, below), (left, right) = (np.flatnonzero(apart.any(axis=axis))[[0, -1]].tolist() for axis in (1, 0))
    side = round(max(below + 1 - above, right + 1 - left) / FILLED)
    red, green, blue = ground.tolist()
    square = Image.new("RGB", (side, side), (red, green, blue))
    square.paste(picture, ((side - left - right - 1) // 2, (side - above - below - 1) // 2))
    return square


def padded(picture: Image.Image) -> Image.Image:
    """The RGB picture in the middle of a square of the mean colour of its four corners."""
    if max(picture.size) > LONGEST:
        picture = picture.reduce(-(-max(picture.size) // LONGEST))
    width, height = picture.size
    if width == height:
        return picture
    side = max(width, height)
    rgb = np.asarray(picture)
    red, green, blue = np.rint(rgb[[0, 0, -1, -1], [0, -1, 0, -1]].mean(axis=0)).astype(int).tolist()
    square = Image.new("RGB", (side, side), (red, green, blue))
    square.paste(picture, ((side - width) // 2, (side - height) // 2))
    return square


def _resized(picture: Image.Image, wanted: PictureFormat) -> Image.Image:
    """The short side becomes ``size``, the long one ``size`` * long / short rounded down; the middle square of that."""
    picture = _stout(picture)
    width, height = picture.size
    short, size = min(width, height), wanted.size
    width, height = size * width // short, size * height // short
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling[wanted.resampling.upper()])
    left, top = (width - size) // 2, (height - size) // 2
    return picture if width == height else picture.crop((left, top, left + size, top + size))


def _stout(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    longest = ELONGATION * min(width, height)
    left, top = max(0, width - longest) // 2, max(0, height - longest) // 2
    return picture.crop((left, top, width - left, height - top)) if left or top else picture
