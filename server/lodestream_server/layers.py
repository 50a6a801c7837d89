"""From planes to layers: extraction, rest pose and textures of one level, ready for glTF."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lodestream_server.avatar import Bytes, Float, Layer, Material, Morph, Skeleton
from lodestream_server.body import pose
from lodestream_server.body.template import FIELD_SHELLS, FIXED_SHELLS, BodyTemplate, Rig, Shape
from lodestream_server.field import extract
from lodestream_server.field.extract import Surface
from lodestream_server.field.planes import Planes
from lodestream_server.texture import fixed, relief
from lodestream_server.texture.albedo import albedo

TEXTURE_SIZE: Mapping[int, int] = {3: 128, 2: 256, 1: 512, 0: 1024}
_PLAIN = ("body", "skirt", "footwear")  # shells whose charts need half the texture of the others at levels 1 and 0
_RIGS = {"mixamo": "mixamo", "vrm": "mixamo", "unreal": "unreal"}
ARKIT, VISEMES = "ARKit", "Oculus Visemes"


def morph_names(template: BodyTemplate, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Expands the groups ``ARKit`` and ``Oculus Visemes``; keeps the asset's order.

    Raises:
        KeyError: a name that the template does not have.
    """
    names = set()
    for name in wanted:
        if name == ARKIT:
            names |= {n for n in template.morphs if not n.startswith("viseme_")}
        elif name == VISEMES:
            names |= {n for n in template.morphs if n.startswith("viseme_")}
        else:
            names.add(name if name in template.morphs else _unknown(name))
    return tuple(n for n in template.morphs if n in names)


def _unknown(name: str) -> str:
    raise KeyError(name)


def build(
    template: BodyTemplate,
    shape: Shape,
    planes: Planes,
    eye_colour: Float,
    level: int,
    rig: str,
    morphs: tuple[str, ...],
) -> tuple[Skeleton, tuple[Layer, ...]]:
    """All layers of one level in the rig's rest pose, feet at y = 0.

    Args:
        template, shape: the body. planes: the field at this level. eye_colour: (3,) sRGB.
        level: 3 (coarsest) to 0. rig: mixamo, vrm (T pose) or unreal (A pose). morphs: morph targets to attach.
    Returns:
        The skeleton and the layers that are worn, in a fixed order.
    """
    bones = template.rigs[_RIGS[rig]]
    surfaces = {s: extract.extract(template, bones, shape, planes, s, level) for s in FIELD_SHELLS}
    parts = FIXED_SHELLS if level < 3 else FIXED_SHELLS[:-1]  # lashes are smaller than a texel of the coarsest level
    surfaces |= {s: extract.fixed(template, bones, shape, s, level) for s in parts}
    surfaces = {s: v for s, v in surfaces.items() if len(v.triangles)}
    rest = template.joints(bones, shape)
    rotation = np.tile(np.eye(3, dtype=np.float32), (len(rest), 1, 1))
    posed = rest
    if rig != "unreal":
        rotation, posed = pose.t_pose(bones, rest)
    placed = {
        s: pose.skin(v.positions, v.normals, v.joints, v.weights, rotation, rest, posed) for s, v in surfaces.items()
    }
    floor = np.array([0.0, min(float(p[:, 1].min()) for p, _ in placed.values()), 0.0], dtype=np.float32)
    head = rotation[bones.names.index("mixamorig:Head" if rig != "unreal" else "head")]
    layers = tuple(
        Layer(
            name=s,
            positions=placed[s][0] - floor,
            normals=placed[s][1],
            uv=v.uv,
            joints=v.joints,
            weights=v.weights,
            triangles=v.triangles,
            material=_material(template, planes, eye_colour, s, level),
            morphs=_morphs(template, v, head, morphs) if s in ("head", "mouth", "eyes", "lashes") else {},
        )
        for s, v in surfaces.items()
    )
    return _skeleton(bones, posed - floor), layers


def _skeleton(bones: Rig, positions: Float) -> Skeleton:
    positions = positions.copy()
    if bones.names[0] == "Root":
        positions[0] = 0.0
    return Skeleton(bones.names, bones.parents, positions.astype(np.float32))


def _morphs(template: BodyTemplate, surface: Surface, turn: Float, names: tuple[str, ...]) -> dict[str, Morph]:
    """Sparse targets of the wedges that stand on moved template vertices; turned with the head joint."""
    out: dict[str, Morph] = {}
    slot = np.full(len(template.mean), -1, dtype=np.int32)
    for name in names:
        morph = template.morphs[name]
        slot[:] = -1
        slot[morph.indices] = np.arange(len(morph.indices))
        hit = np.flatnonzero((surface.vertex >= 0) & (slot[surface.vertex] >= 0)).astype(np.int32)
        out[name] = Morph(hit, (morph.deltas[slot[surface.vertex[hit]]] @ turn.T).astype(np.float32))
    return out


def _material(template: BodyTemplate, planes: Planes, eye_colour: Float, shell: str, level: int) -> Material:
    size = TEXTURE_SIZE[level]
    if shell == "eyes":
        return Material(fixed.eyes(template, eye_colour), roughness=0.12)
    if shell == "mouth":
        return Material(fixed.mouth(template), roughness=0.35)
    if shell == "lashes":
        return Material(fixed.lashes(planes["hair"].palette[0]), roughness=0.9, double_sided=True)
    if shell in _PLAIN and level < 2:
        size //= 2
    normal: Bytes | None = None
    orm: Bytes | None = None
    if level == 0:
        normal = relief.normal_map(planes[shell], shell, size // 2)
        orm = relief.orm_map(planes[shell], shell, size // 4)
    return Material(
        albedo(planes[shell], size),
        roughness=relief.ROUGHNESS[shell],
        normal=normal,
        orm=orm,
        double_sided=shell in ("skirt", "hair", "top", "bottom", "footwear"),
    )
