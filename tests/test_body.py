"""The body template: shape, rest poses, levels."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import lodestream_bundle
from lodestream_server.body import phenotype, pose
from lodestream_server.body.normals import vertex_normals
from lodestream_server.body.template import FIELD_SHELLS, FIXED_SHELLS, BodyTemplate

ADULT = np.array([0.5, 2 / 3, 0.5, 0.5, 0.5, 0.5], np.float32)
PLAIN = np.zeros(16, np.float32)


@pytest.fixture(scope="module")
def template() -> BodyTemplate:
    return BodyTemplate.load(Path(lodestream_bundle.__file__).parent / "body.npz")


def changed(index: int, value: float) -> np.ndarray:
    out = ADULT.copy()
    out[index] = value
    return out


def height(template: BodyTemplate, phenotypes: np.ndarray) -> float:
    body = template.meshes["body", -1].vertex
    head = template.meshes["head", -1].vertex
    y = template.shape(phenotypes, PLAIN).vertices[np.concatenate([body, head]), 1]
    return float(y.max() - y.min())


def test_variations_of_each_axis_sum_to_one() -> None:
    weights = phenotype.variations(np.array([0.3, 0.5, 0.1, 0.9, 0.2, 0.7], np.float32))
    assert weights.shape == (26,)
    at = 3
    for count in (2, 5, 3, 3, 2, 2, 3, 3):
        assert weights[at : at + count].sum() == pytest.approx(1.0, abs=1e-6)
        at += count


def test_the_reference_shape_is_the_mean(template: BodyTemplate) -> None:
    middle = changed(4, 0.5 + (0.5 - phenotype.HEIGHT_MIDDLE) / phenotype.HEIGHT_SPAN)  # MakeHuman's 0.5
    np.testing.assert_allclose(template.shape(middle, PLAIN).vertices, template.mean, atol=2e-4)


def test_people_have_human_sizes(template: BodyTemplate) -> None:
    adult = height(template, ADULT)
    assert 1.55 < adult < 1.8
    assert height(template, changed(4, 0.9)) > adult + 0.1
    assert height(template, changed(1, 1 / 3)) < adult - 0.2  # a child of ten


def test_weight_widens_the_waist(template: BodyTemplate) -> None:
    waist = np.abs(template.mean[:, 1] - 0.33) < 0.03
    waist[template.meshes["hair", -1].vertex] = False
    torso = waist & (np.abs(template.mean[:, 0]) < 0.25)

    def depth(p: np.ndarray) -> float:
        return float(np.ptp(template.shape(p, PLAIN).vertices[torso, 2]))

    assert depth(changed(3, 1.0)) > depth(changed(3, 0.0)) * 1.12


def test_arms_lie_on_the_x_axis_in_the_t_pose(template: BodyTemplate) -> None:
    rig = template.rigs["mixamo"]
    joints = template.joints(rig, template.shape(changed(3, 0.9), PLAIN))
    rotation, placed = pose.t_pose(rig, joints)
    index = {n: i for i, n in enumerate(rig.names)}
    for side, sign in (("Left", 1), ("Right", -1)):
        chain = [placed[index[f"mixamorig:{side}{n}"]] for n in ("Arm", "ForeArm", "Hand")]
        for a, b in pairwise(chain):
            bone = b - a
            np.testing.assert_allclose(bone / np.linalg.norm(bone), [sign, 0, 0], atol=1e-4)
    np.testing.assert_allclose(np.linalg.det(rotation), 1.0, atol=1e-4)
    legs = index["mixamorig:LeftFoot"]
    np.testing.assert_allclose(placed[legs], joints[legs], atol=1e-6)


def test_skinning_with_the_identity_changes_nothing(template: BodyTemplate) -> None:
    rig = template.rigs["unreal"]
    points = template.mean[:500]
    unit = np.tile(np.array([0, 1, 0], np.float32), (500, 1))
    same = np.tile(np.eye(3, dtype=np.float32), (len(rig.names), 1, 1))
    moved, turned = pose.skin(points, unit, rig.skin_joints[:500], rig.skin_weights[:500], same, rig.joints, rig.joints)
    np.testing.assert_allclose(moved, points, atol=1e-6)
    np.testing.assert_allclose(turned, unit, atol=1e-6)


@pytest.mark.parametrize("rig", ["mixamo", "unreal"])
def test_rigs_hold_to_gltf(template: BodyTemplate, rig: str) -> None:
    bones = template.rigs[rig]
    assert bones.parents[0] == -1
    assert all(p < i for i, p in enumerate(bones.parents))
    np.testing.assert_allclose(bones.skin_weights.sum(1), 1.0, atol=1e-5)
    assert not bones.skin_joints[bones.skin_weights == 0].any()


def test_levels_use_the_same_charts(template: BodyTemplate) -> None:
    for shell in (*FIELD_SHELLS, *FIXED_SHELLS):
        full = template.meshes[shell, -1]
        known = {(int(v), *uv) for v, uv in zip(full.vertex, full.uv.tolist(), strict=True)}
        before = 0
        for level in (3, 2, 1, 0):
            mesh = template.meshes[shell, level]
            assert {(int(v), *uv) for v, uv in zip(mesh.vertex, mesh.uv.tolist(), strict=True)} <= known
            assert len(mesh.triangles) >= before
            before = len(mesh.triangles)


def test_visemes_and_arkit_shapes_are_there(template: BodyTemplate) -> None:
    assert len([n for n in template.morphs if not n.startswith("viseme_")]) == 52
    assert len([n for n in template.morphs if n.startswith("viseme_")]) == 15
    assert np.abs(template.morphs["jawOpen"].deltas).max() > 0.005


def test_normals_of_an_octahedron_point_outward() -> None:
    points = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], np.float32)
    sides = [(0, 2, 4), (2, 1, 4), (1, 3, 4), (3, 0, 4), (2, 0, 5), (1, 2, 5), (3, 1, 5), (0, 3, 5)]
    np.testing.assert_allclose(vertex_normals(points, np.array(sides)), points, atol=1e-6)
