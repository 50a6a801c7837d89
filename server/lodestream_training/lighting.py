"""What falls on surface points: a quick light for pictures that networks learn from, a studio for pictures to look at.

Frame: glTF's, +Y up, metres. Colours are linear RGB.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lodestream_server.field.camera import Camera
from lodestream_training.shadow import ShadowMap

Float = NDArray[np.float32]
Int = NDArray[np.int32]
Mesh = tuple[Float, Int]  # positions (V, 3), triangles (T, 3)

_SKIN_GLOW = np.array([0.16, 0.04, 0.02], np.float32)  # of the light that reaches skin in shadow, from its side
_SKIN_WRAP = np.array([0.22, 0.1, 0.07], np.float32)
_CLOTH_WRAP = np.array([0.05, 0.05, 0.05], np.float32)
_LEAK = 0.16  # of the room's light that reaches what is enclosed, from surface to surface
_SHOULDER = 0.55  # linear value from which highlights are rolled off


class Points(NamedTuple):
    """N surface points under one material. ``albedo`` linear; normals and ``to_eye`` unit."""

    position: Float  # (N, 3)
    smooth: Float  # (N, 3) the mesh's normal
    normal: Float  # (N, 3) with the normal map
    to_eye: Float  # (N, 3)
    albedo: Float  # (N, 3)
    occlusion: Float | float = 1.0  # (N,) as are the next two
    roughness: Float | float = 0.9
    metallic: Float | float = 0.0
    skin: bool = False


Shader = Callable[[Points], tuple[Float, Float]]  # -> colours from below and from on the surface, (N, 3) each


def _linear(red: float, green: float, blue: float) -> Float:
    return np.array([red, green, blue], np.float32)


def _direction(camera: Camera, angles: tuple[float, float]) -> Float:
    a, e = np.radians(angles[0]), np.radians(angles[1])
    local = np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])
    return np.asarray(local @ camera.rotation, np.float32)


@dataclass(frozen=True, slots=True)
class Light:
    """A soft key light, a weaker fill from the other side, sky and ground; no shadows, one gloss for all.

    The key's and the fill's directions follow the camera: (azimuth, elevation) in degrees from its own axis.
    """

    filtered: ClassVar[bool] = False  # whether textures are minified before they are sampled

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

    def shader(self, camera: Camera, casters: Sequence[Mesh], seen: Sequence[Float]) -> Shader:
        """How points look from ``camera``; nothing casts a shadow."""
        del casters, seen
        key, fill = _direction(camera, self.key_direction), _direction(camera, self.fill_direction)

        def shade(points: Points) -> tuple[Float, Float]:
            normals = points.normal
            half_lambert = (normals @ key * 0.5 + 0.5)[:, None] ** 2
            fill_term = np.maximum(normals @ fill, 0)[:, None]
            upward = normals[:, 1:2] * 0.5 + 0.5
            diffuse = half_lambert * self.key + fill_term * self.fill + self.ground + upward * (self.sky - self.ground)
            half = key + points.to_eye
            half /= np.maximum(np.linalg.norm(half, axis=1, keepdims=True), 1e-6)
            shine = np.maximum(np.einsum("nc,nc->n", normals, half), 0)[:, None] ** self.gloss
            return points.albedo * diffuse, np.asarray(self.specular * shine * self.key, np.float32)

        return shade


@dataclass(frozen=True, slots=True)
class Lamp:
    """A soft box: (azimuth, elevation) and half its width in degrees from the camera's axis; ``colour`` linear."""

    direction: tuple[float, float]
    spread: float
    colour: tuple[float, float, float]
    samples: int = 4


#: Key from the upper left, fill from the right, a rim from behind that parts dark hair and cloth from the paper.
LAMPS = (
    Lamp((-38.0, 38.0), 13.0, (0.80, 0.765, 0.72), 8),
    Lamp((55.0, 14.0), 16.0, (0.15, 0.16, 0.18), 3),
    Lamp((150.0, 35.0), 10.0, (0.5, 0.52, 0.56), 3),
)


@dataclass(frozen=True, slots=True)
class Studio:
    """Soft boxes in a bright room, with shadows; physically based: metals, rough and smooth cloth, skin that glows.

    The room's radiance runs from ``ground`` over ``horizon`` to ``sky``; light from each of its directions is blocked
    by what stands in the way, which is the ambient occlusion.
    """

    filtered: ClassVar[bool] = True

    lamps: tuple[Lamp, ...] = LAMPS
    sky: Float = field(default_factory=lambda: _linear(0.47, 0.49, 0.52))
    horizon: Float = field(default_factory=lambda: _linear(0.33, 0.33, 0.34))
    ground: Float = field(default_factory=lambda: _linear(0.20, 0.185, 0.17))
    dome: int = 22  # directions of the room
    resolution: int = 320  # texels of a shadow map's side

    def room(self, directions: Float, blur: Float | float = 0.0) -> Float:
        """The room's radiance (N, 3) along unit ``directions`` (N, 3), seen through a ``blur`` (N,) of 0 to 1."""
        up = directions[:, 1]
        edge = 0.08 + 0.9 * np.asarray(blur)
        above = np.clip(up / np.maximum(edge, 0.5), 0, 1)[:, None]
        below = np.clip(-up / edge, 0, 1)[:, None]
        return np.asarray(
            self.horizon + above * (self.sky - self.horizon) + below * (self.ground - self.horizon), np.float32
        )

    def shader(self, camera: Camera, casters: Sequence[Mesh], seen: Sequence[Float]) -> Shader:
        """How points look from ``camera``.

        Args:
            camera: the lamps follow it.
            casters: meshes that cast shadows.
            seen: (N, 3) each, the points that will be shaded; shadow maps cover them.
        """
        positions, triangles = _joined(casters)
        points = np.concatenate(seen)
        centre = (points.min(0) + points.max(0)) / 2
        radius = 1.05 * float(np.linalg.norm(points - centre, axis=1).max())

        def shadows(directions: Float) -> list[ShadowMap]:
            return [ShadowMap(positions, triangles, d, centre, radius, self.resolution) for d in directions]

        boxes = [(lamp, shadows(_box(camera, lamp))) for lamp in self.lamps]
        dome = shadows(_sphere(self.dome))
        return lambda points: self._shade(points, camera, boxes, dome)

    def _shade(
        self, points: Points, camera: Camera, boxes: list[tuple[Lamp, list[ShadowMap]]], dome: list[ShadowMap]
    ) -> tuple[Float, Float]:
        facing = np.maximum(np.einsum("nc,nc->n", points.normal, points.to_eye), 1e-3)
        mirrored = 2 * facing[:, None] * points.normal - points.to_eye
        rough = np.clip(np.broadcast_to(np.asarray(points.roughness, np.float32), facing.shape), 0.06, 1.0)
        metallic = np.broadcast_to(np.asarray(points.metallic, np.float32), facing.shape)[:, None]
        occlusion = np.broadcast_to(np.asarray(points.occlusion, np.float32), facing.shape)[:, None]

        ambient, openness = self._ambient(points, dome)
        diffuse = ambient * occlusion
        glossy = self.room(mirrored, rough) * openness * occlusion
        wrap = _SKIN_WRAP if points.skin else _CLOTH_WRAP
        for lamp, maps in boxes:
            colour = np.array(lamp.colour, np.float32)
            visible = np.mean([m.visible(points.position, points.smooth) for m in maps], axis=0)[:, None]
            towards = _direction(camera, lamp.direction)
            falling = np.maximum((points.normal @ towards)[:, None] + wrap, 0) / (1 + wrap)
            lit = visible + (1 - visible) * _SKIN_GLOW if points.skin else visible
            diffuse = diffuse + colour * falling * lit * (0.5 + 0.5 * occlusion)
            # A soft box mirrored by a rough surface is a wide spherical Gaussian of the same energy.
            width = rough**4 + np.radians(lamp.spread) ** 2
            sharpness = np.minimum(0.5 / width, 60.0)[:, None]
            lobe = np.exp(sharpness * ((mirrored @ towards)[:, None] - 1))
            glossy = glossy + colour * (0.5 * sharpness) * lobe * visible

        base = 0.04 + (points.albedo - 0.04) * metallic
        return points.albedo * (1 - metallic) * diffuse, np.asarray(_mirror(base, rough, facing) * glossy, np.float32)

    def _ambient(self, points: Points, dome: list[ShadowMap]) -> tuple[Float, Float]:
        """The room's light on points (N, 3) and the share of it that is not blocked (N, 1)."""
        light = np.zeros_like(points.normal)
        total = np.zeros((len(light), 1), np.float32)
        reaching = np.zeros_like(total)
        for shadow in dome:
            falling = np.maximum(points.normal @ shadow.direction, 0)[:, None]
            total += falling
            falling = falling * (_LEAK + (1 - _LEAK) * shadow.visible(points.position, points.smooth)[:, None])
            reaching += falling
            light += falling * self.room(shadow.direction[None])
        total = np.maximum(total, 1e-6)
        return light / total, reaching / total


def roll_off(colours: Float) -> Float:
    """Linear colours (N, 3) with their highlights bent below 1, as film does."""
    room = 1 - _SHOULDER
    over = np.maximum(colours - _SHOULDER, 0)
    return np.asarray(np.minimum(colours, _SHOULDER) + room * (1 - np.exp(-over / room)), np.float32)


def _mirror(base: Float, rough: Float, facing: Float) -> Float:
    """Reflectance (N, 3) of the surroundings (Karis 2014, "Physically Based Shading on Mobile")."""
    first, second = 1 - rough, 0.0425 - 0.0275 * rough
    bent = np.minimum(first**2, np.exp2(-9.28 * facing)) * first + second
    scale = (-1.04 * bent + 1.04 - 0.572 * rough)[:, None]
    return np.asarray(base * scale + (1.04 * bent - 0.04 + 0.022 * rough)[:, None], np.float32)


def _joined(meshes: Sequence[Mesh]) -> Mesh:
    starts = np.cumsum([0, *(len(positions) for positions, _ in meshes)])
    return (
        np.concatenate([np.zeros((0, 3), np.float32), *(positions for positions, _ in meshes)]),
        np.concatenate([np.zeros((0, 3), np.int32), *(t + s for (_, t), s in zip(meshes, starts, strict=False))]),
    )


def _sphere(count: int) -> Float:
    """(count, 3) unit vectors, evenly spread (a Fibonacci spiral)."""
    y = 1 - (np.arange(count) + 0.5) * 2 / count
    turn = np.arange(count) * np.pi * (3 - 5**0.5)
    radius = np.sqrt(1 - y**2)
    return np.stack([radius * np.cos(turn), y, radius * np.sin(turn)], 1).astype(np.float32)


def _box(camera: Camera, lamp: Lamp) -> Float:
    """(samples, 3) unit directions inside the lamp's disc."""
    step = np.arange(lamp.samples)
    turn, radius = step * np.pi * (3 - 5**0.5), lamp.spread * np.sqrt((step + 0.5) / lamp.samples)
    azimuth, elevation = lamp.direction
    shrink = np.cos(np.radians(elevation))
    angles = zip(azimuth + radius * np.cos(turn) / shrink, elevation + radius * np.sin(turn), strict=True)
    return np.stack([_direction(camera, (float(a), float(e))) for a, e in angles])
