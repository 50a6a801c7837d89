"""Accessories: baked meshes, how they fit people, their materials."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import trimesh

import lodestream_bundle
from lodestream_server.body import accessories
from lodestream_server.body.accessories import RIMS, Accessories, Piece, under
from lodestream_server.body.template import FULL, BodyTemplate, Shape
from lodestream_server.outfit import Outfit
from lodestream_server.texture.accessories import SIZE, material
from lodestream_training.body.accessories import KINDS, TARGETS, bake

BUNDLE = Path(lodestream_bundle.__file__).parent
LAYER = dict.fromkeys((*RIMS, "headscarf"), "headwear") | {
    "glasses": "glasses",
    "sunglasses": "glasses",
    "scarf": "neckwear",
    "necklace": "neckwear",
    "bowtie": "neckwear",
    "backpack": "bag",
}
CLOSED = ("glasses", "sunglasses", "bowtie", "necklace")  # besides lenses, which are sheets


@pytest.fixture(scope="module")
def template() -> BodyTemplate:
    return BodyTemplate.load(BUNDLE / "body.npz")


@pytest.fixture(scope="module")
def pieces() -> Accessories:
    return Accessories.load(BUNDLE / "accessories.npz")


def outfit(**values: str) -> Outfit:
    names = ("head_colour", "glasses_colour", "neck_colour", "bag_colour")
    plain = dict.fromkeys(("headwear", "glasses", "neckwear", "bag"), "none")
    return Outfit(plain | values, {n: np.array([0.5, 0.3, 0.2], np.float32) for n in names})


def people(template: BodyTemplate, count: int) -> list[Shape]:
    """Random bodies: reference, then modes drawn as widely as the phenotypes reach."""
    rng = np.random.default_rng(5)
    faces = len(template.basis) - template.phenotype_projection.shape[1]
    out = []
    for _ in range(count):
        phenotype = rng.uniform(0.05, 0.95, 6).astype(np.float32)
        phenotype[1] = rng.uniform(0.4, 1.0)
        ancestry = rng.dirichlet(np.ones(3)).astype(np.float32)
        out.append(template.shape(phenotype, ancestry, rng.standard_normal(faces).astype(np.float32)))
    return out


def open_edges(piece: Piece, keep: np.ndarray) -> int:
    """Edges that are not shared by two triangles, among triangles of wedges in ``keep``."""
    level = piece.levels[0]
    welded = level.welded[level.triangles[keep[level.used][level.triangles].all(axis=1)]]
    edges = np.sort(welded[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    return sum(1 for n in Counter(map(tuple, edges.tolist())).values() if n != 2)


def test_every_accessory_of_the_latent_is_there(pieces: Accessories) -> None:
    assert set(pieces.pieces) == set(KINDS) == set(LAYER)


@pytest.mark.parametrize("kind", LAYER)
def test_levels_keep_to_their_budgets(pieces: Accessories, kind: str) -> None:
    counts = [len(level.triangles) for level in pieces.pieces[kind].levels]
    assert counts == sorted(counts, reverse=True)
    assert all(n <= 1.75 * target + 8 for n, target in zip(counts[::-1], TARGETS[kind], strict=True))


@pytest.mark.parametrize("kind", CLOSED)
def test_solid_parts_are_watertight(pieces: Accessories, kind: str) -> None:
    piece = pieces.pieces[kind]
    lens = accessories.STYLES.index("lens")
    inside = (piece.uv[:, None] >= piece.rectangles[:, :2] - 1e-3) & (
        piece.uv[:, None] <= piece.rectangles[:, 2:] + 1e-3
    )
    part = inside.all(axis=2).argmax(axis=1)
    assert open_edges(piece, piece.style[part] != lens) == 0


@pytest.mark.parametrize("kind", RIMS)
def test_hats_stay_outside_the_skull(template: BodyTemplate, pieces: Accessories, kind: str) -> None:
    """Along rays from inside the skull the hat's outermost sheet lies beyond the scalp."""
    scalp = np.unique(template.meshes["head", FULL].vertex)
    scalp = scalp[under(kind, template.mean[scalp]) > 0.012]
    for shape in people(template, 20):
        hat = pieces.surfaces(template, template.rigs["mixamo"], shape, outfit(headwear=kind), 0)["headwear"]
        skin = shape.vertices[scalp]
        centre = np.array([0.0, skin[:, 1].min(), (skin[:, 2].min() + skin[:, 2].max()) / 2])
        length = np.linalg.norm(skin - centre, axis=1)
        direction = (skin - centre) / length[:, None]
        start = np.broadcast_to(centre, skin.shape)
        mesh = trimesh.Trimesh(hat.positions, hat.triangles, process=False)
        hits, ray, _ = mesh.ray.intersects_location(start, direction, multiple_hits=True)
        reach = np.full(len(skin), -np.inf)
        np.maximum.at(reach, ray, np.einsum("nc,nc->n", hits - centre, direction[ray]))
        seen = np.isfinite(reach)
        assert seen.mean() > 0.9
        assert (reach - length)[seen].min() > 0.004


@pytest.mark.parametrize("rig", ["mixamo", "unreal"])
@pytest.mark.parametrize("kind", LAYER)
def test_surfaces_are_sound(template: BodyTemplate, pieces: Accessories, kind: str, rig: str) -> None:
    shape = people(template, 1)[0]
    for level in range(4):
        surfaces = pieces.surfaces(template, template.rigs[rig], shape, outfit(**{LAYER[kind]: kind}), level)
        assert list(surfaces) == [LAYER[kind]]
        surface = surfaces[LAYER[kind]]
        np.testing.assert_allclose(surface.weights.sum(axis=1), 1.0, atol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(surface.normals, axis=1), 1.0, atol=1e-4)
        assert np.isfinite(surface.positions).all()
        assert surface.joints.max() < len(template.rigs[rig].names)
        assert surface.triangles.max() == len(surface.positions) - 1
        assert surface.uv.min() >= 0
        assert surface.uv.max() <= 1


def test_nothing_is_worn_where_nothing_is_said(template: BodyTemplate, pieces: Accessories) -> None:
    shape = people(template, 1)[0]
    assert pieces.surfaces(template, template.rigs["mixamo"], shape, outfit(neckwear="tie"), 2) == {}


@pytest.mark.parametrize("kind", LAYER)
def test_materials(pieces: Accessories, kind: str) -> None:
    layer = LAYER[kind]
    for level, size in SIZE.items():
        made = material(pieces.pieces[kind], kind, layer, outfit(**{layer: kind}), level)
        assert made.albedo.shape == (size, size, 4 if layer == "glasses" else 3)
        assert made.albedo.dtype == np.uint8
        assert (made.alpha == "BLEND") == (layer == "glasses")
        again = material(pieces.pieces[kind], kind, layer, outfit(**{layer: kind}), level)
        np.testing.assert_array_equal(made.albedo, again.albedo)


def test_under_a_cap_lies_the_crown_but_not_the_face() -> None:
    crown, chin, nape = np.array([[0.0, 1.02, 0.05], [0.0, 0.79, 0.15], [0.0, 0.80, -0.02]])
    assert under("cap", crown) > 0.05
    assert under("cap", chin) < -0.05
    assert under("cap", nape) < -0.05
    assert under("headscarf", nape) > 0.05
    assert under("headscarf", np.array([0.0, 0.88, 0.15])) < -0.05
    assert under("none", crown) == -1.0


@pytest.mark.slow
def test_the_bake_is_deterministic_and_small(tmp_path: Path) -> None:
    one, two = tmp_path / "one.npz", tmp_path / "two.npz"
    for path in (one, two):
        bake(path, BUNDLE / "body.npz")
    with np.load(one) as a, np.load(two) as b:
        assert a.files == b.files
        for key in a.files:
            np.testing.assert_array_equal(a[key], b[key])
    assert one.stat().st_size < 250_000
