"""Where every texel of a shell's chart lies on the reference body: the painter's canvas."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from lodestream_server.body.normals import vertex_normals
from lodestream_server.body.template import FULL, BodyTemplate
from lodestream_training.body.raster import rasterise

Float = NDArray[np.float32]


@dataclass(frozen=True)
class Canvas:
    """R × R texels of one shell; outside the charts every quantity is that of the nearest texel inside.

    position: (R, R, 3) metres on the reference shape. normal: (R, R, 3) unit. inside: (R, R).
    occlusion: (R, R) 1 where the sky is open, 0 where the body hides it. nails: (R, R) 1 on finger and toe nails.
    arms: (R, R) skin weight of the arm joints.
    Hair also has azimuth and drop (R, R).
    """

    position: Float
    normal: Float
    inside: NDArray[np.bool_]
    occlusion: Float
    nails: Float
    arms: Float
    azimuth: Float | None = None
    drop: Float | None = None


@lru_cache(maxsize=4)
def canvases(body: Path, sizes: tuple[tuple[str, int], ...]) -> dict[str, Canvas]:
    """Canvases of the named shells at the named sizes."""
    template = BodyTemplate.load(body)
    open_sky = occlusion(template)
    rig = template.rigs["mixamo"]
    is_arm = np.array([n.endswith("Arm") or "Hand" in n for n in rig.names])
    arms = (rig.skin_weights * is_arm[rig.skin_joints]).sum(axis=1)
    out: dict[str, Canvas] = {}
    for shell, size in sizes:
        mesh = template.meshes[shell, FULL]
        index, bary = rasterise(mesh.uv, mesh.triangles, size)
        inside = index >= 0
        nearest = distance_transform_edt(~inside, return_distances=False, return_indices=True)
        index, bary = index[tuple(nearest)], bary[tuple(nearest)]
        corner = mesh.vertex[mesh.triangles[index]]
        welded = mesh.vertex[mesh.triangles]
        normals = vertex_normals(template.mean, welded)

        def spread(values: Float, corner: NDArray[np.int32] = corner, bary: Float = bary) -> Float:
            return np.asarray(np.einsum("ijk,ijkc->ijc", bary, values[corner]), dtype=np.float32)

        normal = spread(normals)
        extra = {}
        if shell == "hair":
            first = len(template.mean) - len(template.hair_drop)
            ring = np.zeros((len(template.mean), 3), dtype=np.float32)
            ring[first:, 0] = np.sin(template.hair_azimuth)
            ring[first:, 1] = np.cos(template.hair_azimuth)
            ring[first:, 2] = template.hair_drop
            spreaded = spread(ring)
            extra = {"azimuth": np.arctan2(spreaded[..., 0], spreaded[..., 1]), "drop": spreaded[..., 2]}
        out[shell] = Canvas(
            position=spread(template.mean),
            normal=normal / np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-6),
            inside=inside,
            occlusion=spread(open_sky[:, None])[..., 0],
            nails=spread(template.nails[:, None])[..., 0],
            arms=spread(arms[:, None])[..., 0],
            **extra,
        )
    return out


def occlusion(template: BodyTemplate, rays: int = 48) -> Float:
    """(N,) share of cosine-distributed rays over the normal that leave the body, from 0 to 1."""
    skin = np.concatenate(
        [template.meshes[s, FULL].vertex[template.meshes[s, FULL].triangles] for s in ("body", "head")]
    )
    mesh = trimesh.Trimesh(template.mean, skin, process=False)
    shells = [template.meshes[s, FULL] for s in ("body", "head", "top", "skirt", "footwear", "hair")]
    out = np.ones(len(template.mean), dtype=np.float32)
    rng = np.random.default_rng(1)
    for shell in shells:
        vertex = np.unique(shell.vertex)
        normal = vertex_normals(template.mean, shell.vertex[shell.triangles])[vertex]
        direction = rng.normal(size=(rays, len(vertex), 3))
        direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
        direction = direction + normal * 1.02
        direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
        origin = template.mean[vertex] + normal * 0.006
        blocked = mesh.ray.intersects_any(np.tile(origin, (rays, 1)), direction.reshape(-1, 3)).reshape(rays, -1)
        out[vertex] = 1.0 - blocked.mean(0)
    return out
