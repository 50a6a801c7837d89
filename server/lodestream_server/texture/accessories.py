"""Materials of accessories: small textures drawn from a piece's parts, their colours and their cloth."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image

from lodestream_server.avatar import Bytes, Float, Material
from lodestream_server.body.accessories import STYLES, Piece
from lodestream_server.outfit import Outfit

SIZE: Mapping[int, int] = {3: 32, 2: 64, 1: 128, 0: 256}
_COLOUR = {"headwear": "head_colour", "glasses": "glasses_colour", "neckwear": "neck_colour", "bag": "bag_colour"}
# roughness and metalness by kind; cloth where nothing is said
_SURFACE: Mapping[str, tuple[float, float]] = {
    "helmet": (0.38, 0.55),
    "hardhat": (0.36, 0.0),
    "glasses": (0.22, 0.0),
    "sunglasses": (0.18, 0.0),
    "necklace": (0.25, 0.9),
    "bowtie": (0.45, 0.0),
    "backpack": (0.7, 0.0),
    "sunhat": (0.85, 0.0),
    "peaked": (0.62, 0.0),
}
_BLACK = np.array([0.045, 0.045, 0.055], dtype=np.float32)
_GOLD = np.array([0.80, 0.62, 0.26], dtype=np.float32)
_STEEL = np.array([0.62, 0.63, 0.65], dtype=np.float32)
_CLEAR, _TINTED = 40, 242  # alpha of lenses


def material(piece: Piece, kind: str, layer: str, outfit: Outfit, level: int) -> Material:
    """The material of an accessory.

    Args:
        piece: the accessory. kind: its name. layer: one of LAYERS. outfit: colours. level: 3 (coarsest) to 0.
    Returns:
        Square albedo; glasses are blended, their alpha is that of their lenses.
    """
    size = SIZE[level]
    palette = colours(kind, outfit.colours[_COLOUR[layer]])
    sky = np.asarray(Image.fromarray(piece.shade).resize((size, size), Image.Resampling.BILINEAR), dtype=np.float32)
    picture = np.empty((size, size, 4), dtype=np.float32)
    picture[:] = 1.0
    margin = 0.007  # half the gutter
    for box, metres, region, style in zip(piece.rectangles, piece.sizes, piece.region, piece.style, strict=True):
        low = np.floor((box[:2] - margin) * size).astype(int).clip(0, size - 1)
        high = np.ceil((box[2:] + margin) * size).astype(int).clip(low + 1, size)
        u = ((np.arange(low[0], high[0]) + 0.5) / size - box[0]) / (box[2] - box[0])
        v = ((np.arange(low[1], high[1]) + 0.5) / size - box[1]) / (box[3] - box[1])
        texel = metres[0] / max((box[2] - box[0]) * size, 1e-6)
        name = STYLES[style]
        window = picture[low[1] : high[1], low[0] : high[0]]
        draw = _DETAIL.get(name)
        factor = draw(u[None, :].clip(0, 1), v[:, None].clip(0, 1), metres, texel) if draw else np.float32(1.0)
        colour = _GOLD if name == "badge" and layer == "headwear" else palette[region]
        window[..., :3] = colour * np.broadcast_to(np.asarray(factor)[..., None], window[..., :3].shape)
        if name == "lens" and layer == "glasses":
            window[..., 3] = (_CLEAR if kind == "glasses" else _TINTED) / 255
            window[..., :3] = palette[1] * (1.15 - 0.45 * (1 - v[:, None, None]))
    lens = picture[..., 3:] < 1
    shade = 0.42 + 0.58 * (sky / 255) ** 0.9
    picture[..., :3] *= np.where(lens, 1.0, shade[..., None])
    roughness, metallic = _SURFACE.get(kind, (0.88, 0.0))
    blended = layer == "glasses"
    pixels: Bytes = (np.clip(picture[..., : 4 if blended else 3], 0, 1) * 255 + 0.5).astype(np.uint8)
    return Material(
        np.ascontiguousarray(pixels),
        roughness=roughness,
        metallic=metallic,
        alpha="BLEND" if blended else "OPAQUE",
        double_sided=layer != "glasses" or level > 1,  # sheets may be seen from behind
    )


def colours(kind: str, main: Float) -> Float:
    """(3, 3) sRGB of the regions main, second and metal, from the one colour that is said."""
    bright = float(main @ [0.3, 0.59, 0.11])
    contrast = main * 0.62 if bright > 0.25 else main * 0.75 + 0.10
    dark = main * 0.45
    second: Mapping[str, Float] = {
        "fedora": _BLACK if bright > 0.2 else contrast,
        "sunhat": _BLACK + 0.05 if bright > 0.35 else contrast + 0.25,
        "peaked": contrast * 0.9,
        "chef": main * 0.92,
        "hardhat": _BLACK + 0.1,
        "helmet": main * 0.72,
        "cap": main * 0.90,
        "glasses": np.array([0.86, 0.90, 0.93], dtype=np.float32),
        "sunglasses": _BLACK,
        "backpack": contrast,
        "scarf": contrast,
        "bowtie": main * 0.85,
        "necklace": main * 0.9 + 0.1,
    }
    metal: Mapping[str, Float] = {"peaked": _BLACK, "helmet": dark, "hardhat": main * 0.55, "backpack": _STEEL * 0.4}
    return np.stack([main, second.get(kind, contrast), metal.get(kind, _STEEL)]).astype(np.float32)


def _visible(period: float, texel: float) -> float:
    """1 where a pattern of ``period`` metres spans enough texels to be drawn, falling to 0 where it would alias."""
    return float(np.clip((period / texel - 2.0) / 2.0, 0.0, 1.0))


def _cloth(u: Float, v: Float, metres: Float, texel: float) -> Float:
    hem = np.minimum(v, 1 - v) * metres[1]
    stitch = np.exp(-(((hem - 0.006) / 0.0014) ** 2)) * (np.sin(u * metres[0] * 2 * np.pi / 0.005) > -0.5)
    return 1 - 0.16 * stitch * _visible(0.004, texel) + 0.0 * u


def _panels(u: Float, v: Float, metres: Float, texel: float) -> Float:
    """Six panels: seams with a row of stitches on both sides, eyelets."""
    across = np.abs((u * 6 + 0.5) % 1.0 - 0.5) / 6 * metres[0] * np.cos(v * np.pi / 2).clip(0.05)
    seam = np.exp(-((across / 0.0013) ** 2))
    stitch = np.exp(-(((across - 0.0045) / 0.0010) ** 2))
    middle = ((u * 6 + 0.5) % 1.0) - 0.5
    hole = np.hypot((0.5 - np.abs(middle)) / 6 * metres[0] * np.cos(v * np.pi / 2), (v - 0.66) * metres[1])
    eyelet = np.clip((0.004 - hole) / 0.002, 0, 1)
    rim = np.exp(-(((v * metres[1] - 0.008) / 0.0012) ** 2))
    return 1 - 0.34 * seam - 0.14 * stitch * _visible(0.005, texel) - 0.5 * eyelet - 0.12 * rim


def _knit(u: Float, v: Float, metres: Float, texel: float) -> Float:
    """Ribs along the rows, and stitches on them."""
    pitch = metres[0] / max(round(metres[0] / 0.0125), 1)
    rib = np.cos(u * metres[0] * 2 * np.pi / pitch)
    loop = np.cos((v * metres[1] / 0.009 + 0.25 * rib) * 2 * np.pi)
    return 0.90 + 0.15 * rib * _visible(pitch, texel) + 0.05 * loop * _visible(0.009, texel)


def _straw(u: Float, v: Float, metres: Float, texel: float) -> Float:
    """Plaited rings, sewn in a spiral."""
    ring = (v * metres[1] / 0.009) % 1.0
    plait = np.sin(u * metres[0] * 2 * np.pi / 0.008 + np.where(ring > 0.5, 2.4, 0.0))
    groove = np.exp(-((np.minimum(ring, 1 - ring) / 0.13) ** 2))
    return 0.97 - 0.24 * groove * _visible(0.009, texel) + 0.09 * plait * _visible(0.008, texel)


def _felt(u: Float, v: Float, metres: Float, texel: float) -> Float:
    nap = np.sin(u * metres[0] * 900 + 3 * np.sin(v * metres[1] * 310)) * np.sin(v * metres[1] * 1100)
    return 1 + 0.025 * nap * _visible(0.006, texel)


def _pleats(u: Float, v: Float, metres: Float, texel: float) -> Float:
    fold = np.cos(u * 15 * 2 * np.pi)
    return 0.95 + 0.05 * fold * (v < 0.75) * _visible(metres[0] / 15, texel)


def _webbing(u: Float, v: Float, metres: Float, texel: float) -> Float:
    weave = np.sign(np.sin(u * metres[0] * 2 * np.pi / 0.006) * np.sin(v * metres[1] * 2 * np.pi / 0.006))
    hem = np.exp(-(((np.minimum(v, 1 - v) * metres[1] - 0.007) / 0.0016) ** 2))
    return 1 + 0.03 * weave * _visible(0.006, texel) - 0.14 * hem


def _chain(u: Float, v: Float, metres: Float, texel: float) -> Float:
    along = v * metres[1] if metres[1] > metres[0] else u * metres[0]
    return 0.86 + 0.22 * np.cos(along * 2 * np.pi / 0.006) * _visible(0.006, texel) + 0.0 * (u + v)


def _badge(u: Float, v: Float, metres: Float, texel: float) -> Float:
    del metres, texel
    return 0.95 + 0.12 * np.cos(v * 4 * np.pi) * np.cos(u * 6 * np.pi)


_DETAIL: Mapping[str, Callable[[Float, Float, Float, float], Float]] = {
    "cloth": _cloth,
    "panels": _panels,
    "knit": _knit,
    "straw": _straw,
    "felt": _felt,
    "pleats": _pleats,
    "webbing": _webbing,
    "chain": _chain,
    "badge": _badge,
}
