"""Headwear, glasses, neckwear and bags: meshes of their own, fitted to a person and bound to the skeleton."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Bytes, Float, Int
from lodestream_server.body.normals import vertex_normals
from lodestream_server.body.template import FULL, BodyTemplate, Rig, Shape
from lodestream_server.field.extract import Surface
from lodestream_server.field.planes import ShellPlanes, sample
from lodestream_server.outfit import Outfit

LAYERS = ("headwear", "glasses", "neckwear", "bag")
QUANTUM = 4e-5  # metres a unit of stored positions
NEAR = 8  # body vertices that a vertex follows
STYLES = ("plain", "cloth", "panels", "knit", "straw", "felt", "pleats", "lens", "webbing", "chain", "badge")
# how a part follows the body. skull and face: scaled along the axes; mask: along with the head's skin; torso: along
# with the skin and its joints; collar: with the patch of skin behind it; back: as a box between the shoulder blades
BINDINGS = ("skull", "face", "mask", "torso", "collar", "back")
_NOT_WORN = -0.006  # metres: without a top, what hangs on clothes sinks onto the skin
_SLACK = 1.025  # a skull may outgrow the reference by this before hats are widened: the rest of their clearance
_GROW = (1.0, 1.004, 1.018, 1.045)  # of hats at levels 0 to 3, whose triangles cut corners
_RAISE = (0.0, 0.0015, 0.005, 0.011)  # metres that what lies on cloth or hair stands off farther at levels 0 to 3
_CENTRE = np.array([0.0, 0.93, 0.052], dtype=np.float32)  # of the reference skull
# the lower rim of headwear on the reference body: its height at the forehead (z = 0.15) and at the nape (z = -0.05)
RIMS: Mapping[str, tuple[float, float]] = {
    "cap": (0.966, 0.906),
    "beanie": (0.960, 0.890),
    "fedora": (0.962, 0.924),
    "sunhat": (0.959, 0.922),
    "helmet": (0.956, 0.878),
    "hardhat": (0.967, 0.930),
    "peaked": (0.962, 0.920),
    "chef": (0.962, 0.924),
}
# the headscarf's opening: centre (y), half width and half height of an ellipse seen from the front, where it ends (z)
FACE = (0.872, 0.0630, 0.0840, 0.062)


def under(headwear: str, position: NDArray[np.floating[Any]]) -> Float:
    """How far points lie inside what headwear covers.

    Args:
        headwear: a value of the latent's group of that name. position: (..., 3) metres on the reference body.
    Returns:
        (...) signed metres: positive under the hat, negative where hair is free; -1 everywhere for ``none``.
    """
    x, y, z = position[..., 0], position[..., 1], position[..., 2]
    if headwear in RIMS:
        front, back = RIMS[headwear]
        slope = (front - back) / 0.2
        return np.asarray((y - back - slope * (z + 0.05)) / np.hypot(1.0, slope), dtype=np.float32)
    if headwear == "headscarf":
        centre, half_width, half_height, depth = FACE
        ring = (np.hypot(x / half_width, (y - centre) / half_height) - 1.0) * half_width
        return np.asarray(np.maximum(ring, depth - z), dtype=np.float32)
    return np.full(np.shape(x), -1.0, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Level:
    """The triangles of one level over the W' wedges that it uses."""

    used: Int  # (W',) wedges of the piece
    triangles: Int  # (T, 3) into ``used``
    smooth: Int  # (W',) equal where a normal is shared
    first: Int  # one wedge of ``used`` for each value of ``smooth``
    welded: Int  # (W',) equal for wedges of one point


@dataclass(frozen=True, slots=True)
class Piece:
    """One accessory on the reference body: W wedges of P parts, each a rectangle of the chart."""

    positions: Float  # (W, 3)
    uv: Float  # (W, 2)
    binding: Bytes  # (W,) into BINDINGS
    near: Int  # (W, NEAR) template vertices
    share: Float  # (W, NEAR) rows sum to 1, or to 0 where skull and face are followed
    outward: Float  # (W, 3) where cloth below pushes it
    levels: tuple[Level, Level, Level, Level]  # 0 to 3
    rectangles: Float  # (P, 4) u0, v0, u1, v1
    sizes: Float  # (P, 2) metres
    region: Bytes  # (P,) 0 main, 1 second, 2 metal or dark
    style: Bytes  # (P,) into STYLES
    shade: Bytes  # (S, S) open sky over the chart


@dataclass(frozen=True, slots=True)
class Accessories:
    """All accessories by name. Read-only."""

    pieces: Mapping[str, Piece]

    @staticmethod
    def load(path: Path) -> Accessories:
        """Reads ``accessories.npz`` as `lodestream_training.body.accessories.bake` writes it."""
        with np.load(path, allow_pickle=False) as data:
            z = {k: data[k] for k in data.files}
        return Accessories({str(name): _piece(z, str(name)) for name in z["names"]})

    def worn(self, outfit: Outfit) -> dict[str, str]:
        """The accessory of each layer that ``outfit`` has, in the order of LAYERS; ties are painted on tops."""
        return {layer: outfit.values[layer] for layer in LAYERS if outfit.values.get(layer) in self.pieces}

    def surfaces(
        self, template: BodyTemplate, rig: Rig, shape: Shape, outfit: Outfit, level: int, top: ShellPlanes | None = None
    ) -> dict[str, Surface]:
        """What is worn, fitted to a person, in the template's rest pose.

        Args:
            template, rig, shape: the body. outfit: names what is worn. level: 3 (coarsest) to 0.
            top: the planes of the top; what hangs on clothes lies outside them. None: bare skin.
        Returns:
            Surfaces by layer; ``vertex`` is -1 everywhere.
        """
        worn = self.worn(outfit)
        if not worn:
            return {}
        lift = _lift(template, top)
        return {layer: fit(self.pieces[kind], template, rig, shape, level, lift) for layer, kind in worn.items()}


def _piece(z: Mapping[str, NDArray[Any]], name: str) -> Piece:
    part = z[f"{name}/part"]
    share = z[f"{name}/share"].astype(np.float32)
    places = z[f"{name}/positions"].astype(np.int64) + 32768
    point = places @ np.array([1 << 32, 1 << 16, 1])
    smooth = point + (part.astype(np.int64) << 48)
    levels = [_level(_unpacked(z[f"{name}/triangles/{i}"]), smooth, point) for i in range(4)]
    return Piece(
        positions=z[f"{name}/positions"].astype(np.float32) * np.float32(QUANTUM),
        uv=(z[f"{name}/uv"] / 65535).astype(np.float32),
        binding=z[f"{name}/binding"][part],
        near=z[f"{name}/near"].astype(np.int32),
        share=share / np.maximum(share.sum(1, keepdims=True), 1.0),
        outward=(z[f"{name}/outward"] / 127).astype(np.float32),
        levels=(levels[0], levels[1], levels[2], levels[3]),
        rectangles=z[f"{name}/rectangles"],
        sizes=z[f"{name}/sizes"],
        region=z[f"{name}/region"],
        style=z[f"{name}/style"],
        shade=z[f"{name}/shade"],
    )


def _unpacked(packed: NDArray[Any]) -> Int:
    """(T, 3) triangles of (3, T) steps of the first corner and distances of the others from it."""
    first, second, third = packed.astype(np.int32)
    a = np.cumsum(first, dtype=np.int32)
    return np.stack([a, a + second, a + third], axis=1)


def _level(triangles: Int, smooth: NDArray[np.int64], point: NDArray[np.int64]) -> Level:
    used, compact = np.unique(triangles, return_inverse=True)
    _, first, group = np.unique(smooth[used], return_index=True, return_inverse=True)
    _, welded = np.unique(point[used], return_inverse=True)
    return Level(
        used=used,
        triangles=compact.reshape(-1, 3).astype(np.int32),
        smooth=group.astype(np.int32),
        first=first.astype(np.int32),
        welded=welded.astype(np.int32),
    )


def _lift(template: BodyTemplate, top: ShellPlanes | None) -> Float:
    """(N,) metres that cloth lifts what lies over each template vertex."""
    lift = np.full(len(template.mean), _NOT_WORN, dtype=np.float32)
    if top is not None:
        uv = template.cover["top"]
        near = np.flatnonzero(np.isfinite(uv[:, 0]))
        height = np.where(sample(top.edge, uv[near]) > 0, sample(top.level_set, uv[near]), _NOT_WORN)
        lift[near] = np.clip(height, _NOT_WORN, 0.035)
    return lift


def fit(piece: Piece, template: BodyTemplate, rig: Rig, shape: Shape, level: int, lift: Float) -> Surface:
    """One accessory on a person. ``lift``: (N,) metres of cloth over the template's vertices."""
    mesh = piece.levels[level]
    position = piece.positions[mesh.used]
    near, share = piece.near[mesh.used], piece.share[mesh.used]
    moved = np.einsum("vk,vkc->vc", share, (shape.vertices - template.mean)[near])
    cloth = lift[near] + _RAISE[level]
    raised = 0.5 * (np.einsum("vk,vk->v", share, cloth) + cloth.max(axis=1))[:, None] * piece.outward[mesh.used]
    out = position + moved + raised
    names = [BINDINGS[i] for i in piece.binding[mesh.used]]
    joints, weights = blended_skin(rig, near, share)
    head = _joint(rig, "mixamorig:Head", "head")
    for kind, joint in (
        ("skull", head),
        ("face", head),
        ("mask", head),
        ("back", _joint(rig, "mixamorig:Spine2", "spine_03")),
    ):
        mine = np.array([n == kind for n in names])
        if not mine.any():
            continue
        joints[mine], weights[mine] = [joint, 0, 0, 0], [1.0, 0.0, 0.0, 0.0]
        if kind in ("skull", "face"):
            scale, origin, place = (_skull if kind == "skull" else _face)(template, shape)
            scale = scale * (_GROW[level] if kind == "skull" else 1.0)
            out[mine] = (position[mine] - origin) * scale + place
        if kind == "mask":
            out[mine] = (position + moved + _RAISE[level] * piece.outward[mesh.used])[mine]
    normal = vertex_normals(out[mesh.first], mesh.smooth[mesh.triangles])[mesh.smooth]
    return Surface(
        positions=out.astype(np.float32),
        normals=normal,
        uv=piece.uv[mesh.used],
        vertex=np.full(len(out), -1, dtype=np.int32),
        welded=mesh.welded,
        joints=joints,
        weights=weights,
        triangles=mesh.triangles,
    )


def _joint(rig: Rig, *names: str) -> int:
    return next(rig.names.index(n) for n in names if n in rig.names)


def blended_skin(rig: Rig, near: Int, share: Float) -> tuple[Bytes, Float]:
    """Joints (V, 4) and weights (V, 4): the blend of the bound vertices', the four largest kept."""
    dense = np.zeros((len(near), len(rig.names)), dtype=np.float32)
    rows = np.arange(len(near))[:, None, None]
    np.add.at(dense, (rows, rig.skin_joints[near]), rig.skin_weights[near] * share[..., None])
    joint = np.argsort(-dense, axis=1, kind="stable")[:, :4]
    weight = np.take_along_axis(dense, joint, 1)
    weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1e-6)
    joint[weight == 0] = 0
    return joint.astype(np.uint8), weight


def _skull(template: BodyTemplate, shape: Shape) -> tuple[Float, Float, Float]:
    """Scale (3,), origin (3,) and its place (3,): the skull's box, widened where a skull bulges out of it."""
    vertex = template.meshes["head", FULL].vertex
    mean = template.mean[vertex]
    above = vertex[(mean[:, 1] > 0.925) & (np.abs(mean[:, 0]) < 0.0752)]
    scale, origin, place = _boxes(template.mean[above], shape.vertices[above])
    back = (shape.vertices[above] - place) / scale + origin
    bulge = np.linalg.norm(back - _CENTRE, axis=1) / np.linalg.norm(template.mean[above] - _CENTRE, axis=1)
    grow = max(1.0, float(bulge.max()) / _SLACK)
    place = place + (_CENTRE - origin) * scale
    return scale * grow, _CENTRE, place


def _face(template: BodyTemplate, shape: Shape) -> tuple[Float, Float, Float]:
    """Scale (3,), origin (3,) and its place (3,) of glasses: temples, bridge of the nose, eyes and ears."""
    vertex = template.meshes["head", FULL].vertex
    x, y, z = template.mean[vertex].T
    side = vertex[(y > 0.895) & (y < 0.925) & (z > 0.06) & (z < 0.15)]
    bridge = vertex[(np.abs(x) < 0.012) & (np.abs(y - 0.905) < 0.008) & (z > 0.13)]
    ear = vertex[(np.abs(x) > 0.0765) & (y > 0.90)]
    eyes = template.meshes["eyes", FULL].vertex

    def marks(points: Float) -> Float:
        high = points[eyes, 1].mean()
        low = np.array([points[side, 0].min(), high, points[ear, 2].mean()])
        top = np.array([points[side, 0].max(), high, points[bridge, 2].max()])
        return np.stack([low, top])

    was, now = marks(template.mean), marks(shape.vertices)
    scale = (now[1] - now[0]) / np.where(was[1] == was[0], 1.0, was[1] - was[0])
    scale[1] = scale[0]
    return scale.astype(np.float32), was[1], now[1]


def _boxes(was: Float, now: Float) -> tuple[Float, Float, Float]:
    low, high = now.min(0), now.max(0)
    scale = (high - low) / (was.max(0) - was.min(0))
    return scale, (was.min(0) + was.max(0)) / 2, (low + high) / 2
