"""Level meshes: halves that mirror each other, faces that keep their corners."""

import numpy as np
import pytest

from lodestream_server import bundle
from lodestream_server.body.template import FULL, BodyTemplate

pytest.importorskip("meshoptimizer")

from lodestream_training.body import bake, hair_surface, landmarks, lods
from lodestream_training.body.charts import Wedges


@pytest.fixture(scope="module")
def template():
    return BodyTemplate.load(bundle.embedded() / "body.npz")


def sheet(columns=13, rows=9):
    """A bent sheet across x = 0 with a seam along it: positions, texture coordinates, triangles."""
    x, y = np.meshgrid(np.linspace(-1, 1, columns), np.linspace(0, 1, rows))
    positions = np.stack([x, y, np.cos(2 * x) + 0.1 * np.sin(9 * y)], axis=-1)
    corner = np.arange(columns * rows).reshape(rows, columns)
    a, b, c, d = corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]
    half = columns // 2
    left = [(q[:, :half].ravel() for q in quad) for quad in ((a, b, c), (a, c, d))]
    right = [(q[:, half:].ravel() for q in quad) for quad in ((a, b, d), (b, c, d))]
    triangles = np.concatenate([np.stack([*corners], axis=-1) for corners in left + right])
    middle = corner[:, half]
    twin = np.arange(len(middle)) + positions.size // 3
    beyond = positions.reshape(-1, 3)[triangles, 0].mean(1) > 0
    for old, new in zip(middle, twin, strict=True):
        triangles[beyond] = np.where(triangles[beyond] == old, new, triangles[beyond])
    points = np.concatenate([positions.reshape(-1, 3), positions[:, half]])
    uv = np.abs(points[:, :2]) * 0.5
    return points, uv, triangles


def test_every_wedge_has_its_mirror_across_a_seam():
    positions, _, triangles = sheet()
    across = lods.mirrored(positions, triangles)
    np.testing.assert_array_equal(across[across], np.arange(len(positions)))
    np.testing.assert_allclose(positions[across], positions * [-1, 1, 1], atol=1e-12)
    assert (across[117:] < 117).all(), "on the seam the other side is another wedge"


def test_halves_are_simplified_alike_and_corners_stay():
    positions, uv, triangles = sheet()
    none = np.zeros(len(positions), dtype=bool)
    made = lods.simplify_half(positions, uv, np.zeros((len(uv), 1)), triangles, 40, none)
    assert len(made) <= 40
    corners = {tuple(sorted(map(tuple, np.round(t, 6)))) for t in positions[made]}
    other = {tuple(sorted(map(tuple, np.round(t * [-1, 1, 1] + 0.0, 6)))) for t in positions[made]}
    assert corners == other
    facing = np.cross(*np.moveaxis(positions[made][:, 1:] - positions[made][:, :1], 1, 0))
    assert (facing[:, 2] > 0).all(), "mirrored triangles are turned over"
    used = np.unique(made)
    ends = (np.abs(positions[:, 0]) < 1e-9) & np.isin(positions[:, 1], (0.0, 1.0))
    assert np.isin(np.flatnonzero(ends), used).all()


def test_what_is_kept_is_not_collapsed():
    positions, uv, triangles = sheet()
    kept = (positions[:, 0] > 0) & (np.arange(len(positions)) % 3 == 0)
    made = lods.simplify_half(positions, uv, np.zeros((len(uv), 1)), triangles, 40, kept)
    assert np.isin(np.flatnonzero(kept), made).all()


def test_a_lopsided_shell_is_refused():
    positions, _, triangles = sheet()
    positions[5, 1] += 0.01
    with pytest.raises(ValueError, match="off its mirror's place"):
        lods.mirrored(positions, triangles)


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("shell", ["head", "body", "footwear", "eyes"])
def test_both_sides_of_the_body_are_alike(template, shell, level):
    mesh = template.meshes[shell, level]
    there = {tuple(sorted(map(tuple, t))) for t in np.round(template.mean[mesh.vertex[mesh.triangles]], 4).tolist()}
    across = {
        tuple(sorted((-x + 0.0, y, z) for x, y, z in t))
        for t in np.round(template.mean[mesh.vertex[mesh.triangles]], 4).tolist()
    }
    assert len(there & across) > 0.98 * len(there)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_lids_and_lips_are_on_every_level(template, level):
    shells = {
        name: Wedges(mesh.vertex.astype(np.int64), mesh.uv, mesh.triangles.astype(np.int64))
        for (name, at), mesh in template.meshes.items()
        if at == FULL
    }
    wanted = landmarks.of(template.mean.astype(np.float64), shells)
    assert 24 <= len(np.unique(wanted)) <= 40
    assert np.isin(wanted, template.meshes["head", level].vertex).all()


def test_hair_keeps_whole_rings_that_face_outward():
    counted = {level: len(hair_surface.thinned(level)) for level in (1, 2, 3)}
    assert counted == {level: bake.TARGETS["hair"][3 - level] for level in (1, 2, 3)}
    for level in (1, 2, 3):
        triangles = hair_surface.thinned(level)
        edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
        _, count = np.unique(edges, axis=0, return_counts=True)
        border = hair_surface.COARSE[level][0]
        assert (count == 1).sum() == border, "open along the last ring alone"
        assert count.max() == 2


@pytest.mark.parametrize("level", [1, 2, 3])
def test_hair_of_the_bundle_is_the_sheet_thinned(template, level):
    fine, coarse = template.meshes["hair", FULL], template.meshes["hair", level]
    wanted = fine.vertex[np.unique(hair_surface.thinned(level))]
    np.testing.assert_array_equal(np.sort(coarse.vertex), np.sort(wanted))
    crown, front = coarse.vertex.min(), template.mean[coarse.vertex[coarse.triangles]]
    outward = np.cross(front[:, 1] - front[:, 0], front[:, 2] - front[:, 0])
    fan = (coarse.vertex[coarse.triangles] == crown).any(1)
    assert (outward[fan, 1] > 0).all(), "the crown faces up"
