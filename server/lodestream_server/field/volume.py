"""Volume rendering of the field.

    C(r) = Σ_i T_i (1 − exp(−σ_i Δ_i)) c_i,   T_i = exp(−Σ_{j<i} σ_j Δ_j)    (Mildenhall et al. 2020, eq. 3)

A ray's samples are its meetings with sheets, surfaces at a few fixed distances from a shell's level set, sorted by
depth over all shells. The sheets only say where to look: density and colour of a sample come from the planes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Bytes, Float, Int
from lodestream_server.body.normals import vertex_normals
from lodestream_server.body.template import FIELD_SHELLS, BodyTemplate, Shape
from lodestream_server.field.camera import Camera
from lodestream_server.field.ensemble import Ensemble
from lodestream_server.field.planes import SHARPNESS, Planes, density, sample
from lodestream_server.field.scan import blend, project, scan

SHEETS = tuple(SHARPNESS * k for k in (2.5, 1.2, 0.0, -1.2, -2.5, -5.0))  # metres outside the level set
_WIDTHS = tuple(
    (SHEETS[max(i - 1, 0)] - SHEETS[min(i + 1, len(SHEETS) - 1)]) / (1 if i in (0, len(SHEETS) - 1) else 2)
    for i in range(len(SHEETS))
)
_OPEN = ("top", "bottom", "skirt", "hair")  # shells whose inner side can be seen
_SOLID = 50.0  # optical depth of the parts that are plain surfaces


@dataclass(frozen=True, slots=True)
class Solid:
    """A plain surface among the field: eyes, mouth, lashes, accessories; V vertices, T triangles."""

    positions: Float  # (V, 3) template's rest pose
    normals: Float  # (V, 3)
    uv: Float  # (V, 2)
    triangles: Int  # (T, 3)
    albedo: Bytes  # (H, W, 3 or 4) uint8 sRGB


@dataclass(frozen=True, slots=True)
class Samples:
    """N samples of all rays through one shell."""

    shell: str
    pixel: NDArray[np.int64]  # (N,)
    depth: Float  # (N,) metres along the view axis
    uv: Float  # (N, 2)
    distance: Float  # (N,) d, metres from the shell's surface
    step: Float  # (N,) Δ, metres along the ray
    normal: Float  # (N, 3)
    open: Float  # (N,) 0 where a garment hides the skin


def trace(
    template: BodyTemplate, shape: Shape, planes: Planes, camera: Camera, width: int, height: int, level: int = 0
) -> list[Samples]:
    """Samples of every shell's sheets for all rays of a picture; the template's rest pose."""
    out: list[Samples] = []
    ensemble = Ensemble.of(template, level)
    covered = ensemble.covered(ensemble.depth_under(planes))
    for number, shell in enumerate(FIELD_SHELLS):
        mesh = template.meshes[shell, level]
        base = shape.vertices[mesh.vertex]
        point, wedge = np.unique(mesh.vertex, return_inverse=True)
        normal = vertex_normals(shape.vertices[point], wedge[mesh.triangles])[wedge]
        share = 1.0 / np.bincount(wedge)
        level_set = (np.bincount(wedge, sample(planes[shell].level_set, mesh.uv)) * share)[wedge]
        edge = sample(planes[shell].edge, mesh.uv)
        triangles = mesh.triangles[(edge[mesh.triangles] > -0.012).any(axis=1)]
        if not len(triangles):
            continue
        surface = base + level_set[:, None] * normal
        lit = vertex_normals(surface[np.unique(wedge, return_index=True)[1]], wedge[mesh.triangles])[wedge]
        shown = 1.0 - covered[ensemble.shell == number].astype(np.float32)
        for offset, thickness in zip(SHEETS, _WIDTHS, strict=True):
            points = (base + (level_set + offset)[:, None] * normal).astype(np.float32)
            pixels, depth = project(points, camera, width, height)
            hit = scan(pixels, depth, triangles, width, height)
            values = np.concatenate([mesh.uv, lit, shown[:, None], points - camera.position], axis=1)
            at = blend(values.astype(np.float32), triangles, hit)
            ray = at[:, 6:9] / np.linalg.norm(at[:, 6:9], axis=1, keepdims=True)
            cosine = (ray * at[:, 2:5]).sum(axis=1)
            k = cosine < (1.0 if shell in _OPEN else 0.1)  # closed shells hide their own far side
            step = thickness / np.maximum(np.abs(cosine[k]), 0.15)
            beyond = sample(planes[shell].level_set, at[k, :2]) + offset  # the planes are finer than the mesh
            out.append(Samples(shell, hit.pixel[k], hit.depth[k], at[k, :2], beyond, step, at[k, 2:5], at[k, 5]))
    return out


def composite(pixel: NDArray[np.int64], depth: Float, tau: Float) -> tuple[NDArray[np.int64], Float]:
    """Order and weights of samples.

    Args:
        pixel: (N,). depth: (N,). tau: (N,) optical depths σΔ.
    Returns:
        (N,) order that sorts by pixel, then depth, and the weights T_i (1 − exp(−τ_i)) in that order.
    """
    order = np.lexsort((depth, pixel))
    sorted_tau = tau[order].astype(np.float64)
    before = np.cumsum(sorted_tau) - sorted_tau
    first = np.flatnonzero(np.diff(pixel[order], prepend=-1))
    counts = np.diff(np.append(first, len(order)))
    before -= np.repeat(before[first], counts)
    weights = np.exp(-before) * -np.expm1(-sorted_tau)
    return order, weights.astype(np.float32)


def render(
    template: BodyTemplate,
    shape: Shape,
    planes: Planes,
    albedo: Mapping[str, Float],
    solids: Sequence[Solid],
    camera: Camera,
    size: tuple[int, int],
    background: Float,
) -> Float:
    """A picture of the field: (height, width, 3) sRGB in [0, 1].

    Args:
        planes: density. albedo: each shell's colour over its chart, (R, R, 3) sRGB in [0, 1].
        solids: what is not field. size: (width, height). background: (3,) sRGB.
    """
    width, height = size
    pixel: list[NDArray[np.int64]] = []
    depth: list[Float] = []
    tau: list[Float] = []
    colour: list[Float] = []
    maps = {s: np.ascontiguousarray(a.transpose(2, 0, 1)) for s, a in albedo.items()}
    for s in trace(template, shape, planes, camera, width, height):
        own = planes[s.shell]
        sigma = density(sample(own.level_set, s.uv), sample(own.edge, s.uv), s.distance) * s.open
        keep = sigma * s.step > 1e-3
        pixel.append(s.pixel[keep])
        depth.append(s.depth[keep])
        tau.append((sigma * s.step)[keep])
        colour.append(sample(maps[s.shell], s.uv[keep]) * light(s.normal[keep], camera)[:, None])
    for solid in solids:
        pixels, far = project(solid.positions, camera, width, height)
        hit = scan(pixels, far, solid.triangles, width, height)
        at = blend(np.concatenate([solid.uv, solid.normals], axis=1), solid.triangles, hit)
        image = solid.albedo.astype(np.float32).transpose(2, 0, 1) / 255.0
        seen = sample(image, at[:, :2])
        pixel.append(hit.pixel)
        depth.append(hit.depth)
        alpha = seen[:, 3] if len(image) == 4 else np.ones(len(seen), dtype=np.float32)
        tau.append(np.minimum(-np.log(np.maximum(1.0 - alpha, 1e-20)), _SOLID))
        colour.append(seen[:, :3] * light(at[:, 2:5], camera)[:, None])
    pixels_all, colours_all = np.concatenate(pixel), np.concatenate(colour)
    order, weights = composite(pixels_all, np.concatenate(depth), np.concatenate(tau))
    where = pixels_all[order]
    count = width * height
    out = np.stack([np.bincount(where, weights * colours_all[order, c], count) for c in range(3)], axis=1)
    through = 1.0 - np.bincount(where, weights, count)
    out = out + through[:, None] * background
    return np.clip(out, 0.0, 1.0).reshape(height, width, 3).astype(np.float32)


def light(normal: Float, camera: Camera) -> Float:
    """(N,) half-Lambert light from above the viewer's left; a factor on sRGB."""
    direction = np.array([-0.35, 0.55, 0.76], dtype=np.float32) @ camera.rotation
    return np.asarray(0.62 + 0.42 * (normal @ direction * 0.5 + 0.5), dtype=np.float32)
