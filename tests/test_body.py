"""The body template: shape, rest poses, levels."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import lodestream_bundle
from lodestream_server.body import phenotype, pose
from lodestream_server.body.normals import vertex_normals
from lodestream_server.body.template import FACE_LIMIT, FIELD_SHELLS, FIXED_SHELLS, BodyTemplate
from lodestream_server.field.planes import sample
from lodestream_server.field.scan import scan

ADULT = np.array([0.5, 2 / 3, 0.5, 0.5, 0.5, 0.5], np.float32)
PLAIN = np.zeros(24, np.float32)
MIXED = np.full(3, 1 / 3, np.float32)


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
    y = template.shape(phenotypes, MIXED, PLAIN).vertices[np.concatenate([body, head]), 1]
    return float(y.max() - y.min())


def test_variations_of_each_axis_sum_to_one() -> None:
    person = np.array([0.3, 0.5, 0.1, 0.9, 0.2, 0.7], np.float32)
    weights = phenotype.variations(person, np.array([1.0, 0.0, 3.0], np.float32))
    assert weights.shape == (26,)
    np.testing.assert_allclose(weights[:3], [0.25, 0.0, 0.75])
    np.testing.assert_allclose(phenotype.variations(person, np.zeros(3, np.float32))[:3], 1 / 3, atol=1e-6)
    at = 3
    for count in (2, 5, 3, 3, 2, 2, 3, 3):
        assert weights[at : at + count].sum() == pytest.approx(1.0, abs=1e-6)
        at += count


def test_the_reference_shape_is_the_mean(template: BodyTemplate) -> None:
    middle = changed(4, 0.5 + (0.5 - phenotype.HEIGHT_MIDDLE) / phenotype.HEIGHT_SPAN)  # MakeHuman's 0.5
    np.testing.assert_allclose(template.shape(middle, MIXED, PLAIN).vertices, template.mean, atol=2e-4)


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
        return float(np.ptp(template.shape(p, MIXED, PLAIN).vertices[torso, 2]))

    assert depth(changed(3, 1.0)) > depth(changed(3, 0.0)) * 1.12


def test_ancestry_shapes_the_face(template: BodyTemplate) -> None:
    """Millimetres between heads of unmixed ancestry, each moved so that the means lie on one another."""
    head = np.unique(template.meshes["head", -1].vertex)
    heads = [template.shape(ADULT, a, PLAIN).vertices[head] for a in np.eye(3, dtype=np.float32)]
    heads = [h - h.mean(0) for h in heads]
    for a, b in ((0, 1), (1, 2), (2, 0)):
        assert 1.0 < 1e3 * np.linalg.norm(heads[a] - heads[b], axis=1).mean() < 8.0


def test_faces_differ_and_stay_within_their_limits(template: BodyTemplate) -> None:
    head = np.unique(template.meshes["head", -1].vertex)
    plain = template.shape(ADULT, MIXED, PLAIN).vertices
    assert len(template.basis) == template.phenotype_projection.shape[1] + len(PLAIN)
    for mode in range(len(PLAIN)):
        face = PLAIN.copy()
        face[mode] = FACE_LIMIT
        moved = np.linalg.norm(template.shape(ADULT, MIXED, face).vertices - plain, axis=1)
        assert 1e-3 < moved[head].max() < 0.025
        face[mode] = 9.0
        np.testing.assert_allclose(np.linalg.norm(template.shape(ADULT, MIXED, face).vertices - plain, axis=1), moved)


def test_teeth_stay_behind_closed_lips(template: BodyTemplate) -> None:
    rng = np.random.default_rng(5)
    head = np.unique(template.meshes["head", -1].vertex)
    middle = head[np.abs(template.mean[head, 0]) < 0.015]
    lips = middle[(np.abs(template.mean[middle, 1] - 0.8312) < 0.003) & (template.mean[middle, 2] > 0.15)]
    teeth = np.unique(template.meshes["mouth", -1].vertex)
    for _ in range(8):
        person = np.array([*rng.uniform(0, 1, 1), *rng.uniform(1 / 3, 1, 1), *rng.uniform(0, 1, 4)], np.float32)
        body = template.shape(person, rng.dirichlet(np.ones(3)).astype(np.float32), rng.normal(size=24)).vertices
        assert body[teeth, 2].max() < body[lips, 2].min()


def test_eyes_stay_in_their_sockets(template: BodyTemplate) -> None:
    """The skin nearest to an eyeball's equator keeps its distance to it when faces vary."""
    rng = np.random.default_rng(6)
    eye = np.unique(template.meshes["eyes", -1].vertex)
    eye = eye[template.mean[eye, 0] > 0]
    centre = template.mean[eye].mean(0)
    skin = np.unique(template.meshes["head", -1].vertex)
    lids = skin[np.linalg.norm(template.mean[skin] - centre, axis=1) < 0.018]
    assert len(lids) > 20
    before = np.linalg.norm(template.mean[lids] - centre, axis=1)
    for _ in range(8):
        body = template.shape(ADULT, MIXED, rng.normal(size=24).astype(np.float32)).vertices
        after = np.linalg.norm(body[lids] - body[eye].mean(0), axis=1)
        assert np.abs(after - before).mean() < 0.0025


def test_arms_lie_on_the_x_axis_in_the_t_pose(template: BodyTemplate) -> None:
    rig = template.rigs["mixamo"]
    joints = template.joints(rig, template.shape(changed(3, 0.9), MIXED, PLAIN))
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


@pytest.mark.parametrize("shell", FIELD_SHELLS)
def test_islands_of_a_chart_stay_two_texels_apart(template: BodyTemplate, shell: str) -> None:
    mesh = template.meshes[shell, -1]
    label = np.arange(len(mesh.uv))
    while True:
        least = label[mesh.triangles].min(axis=1)
        spread = label.copy()
        np.minimum.at(spread, mesh.triangles.ravel(), np.repeat(least, 3))
        if (spread == label).all():
            break
        label = spread
    size = 256
    taken = np.zeros((size, size), bool)
    for island in np.unique(label):
        triangles = mesh.triangles[label[mesh.triangles[:, 0]] == island]
        own = np.zeros(size * size, bool)
        own[scan(mesh.uv * size, np.ones(len(mesh.uv), np.float32), triangles, size, size).pixel] = True
        wide = np.pad(own.reshape(size, size), 1)
        grown = np.any([np.roll(wide, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)], axis=0)[1:-1, 1:-1]
        assert not (grown & taken).any()
        taken |= grown


def test_chart_positions_are_those_of_the_reference(template: BodyTemplate) -> None:
    for shell in ("top", "bottom", "skirt", "body"):
        mesh = template.meshes[shell, -1]
        found = sample(np.moveaxis(template.chart_position[shell], -1, 0), mesh.uv)
        assert np.median(np.linalg.norm(found - template.mean[mesh.vertex], axis=1)) < 0.002
    arms = sample(template.chart_arms["top"], template.meshes["top", -1].uv)
    far = np.abs(template.mean[template.meshes["top", -1].vertex, 0]) > 0.3
    assert arms[far].min() > 0.5
    assert arms[~far & (template.mean[template.meshes["top", -1].vertex, 1] < 0.4)].max() < 0.3


def test_garments_know_each_others_charts(template: BodyTemplate) -> None:
    """A vertex of both top and bottom lies at the same place on the reference in either chart."""
    for own, other in (("top", "bottom"), ("bottom", "top")):
        vertex = template.meshes[own, -1].vertex
        uv = template.cover[other][vertex]
        known = np.isfinite(uv[:, 0])
        assert known.any()
        there = sample(np.moveaxis(template.chart_position[other], -1, 0), uv[known])
        assert np.median(np.linalg.norm(there - template.mean[vertex[known]], axis=1)) < 0.002
    assert template.mean[template.meshes["top", -1].vertex, 1].min() > -0.06
    sleeves = np.abs(template.mean[template.meshes["bottom", -1].vertex, 0]) > 0.3
    assert not sleeves.any()


def test_hands_keep_five_fingers(template: BodyTemplate) -> None:
    rig = template.rigs["mixamo"]
    for level in (0, 1):
        vertex = np.unique(template.meshes["body", level].vertex)
        for finger in ("Thumb", "Index", "Middle", "Ring", "Pinky"):
            tip = [i for i, n in enumerate(rig.names) if n.startswith(f"mixamorig:LeftHand{finger}")][-2:]
            held = (rig.skin_weights[vertex] * np.isin(rig.skin_joints[vertex], tip)).sum(1) > 0.5
            assert held.sum() >= 5


def test_visemes_and_arkit_shapes_are_there(template: BodyTemplate) -> None:
    assert len([n for n in template.morphs if not n.startswith("viseme_")]) == 52
    assert len([n for n in template.morphs if n.startswith("viseme_")]) == 15
    assert np.abs(template.morphs["jawOpen"].deltas).max() > 0.005


def test_normals_of_an_octahedron_point_outward() -> None:
    points = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], np.float32)
    sides = [(0, 2, 4), (2, 1, 4), (1, 3, 4), (3, 0, 4), (2, 0, 5), (1, 2, 5), (3, 1, 5), (0, 3, 5)]
    np.testing.assert_allclose(vertex_normals(points, np.array(sides)), points, atol=1e-6)
