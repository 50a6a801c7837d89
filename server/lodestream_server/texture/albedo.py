"""Albedo of a field shell: regions decided, patterned, detailed, shaded."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from lodestream_server.avatar import Bytes, Float
from lodestream_server.checkpoint import checkpoint
from lodestream_server.field.planes import REGIONS, Planes, ShellPlanes
from lodestream_server.outfit import OVER_SHIRT, Outfit
from lodestream_server.texture import decals, material, pattern, tailoring
from lodestream_server.texture.cloth import SHEET, Cloth, Cloths
from lodestream_server.texture.noise import scramble
from lodestream_server.texture.tailoring import Front

CONTRAST: Mapping[str, float] = {"top": 4.0, "bottom": 4.0, "skirt": 4.0, "footwear": 4.0}  # of logits; else 1
WORN = -0.012  # metres outside a garment's edge from where nothing is drawn
_FAINT = 0.004  # regions that are nowhere more than this are left out
_FRECKLE = np.array([0.62, 0.38, 0.26], dtype=np.float32)


def resize(plane: Float, size: int) -> Float:
    """Bilinear resampling of an (R, R) plane to (size, size); averages where it shrinks."""
    if plane.shape[0] == size:
        return plane
    image = Image.fromarray(np.ascontiguousarray(plane, dtype=np.float32))
    if plane.shape[0] % size == 0:
        return np.asarray(image.reduce(plane.shape[0] // size))
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))


def shares(planes: ShellPlanes, shell: str, size: int, index: NDArray[np.int32] | None) -> dict[int, Float]:
    """The share of every region that shows: (N,) at the texels ``index`` of (size, size), all of them if None."""
    contrast = CONTRAST.get(shell, 1.0)
    logits = planes.regions * np.float32(contrast)
    weight = np.exp(logits - logits.max(axis=0))
    weight /= weight.sum(axis=0)
    shown = [k for k in range(len(weight)) if float(weight[k].max()) > _FAINT]
    if len(shown) == 1:
        return {shown[0]: np.ones(size * size if index is None else len(index), dtype=np.float32)}
    fine = []
    for k in shown:
        plane = resize(logits[k], size).ravel()
        fine.append(plane if index is None else plane[index])
    top = fine[0]
    for plane in fine[1:]:
        top = np.maximum(top, plane)
    powers = [np.exp(plane - top) for plane in fine]
    total = 1.0 / np.sum(powers, axis=0)
    return {k: p * total for k, p in zip(shown, powers, strict=True)}


def compose(planes: ShellPlanes, outfit: Outfit, cloth: Cloth) -> Bytes:
    """(S, S, 3) uint8 sRGB of the shell and size of ``cloth``.

    Cloth and shoes: pattern over the main region, construction detail, shade and the material's tint. Skin and hair:
    softly mixed regions with pores or strands.
    """
    if cloth.shell in CONTRAST:
        return _garment(planes, outfit, cloth)
    size = cloth.size
    fine = min(size, 2 * planes.shade.shape[0])
    colour = mixed(planes, cloth.shell, fine) / np.float32(SHEET[cloth.shell])
    image = Image.fromarray(_bytes(colour).reshape(fine, fine, 3))
    if fine < size:
        image = image.resize((size, size), Image.Resampling.BILINEAR)
    assert cloth.sheet is not None
    image = ImageChops.multiply(image, Image.merge("RGB", [Image.fromarray(cloth.sheet)] * 3))
    out = np.array(image)
    if cloth.shell == "head" and outfit.values["marks"] == "freckles" and size > 256:
        _freckles(out.reshape(-1, 3), cloth)
    return out


def compose_field(planes: Planes, outfit: Outfit, cloths: Cloths, size: int = 512) -> Mapping[str, Float]:
    """(size, size, 3) float32 sRGB in [0, 1] of every field shell, for the volume rendering."""
    return {s: compose(p, outfit, cloths.get(s, size)).astype(np.float32) / 255.0 for s, p in planes.items()}


def worn(planes: ShellPlanes, cloth: Cloth) -> tuple[Cloth, Float]:
    """The texels where the shell is worn, and their distance to its edge, metres."""
    edge = resize(planes.edge, cloth.size).ravel()[cloth.index]
    which = np.flatnonzero(edge > WORN)
    return cloth.take(which), edge[which]


def repainted(own: dict[int, Float], front: Front) -> None:
    """Replaces the shares (N,) that `shares` gives the regions of a top by those of its ``front``, in place."""
    names = REGIONS["top"]
    absent = front.painted - {names[k] for k in own}
    size = len(next(iter(own.values())))
    own |= {k: np.zeros(size, np.float32) for k, name in enumerate(names) if name in absent}
    front.repaint({names[k]: v for k, v in own.items()})


def _garment(planes: ShellPlanes, outfit: Outfit, cloth: Cloth) -> Bytes:
    shell, size = cloth.shell, cloth.size
    cloth, edge = worn(planes, cloth)
    row = np.tile(_bytes(planes.palette[0] * 0.85), size)
    out = np.tile(row, (size, 1)).reshape(size * size, 3)
    if not len(cloth.index):
        return out.reshape(size, size, 3)
    own = shares(planes, shell, size, cloth.index)
    checkpoint()
    names = dict(enumerate(REGIONS[shell]))
    front = tailoring.front(cloth, outfit)
    if front is not None:
        repainted(own, front)
    main = planes.palette[0]
    colour = _pattern(cloth, outfit, main)
    if len(own) > 1 or 0 not in own:
        colour *= own.get(0, np.float32(0.0))
        for k, share in own.items():
            if k:
                colour += planes.palette[k][:, None] * share
    checkpoint()
    regions = {names[k]: v for k, v in own.items()}
    regions.setdefault("main", np.zeros(len(edge), np.float32))
    decals.draw(colour, cloth, edge, regions, outfit, main)
    checkpoint()
    shade = resize(planes.shade, size).ravel()[cloth.index]
    if front is not None:
        front.relight(shade)
    tint = material.of(shell, outfit).tint(cloth)
    colour *= shade * (1 + tint * regions["main"])
    for channel, values in enumerate(_bytes(colour)):
        out[cloth.index, channel] = values
    return out.reshape(size, size, 3)


def _pattern(cloth: Cloth, outfit: Outfit, main: Float) -> Float:
    """(3, N) colours of the main region."""
    if cloth.shell == "footwear":
        return pattern.paint("plain", cloth, main, main)
    name = material.part(cloth.shell, outfit)
    layered = name == "top" and outfit.values["top"] in OVER_SHIRT
    second = pattern.other(main) if layered else outfit.colours[f"{name}_second"]
    return pattern.paint(outfit.values[f"{name}_pattern"], cloth, main, second)


def mixed(planes: ShellPlanes, shell: str, size: int) -> Float:
    """(size², 3) sRGB: regions, palette and shade alone."""
    own = shares(planes, shell, size, None)
    keys = list(own)
    colour = np.stack([own[k] for k in keys], axis=1) @ planes.palette[keys]
    colour *= resize(planes.shade, size).ravel()[:, None]
    return np.asarray(colour, dtype=np.float32)


def _freckles(colour: Bytes, cloth: Cloth) -> None:
    """Small spots over nose and cheeks; ``colour`` (S * S, 3), in place."""
    face = np.flatnonzero((cloth.z > 0.09) & (cloth.y > 0.83) & (cloth.y < 0.905) & (np.abs(cloth.x) < 0.06))
    x, y = (c[face].astype(np.float32) for c in (cloth.x, cloth.y))
    strength = np.exp(-(((y - 0.867) / 0.020) ** 2) - (x / 0.045) ** 4)
    u, v = x / 0.0052, y / 0.0052
    column, row = np.floor(u), np.floor(v)
    key = column.astype(np.int64) * 7919 + row.astype(np.int64) * 104729
    a, b, c = (scramble(key * 4 + k) for k in range(3))
    radius = np.hypot(u - column - 0.3 - 0.4 * a, v - row - 0.3 - 0.4 * b)
    spot = np.clip((0.14 + 0.14 * c - radius) / 0.12, 0, 1) * (c < strength)
    spots = colour[cloth.index[face]] * (1 - 0.55 * spot[:, None] * (1 - _FRECKLE))
    colour[cloth.index[face]] = spots.astype(np.uint8)


def _bytes(colour: Float) -> Bytes:
    return (np.clip(colour, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
