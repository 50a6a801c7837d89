"""From planes to layers: extraction, rest pose and textures of one level, ready for glTF."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from lodestream_server import tracing
from lodestream_server.avatar import Bytes, Float, Layer, Material, Morph, Skeleton
from lodestream_server.body import pose, shafts
from lodestream_server.body.accessories import under
from lodestream_server.body.template import FIELD_SHELLS, FIXED_SHELLS, BodyTemplate, Rig, Shape
from lodestream_server.checkpoint import checkpoint
from lodestream_server.field import extract
from lodestream_server.field.extract import Surface
from lodestream_server.field.planes import Planes
from lodestream_server.field.volume import Solid
from lodestream_server.figure import Figure
from lodestream_server.outfit import Outfit
from lodestream_server.texture import accessories, albedo, fixed, relief
from lodestream_server.texture import shafts as leather

TEXTURE_SIZE: Mapping[int, int] = {3: 128, 2: 256, 1: 512, 0: 1024}
_PLAIN = ("body", "skirt", "footwear")  # shells whose charts need half the texture of the others at levels 1 and 0
_RIGS = {"mixamo": "mixamo", "vrm": "mixamo", "unreal": "unreal"}
_HIDDEN = 0.012  # metres under the rim of headwear from which the coarsest level leaves the head out
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
    figure: Figure,
    shape: Shape,
    planes: Planes,
    outfit: Outfit,
    level: int,
    rig: str,
    morphs: tuple[str, ...],
    finest: int = TEXTURE_SIZE[0],
) -> tuple[Skeleton, tuple[Layer, ...]]:
    """All layers of one level in the rig's rest pose, feet at y = 0.

    Args:
        figure, shape: the body. planes: the field at this level, as worn. outfit: the person's categories and colours.
        level: 3 (coarsest) to 0. rig: mixamo, vrm (T pose) or unreal (A pose). morphs: morph targets to attach.
        finest: edge length of level 0's textures, pixels.
    Returns:
        The skeleton and the layers that are worn, in a fixed order.
    """
    template = figure.template
    bones = template.rigs[_RIGS[rig]]
    found = surfaces(figure, shape, planes, outfit, level, bones, moving=bool(morphs))
    if level == 3:
        found["head"] = _bare(found["head"], template, outfit)
    rest = template.joints(bones, shape)
    rotation = np.tile(np.eye(3, dtype=np.float32), (len(rest), 1, 1))
    posed = rest
    if rig != "unreal":
        rotation, posed = pose.t_pose(bones, rest)
    points, vectors = pose.skin(*_together(found.values()), rotation, rest, posed)
    floor = np.array([0.0, points[:, 1].min(), 0.0], dtype=np.float32)
    ends = np.cumsum([len(v.positions) for v in found.values()])[:-1]
    positions, normals = np.split(points - floor, ends), np.split(vectors, ends)
    head = rotation[bones.names.index("mixamorig:Head" if rig != "unreal" else "head")]
    with tracing.span("texture", level):
        materials = {s: _material(figure, planes, outfit, s, level, finest) for s in found}
    layers = tuple(
        Layer(
            name=s,
            positions=place,
            normals=normal,
            uv=v.uv,
            joints=v.joints,
            weights=v.weights,
            triangles=v.triangles,
            material=materials[s],
            morphs=_morphs(template, v, head, morphs) if s in ("head", "mouth", "eyes", "lashes") else {},
        )
        for (s, v), place, normal in zip(found.items(), positions, normals, strict=True)
    )
    return _skeleton(bones, posed - floor), layers


def _together(surfaces: Collection[Surface]) -> tuple[Float, Float, Bytes, Float]:
    """Positions (V, 3), normals (V, 3), joints (V, 4) and weights (V, 4) of all surfaces, one after the other."""
    return (
        np.concatenate([v.positions for v in surfaces]),
        np.concatenate([v.normals for v in surfaces]),
        np.concatenate([v.joints for v in surfaces]),
        np.concatenate([v.weights for v in surfaces]),
    )


def surfaces(
    figure: Figure, shape: Shape, planes: Planes, outfit: Outfit, level: int, bones: Rig, *, moving: bool = False
) -> dict[str, Surface]:
    """All layers in the template's rest pose, by name; only what is worn. Arguments as for `fixed_surfaces`."""
    found = field_surfaces(figure, shape, planes, outfit, level, bones)
    made = fixed_surfaces(figure, shape, planes, outfit, level, bones, moving=moving)
    if "footwear" in made:
        made["footwear"] = shafts.joined([s["footwear"] for s in (found, made) if "footwear" in s])
    return found | made


def field_surfaces(
    figure: Figure, shape: Shape, planes: Planes, outfit: Outfit, level: int, bones: Rig
) -> dict[str, Surface]:
    """The field's shells in the template's rest pose, by name; only what is worn."""
    free = shafts.free(figure.template, level) if shafts.worn(outfit) else {}
    return extract.extract(figure.ensembles[level], bones, shape, planes, level, free)


def fixed_surfaces(
    figure: Figure, shape: Shape, planes: Planes, outfit: Outfit, level: int, bones: Rig, *, moving: bool = False
) -> dict[str, Surface]:
    """Eyes, mouth, lashes, accessories and, as ``footwear``, the shafts of boots: what the field does not make.

    In the template's rest pose, by name; only what is worn.

    The coarsest level shows no lashes, which are smaller than its texels, nor what only a ``moving`` face shows: the
    mouth behind closed lips and the eyeballs' backs.
    """
    parts = [s for s in FIXED_SHELLS if level < 3 or s == "eyes" or (moving and s == "mouth")]
    found = {s: extract.fixed(figure.template, bones, shape, s, level) for s in parts}
    if level == 3 and not moving:
        found["eyes"] = _front(found["eyes"])
    found |= figure.accessories.surfaces(figure.template, bones, shape, outfit, level, planes["top"])
    if shafts.worn(outfit):
        found["footwear"] = figure.shafts.surface(bones, shape, level)
    return {s: v for s, v in found.items() if len(v.triangles)}


def _front(surface: Surface) -> Surface:
    """The triangles that face +Z."""
    a, b, c = (surface.positions[surface.triangles[:, k]] for k in range(3))
    return _only(surface, np.asarray(np.cross(b - a, c - a)[:, 2] > 0))


def _bare(head: Surface, template: BodyTemplate, outfit: Outfit) -> Surface:
    """The head's triangles that headwear does not hide."""
    if outfit.values["headwear"] == "none":
        return head
    place = np.where(head.vertex[:, None] >= 0, template.mean[head.vertex], np.float32(0.0))
    hidden = under(outfit.values["headwear"], place) > _HIDDEN
    return _only(head, np.asarray(~hidden[head.triangles].all(axis=1)))


def _only(surface: Surface, kept: NDArray[np.bool_]) -> Surface:
    """The triangles ``kept`` (T,) with their wedges."""
    used, compact = np.unique(surface.triangles[kept], return_inverse=True)
    return surface.part(used, compact.reshape(-1, 3))


def solids(
    figure: Figure, planes: Planes, outfit: Outfit, surfaces: Mapping[str, Surface], level: int = 0
) -> list[Solid]:
    """Surfaces with their albedo, for renderers that shade by themselves."""
    return [
        Solid(v.positions, v.normals, v.uv, v.triangles, _material(figure, planes, outfit, s, level).albedo)
        for s, v in surfaces.items()
    ]


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


def _texture_size(shell: str, level: int, finest: int = TEXTURE_SIZE[0]) -> int:
    size = finest if level == 0 else TEXTURE_SIZE[level]
    return size // 2 if shell in _PLAIN and level < 2 else size


def prepare(figure: Figure, shell: str) -> None:
    """Works out ahead what textures of a field shell need at every level but the finest, which takes longest."""
    for level in TEXTURE_SIZE:
        if level > 0:
            figure.cloths.get(shell, _texture_size(shell, level))


def _material(
    figure: Figure, planes: Planes, outfit: Outfit, shell: str, level: int, finest: int = TEXTURE_SIZE[0]
) -> Material:
    checkpoint()
    template = figure.template
    if shell == "eyes":
        return Material(figure.eyes[fixed.EYES[level]].coloured(outfit.colours["eye_colour"]), roughness=0.12)
    if shell == "mouth":
        return Material(fixed.mouth(template), roughness=0.35)
    if shell == "lashes":
        return Material(fixed.lashes(planes["hair"].palette[0]), roughness=0.9, double_sided=True, alpha="MASK")
    if shell not in FIELD_SHELLS:
        kind = figure.accessories.worn(outfit)[shell]
        return accessories.material(figure.accessories.pieces[kind], kind, shell, outfit, level)
    size = _texture_size(shell, level, finest)
    cloth = figure.cloths.get(shell, size)
    normal: Bytes | None = None
    orm: Bytes | None = None
    if level == 0:
        normal = relief.normal_map(planes[shell], outfit, figure.cloths.get(shell, size // 2))
        checkpoint()
        orm = relief.orm_map(planes[shell], outfit, figure.cloths.get(shell, size // 4))
        checkpoint()
    roughness, metallic = relief.surface(shell, outfit)
    picture = albedo.compose(planes[shell], outfit, cloth)
    if shell == "footwear" and shafts.worn(outfit):
        leather.draw(picture, normal, orm, planes[shell].palette[0], roughness)
    return Material(
        picture,
        roughness=roughness,
        metallic=metallic,
        normal=normal,
        orm=orm,
        double_sided=shell in ("skirt", "hair", "top", "bottom", "footwear"),
    )
