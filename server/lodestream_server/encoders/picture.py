"""Pictures from users: opened with suspicion, then seen by the ViT."""

from __future__ import annotations

import io
import warnings

import numpy as np
from PIL import Image, ImageOps

from lodestream_server.avatar import Float
from lodestream_server.encoders import preprocess
from lodestream_server.encoders.engines.base import Session
from lodestream_server.encoders.preprocess import PictureFormat
from lodestream_server.errors import InvalidRequestError

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_PIXELS = 32 * 10**6
MAX_SIDE = 65_535  # pixels, as in JPEG: every row costs memory
MAX_SCANS = 100  # of a JPEG: honest ones have ten, each looks at every block, and millions fit into a small file
_MAX_READS = 50_000
_JPEG, _SCAN = b"\xff\xd8", b"\xff\xda"
_FIELD = "image"


def open_picture(data: bytes, size: int = preprocess.SIZE) -> Image.Image:
    """Decodes a picture, upright, RGB, transparency on white. The size is checked before anything is decoded.

    Args:
        data: PNG, JPEG or WebP. size: pixels of a side of what will be made of it; JPEGs are decoded at twice that at
            least, not larger than needed.

    Raises:
        InvalidRequestError: It is no picture, too large, or broken.
    """
    try:
        # warnings are of bombs, for which our own limit is lower, and of odd metadata
        with warnings.catch_warnings(action="ignore"), Image.open(_Whole(data), formats=FORMATS) as picture:
            _check_size(*picture.size)
            _check_scans(data)
            if picture.format == "JPEG":
                picture.draft("RGB", (2 * size, 2 * size))
            picture.load()
            return _flat(ImageOps.exif_transpose(picture))
    except InvalidRequestError:
        raise
    except Image.DecompressionBombError as error:
        raise InvalidRequestError(_FIELD, f"must have at most {MAX_PIXELS:,} pixels") from error
    except Exception as error:  # decoders raise whatever a broken file leads them to
        raise InvalidRequestError(_FIELD, "must be an intact PNG, JPEG or WebP file") from error


class _Whole(io.BytesIO):
    """A file for decoders. One in a million tiny pieces keeps them busy for seconds: they may not read that often."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Bytes.

        Raises:
            ValueError: It was read from too often.
        """
        self._reads += 1
        if self._reads > _MAX_READS:
            raise ValueError("too many pieces")
        return super().read(size)


def _check_size(width: int, height: int) -> None:
    if max(width, height) > MAX_SIDE:
        raise InvalidRequestError(_FIELD, f"must have at most {MAX_SIDE:,} pixels a side, got {width:,} by {height:,}")
    if width * height > MAX_PIXELS:
        raise InvalidRequestError(_FIELD, f"must have at most {MAX_PIXELS:,} pixels, got {width:,} by {height:,}")


def _check_scans(data: bytes) -> None:
    if data.startswith(_JPEG) and data.count(_SCAN) > MAX_SCANS:
        raise InvalidRequestError(_FIELD, f"must have at most {MAX_SCANS} scans")


def _flat(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("RGB")


class PictureEncoder:
    """The ViT's features of a picture. Thread-safe as its session is."""

    def __init__(self, session: Session, wanted: PictureFormat = preprocess.EMBEDDED) -> None:
        self._session = session
        self._wanted = wanted

    @property
    def size(self) -> int:
        """Pixels of a side of what the ViT sees."""
        return self._wanted.size

    def encode(self, picture: Image.Image) -> Float:
        """(F,) float32."""
        pixels = preprocess.pixels(picture, self._wanted)[None]
        return np.asarray(self._session.run({"pixels": pixels})["features"][0])
