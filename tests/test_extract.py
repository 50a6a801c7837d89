"""Extraction and layers on painted people: budgets, closed seams, clean hems, rest pose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lodestream_server import layers
from lodestream_server.body.template import Shape
from lodestream_server.field import extract
from lodestream_server.field.planes import Planes
from lodestream_server.figure import Figure
from lodestream_training.synth import attributes, people
from lodestream_training.synth.painter import Painter, logits
from lodestream_training.synth.pictures import ACCESSORIES, BODY, outfit_of

BUDGET = {3: 1500, 2: 5000, 1: 12000, 0: 32000}
SLICES = attributes.slices()
Made = tuple[Figure, list[tuple[np.ndarray, Planes]]]


@pytest.fixture(scope="module")
def made() -> Made:
    painter, rng = Painter(BODY), np.random.default_rng(4)
    drawn = [people.sample(rng) for _ in range(6)]
    painted = [{s: replace(p, regions=logits(p.regions)) for s, p in painter.paint(a).items()} for a in drawn]
    return Figure.load(BODY, ACCESSORIES), list(zip(drawn, painted, strict=True))


def shape_of(figure: Figure, a: np.ndarray) -> Shape:
    return figure.template.shape(*(a[SLICES[name]] for name in ("phenotype", "ancestry", "face")))


def build(figure: Figure, a: np.ndarray, planes: Planes, level: int, rig: str = "mixamo", morphs: tuple[str, ...] = ()):
    outfit = outfit_of(a)
    worn = figure.fitting.apply(planes, outfit)
    return layers.build(figure, shape_of(figure, a), worn, outfit, level, rig, morphs)


@pytest.mark.parametrize("level", [3, 2, 1, 0])
def test_levels_keep_to_their_budget(made: Made, level: int) -> None:
    figure, drawn = made
    for a, planes in drawn:
        _, parts = build(figure, a, planes, level)
        assert sum(len(p.triangles) for p in parts) <= BUDGET[level]
        for p in parts:
            assert np.isfinite(p.positions).all()
            np.testing.assert_allclose(np.linalg.norm(p.normals, axis=1), 1.0, atol=1e-3)
            np.testing.assert_allclose(p.weights.sum(1), 1.0, atol=1e-4)
            assert p.uv.min() >= 0
            assert p.uv.max() <= 1
            assert max(p.material.albedo.shape) <= max(layers.TEXTURE_SIZE[level], 128)


def test_feet_stand_on_the_ground_and_faces_look_to_z(made: Made) -> None:
    figure, drawn = made
    for rig in ("mixamo", "unreal", "vrm"):
        a, planes = drawn[0]
        skeleton, parts = build(figure, a, planes, 2, rig)
        assert min(float(p.positions[:, 1].min()) for p in parts) == pytest.approx(0.0, abs=1e-5)
        by_name = {p.name: p for p in parts}
        assert by_name["eyes"].positions[:, 2].mean() > by_name["head"].positions[:, 2].mean()
        assert {"body", "head", "eyes", "mouth", "top"} <= set(by_name)
        assert skeleton.positions.shape == (len(skeleton.names), 3)


def test_the_same_input_gives_the_same_arrays(made: Made) -> None:
    figure, drawn = made
    a, planes = drawn[1]
    one, two = build(figure, a, planes, 1)[1], build(figure, a, planes, 1)[1]
    for p, q in zip(one, two, strict=True):
        assert p.positions.tobytes() == q.positions.tobytes()
        assert p.material.albedo.tobytes() == q.material.albedo.tobytes()


def test_seams_stay_closed(made: Made) -> None:
    figure, drawn = made
    rig = figure.template.rigs["mixamo"]
    for a, planes in drawn:
        shape = shape_of(figure, a)
        for surface in extract.extract(figure.ensembles[1], rig, shape, planes, 1, {}).values():
            for point in np.unique(surface.welded):
                rows = surface.positions[surface.welded == point]
                assert np.ptp(rows, axis=0).max(initial=0.0) == 0.0


def test_hems_lie_on_the_presence_contour(made: Made) -> None:
    figure, drawn = made
    a, planes = drawn[0]
    level_hem = planes["top"]
    size = level_hem.edge.shape[0]
    rows = np.linspace(0.3, -0.3, size, dtype=np.float32)[:, None] + np.zeros((1, size), np.float32)
    cut = dict(planes) | {"top": replace(level_hem, edge=rows)}  # worn in the upper half of the chart
    shape = shape_of(figure, a)
    surface = extract.extract(figure.ensembles[0], figure.template.rigs["mixamo"], shape, cut, 0, {})["top"]
    assert len(surface.triangles)
    assert surface.uv[:, 1].max() < 0.5 + 2 / size
    born = surface.vertex < 0
    assert born.any()
    np.testing.assert_allclose(surface.uv[born, 1], 0.5, atol=2 / size)


def test_what_is_not_worn_has_no_layer(made: Made) -> None:
    figure, drawn = made
    a, planes = drawn[0]
    bare = dict(planes) | {"hair": replace(planes["hair"], edge=np.full_like(planes["hair"].edge, -0.05))}
    assert "hair" not in {p.name for p in build(figure, a, bare, 2)[1]}


def test_morph_groups_expand(made: Made) -> None:
    figure, drawn = made
    assert len(layers.morph_names(figure.template, (layers.ARKIT,))) == 52
    assert len(layers.morph_names(figure.template, (layers.VISEMES, "jawOpen"))) == 16
    with pytest.raises(KeyError):
        layers.morph_names(figure.template, ("smirk",))
    a, planes = drawn[0]
    _, parts = build(figure, a, planes, 1, morphs=("jawOpen",))
    head = next(p for p in parts if p.name == "head")
    assert len(head.morphs["jawOpen"].indices) > 20
    assert head.morphs["jawOpen"].deltas[:, 1].min() < -0.003  # the jaw goes down
