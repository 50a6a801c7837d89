"""Detail of a picture carried over to the avatar's textures, where the picture shows what the field says.

The picture is a frontal view of a person on a plain ground, framed in any way. Silhouettes are matched by their boxes;
of what visible texels see in the picture only the high frequencies are taken, and only where its low-passed colour
agrees with the texture's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

from lodestream_server.avatar import Bytes, Float, Int
from lodestream_server.field.planes import sample
from lodestream_server.field.scan import blend, scan

LIMIT = 0.2  # largest residual, sRGB
_SIDE = 256  # pixels of the picture that is worked on
_BLUR = 2.5  # pixels of the low pass
_GROUND = 0.10  # sRGB distance from the ground's colour from which a pixel belongs to the person
_FACING = 0.5  # z of the normal from where a texel sees the camera well enough
_GATE = (14.0, 26.0)  # CIELAB distance: full detail below, none above
_CALM = (4.0, 9.0)  # CIELAB distance between two low-passed pictures: full detail below, none above
_DEPTH = 0.06  # metres that a texel may lie behind the nearest surface
_CELL = 4  # pixels of a cell in which the nearest surface is looked for
_TAKERS = ("top", "bottom", "skirt", "footwear", "hair")  # a face's features never lie where the picture's are
_XYZ = np.array(  # linear sRGB to XYZ over the white point, transposed
    [[0.43395, 0.21264, 0.01773], [0.37621, 0.71517, 0.10947], [0.18984, 0.07219, 0.87280]], dtype=np.float32
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A layer in the rest pose: V vertices (feet at y = 0, facing +Z), T triangles and its albedo (H, W, 3) uint8."""

    positions: Float  # (V, 3)
    normals: Float  # (V, 3)
    uv: Float  # (V, 2)
    triangles: Int  # (T, 3)
    albedo: Bytes


def detail(picture: Bytes, seen: Mapping[str, Seen], size: int = 256) -> Mapping[str, Float] | None:
    """What the picture adds to the textures.

    Args:
        picture: (S, S, 3) uint8 sRGB. seen: the layers by name. size: edge length of the residuals, texels.
    Returns:
        (size, size, 3) float32 in [-0.2, 0.2] by layer, to add to the albedo in [0, 1]; layers that get nothing are
        missing. None where no person on a plain ground can be made out.
    """
    small = Image.fromarray(picture).convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    person = silhouette(np.asarray(small))
    if person is None:
        return None
    box = _box(person)
    points = np.concatenate([s.positions for s in seen.values()])
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    scale = (box[3] - box[1]) / float(high[1] - low[1])
    wide = (box[2] - box[0]) / max(float(high[0] - low[0]) * scale, 1e-6)
    if not 0.3 < wide < 1.6:  # nothing like a standing person, arms at the sides or spread
        return None
    middle = (box[0] + box[2]) / 2 - scale * float(high[0] + low[0]) / 2

    blurred = np.asarray(small.filter(ImageFilter.GaussianBlur(_BLUR)), dtype=np.float32) / 255.0
    lab = _lab(blurred[1::2, 1::2])
    broad = np.asarray(small.filter(ImageFilter.GaussianBlur(6)), dtype=np.float32)[1::2, 1::2] / 255.0
    calm = np.clip((_CALM[1] - np.linalg.norm(lab - _lab(broad), axis=2)) / (_CALM[1] - _CALM[0]), 0, 1)
    view = _View(
        offset=np.array([middle, box[3] + scale * float(low[1])]),
        scale=scale,
        sharp=np.moveaxis(np.asarray(small, dtype=np.float32) / 255.0 - blurred, 2, 0),
        lab=lab,
        calm=calm,
        inside=np.asarray(Image.fromarray(person.astype(np.uint8) * 255).filter(ImageFilter.MinFilter(7))) > 0,
        nearest=np.full((_SIDE // _CELL, _SIDE // _CELL), -np.inf, dtype=np.float32),
    )
    cell = np.clip((view.place(points) / _CELL).astype(np.int64), 0, _SIDE // _CELL - 1)
    np.maximum.at(view.nearest, (cell[:, 1], cell[:, 0]), points[:, 2])
    residuals = {name: _layer(seen[name], view, size) for name in _TAKERS if name in seen}
    return {name: r for name, r in residuals.items() if r is not None}


def applied(albedo: Bytes, residual: Float) -> Bytes:
    """The albedo (S, S, 3) uint8 with a residual (R, R, 3) added; both cover the whole chart."""
    change = Image.fromarray(np.rint(residual * 255.0 + 128.0).astype(np.uint8))
    if len(albedo) != len(residual):
        change = change.resize(albedo.shape[:2], Image.Resampling.BICUBIC)
    return np.asarray(ImageChops.add(Image.fromarray(albedo), change, offset=-128))


@dataclass(frozen=True, slots=True)
class _View:
    """The picture at working size, and how the avatar lies in it."""

    offset: NDArray[np.float64]  # (2,) pixels of the point (0, 0)
    scale: float  # pixels per metre
    sharp: Float  # (3, side, side) high frequencies, sRGB
    lab: Float  # (side / 2, side / 2, 3) low frequencies, CIELAB
    calm: Float  # (side / 2, side / 2) 0 where colours meet: their edges are not detail
    inside: NDArray[np.bool_]  # (side, side) well inside the person
    nearest: Float  # largest z in each cell

    def place(self, positions: Float) -> NDArray[np.float64]:
        """(V, 2) pixels of positions (V, 3)."""
        return self.offset + self.scale * positions[:, :2] * (1.0, -1.0)


def silhouette(picture: Bytes) -> NDArray[np.bool_] | None:
    """(H, W) where a person stands before the ground that the corners show; None where that is in doubt."""
    colour = picture.astype(np.float32) / 255.0
    band = max(2, len(colour) // 24)
    corners = np.stack([c.reshape(-1, 3) for c in (colour[:band, :band], colour[:band, -band:])])
    ground = np.median(corners.reshape(-1, 3), axis=0)
    if float(np.abs(corners - ground).max(axis=2).mean()) > 0.05:
        return None
    person = np.abs(colour - ground).max(axis=2) > _GROUND
    edge = np.concatenate([person[0], person[: len(person) // 2, 0], person[: len(person) // 2, -1]])
    if not 0.04 < float(person.mean()) < 0.7 or float(edge.mean()) > 0.15:
        return None
    x0, y0, x1, y1 = _box(person)
    return person if y1 - y0 > 0.3 * len(person) and x1 - x0 < 1.6 * (y1 - y0) else None


def _box(person: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom, without rows and columns of a stray pixel or two."""
    columns, rows = (np.flatnonzero(person.sum(axis=k) > 2) for k in (0, 1))
    if not len(columns) or not len(rows):
        return 0.0, 0.0, 0.0, 0.0
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def _layer(layer: Seen, view: _View, size: int) -> Float | None:
    """One layer's residual (size, size, 3), None if it is empty."""
    front = layer.triangles[(layer.normals[layer.triangles, 2] > _FACING).any(axis=1)]
    hit = scan(layer.uv.astype(np.float64) * size, np.ones(len(layer.uv), np.float32), front, size, size)
    values = np.concatenate([view.place(layer.positions), layer.positions[:, 2:], layer.normals[:, 2:]], axis=1)
    at = blend(values.astype(np.float32), front, hit)
    column, row = (np.clip(at[:, k].astype(np.int32), 0, _SIDE - 1) for k in (0, 1))
    shown = (at[:, 3] > _FACING) & view.inside[row, column]
    shown &= at[:, 2] > view.nearest[row // _CELL, column // _CELL] - _DEPTH
    which = np.flatnonzero(shown)
    if not len(which):
        return None
    column, row, pixel, place = column[which], row[which], hit.pixel[which], at[which, :2]
    image = Image.fromarray(layer.albedo).resize((size, size), Image.Resampling.BOX)
    own = _lab(np.asarray(image.filter(ImageFilter.GaussianBlur(2.0)), np.float32).reshape(-1, 3)[pixel] / 255.0)
    off = own - view.lab[row // 2, column // 2]
    off[:, 0] *= 0.5  # the picture is lit, the albedo is not
    agree = np.clip((_GATE[1] - np.linalg.norm(off, axis=1)) / (_GATE[1] - _GATE[0]), 0, 1)
    agree *= np.clip((at[which, 3] - _FACING) / 0.2, 0, 1)
    agree *= view.calm[row // 2, column // 2]
    if not agree.any():
        return None
    seen = sample(view.sharp, (place / _SIDE).astype(np.float32)) - _sharp(layer, image, view)[pixel]
    out = np.zeros((size * size, 3), dtype=np.float32)
    out[pixel] = np.clip(seen * agree[:, None], -LIMIT, LIMIT)
    return out.reshape(size, size, 3)


def _sharp(layer: Seen, image: Image.Image, view: _View) -> Float:
    """(S², 3) what the albedo itself has of the frequencies that the picture is asked for: they need not be added."""
    a, b, c = (layer.positions[layer.triangles[:, k]] for k in range(3))
    u, v, w = (layer.uv[layer.triangles[:, k]] for k in range(3))
    surface = float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())
    (p, q), (r, t) = (v - u).T, (w - u).T
    chart = float(np.abs(p * t - q * r).sum())
    texels = float(_BLUR / view.scale * image.width * np.sqrt(chart / max(surface, 1e-9)))
    own = np.asarray(image, dtype=np.float32) - np.asarray(image.filter(ImageFilter.GaussianBlur(texels)), np.float32)
    return own.reshape(-1, 3) / 255.0


def _lab(colour: Float) -> Float:
    """CIELAB under D65 of sRGB in [0, 1] (..., 3)."""
    linear = np.where(colour > 0.04045, ((colour + 0.055) / 1.055) ** 2.4, colour / 12.92)
    xyz = linear @ _XYZ
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), xyz * (24389 / 27 / 116) + 16 / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)
