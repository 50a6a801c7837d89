"""What accessories are modelled on: skull, head with neck, and torso of the reference body, as distance functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, cKDTree

from lodestream_server.body.accessories import RIMS
from lodestream_server.body.template import FULL, BodyTemplate
from lodestream_training.body.accessories.mesh import unit

Float = NDArray[np.float64]
EARS = 0.0752  # metres from the middle: what lies farther out on the head are ears
AXIS_Z = 0.052  # the skull's axis


@dataclass(frozen=True)
class Reference:
    """The reference body without the parts that accessories need not clear."""

    head: Float  # (N, 3) vertices of the head
    skin: trimesh.Trimesh  # head and body

    @staticmethod
    def of(template: BodyTemplate) -> Reference:
        """Reads the reference body."""
        mean = template.mean.astype(np.float64)
        faces = [template.meshes[s, FULL].vertex[template.meshes[s, FULL].triangles] for s in ("head", "body")]
        mesh = trimesh.Trimesh(mean, np.concatenate(faces), process=False)
        return Reference(mean[np.unique(template.meshes["head", FULL].vertex)], mesh)

    def rim(self, headwear: str) -> tuple[Float, Float, Float]:
        """Centre, upward normal and forward axis of the plane of a hat's lower rim."""
        front, back = RIMS[headwear]
        slope = (front - back) / 0.2
        centre = np.array([0.0, back + slope * (AXIS_Z + 0.05), AXIS_Z])
        normal = np.array([0.0, 1.0, -slope]) / np.hypot(1, slope)
        return centre, normal, np.array([0.0, slope, 1.0]) / np.hypot(1, slope)

    def skull(self, centre: Float, normal: Float, *, ears: bool = False) -> ConvexHull:
        """The convex hull of the head above a plane (1 cm tolerance)."""
        points = self.head[(self.head - centre) @ normal > -0.012]
        return ConvexHull(points if ears else points[np.abs(points[:, 0]) < EARS])

    def surface(self, origin: Float, direction: Float, reach: float = 0.5) -> Float:
        """Distance (M,) along rays (M, 3) from inside to the outermost skin; NaN where there is none."""
        count = len(direction)
        outside = origin + direction * reach
        hits, ray, _ = self.skin.ray.intersects_location(outside, -direction, multiple_hits=False)
        out = np.full(count, np.nan)
        out[ray] = np.einsum("nc,nc->n", hits - np.broadcast_to(origin, (count, 3))[ray], direction[ray])
        return out

    def depth(self, points: Float) -> tuple[Float, Float]:
        """Metres (M,) that points (M, 3) lie outside the skin, and the skin's unit normals (M, 3) there."""
        used = np.unique(self.skin.faces)
        vertex, normals = self.skin.vertices[used], np.asarray(self.skin.vertex_normals)[used]
        _, near = cKDTree(vertex).query(points, k=6)
        depth = ((points[:, None] - vertex[near]) * normals[near]).sum(-1).mean(1)
        return depth, unit(normals[near].mean(1))

    def outward(self, points: Float) -> Float:
        """(M, 3) the skin's unit normals next to points (M, 3)."""
        return self.depth(points)[1]

    def clear(self, points: Float, gap: float, rounds: int = 3) -> Float:
        """Pushes points (..., 3) out of the skin until ``gap`` metres are left, along the skin's normals."""
        flat = points.reshape(-1, 3)
        for _ in range(rounds):
            depth, away = self.depth(flat)
            flat = flat + away * np.maximum(gap - depth, 0.0)[:, None]
        return np.asarray(flat.reshape(points.shape))

    def snug(self, points: Float, gap: float, rounds: int = 4) -> Float:
        """Moves points (M, 3) until they lie ``gap`` metres outside the skin."""
        for _ in range(rounds):
            depth, away = self.depth(points)
            points = points + away * (gap - depth)[:, None]
        return points


def reach(hull: ConvexHull, centre: Float, direction: Float) -> Float:
    """Distance (...) from ``centre`` to a convex hull along unit vectors (..., 3)."""
    normals, offsets = hull.equations[:, :3], hull.equations[:, 3]
    along = direction @ normals.T
    gap = -(normals @ centre + offsets)
    return np.asarray(np.where(along > 1e-9, gap / np.maximum(along, 1e-9), np.inf).min(-1))
