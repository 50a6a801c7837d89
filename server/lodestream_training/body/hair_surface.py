"""The hair shell: a disc-topology surface over the scalp that goes on as a curtain down neck, shoulders and back.

hm08's helper-hair is a set of strips with gaps. A height field needs one sheet, so this one is grown on the reference
shape: meridians leave the crown, follow the skull and, below it, hang and are pushed out of the body. Every vertex is
bound to the body vertices around it, so the sheet follows every shape and pose of the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Float = NDArray[np.float64]
Int = NDArray[np.int64]

MERIDIANS = 64
CAP_RINGS = 22
CURTAIN_RINGS = 18
CAP_RADIUS = 0.60  # share of the UV disc's radius that the skull gets
CURTAIN_STEP = 0.026  # metres between rings of the curtain
CLEARANCE = 0.004  # metres above the skin
CURTAIN_CLEARANCE = 0.014
#: How many meridians and which rings are left at levels 1 to 3: more where hairlines run than below.
COARSE: Mapping[int, tuple[int, tuple[int, ...]]] = {
    1: (32, (2, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 24, 26, 29, 32, 35, 39)),
    2: (20, (3, 6, 9, 11, 13, 15, 17, 19, 21, 24, 27, 31, 35, 39)),
    3: (10, (6, 11, 16, 21, 29, 39)),
}


@dataclass(frozen=True)
class HairSurface:
    """H vertices. ``near`` (H, 8) body vertices and ``share`` (H, 8) weights bind them; ``offset`` (H, 3) metres."""

    positions: Float
    uv: Float  # (H, 2) in [0, 1]
    triangles: Int
    near: Int
    share: Float
    offset: Float
    azimuth: Float  # (H,) 0 at the face (+Z), positive to +X
    drop: Float  # (H,) 0 at the crown, 1 at the skull's rim, then metres of curtain + 1


def grow(mean: Float, skin: Int, centre: Float) -> HairSurface:
    """Grows the sheet over the reference shape.

    Args:
        mean: (N, 3) reference vertices. skin: (T, 3) triangles of the body group. centre: (3,) inside the skull.
    """
    mesh = trimesh.Trimesh(mean, skin, process=False)
    used = np.unique(skin)
    normals = np.asarray(mesh.vertex_normals)
    tree = cKDTree(mean[used])
    theta = (np.arange(MERIDIANS) + 0.5) / MERIDIANS * 2 * np.pi - np.pi
    crown = np.array([0.0, 1.0, -0.35])
    crown /= np.linalg.norm(crown)
    forward = np.array([0.0, 0.35, 1.0]) / np.hypot(1.0, 0.35)
    side = np.array([1.0, 0.0, 0.0])
    polar = np.linspace(0.03, 1.0, CAP_RINGS) * np.deg2rad(112.0)
    direction = (
        np.cos(polar)[:, None, None] * crown
        + np.sin(polar)[:, None, None] * (np.cos(theta)[:, None] * forward + np.sin(theta)[:, None] * side)[None]
    )
    origin = np.broadcast_to(centre + np.array([0, 0.035, -0.005]), direction.shape).reshape(-1, 3)
    reach = _reach(mesh, origin, direction.reshape(-1, 3), theta)
    cap = origin.reshape(direction.shape) + direction * (reach + CLEARANCE)[..., None]

    rings = [*cap]
    outward = np.stack([np.sin(theta), np.zeros_like(theta), np.cos(theta)], axis=1)
    for _ in range(CURTAIN_RINGS):
        point = rings[-1] + np.array([0.0, -CURTAIN_STEP, 0.0])
        for _ in range(4):
            _, index = tree.query(point, k=6)
            near = used[index]
            depth = ((point[:, None] - mean[near]) * normals[near]).sum(-1).mean(1)
            push = np.maximum(CURTAIN_CLEARANCE - depth, 0.0)
            away = normals[near].mean(1)
            away = away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)
            point = point + push[:, None] * (0.6 * away + 0.4 * outward)
        smooth = 0.5 * point + 0.25 * (np.roll(point, 1, 0) + np.roll(point, -1, 0))
        rings.append(smooth)
    positions = np.concatenate([[cap[0].mean(0)], np.array(rings).reshape(-1, 3)])
    total = CAP_RINGS + CURTAIN_RINGS
    radius = np.concatenate(
        [
            np.linspace(0.03, 1.0, CAP_RINGS) * CAP_RADIUS,
            CAP_RADIUS + (1 - CAP_RADIUS) * (np.arange(CURTAIN_RINGS) + 1) / CURTAIN_RINGS,
        ]
    )
    drop = np.concatenate([np.linspace(0.03, 1.0, CAP_RINGS), 1 + CURTAIN_STEP * (np.arange(CURTAIN_RINGS) + 1)])
    uv = 0.5 + 0.495 * radius[:, None, None] * np.stack([np.sin(theta), np.cos(theta)], axis=-1)[None]
    uv = np.concatenate([[[0.5, 0.5]], uv.reshape(-1, 2)])
    triangles = _sewn(np.arange(total), np.arange(MERIDIANS))

    distance, index8 = tree.query(positions, k=8)
    share = 1.0 / np.maximum(distance, 0.008) ** 2
    share /= share.sum(1, keepdims=True)
    near = used[index8]
    offset = positions - (mean[near] * share[..., None]).sum(1)
    return HairSurface(
        positions=positions,
        uv=uv,
        triangles=triangles,
        near=near,
        share=share,
        offset=offset,
        azimuth=np.concatenate([[0.0], np.tile(theta, total)]),
        drop=np.concatenate([[0.0], np.repeat(drop, MERIDIANS)]),
    )


def thinned(level: int) -> Int:
    """(T, 3) triangles at level 1, 2 or 3: whole rings and meridians, for free simplification frays hairlines.

    Both sides of the head keep the same meridians.
    """
    count, rings = COARSE[level]
    step = MERIDIANS / count
    half = np.floor((np.arange(count // 2) + 0.5) * step).astype(np.int64)
    return _sewn(np.array(rings), np.concatenate([half, MERIDIANS - 1 - half[::-1]]))


def _sewn(rings: Int, meridians: Int) -> Int:
    """(T, 3) triangles between the crown, the given rings and the given meridians, facing outward."""
    index = 1 + rings[:, None] * MERIDIANS + meridians
    a, b = index[:-1], np.roll(index[:-1], -1, 1)
    c, d = index[1:], np.roll(index[1:], -1, 1)
    fan = np.stack([np.zeros_like(meridians), index[0], np.roll(index[0], -1)], axis=1)
    return np.concatenate([fan, np.stack([a, c, d], -1).reshape(-1, 3), np.stack([a, d, b], -1).reshape(-1, 3)])


def _reach(mesh: trimesh.Trimesh, origin: Float, direction: Float, theta: Float) -> Float:
    """(CAP_RINGS, MERIDIANS) metres from the middle of the skull to the scalp, smooth across ears and brow."""
    hits, ray, _ = mesh.ray.intersects_location(origin, direction, multiple_hits=True)
    farthest = np.zeros(len(origin))
    np.maximum.at(farthest, ray, np.linalg.norm(hits - origin[ray], axis=1))
    reach = farthest.reshape(CAP_RINGS, MERIDIANS)
    ears = np.abs(np.abs(theta) - np.deg2rad(95)) < np.deg2rad(38)  # the sheet passes over the ears, not around them
    reach = np.where(ears[None], np.minimum(reach, 0.118), np.minimum(reach, 0.16))
    for _ in range(3):
        reach = 0.5 * reach + 0.25 * (np.roll(reach, 1, 1) + np.roll(reach, -1, 1))
    return reach
