"""Writes ``accessories.npz``: every accessory at four levels, its chart, its shade and how it follows the body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from lodestream_server.body.accessories import BINDINGS, NEAR, QUANTUM, STYLES
from lodestream_server.body.template import FULL, BodyTemplate
from lodestream_training.body import lods
from lodestream_training.body.accessories import mesh
from lodestream_training.body.accessories.bag import BAGS
from lodestream_training.body.accessories.eyewear import EYEWEAR
from lodestream_training.body.accessories.headwear import HEADWEAR
from lodestream_training.body.accessories.mesh import Chart, Part
from lodestream_training.body.accessories.neckwear import NECKWEAR
from lodestream_training.body.accessories.reference import Reference
from lodestream_training.body.accessories.thin import thin
from lodestream_training.body.raster import rasterise

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Arrays = dict[str, NDArray]  # type: ignore[type-arg]

KINDS: Mapping[str, Callable[[Reference], list[Part]]] = {**HEADWEAR, **EYEWEAR, **NECKWEAR, **BAGS}
_HAT = (84, 220, 500, 1100)
# triangles at level 3, 2, 1, 0
TARGETS: Mapping[str, tuple[int, int, int, int]] = {
    **dict.fromkeys(HEADWEAR, _HAT),
    "sunhat": (100, 220, 500, 1100),
    **dict.fromkeys(EYEWEAR, (60, 140, 300, 700)),
    "headscarf": (110, 220, 500, 1100),
    "scarf": (60, 200, 500, 1000),
    "necklace": (24, 80, 200, 420),
    "bowtie": (20, 60, 120, 300),
    "backpack": (72, 260, 600, 1300),
}
SHADE_SIZE = 64
RAYS = 64
REACH = 0.09  # metres within which surfaces darken each other
BACK_ANCHORS = np.array([[0.10, 0.61, -0.07], [-0.10, 0.61, -0.07], [0.10, 0.38, -0.04], [-0.10, 0.38, -0.04]])


def bake(path: Path, body: Path) -> None:
    """Models all accessories on the body asset ``body`` and writes them to ``path``."""
    template = BodyTemplate.load(body)
    reference = Reference.of(template)
    follow = _Follow(template, reference)
    out: Arrays = {"names": np.array(list(KINDS))}
    for name, build in KINDS.items():
        parts = build(reference)
        chart = mesh.chart(parts)
        levels = [_level(parts, chart, level, TARGETS[name][3 - level]) for level in range(4)]
        chart, levels = _trimmed(chart, levels)
        near, share, outward = follow.bind(parts, chart)
        arrays: Arrays = {
            "positions": np.round(chart.positions / QUANTUM).astype(np.int16),
            "uv": np.round(chart.uv * 65535).astype(np.uint16),
            "part": chart.part.astype(np.uint8),
            "near": near.astype(np.uint16),
            "share": np.round(share * 255).astype(np.uint8),
            "outward": np.round(outward * 127).astype(np.int8),
            "rectangles": chart.rectangles.astype(np.float32),
            "sizes": chart.sizes.astype(np.float32),
            "region": np.array([p.region for p in parts], np.uint8),
            "style": np.array([STYLES.index(p.style) for p in parts], np.uint8),
            "binding": np.array([BINDINGS.index(p.binding) for p in parts], np.uint8),
            "shade": _shade(reference, chart),
        }
        arrays |= {f"triangles/{level}": _packed(triangles) for level, triangles in enumerate(levels)}
        out |= {f"{name}/{key}": value for key, value in arrays.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **out)  # type: ignore[arg-type]


def _level(parts: list[Part], chart: Chart, level: int, target: int) -> Int:
    """The triangles of a level: coarse ones are thinned as grids, which free simplification would tear."""
    shown = [i for i, part in enumerate(parts) if part.finest <= level <= part.coarsest]
    if level > 1:
        return thin(parts, chart, shown, target)
    triangles = chart.triangles[np.isin(chart.part, shown)[chart.triangles[:, 0]]]
    return lods.simplify(chart.positions, chart.uv, np.zeros((len(chart.uv), 1)), triangles, target)


def _trimmed(chart: Chart, levels: list[Int]) -> tuple[Chart, list[Int]]:
    """Drops the wedges that no level uses; positions as they are stored."""
    used = np.unique(np.concatenate([t.ravel() for t in levels]))
    index = np.zeros(len(chart.positions), dtype=np.int64)
    index[used] = np.arange(len(used))
    fine = replace(
        chart,
        positions=np.round(chart.positions[used] / QUANTUM) * QUANTUM,
        uv=chart.uv[used],
        part=chart.part[used],
        smooth=np.unique(chart.smooth[used], return_inverse=True)[1],
        point=np.unique(chart.point[used], return_inverse=True)[1],
        triangles=index[levels[0]],
    )
    return fine, [index[t] for t in levels]


def _packed(triangles: Int) -> NDArray[np.int16]:
    """(3, T) small numbers: sorted triangles as steps of the first corner and distances of the others from it."""
    first = np.argmin(triangles, axis=1)[:, None]
    turned = np.take_along_axis(triangles, (first + np.arange(3)) % 3, 1)
    turned = turned[np.lexsort(turned.T[::-1])]
    a = turned[:, 0]
    return np.stack([np.diff(a, prepend=0), turned[:, 1] - a, turned[:, 2] - a]).astype(np.int16)


class _Follow:
    """Binds parts to the vertices of the body next to them."""

    def __init__(self, template: BodyTemplate, reference: Reference) -> None:
        self._reference = reference
        mean = template.mean.astype(np.float64)
        rig = template.rigs["mixamo"]
        limb = np.array([("Arm" in n or "Hand" in n) for n in rig.names])
        on_arm = (limb[rig.skin_joints] * rig.skin_weights).sum(1)
        head, body = (np.unique(template.meshes[s, FULL].vertex) for s in ("head", "body"))
        trunk = body[(on_arm[body] < 0.35) & (mean[body, 1] > 0.2)]
        skin = np.unique(np.concatenate([head, trunk]))
        self._mean = mean
        self._sets = {"mask": np.unique(np.concatenate([head, trunk])), "torso": skin, "collar": trunk, "back": trunk}
        self._trees = {k: cKDTree(mean[v]) for k, v in self._sets.items()}

    def bind(self, parts: list[Part], chart: Chart) -> tuple[Int, Float, Float]:
        """Body vertices (W, NEAR), their shares (W, NEAR) and outward unit vectors (W, 3) of every wedge."""
        near = np.zeros((len(chart.positions), NEAR), dtype=np.int64)
        share = np.zeros((len(chart.positions), NEAR))
        outward = np.zeros((len(chart.positions), 3))
        for number, part in enumerate(parts):
            if part.binding in ("skull", "face"):
                continue
            mine = np.flatnonzero(chart.part == number)
            places = chart.positions[mine]
            if part.binding == "collar":
                places = np.broadcast_to(places.mean(0), places.shape)
            if part.binding == "back":
                near[mine], share[mine] = self._back(places)
                outward[mine] = [0.0, 0.0, -1.0]
                continue
            distance, index = self._trees[part.binding].query(places, k=NEAR)
            near[mine] = self._sets[part.binding][index]
            weight = 1.0 / (distance + 0.012) ** 2
            share[mine] = weight / weight.sum(1, keepdims=True)
            outward[mine] = self._reference.outward(places)
        return near, share, outward

    def _back(self, places: Float) -> tuple[Int, Float]:
        """Two vertices at each corner of a square on the back, shared bilinearly: the bag stays a box."""
        _, index = self._trees["back"].query(BACK_ANCHORS, k=2)
        anchors = self._sets["back"][index].ravel()
        across = np.clip(0.5 + places[:, 0] / 0.20, -0.2, 1.2)
        rise = np.clip((places[:, 1] - 0.38) / 0.23, -0.2, 1.2)
        corner = [across * rise, (1 - across) * rise, across * (1 - rise), (1 - across) * (1 - rise)]
        share = np.clip(np.stack(corner, axis=1), 0.0, 1.0).repeat(2, axis=1)
        near = np.broadcast_to(anchors, (len(places), NEAR))
        return near, share / share.sum(1, keepdims=True)


def _shade(reference: Reference, chart: Chart) -> NDArray[np.uint8]:
    """(S, S) share of open sky over the chart, 255 where nothing is near; gutters repeat the nearest part."""
    smooth = np.unique(chart.smooth, return_index=True)[1]
    corners = chart.smooth[chart.triangles]
    own = trimesh.Trimesh(chart.positions[smooth], corners, process=False)
    normals = np.asarray(own.vertex_normals)
    skin = reference.skin
    scene = trimesh.Trimesh(
        np.concatenate([own.vertices, skin.vertices]),
        np.concatenate([own.faces, skin.faces + len(own.vertices)]),
        process=False,
    )
    index = np.arange(RAYS) + 0.5
    height = np.sqrt(1 - index / RAYS)
    turn = index * np.pi * (3 - np.sqrt(5))
    flat = np.sqrt(index / RAYS)
    local = np.stack([flat * np.cos(turn), flat * np.sin(turn), height], axis=1)  # cosine-weighted
    side = mesh.unit(np.cross(normals, np.where(np.abs(normals[:, :1]) < 0.9, [[1.0, 0, 0]], [[0, 1.0, 0]])))
    other = np.cross(normals, side)
    rays = np.einsum("rk,kvc->vrc", local, np.stack([side, other, normals]))
    origin = own.vertices + normals * 0.0012
    start = np.repeat(origin, RAYS, axis=0)
    hits, ray, _ = scene.ray.intersects_location(start, rays.reshape(-1, 3), multiple_hits=False)
    shut = np.zeros(len(start))
    shut[ray] = np.clip(1 - np.linalg.norm(hits - start[ray], axis=1) / REACH, 0, 1) ** 0.7
    sky = 1 - shut.reshape(-1, RAYS).mean(1)
    texel, bary = rasterise(chart.uv.astype(np.float32), chart.triangles.astype(np.int32), SHADE_SIZE)
    value = (sky[corners][texel] * bary).sum(-1)
    nearest = distance_transform_edt(texel < 0, return_distances=False, return_indices=True)
    return np.asarray(np.round(value[tuple(nearest)] * 255).astype(np.uint8))
