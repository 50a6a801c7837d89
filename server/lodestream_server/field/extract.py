"""Extraction: the field's level set on a level's vertices, trimmed at the presence contour. No marching cubes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Bytes, Float, Int
from lodestream_server.body.normals import vertex_normals
from lodestream_server.body.template import FIELD_SHELLS, BodyTemplate, Rig, Shape
from lodestream_server.checkpoint import checkpoint
from lodestream_server.field.ensemble import HIDE_MARGIN, Ensemble, flat
from lodestream_server.field.planes import Planes

INSET = (0.003, 0.006, 0.012, 0.02)  # metres that covered skin steps back at levels 0 to 3, where triangles cut corners


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

    def part(self, used: NDArray[np.integer[Any]], triangles: NDArray[np.integer[Any]]) -> Surface:
        """The wedges ``used`` (U,) with ``triangles`` (T', 3) of them, counted anew."""
        return Surface(
            positions=self.positions[used],
            normals=self.normals[used],
            uv=self.uv[used],
            vertex=self.vertex[used],
            welded=self.welded[used],
            joints=self.joints[used],
            weights=self.weights[used],
            triangles=triangles.astype(np.int32),
        )


def extract(
    ensemble: Ensemble, rig: Rig, shape: Shape, planes: Planes, level: int, free: Mapping[str, Float]
) -> dict[str, Surface]:
    """The surfaces of the field's shells at the ``ensemble``'s ``level``, by name; only what is worn.

    ``free``: by shell, (N,) metres, positive at the template's vertices where nothing else hides it; {}: nothing does.
    Values of one vertex on several UV islands are averaged, so seams stay closed.
    """
    wedge = ensemble.wedge
    vertex = ensemble.point[wedge]
    base = shape.vertices[ensemble.point]
    corners = wedge[ensemble.triangles]
    normal = vertex_normals(base, corners)
    taps = ensemble.taps(planes)
    height = ensemble.averaged(taps.read(flat(planes, "level_set")))
    edge = ensemble.averaged(taps.read(flat(planes, "edge")))
    edge = np.minimum(edge, ensemble.spread(free)) if free else edge
    checkpoint()
    depth = ensemble.depth_under(planes)
    height -= INSET[level] * np.clip(ensemble.averaged(depth) / HIDE_MARGIN, 0.0, 1.0)
    moved = base + height[:, None] * normal
    kept = ensemble.triangles[(edge[corners] > 0).any(axis=1)]
    kept = kept[~ensemble.covered(depth)[kept].all(axis=1)]
    surface = Surface(
        positions=moved[wedge],
        normals=normal[wedge],
        uv=ensemble.uv,
        vertex=vertex,
        welded=wedge,
        joints=rig.skin_joints[vertex],
        weights=rig.skin_weights[vertex],
        triangles=kept,
    )
    checkpoint()
    trimmed, shell = _trim(surface, edge[wedge], ensemble.shell)
    checkpoint()
    finished, used = _finish(trimmed)
    return _parted(finished, shell[used])


def fixed(template: BodyTemplate, rig: Rig, shape: Shape, shell: str, level: int) -> Surface:
    """A shell that the field does not displace: eyes, mouth, lashes."""
    mesh = template.meshes[shell, level]
    _, wedge = np.unique(mesh.vertex, return_inverse=True)
    positions = shape.vertices[mesh.vertex]
    surface = Surface(
        positions=positions,
        normals=positions,
        uv=mesh.uv,
        vertex=mesh.vertex,
        welded=wedge.astype(np.int32),
        joints=rig.skin_joints[mesh.vertex],
        weights=rig.skin_weights[mesh.vertex],
        triangles=mesh.triangles,
    )
    return _finish(surface)[0]


def _trim(surface: Surface, edge: Float, shell: Bytes) -> tuple[Surface, Bytes]:
    """Cuts triangles along edge = 0 so that hems are clean lines.

    Args:
        edge: (V,) metres. shell: (V,) of each wedge.
    Returns:
        The surface, vertices born at the trim last, and the shell of each wedge.
    """
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
        return replace(surface, triangles=whole), shell
    a, b, inverse = _pairs(cuts)
    t = (edge[a] / (edge[a] - edge[b])).astype(np.float32)[:, None]
    new = (len(edge) + inverse).astype(np.int32)
    n1, n2 = len(one), len(two)
    p, q = new[:n1], new[n1 : 2 * n1]
    r, s = new[2 * n1 : 2 * n1 + n2], new[2 * n1 + n2 :]
    joints, weights = _blend_skin(surface, a, b, t)
    *_, welded = _pairs(np.stack([surface.welded[a], surface.welded[b]], axis=1))
    trimmed = Surface(
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
    return trimmed, np.concatenate([shell, shell[a]])


def _pairs(ends: Int) -> tuple[Int, Int, NDArray[np.intp]]:
    """The lesser and the greater end of every pair that is among ``ends`` (N, 2), and which of them each row is."""
    low, high = ends.min(axis=1), ends.max(axis=1)
    several = int(high.max()) + 1
    pairs, inverse = np.unique(low.astype(np.int64) * several + high, return_inverse=True)
    return pairs // several, pairs % several, inverse


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


def _finish(surface: Surface) -> tuple[Surface, NDArray[np.intp]]:
    """Drops unused wedges and degenerate triangles; recomputes the normals across seams. Also the wedges used."""
    triangles = surface.triangles
    corner = surface.welded[triangles]
    sound = (corner[:, 0] != corner[:, 1]) & (corner[:, 1] != corner[:, 2]) & (corner[:, 2] != corner[:, 0])
    used, compact = np.unique(triangles[sound], return_inverse=True)
    kept = surface.part(used, compact.reshape(-1, 3))
    if not len(used):
        return kept, used
    _, first, wedge = np.unique(kept.welded, return_index=True, return_inverse=True)
    positions = kept.positions[first]
    normal = vertex_normals(positions, wedge[kept.triangles])[wedge]
    return replace(kept, positions=positions[wedge], normals=normal, welded=wedge.astype(np.int32)), used


def _parted(surface: Surface, shell: Bytes) -> dict[str, Surface]:
    """The shells by name; ``shell``: (V,) of each wedge."""
    owner = shell[surface.triangles[:, 0]]
    slot = np.empty(len(shell), dtype=np.int32)
    out = {}
    for number in np.unique(owner):
        own = np.flatnonzero(shell == number)
        slot[own] = np.arange(len(own))
        out[FIELD_SHELLS[number]] = surface.part(own, slot[surface.triangles[owner == number]])
    return out
