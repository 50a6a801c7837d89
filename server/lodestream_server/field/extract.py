"""Extraction: the field's level set on a level's vertices, trimmed at the presence contour. No marching cubes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Bytes, Float, Int
from lodestream_server.body.normals import vertex_normals
from lodestream_server.body.template import SKIN_SHELLS, BodyTemplate, Mesh, Rig, Shape
from lodestream_server.field.planes import Planes, sample

HIDE_MARGIN = 0.022  # metres inside a garment's edge from where the skin below is dropped
INSET = (0.003, 0.006, 0.012, 0.02)  # metres that covered skin steps back at levels 0 to 3, where triangles cut corners
TUCK_MARGIN = 0.045  # metres inside the edge of the top (or bottom) from where the other below it is dropped
LEAD = 0.001  # metres that top or bottom must stand out over the other to cover it
_OVER = {"body": ("top", "bottom", "footwear"), "head": ("top",), "top": ("bottom",), "bottom": ("top",)}


@dataclass(frozen=True, slots=True)
class Surface:
    """A shell's surface in the template's rest pose; V wedges, T triangles."""

    positions: Float  # (V, 3)
    normals: Float  # (V, 3)
    uv: Float  # (V, 2)
    vertex: Int  # (V,) template vertex, -1 for vertices born at the trim
    welded: Int  # (V,) equal for wedges of one point
    joints: Bytes  # (V, 4)
    weights: Float  # (V, 4)
    triangles: Int  # (T, 3)


def extract(template: BodyTemplate, rig: Rig, shape: Shape, planes: Planes, shell: str, level: int) -> Surface:
    """The surface of ``shell`` at ``level``; no triangles where it is not worn.

    Values of one vertex on several UV islands are averaged, so seams stay closed.
    """
    mesh = template.meshes[shell, level]
    own = planes[shell]
    point, wedge = np.unique(mesh.vertex, return_inverse=True)
    base = shape.vertices[point]
    corners = wedge[mesh.triangles]
    normal = vertex_normals(base, corners)
    height = _average(sample(own.level_set, mesh.uv), wedge, len(point))
    edge = _average(sample(own.edge, mesh.uv), wedge, len(point))
    under = _average(depth_under(template, planes, mesh, shell), wedge, len(point))
    height -= INSET[level] * np.clip(under / HIDE_MARGIN, 0.0, 1.0)
    moved = base + height[:, None] * normal
    kept = mesh.triangles[(edge[corners] > 0).any(axis=1)]
    kept = kept[~covered(template, planes, mesh, shell)[kept].all(axis=1)]
    surface = Surface(
        positions=moved[wedge],
        normals=normal[wedge],
        uv=mesh.uv,
        vertex=mesh.vertex,
        welded=wedge.astype(np.int32),
        joints=rig.skin_joints[mesh.vertex],
        weights=rig.skin_weights[mesh.vertex],
        triangles=kept,
    )
    return _finish(_trim(surface, edge[wedge]))


def fixed(template: BodyTemplate, rig: Rig, shape: Shape, shell: str, level: int) -> Surface:
    """A shell that the field does not displace: eyes, mouth, lashes."""
    mesh = template.meshes[shell, level]
    _, wedge = np.unique(mesh.vertex, return_inverse=True)
    positions = shape.vertices[mesh.vertex]
    return _finish(
        Surface(
            positions=positions,
            normals=positions,
            uv=mesh.uv,
            vertex=mesh.vertex,
            welded=wedge.astype(np.int32),
            joints=rig.skin_joints[mesh.vertex],
            weights=rig.skin_weights[mesh.vertex],
            triangles=mesh.triangles,
        )
    )


def _average(values: Float, group: NDArray[np.int64], count: int) -> Float:
    total = np.bincount(group, values, count)
    return np.asarray(total / np.maximum(np.bincount(group, minlength=count), 1), dtype=np.float32)


def covered(template: BodyTemplate, planes: Planes, mesh: Mesh, shell: str) -> NDArray[np.bool_]:
    """(W,) wedges that lie well under a garment and are not shown."""
    margin = HIDE_MARGIN if shell in SKIN_SHELLS else TUCK_MARGIN
    return np.asarray(depth_under(template, planes, mesh, shell) > margin)


def depth_under(template: BodyTemplate, planes: Planes, mesh: Mesh, shell: str) -> Float:
    """(W,) metres from a wedge to the edge of the garment over it; not positive where nothing covers it.

    Skin is under every garment. Of top and bottom the one that stands out further is over the other.
    """
    out = np.full(len(mesh.vertex), -1.0, dtype=np.float32)
    for name in _OVER.get(shell, ()):
        uv = template.cover[name][mesh.vertex]
        near = np.isfinite(uv[:, 0])
        depth = sample(planes[name].edge, uv[near])
        if shell not in SKIN_SHELLS:
            lead = sample(planes[name].level_set, uv[near]) - sample(planes[shell].level_set, mesh.uv[near])
            depth = np.where(lead > 0, depth * np.clip(lead / LEAD, 0.0, 1.0), -1.0)
        out[near] = np.maximum(out[near], depth)
    return out


def _trim(surface: Surface, edge: Float) -> Surface:
    """Cuts triangles along edge = 0 so that hems are clean lines. ``edge``: (V,) metres."""
    triangles = surface.triangles
    inside = edge[triangles] > 0
    count = inside.sum(axis=1)
    whole = triangles[count == 3]
    one, two = triangles[count == 1], triangles[count == 2]
    # rotate so that the odd vertex (alone inside, or alone outside) comes first
    one = np.take_along_axis(one, (inside[count == 1].argmax(1)[:, None] + np.arange(3)) % 3, 1)
    two = np.take_along_axis(two, ((~inside[count == 2]).argmax(1)[:, None] + np.arange(3)) % 3, 1)
    cuts = np.concatenate([one[:, [0, 1]], one[:, [0, 2]], two[:, [0, 1]], two[:, [0, 2]]])
    if not len(cuts):
        return _replace(surface, whole)
    pairs, inverse = np.unique(np.sort(cuts, axis=1), axis=0, return_inverse=True)
    a, b = pairs[:, 0], pairs[:, 1]
    t = (edge[a] / (edge[a] - edge[b])).astype(np.float32)[:, None]
    new = (len(edge) + inverse).astype(np.int32)
    n1, n2 = len(one), len(two)
    p, q = new[:n1], new[n1 : 2 * n1]
    r, s = new[2 * n1 : 2 * n1 + n2], new[2 * n1 + n2 :]
    joints, weights = _blend_skin(surface, a, b, t)
    welded_pairs = np.sort(surface.welded[pairs], axis=1)
    _, welded = np.unique(welded_pairs, axis=0, return_inverse=True)
    return Surface(
        positions=_mix(surface.positions, a, b, t),
        normals=_mix(surface.normals, a, b, t),
        uv=_mix(surface.uv, a, b, t),
        vertex=np.concatenate([surface.vertex, np.full(len(a), -1, np.int32)]),
        welded=np.concatenate([surface.welded, surface.welded.max() + 1 + welded]).astype(np.int32),
        joints=joints,
        weights=weights,
        triangles=np.concatenate(
            [
                whole,
                np.stack([one[:, 0], p, q], axis=1),
                np.stack([r, two[:, 1], two[:, 2]], axis=1),
                np.stack([r, two[:, 2], s], axis=1),
            ]
        ).astype(np.int32),
    )


def _mix(values: Float, a: Int, b: Int, t: Float) -> Float:
    return np.concatenate([values, values[a] * (1 - t) + values[b] * t])


def _blend_skin(surface: Surface, a: Int, b: Int, t: Float) -> tuple[Bytes, Float]:
    """Skin weights of the new vertices: the interpolated sums, the four largest kept."""
    rows = np.arange(len(a))[:, None]
    dense = np.zeros((len(a), int(surface.joints.max()) + 1), dtype=np.float32)
    np.add.at(dense, (rows, surface.joints[a]), surface.weights[a] * (1 - t))
    np.add.at(dense, (rows, surface.joints[b]), surface.weights[b] * t)
    joint = np.argsort(-dense, axis=1, kind="stable")[:, :4]
    weight = np.take_along_axis(dense, joint, 1)
    weight /= weight.sum(axis=1, keepdims=True)
    joint[weight == 0] = 0
    return np.concatenate([surface.joints, joint.astype(np.uint8)]), np.concatenate([surface.weights, weight])


def _replace(surface: Surface, triangles: Int) -> Surface:
    return Surface(
        surface.positions,
        surface.normals,
        surface.uv,
        surface.vertex,
        surface.welded,
        surface.joints,
        surface.weights,
        triangles,
    )


def _finish(surface: Surface) -> Surface:
    """Drops unused wedges and degenerate triangles; recomputes the normals across seams."""
    triangles = surface.triangles
    corner = surface.welded[triangles]
    sound = (corner[:, 0] != corner[:, 1]) & (corner[:, 1] != corner[:, 2]) & (corner[:, 2] != corner[:, 0])
    used, compact = np.unique(triangles[sound], return_inverse=True)
    compact = compact.reshape(-1, 3)
    point, first, wedge = np.unique(surface.welded[used], return_index=True, return_inverse=True)
    positions = surface.positions[used]
    if len(point):
        normal = vertex_normals(positions[first], wedge[compact].astype(np.int32))[wedge]
        positions = positions[first][wedge]
    else:
        normal = surface.normals[used]
    return Surface(
        positions=positions.astype(np.float32),
        normals=normal,
        uv=surface.uv[used].astype(np.float32),
        vertex=surface.vertex[used],
        welded=wedge.astype(np.int32),
        joints=surface.joints[used],
        weights=surface.weights[used],
        triangles=compact.astype(np.int32),
    )
