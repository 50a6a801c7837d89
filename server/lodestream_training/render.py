"""Pictures of textured meshes on the CPU: project, scan-convert, keep the nearest opaque fragment, shade.

Everything is vectorised over triangles and fragments. Building a ray-tracing scene from Python costs 4 us a triangle,
more than all of this: a 30,000-triangle avatar seen at 128 x 128 has mostly triangles that cover no pixel centre, and
those are dropped before any work is done on them.

Frame: glTF's, +Y up, the avatar faces +Z, metres. Texture coordinates start at the top left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lodestream_server.body.normals import vertex_normals
from lodestream_server.field.camera import Camera
from lodestream_server.field.scan import Fragments, project, scan
from lodestream_server.gltf.tangents import vertex_tangents
from lodestream_training.lighting import Light, Points, Shader, Studio, roll_off

__all__ = ["Bytes", "Float", "Light", "Studio", "Surface", "render"]

Float = NDArray[np.float32]
Int = NDArray[np.int32]
Bytes = NDArray[np.uint8]

_SRGB_TO_LINEAR: Float = np.where(
    np.arange(256) <= 10,
    np.arange(256) / 255 / 12.92,
    ((np.arange(256) / 255 + 0.055) / 1.055) ** 2.4,
).astype(np.float32)
_STEPS = 4095
_ramp = np.arange(_STEPS + 1) / _STEPS
_LINEAR_TO_SRGB: Float = np.where(_ramp <= 0.0031308, _ramp * 12.92, 1.055 * _ramp ** (1 / 2.4) - 0.055).astype(
    np.float32
)
_SKIN = ("body", "head")  # surfaces that light enters


class Surface(NamedTuple):
    """What is drawn: V vertices, T triangles and a glTF material; texture maps of any size."""

    positions: Float  # (V, 3)
    triangles: Int  # (T, 3)
    uv: Float  # (V, 2)
    albedo: Bytes  # (H, W, 3 or 4) sRGB
    normals: Float | None = None  # (V, 3); computed where None
    name: str = ""
    normal_map: Bytes | None = None  # (H, W, 3) tangent space, +Y up
    orm: Bytes | None = None  # (H, W, 3) occlusion, roughness, metalness; the last two times the factors
    roughness: float = 0.9
    metallic: float = 0.0
    alpha: str = "MASK"  # of a fourth channel: MASK (under one half is a hole), BLEND or OPAQUE


@dataclass(frozen=True, slots=True)
class _Part:
    """Fragments of a surface and where its vertices are in the picture."""

    surface: Surface
    pixels: NDArray[np.float64]  # (V, 2)
    fragments: Fragments

    def only(self, keep: NDArray[Any]) -> _Part:
        f = self.fragments
        return _Part(
            self.surface, self.pixels, Fragments(f.pixel[keep], f.depth[keep], f.triangle[keep], f.weights[keep])
        )

    def at(self, values: Float) -> Float:
        """Vertex ``values`` (V, C) at the fragments -> (N, C)."""
        corners = self.surface.triangles[self.fragments.triangle]
        weights = self.fragments.weights
        return np.asarray(
            values[corners[:, 0]] * weights[:, :1]
            + values[corners[:, 1]] * weights[:, 1:2]
            + values[corners[:, 2]] * weights[:, 2:],
            np.float32,
        )

    def footprint(self) -> float:
        """The side of a pixel in texture coordinates, in the middle of all fragments."""
        corners = self.surface.triangles[self.fragments.triangle]
        seen, flat = (_area(values[corners]) for values in (self.pixels, self.surface.uv))
        return float(np.median(np.sqrt(flat / np.maximum(seen, 1e-9)))) if len(corners) else 0.0


def _area(corners: NDArray[Any]) -> NDArray[Any]:
    b, c = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return np.asarray(np.abs(b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]))


def sample(texture: Bytes, uv: Float) -> Float:
    """Bilinear look-up with clamped edges: ``texture`` (H, W, C) at ``uv`` (N, 2) -> (N, C), still 0..255 sRGB."""
    height, width, channels = texture.shape
    x = np.clip(uv[:, 0] * width - 0.5, 0, width - 1)
    y = np.clip(uv[:, 1] * height - 0.5, 0, height - 1)
    x0, y0 = x.astype(np.int32), y.astype(np.int32)
    step_x, step_y = (x0 < width - 1).astype(np.int32), (y0 < height - 1).astype(np.int32) * width
    fx, fy = (x - x0)[:, None].astype(np.float32), (y - y0)[:, None].astype(np.float32)
    flat = texture.reshape(-1, channels)
    corner = y0 * width + x0
    top = flat[corner] * (1 - fx) + flat[corner + step_x] * fx
    bottom = flat[corner + step_y] * (1 - fx) + flat[corner + step_y + step_x] * fx
    return np.asarray(top * (1 - fy) + bottom * fy, np.float32)


def _minified(texture: Bytes, footprint: float) -> Bytes:
    """``texture`` averaged until a texel is about as wide as a ``footprint`` in texture coordinates."""
    factor = int(2 ** max(0.0, np.floor(np.log2(max(footprint * texture.shape[0], 1.0)) + 0.3)))
    if factor == 1 or min(texture.shape[:2]) % factor:
        return texture
    return np.asarray(Image.fromarray(texture).reduce(factor))


def render(
    layers: Sequence[tuple[Any, ...]],
    camera: Camera,
    light: Light | Studio | None = None,
    size: tuple[int, int] = (128, 128),
    background: Sequence[int] | Bytes = (236, 238, 241),
    supersample: int = 1,
) -> Bytes:
    """Draws layers.

    Args:
        layers: each a :class:`Surface` or the beginning of one, at least to its albedo; both sides are drawn.
        camera: from where.
        light: by default a quick light; a :class:`Studio` for pictures to look at.
        size: (width, height) pixels.
        background: one sRGB colour or a picture (height, width, 3).
        supersample: samples a pixel and axis; 2 smooths edges at four times the cost.

    Returns:
        (height, width, 3) uint8, sRGB.
    """
    light = light or Light()
    width, height = size[0] * supersample, size[1] * supersample
    back = np.broadcast_to(np.asarray(background, np.uint8), (size[1], size[0], 3))
    if supersample > 1:
        back = back.repeat(supersample, 0).repeat(supersample, 1)
    colours = _SRGB_TO_LINEAR[back.reshape(-1, 3)]

    parts = [_scanned(Surface(*layer), camera, width, height) for layer in layers]
    solid, glass = _seen(parts, width * height)
    seen = [part.at(part.surface.positions) for part in solid + glass]
    if seen:
        casters = [(p.surface.positions, p.surface.triangles) for p in parts if p.surface.albedo.shape[2] == 3]
        shader = light.shader(camera, casters, seen)
        for part, position in zip(solid, seen, strict=False):
            below, above = _shaded(part, position, camera, shader, fine=light.filtered)
            colours[part.fragments.pixel] = roll_off(below + above) if light.filtered else below + above
        sheets = [
            _sheet(part, position, camera, shader, fine=light.filtered)
            for part, position in zip(glass, seen[len(solid) :], strict=True)
        ]
        _composite(colours, sheets)
    picture = np.clip(colours, 0, 1).reshape(height, width, 3)
    if supersample > 1:
        picture = picture.reshape(size[1], supersample, size[0], supersample, 3).mean((1, 3))
    encoded = _LINEAR_TO_SRGB[np.rint(picture * _STEPS).astype(np.int32)]
    return np.rint(encoded * 255).astype(np.uint8)


def _scanned(surface: Surface, camera: Camera, width: int, height: int) -> _Part:
    """All fragments of a surface, without those in holes."""
    pixels, depth = project(np.asarray(surface.positions, np.float32), camera, width, height)
    part = _Part(surface, pixels, scan(pixels, depth, surface.triangles, width, height))
    if surface.albedo.shape[2] == 4 and surface.alpha != "OPAQUE" and len(part.fragments.pixel):
        alpha = sample(surface.albedo[:, :, 3:], part.at(surface.uv))[:, 0]
        part = part.only(alpha >= (127.5 if surface.alpha == "MASK" else 1.0))
    return part


def _seen(parts: Sequence[_Part], count: int) -> tuple[list[_Part], list[_Part]]:
    """The nearest opaque fragments of ``count`` pixels, and the transparent ones in front of them."""
    nearest = np.full(count, np.inf, np.float32)
    opaque = [not (p.surface.alpha == "BLEND" and p.surface.albedo.shape[2] == 4) for p in parts]
    for part, closed in zip(parts, opaque, strict=True):
        if closed:
            np.minimum.at(nearest, part.fragments.pixel, part.fragments.depth)
    solid: list[_Part] = []
    glass: list[_Part] = []
    for part, closed in zip(parts, opaque, strict=True):
        limit = nearest[part.fragments.pixel]
        keep = np.flatnonzero(part.fragments.depth == limit if closed else part.fragments.depth < limit)
        if len(keep):
            (solid if closed else glass).append(part.only(keep))
    return solid, glass


def _shaded(part: _Part, position: Float, camera: Camera, shader: Shader, *, fine: bool) -> tuple[Float, Float]:
    """Linear colours (N, 3) of a part's fragments: from below the surface and mirrored by it.

    ``fine`` textures are minified to the fragments' distance.
    """
    surface = part.surface
    uv = part.at(surface.uv)
    footprint = part.footprint() if fine else 0.0

    def texture(picture: Bytes) -> Float:
        return sample(_minified(picture, footprint) if fine else picture, uv)

    vertices = surface.normals
    if vertices is None:
        vertices = vertex_normals(surface.positions, surface.triangles)
    smooth = _unit(part.at(vertices))
    normal = smooth
    if surface.normal_map is not None:
        tangents = vertex_tangents(surface.positions, vertices, surface.uv, surface.triangles)
        along = part.at(tangents)
        tangent = _unit(along[:, :3] - smooth * np.einsum("nc,nc->n", along[:, :3], smooth)[:, None])
        upward = np.cross(smooth, tangent) * np.sign(along[:, 3:])
        tilt = (texture(surface.normal_map[:, :, :3]) - 128) / 127
        normal = _unit(tangent * tilt[:, :1] + upward * tilt[:, 1:2] + smooth * tilt[:, 2:])
    to_eye = camera.position - position
    to_eye /= np.linalg.norm(to_eye, axis=1, keepdims=True)
    behind = np.einsum("nc,nc->n", smooth, to_eye)[:, None] < -0.15
    points = Points(
        position,
        np.where(behind, -smooth, smooth),
        np.where(behind, -normal, normal),
        to_eye,
        _SRGB_TO_LINEAR[np.rint(texture(surface.albedo[:, :, :3])).astype(np.int32)],
        roughness=surface.roughness,
        metallic=surface.metallic,
        skin=surface.name in _SKIN,
    )
    if surface.orm is not None:
        occlusion, roughness, metallic = texture(surface.orm).T / 255
        points = points._replace(
            occlusion=occlusion, roughness=roughness * surface.roughness, metallic=metallic * surface.metallic
        )
    return shader(points)


def _unit(vectors: NDArray[Any]) -> Float:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6), np.float32)


class _Sheet(NamedTuple):
    pixel: NDArray[np.int64]
    depth: Float
    alpha: Float  # (N, 1)
    colour: Float  # (N, 3) times alpha


def _sheet(part: _Part, position: Float, camera: Camera, shader: Shader, *, fine: bool) -> _Sheet:
    """Transparent fragments; what their surface mirrors is as bright as on an opaque one."""
    alpha = np.asarray(sample(part.surface.albedo[:, :, 3:], part.at(part.surface.uv)) / 255, np.float32)
    below, above = _shaded(part, position, camera, shader, fine=fine)
    colour = np.asarray(below * alpha + above, np.float32)
    return _Sheet(part.fragments.pixel, part.fragments.depth, alpha, roll_off(colour) if fine else colour)


def _composite(colours: Float, sheets: Sequence[_Sheet]) -> None:
    """Lays sheets over ``colours`` (pixels, 3), the farthest first."""
    if not sheets:
        return
    pixel, depth, alpha, colour = (np.concatenate(values) for values in zip(*sheets, strict=True))
    order = np.lexsort((-depth, pixel))
    for here in _ranks(pixel[order]):
        rows = order[here]
        colours[pixel[rows]] = colours[pixel[rows]] * (1 - alpha[rows]) + colour[rows]


def _ranks(pixel: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Indices of the first, second, ... entry of every run of equal numbers in sorted ``pixel`` (N,)."""
    starts = np.flatnonzero(np.diff(pixel, prepend=-1))
    rank = np.arange(len(pixel)) - np.repeat(starts, np.diff(starts, append=len(pixel)))
    for step in range(int(rank.max()) + 1):
        yield np.flatnonzero(rank == step)
