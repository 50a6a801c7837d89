"""Shafts of tall boots: where they end, what they hide, their strips of the chart, their skin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh
from khronos import assert_clean

from lodestream_server import layers
from lodestream_server.avatar import Avatar
from lodestream_server.body import shafts
from lodestream_server.body.template import FULL, BodyTemplate, Shape
from lodestream_server.field.extract import Surface
from lodestream_server.field.planes import Planes
from lodestream_server.figure import Figure
from lodestream_server.gltf import write_glb
from lodestream_server.outfit import Outfit
from lodestream_server.texture import shafts as leather
from lodestream_training.body.raster import rasterise
from lodestream_training.synth import attributes, people, pictures
from lodestream_training.synth.painter import logits

BUDGET = {3: 1500, 2: 5000, 1: 12000, 0: 32000}
LEVELS = (3, 2, 1, 0)
WORN = [
    {"shoes": shafts.KIND, "sex": "female", "top": "shirt", "bottom": "skirt"},
    {"shoes": shafts.KIND, "sex": "male", "top": "hoodie", "bottom": "jeans"},
    {"shoes": shafts.KIND, "sex": "male", "top": "coat", "bottom": "joggers", "headwear": "fedora", "bag": "backpack"},
    {"shoes": shafts.KIND, "sex": "female", "top": "tshirt", "bottom": "shorts"},
]
TROUSERS = (1, 2)
_SLICES = attributes.slices()
Person = tuple[Figure, Shape, Planes, Outfit]


def person(number: int, **values: str) -> Person:
    figure, painter = pictures.tools()
    vector = people.draw(np.random.default_rng(number), WORN[number] | values).vector
    outfit = pictures.outfit_of(vector)
    planes = {name: replace(p, regions=logits(p.regions)) for name, p in painter.paint(vector).items()}
    shape = figure.template.shape(*(vector[_SLICES[name]] for name in ("phenotype", "ancestry", "face")))
    return figure, shape, figure.fitting.apply(planes, outfit), outfit


def surfaces(someone: Person, level: int, rig: str = "mixamo") -> dict[str, Surface]:
    figure, shape, planes, outfit = someone
    return layers.surfaces(figure, shape, planes, outfit, level, figure.template.rigs[rig])


def builds(template: BodyTemplate, count: int) -> list[Shape]:
    """Random bodies, as widely as the phenotypes reach."""
    rng = np.random.default_rng(5)
    faces = len(template.basis) - template.phenotype_projection.shape[1]
    out = []
    for _ in range(count):
        phenotype = rng.uniform(0.05, 0.95, 6).astype(np.float32)
        ancestry = rng.dirichlet(np.ones(3)).astype(np.float32)
        out.append(template.shape(phenotype, ancestry, np.zeros(faces, dtype=np.float32)))
    return out


@pytest.mark.parametrize("level", LEVELS)
def test_the_rim_is_below_the_knee_and_above_the_calf(level: int) -> None:
    figure, _ = pictures.tools()
    rig = figure.template.rigs["mixamo"]
    knee, ankle = (rig.names.index(f"mixamorig:Left{name}") for name in ("Leg", "Foot"))
    for shape in builds(figure.template, 20):
        joints = figure.template.joints(rig, shape)
        up = figure.shafts.surface(rig, shape, level).positions[:, 1]
        share = (up - joints[ankle, 1]) / (joints[knee, 1] - joints[ankle, 1])  # 0 at the ankle, 1 at the knee
        assert 0.7 < share.max() < 0.9
        assert -0.05 < share.min() < 0.12


@pytest.mark.parametrize("level", LEVELS)
def test_shafts_stand_off_the_leg_and_not_far(level: int) -> None:
    """Wedges of the outer side lie 8 to 40 mm off the tights' points that they follow, on any build."""
    figure, _ = pictures.tools()
    tube = figure.shafts.tubes[level]
    outer = tube.uv[:, 1] < shafts.RIM_V - 0.01
    for shape in builds(figure.template, 20):
        skin = np.einsum("vk,vkc->vc", tube.share, shape.vertices[tube.near])
        off = np.linalg.norm(
            figure.shafts.surface(figure.template.rigs["mixamo"], shape, level).positions - skin, axis=1
        )
        assert off[outer].min() > 0.008
        assert off[outer].max() < 0.04


@pytest.mark.parametrize("level", LEVELS)
def test_surfaces_are_sound(level: int) -> None:
    figure, _ = pictures.tools()
    shape = builds(figure.template, 1)[0]
    for rig in figure.template.rigs.values():
        surface = figure.shafts.surface(rig, shape, level)
        np.testing.assert_allclose(surface.weights.sum(axis=1), 1.0, atol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(surface.normals, axis=1), 1.0, atol=1e-4)
        assert np.array_equal(np.unique(surface.triangles), np.arange(len(surface.positions)))
        for point in np.unique(surface.welded):
            np.testing.assert_allclose(np.ptp(surface.positions[surface.welded == point], axis=0), 0.0, atol=1e-6)
        knees = [rig.names[j] for j in np.unique(surface.joints[surface.weights > 0.5])]
        assert all(name.endswith(("Leg", "Foot")) or name.startswith(("calf", "foot")) for name in knees), knees


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("number", range(len(WORN)))
def test_levels_keep_to_their_budget(number: int, level: int) -> None:
    found = surfaces(person(number), level)
    assert sum(len(s.triangles) for s in found.values()) <= BUDGET[level]
    legs = pictures.tools()[0].shafts.tubes[level]
    assert len(legs.triangles) <= {3: 130, 2: 420, 1: 1200, 0: 3600}[level]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("number", range(len(WORN)))
def test_legs_end_inside_the_shafts(number: int, level: int) -> None:
    """Whatever skin or cloth is lower than the rim is met by the shaft when one walks outwards from it."""
    someone = person(number)
    figure, shape = someone[:2]
    found = surfaces(someone, level)
    shaft = figure.shafts.surface(figure.template.rigs["mixamo"], shape, level)
    mesh = trimesh.Trimesh(shaft.positions, shaft.triangles, process=False)
    rim = shaft.positions[(shaft.uv[:, 1] > shafts.RIM_V - 0.003) & (shaft.uv[:, 1] <= shafts.RIM_V)]
    for name in ("body", "bottom"):
        if name not in found:
            continue
        for side in (1.0, -1.0):
            mine = rim[side * rim[:, 0] > 0]
            points = found[name].positions
            lower = points[(side * points[:, 0] > 0) & (points[:, 1] < mine[:, 1].min() - 0.002)]
            assert len(lower) == 0 or lower[:, 1].min() > mine[:, 1].min() - 0.045
            out = (lower - mine.mean(axis=0)) * [1.0, 0.0, 1.0]
            assert mesh.ray.intersects_any(lower, out).all(), name


def test_trousers_narrow_towards_the_rim() -> None:
    for number in TROUSERS:
        figure, _, planes, _ = person(number)
        y = figure.fitting.positions["bottom", planes["bottom"].edge.shape[0]][..., 1]
        assert planes["bottom"].level_set[y < shafts.RIM].max() <= 0.005 + 1e-6


def test_other_shoes_are_left_as_they_are() -> None:
    for number in TROUSERS:
        someone = person(number, shoes="boots")
        figure, shape, planes, outfit = someone
        again = figure.fitting.apply(planes, outfit)
        assert again["footwear"] is planes["footwear"]
        assert "footwear" not in layers.fixed_surfaces(figure, shape, planes, outfit, 3, figure.template.rigs["mixamo"])
        assert surfaces(someone, 3)["footwear"].positions[:, 1].max() < -0.6


def test_strips_lie_beside_the_feet() -> None:
    """Half a texel of the coarsest texture lies between them, and the same wedge has the same place at all levels."""
    figure, _ = pictures.tools()
    size = 512
    feet = np.zeros((size, size), dtype=bool)
    for level in (FULL, 0, 1, 2, 3):
        mesh = figure.template.meshes["footwear", level]
        feet |= rasterise(mesh.uv, mesh.triangles, size)[0] >= 0
    for tube in figure.shafts.tubes:
        strip = rasterise(tube.uv, tube.triangles, size)[0] >= 0
        for step in range(-2, 3):
            assert not (np.roll(strip, step, axis=1) & feet).any()
        assert tube.uv.min() > 0
        assert tube.uv.max() < 1


def test_only_strips_are_painted() -> None:
    albedo = np.full((128, 128, 3), 7, dtype=np.uint8)
    normal, orm = albedo[::2, ::2].copy(), albedo[::4, ::4].copy()
    leather.draw(albedo, normal, orm, np.array([0.6, 0.3, 0.1], dtype=np.float32), 0.4)
    for image in (albedo, normal, orm):
        size = len(image)
        assert (image[: int(0.64 * size)] == 7).all()
        assert (image[:, int(0.20 * size) : int(0.80 * size)] == 7).all()
        np.testing.assert_array_equal(image, image[:, ::-1])
        assert (image[int(0.8 * size), 2] != 7).any()
    assert tuple(normal[52, 2]) == (128, 128, 255)
    assert tuple(orm[26, 1]) == (255, 102, 0)


@pytest.mark.parametrize("layout", ["layers", "atlas"])
def test_what_is_written_is_clean(tmp_path, layout) -> None:
    files = []
    for number in (0, 1):
        figure, shape, planes, outfit = person(number)
        for level in (3, 1):
            skeleton, worn = layers.build(figure, shape, planes, outfit, level, "mixamo", ())
            assert [layer.name for layer in worn].count("footwear") == 1
            files.append(tmp_path / f"{number}-{level}.glb")
            files[-1].write_bytes(write_glb(Avatar("f" * 32, level, 1, "embedded-1", "0" * 64, skeleton, worn), layout))
    assert_clean(files)
    assert all(file.stat().st_size <= 60_000 for file in files if file.stem.endswith("3"))
