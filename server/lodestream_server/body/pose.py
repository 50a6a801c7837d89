"""Rest poses: linear blend skinning that brings the arms of the template into a T."""

from __future__ import annotations

import numpy as np

from lodestream_server.avatar import Bytes, Float
from lodestream_server.body.template import Rig

# chains whose joints are laid on the X axis: (joint, the joint its bone points at)
_ARMS = {
    "mixamorig:{side}Arm": "mixamorig:{side}ForeArm",
    "mixamorig:{side}ForeArm": "mixamorig:{side}Hand",
    "mixamorig:{side}Hand": "mixamorig:{side}HandMiddle1",
}


def rotation_between(a: Float, b: Float) -> Float:
    """(3, 3) smallest rotation of unit vector ``a`` onto unit vector ``b`` (Rodrigues)."""
    v = np.cross(a, b)
    k = np.array([[0.0, -v[2], v[1]], [v[2], 0.0, -v[0]], [-v[1], v[0], 0.0]])
    return np.asarray(np.eye(3) + k + k @ k / (1.0 + float(a @ b)), dtype=np.float32)


def t_pose(rig: Rig, joints: Float) -> tuple[Float, Float]:
    """Rotations that turn the template's rest pose into a T.

    Args:
        rig: a rig with Mixamo's joint names. joints: (J, 3) rest positions.
    Returns:
        (J, 3, 3) global rotation of every joint, (J, 3) its position in the T pose.
    """
    index = {n: i for i, n in enumerate(rig.names)}
    axis: dict[int, tuple[int, Float]] = {}
    for side, sign in (("Left", 1.0), ("Right", -1.0)):
        for joint, tip in _ARMS.items():
            target = np.array([sign, 0.0, 0.0], dtype=np.float32)
            axis[index[joint.format(side=side)]] = (index[tip.format(side=side)], target)
    rotation = np.tile(np.eye(3, dtype=np.float32), (len(joints), 1, 1))
    position = joints.copy()
    for j, parent in enumerate(rig.parents):
        if parent >= 0:
            rotation[j] = rotation[parent]
            position[j] = position[parent] + rotation[parent] @ (joints[j] - joints[parent])
        if j in axis:
            end, target = axis[j]
            bone = joints[end] - joints[j]
            rotation[j] = rotation_between(bone / np.linalg.norm(bone), target)
    return rotation, position


def skin(
    points: Float, vectors: Float, joint: Bytes, weight: Float, rotation: Float, rest: Float, posed: Float
) -> tuple[Float, Float]:
    """Linear blend skinning: x' = Σ_j w_j (R_j (x - p_j) + p'_j).

    Args:
        points: (V, 3). vectors: (V, 3) unit, turned along. joint, weight: (V, 4).
        rotation: (J, 3, 3). rest, posed: (J, 3) joint positions before and after.
    Returns:
        points (V, 3) and unit vectors (V, 3).
    """
    blend = np.einsum("vk,vkab->vab", weight, rotation[joint])
    shift = posed - np.einsum("jab,jb->ja", rotation, rest)
    moved = np.einsum("vab,vb->va", blend, points) + np.einsum("vk,vka->va", weight, shift[joint])
    turned = np.einsum("vab,vb->va", blend, vectors)
    turned /= np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-9)
    return moved.astype(np.float32), turned.astype(np.float32)
