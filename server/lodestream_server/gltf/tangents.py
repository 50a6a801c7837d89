"""Tangents for normal maps, so that every reader lights them alike."""

from __future__ import annotations

import numpy as np

from lodestream_server.avatar import Float, Int


def vertex_tangents(positions: Float, normals: Float, uv: Float, triangles: Int) -> Float:
    """Tangents of a textured mesh: +u on the surface, orthogonal to the normal.

    Args:
        positions: (V, 3).
        normals: (V, 3) unit.
        uv: (V, 2), v pointing down the picture; vertices are split where charts meet.
        triangles: (T, 3).

    Returns:
        (V, 4) float32: unit tangent and the sign w in ``bitangent = w · normal × tangent``, which points up the
        picture, as glTF's normal textures have it (+Y up).
    """
    a, b, c = triangles.T
    edge_b, edge_c = positions[b] - positions[a], positions[c] - positions[a]
    (ub, vb), (uc, vc) = (uv[b] - uv[a]).T, (uv[c] - uv[a]).T
    facing = np.sign(ub * vc - uc * vb)[:, None]
    along_u = (edge_b * vc[:, None] - edge_c * vb[:, None]) * facing
    along_v = (edge_c * ub[:, None] - edge_b * uc[:, None]) * facing
    tangent = _gather(along_u, triangles, len(positions))
    upward = -_gather(along_v, triangles, len(positions))
    tangent -= normals * np.einsum("vc,vc->v", tangent, normals)[:, None]
    lengths = np.linalg.norm(tangent, axis=1, keepdims=True)
    axis = np.eye(3)[np.argmin(np.abs(normals), axis=1)]
    spare = axis - normals * np.einsum("vc,vc->v", axis, normals)[:, None]
    spare /= np.linalg.norm(spare, axis=1, keepdims=True)
    tangent = np.where(lengths > 1e-12, tangent / np.maximum(lengths, 1e-12), spare)
    sign = np.where(np.einsum("vc,vc->v", np.cross(normals, tangent), upward) < 0, -1.0, 1.0)
    return np.concatenate([tangent, sign[:, None]], axis=1).astype(np.float32)


def _gather(faces: Float, triangles: Int, count: int) -> Float:
    """Sums (T, 3) over the triangles around each vertex -> (V, 3)."""
    index = triangles.T.ravel()
    return np.stack([np.bincount(index, np.tile(faces[:, k], 3), minlength=count) for k in range(3)], axis=1)
