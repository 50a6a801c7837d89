"""Pictures of textured meshes on the CPU: project, scan-convert, keep the nearest opaque fragment, shade.

Everything is vectorised over triangles and fragments. Building a ray-tracing scene from Python costs 4 us a triangle,
more than all of this: a 30,000-triangle avatar seen at 128 x 128 has mostly triangles that cover no pixel centre, and
those are dropped before any work is done on them.

Frame: glTF's, +Y up, the avatar faces +Z, metres. Texture coordinates start at the top left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lodestream_server.body.normals import vertex_normals
from lodestream_server.field.camera import Camera
from lodestream_server.field.scan import Fragments, project, scan

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


class Surface(NamedTuple):
    """What is drawn: V vertices, T triangles; ``albedo`` sRGB, an alpha under one half is a hole."""

    positions: Float  # (V, 3)
    triangles: Int  # (T, 3)
    uv: Float  # (V, 2)
    albedo: Bytes  # (H, W, 3 or 4)
    normals: Float | None = None  # (V, 3); computed where None
    name: str = ""


def _linear(red: float, green: float, blue: float) -> Float:
    return np.array([red, green, blue], np.float32)


@dataclass(frozen=True, slots=True)
class Light:
    """A soft key light, a weaker fill from the other side, sky and ground; colours are linear RGB.

    The key's and the fill's directions follow the camera: (azimuth, elevation) in degrees from its own axis.
    """

    key_direction: tuple[float, float] = (-35.0, 40.0)
    key: Float = field(default_factory=lambda: _linear(0.86, 0.83, 0.79))
    fill_direction: tuple[float, float] = (50.0, 10.0)
    fill: Float = field(default_factory=lambda: _linear(0.14, 0.15, 0.17))
    sky: Float = field(default_factory=lambda: _linear(0.27, 0.28, 0.30))
    ground: Float = field(default_factory=lambda: _linear(0.15, 0.14, 0.13))
    specular: float = 0.05
    gloss: float = 24.0

    @classmethod
    def varied(cls, rng: np.random.Generator) -> Light:
        """A random but plausible light: for training pictures."""
        warmth = rng.uniform(-0.08, 0.08)
        strength = rng.uniform(0.8, 1.15)
        tint = np.array([1 + warmth, 1.0, 1 - warmth], np.float32)
        ambient = rng.uniform(0.75, 1.25)
        side = rng.choice([-1.0, 1.0])
        return cls(
            key_direction=(side * rng.uniform(5, 65), rng.uniform(15, 60)),
            key=_linear(0.86, 0.83, 0.79) * tint * np.float32(strength),
            fill_direction=(-side * rng.uniform(30, 80), rng.uniform(0, 25)),
            sky=_linear(0.27, 0.28, 0.30) * np.float32(ambient),
            ground=_linear(0.15, 0.14, 0.13) * np.float32(ambient),
            specular=rng.uniform(0.0, 0.09),
        )


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


def _blend(values: Float, triangles: Int, fragments: Fragments, keep: NDArray[Any]) -> Float:
    """Vertex ``values`` (V, C) at the fragments ``keep`` (K,) -> (K, C)."""
    corners = triangles[fragments.triangle[keep]]
    weights = fragments.weights[keep]
    return np.asarray(
        values[corners[:, 0]] * weights[:, :1]
        + values[corners[:, 1]] * weights[:, 1:2]
        + values[corners[:, 2]] * weights[:, 2:],
        np.float32,
    )


def _direction(camera: Camera, angles: tuple[float, float]) -> Float:
    a, e = np.radians(angles[0]), np.radians(angles[1])
    local = np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])
    return np.asarray(local @ camera.rotation, np.float32)


def shade(albedo: Float, normals: Float, to_eye: Float, camera: Camera, light: Light) -> Float:
    """Linear colours (N, 3) of surface points with linear ``albedo``, unit ``normals`` and unit ``to_eye`` (N, 3)."""
    key, fill = _direction(camera, light.key_direction), _direction(camera, light.fill_direction)
    half_lambert = (normals @ key * 0.5 + 0.5)[:, None] ** 2
    fill_term = np.maximum(normals @ fill, 0)[:, None]
    upward = normals[:, 1:2] * 0.5 + 0.5
    diffuse = half_lambert * light.key + fill_term * light.fill + light.ground + upward * (light.sky - light.ground)
    half = key + to_eye
    half /= np.maximum(np.linalg.norm(half, axis=1, keepdims=True), 1e-6)
    shine = np.maximum(np.einsum("nc,nc->n", normals, half), 0)[:, None] ** light.gloss
    return np.asarray(albedo * diffuse + light.specular * shine * light.key, np.float32)


def render(
    layers: Sequence[tuple[Any, ...]],
    camera: Camera,
    light: Light | None = None,
    size: tuple[int, int] = (128, 128),
    background: Sequence[int] | Bytes = (236, 238, 241),
    supersample: int = 1,
) -> Bytes:
    """Draws layers.

    Args:
        layers: each (positions (V, 3), triangles (T, 3), uv (V, 2), albedo (H, W, 3 or 4) uint8, normals (V, 3) or
            None), as :class:`Surface`; both sides are drawn.
        camera: from where.
        light: by default a studio light.
        size: (width, height) pixels.
        background: one sRGB colour or a picture (height, width, 3).
        supersample: samples a pixel and axis; 2 smooths edges at four times the cost.

    Returns:
        (height, width, 3) uint8, sRGB.
    """
    light = light or Light()
    width, height = size[0] * supersample, size[1] * supersample
    parts: list[Fragments] = []
    sources: list[NDArray[np.int64]] = []
    for number, layer in enumerate(layers):
        positions, triangles, uv, albedo = layer[:4]
        pixels, depth = project(np.asarray(positions, np.float32), camera, width, height)
        fragments = scan(pixels, depth, triangles, width, height)
        if albedo.shape[2] == 4 and len(fragments.pixel):
            everything = np.arange(len(fragments.pixel))
            alpha = sample(albedo[:, :, 3:], _blend(uv, triangles, fragments, everything))[:, 0]
            solid = alpha >= 127.5
            fragments = Fragments(
                fragments.pixel[solid], fragments.depth[solid], fragments.triangle[solid], fragments.weights[solid]
            )
        parts.append(fragments)
        sources.append(np.full(len(fragments.pixel), number))

    back = np.broadcast_to(np.asarray(background, np.uint8), (size[1], size[0], 3))
    if supersample > 1:
        back = back.repeat(supersample, 0).repeat(supersample, 1)
    colours = _SRGB_TO_LINEAR[back.reshape(-1, 3)]
    if parts:
        pixel = np.concatenate([part.pixel for part in parts])
        nearest = np.full(width * height, np.inf, np.float32)
        depths = np.concatenate([part.depth for part in parts])
        np.minimum.at(nearest, pixel, depths)
        first = depths == nearest[pixel]
        offset = 0
        for layer, part in zip(layers, parts, strict=True):
            keep = np.flatnonzero(first[offset : offset + len(part.pixel)])
            offset += len(part.pixel)
            if len(keep):
                colours[part.pixel[keep]] = _surface_colours(layer, part, keep, camera, light)
    picture = np.clip(colours, 0, 1).reshape(height, width, 3)
    if supersample > 1:
        picture = picture.reshape(size[1], supersample, size[0], supersample, 3).mean((1, 3))
    encoded = _LINEAR_TO_SRGB[np.rint(picture * _STEPS).astype(np.int32)]
    return np.rint(encoded * 255).astype(np.uint8)


def _surface_colours(
    layer: tuple[Any, ...], part: Fragments, keep: NDArray[Any], camera: Camera, light: Light
) -> Float:
    positions, triangles, uv, albedo = layer[:4]
    normals = layer[4] if len(layer) > 4 and layer[4] is not None else vertex_normals(positions, triangles)
    linear = sample(albedo[:, :, :3], _blend(uv, triangles, part, keep))
    linear = _SRGB_TO_LINEAR[np.rint(linear).astype(np.int32)]
    normal = _blend(normals, triangles, part, keep)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)
    to_eye = camera.position - _blend(positions, triangles, part, keep)
    to_eye /= np.linalg.norm(to_eye, axis=1, keepdims=True)
    facing = np.einsum("nc,nc->n", normal, to_eye)[:, None]
    normal = np.where(facing < -0.15, -normal, normal)
    return shade(linear, normal, to_eye, camera, light)
