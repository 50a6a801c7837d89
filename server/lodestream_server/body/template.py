"""The body template: one compact file with shape space, shells at every level, skeletons and morph targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lodestream_server.avatar import Bytes, Float, Int, Morph
from lodestream_server.body.phenotype import variations

SKIN_SHELLS = ("body", "head")
CLOTH_SHELLS = ("top", "bottom", "skirt", "footwear")
FIELD_SHELLS = (*SKIN_SHELLS, *CLOTH_SHELLS, "hair")
FIXED_SHELLS = ("eyes", "mouth", "lashes")
FULL = -1
FACE_LIMIT = 2.2  # standard deviations; beyond it faces are grotesque


@dataclass(frozen=True, slots=True)
class Mesh:
    """A shell at one level. W wedges: a template vertex on one UV island."""

    vertex: Int  # (W,) template vertex
    uv: Float  # (W, 2) origin at the top left
    triangles: Int  # (T, 3) wedges


@dataclass(frozen=True, slots=True)
class Rig:
    """A skeleton over the template: J joints, parents first, at most 4 influences a vertex."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    joints: Float  # (J, 3) of the reference shape
    basis: Float  # (K, J, 3)
    skin_joints: Bytes  # (N, 4)
    skin_weights: Float  # (N, 4) rows sum to 1


@dataclass(frozen=True, slots=True)
class Shape:
    """One person's body in the template's rest pose (arms half raised), metres."""

    coefficients: Float  # (K,)
    vertices: Float  # (N, 3)


@dataclass(frozen=True, slots=True)
class BodyTemplate:
    """N template vertices, K linear shape modes (phenotypes first, then face). Read-only after `load`."""

    mean: Float  # (N, 3)
    basis: Float  # (K, N * 3)
    phenotype_mask: NDArray[np.bool_]  # (M, 26)
    phenotype_projection: Float  # (M, P)
    phenotype_offset: Float  # (P,)
    rigs: Mapping[str, Rig]
    meshes: Mapping[tuple[str, int], Mesh]
    cover: Mapping[str, Float]  # garment → (N, 2) its chart coordinates over a vertex of skin, or of top under bottom
    # and bottom under top; NaN where it cannot reach
    morphs: Mapping[str, Morph]
    eye_angle: Float  # (S, S) over the eye's chart: angle from the eye's axis, radians
    tongue: NDArray[np.bool_]  # (S, S) over the mouth's chart
    nails: Float  # (N,) 1 on nails
    hair_azimuth: Float  # (H,) of the hair shell's vertices, the last H of the template
    hair_drop: Float  # (H,)
    chart_position: Mapping[str, Float]  # field shell → (S, S, 3) metres on the reference shape, beyond its charts too
    chart_arms: Mapping[str, Float]  # top → (S, S) skin weight of the arms

    @staticmethod
    def load(path: Path) -> BodyTemplate:
        """Reads ``body.npz`` as `lodestream_training.body.bake` writes it."""
        with np.load(path, allow_pickle=False) as data:
            z = {k: data[k] for k in data.files}
        scale = z["basis_scale"][:, None]
        basis = z["basis"].reshape(len(z["basis"]), -1).astype(np.float32) * scale
        rigs = {name: _rig(z, name) for name in ("mixamo", "unreal")}
        meshes = {
            (shell, level): _mesh(z, f"{shell}/{'full' if level == FULL else level}")
            for shell in (*FIELD_SHELLS, *FIXED_SHELLS)
            for level in (FULL, 0, 1, 2, 3)
        }
        start = z["morph_start"]
        morphs = {
            str(name): Morph(
                z["morph_vertex"][start[i] : start[i + 1]].astype(np.int32),
                z["morph_delta"][start[i] : start[i + 1]].astype(np.float32),
            )
            for i, name in enumerate(z["morph_names"])
        }
        return BodyTemplate(
            mean=z["mean"],
            basis=basis,
            phenotype_mask=z["phenotype_mask"],
            phenotype_projection=z["phenotype_projection"],
            phenotype_offset=z["phenotype_offset"],
            rigs=rigs,
            meshes=meshes,
            cover={k: z[f"cover/{k}"].astype(np.float32) for k in ("top", "bottom", "footwear")},
            morphs=morphs,
            eye_angle=z["eyes/angle"].astype(np.float32),
            tongue=z["mouth/tongue"] > 0,
            nails=z["nails"].astype(np.float32),
            hair_azimuth=z["azimuth"],
            hair_drop=z["drop"],
            chart_position={s: z[f"chart/{s}/position"] * z["chart_step"] for s in FIELD_SHELLS},
            chart_arms={"top": z["chart/top/arms"].astype(np.float32) / 255.0},
        )

    def shape(self, phenotype: Float, ancestry: Float, face: Float) -> Shape:
        """The body of a person.

        Args:
            phenotype: (6,), ancestry: (3,) as in `phenotype.variations`. face: (F,) standard normal face modes,
                clamped to ± FACE_LIMIT.
        Returns:
            A shape; one matrix product over all vertices.
        """
        weights = np.where(self.phenotype_mask, variations(phenotype, ancestry)[None], 1.0).prod(axis=1)
        macro = weights @ self.phenotype_projection - self.phenotype_offset
        coefficients = np.concatenate([macro, np.clip(face, -FACE_LIMIT, FACE_LIMIT)]).astype(np.float32)
        return Shape(coefficients, self.mean + (coefficients @ self.basis).reshape(-1, 3))

    def joints(self, rig: Rig, shape: Shape) -> Float:
        """(J, 3) joint positions of a shape in the template's rest pose."""
        return rig.joints + np.einsum("k,kjc->jc", shape.coefficients, rig.basis)


def _rig(z: Mapping[str, NDArray[np.generic]], name: str) -> Rig:
    weights = np.asarray(z[f"rig/{name}/skin_weights"], dtype=np.float32)
    return Rig(
        names=tuple(str(n) for n in z[f"rig/{name}/names"]),
        parents=tuple(int(p) for p in np.asarray(z[f"rig/{name}/parents"])),
        joints=np.asarray(z[f"rig/{name}/joints"], dtype=np.float32),
        basis=np.asarray(z[f"rig/{name}/basis"], dtype=np.float32),
        skin_joints=np.asarray(z[f"rig/{name}/skin_joints"], dtype=np.uint8),
        skin_weights=weights / weights.sum(axis=1, keepdims=True),
    )


def _mesh(z: Mapping[str, NDArray[np.generic]], key: str) -> Mesh:
    return Mesh(
        vertex=np.asarray(z[f"{key}/vertex"], dtype=np.int32),
        uv=np.asarray(z[f"{key}/uv"], dtype=np.float32) / 65535.0,
        triangles=np.asarray(z[f"{key}/triangles"], dtype=np.int32),
    )
