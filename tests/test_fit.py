"""How shells give way to each other, on planes of one column of texels made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import lodestream_bundle
from lodestream_server.body.accessories import RIMS
from lodestream_server.body.template import BodyTemplate
from lodestream_server.field.fit import Fitting
from lodestream_server.field.planes import BASE_SIZE, REGIONS, Planes, ShellPlanes
from lodestream_server.figure import Figure
from lodestream_server.outfit import OPEN_TOPS, Outfit
from lodestream_training.synth import attributes

BUNDLE = Path(lodestream_bundle.__file__).parent
SHELLS = ("top", "bottom", "hair")
THICK = 0.03  # metres of cloth or hair before anything presses on it
WORN = 0.05  # metres from the edge
PLAIN = {"top": "tshirt", "bottom": "jeans", "headwear": "none"}


def outfit(**values: str) -> Outfit:
    return Outfit(PLAIN | values, {})


def shell(name: str, size: int, level_set: float = THICK) -> ShellPlanes:
    return ShellPlanes(
        level_set=np.full((size, size), level_set, np.float32),
        edge=np.full((size, size), WORN, np.float32),
        regions=np.zeros((len(REGIONS[name]), size, size), np.float32),
        shade=np.ones((size, size), np.float32),
        palette=np.zeros((len(REGIONS[name]), 3), np.float32),
    )


def fitted(points: Sequence[tuple[float, float, float]], level_set: float = THICK, **values: str) -> Planes:
    """Every shell at ``points`` on the reference body (the first column of its chart), as worn with ``values``."""
    size = len(points)
    places = np.tile(np.array(points, np.float32)[:, None], (1, size, 1))
    planes = {s: shell(s, size, level_set) for s in SHELLS}
    return Fitting({(s, size): places for s in SHELLS}).apply(planes, outfit(**values))


def test_what_is_worn_alone_is_left_as_it_is() -> None:
    planes = {s: shell(s, 4) for s in (*SHELLS, "body", "head", "skirt", "footwear")}
    worn = Fitting({}).apply(planes, outfit())
    assert worn.keys() == planes.keys()
    assert all(worn[s] is planes[s] for s in planes)


def test_a_top_is_tucked_and_thinned_under_a_skirt() -> None:
    heights = (0.50, 0.29, 0.26, 0.20)  # chest; where the waistband begins; under it; below the tucked end
    top = fitted([(0.1, y, 0.1) for y in heights], bottom="skirt")["top"]
    # pressed to 8 mm below 0.29 m, halfway there at 0.29 m
    np.testing.assert_allclose(top.level_set[:, 0], [0.03, 0.019, 0.008, 0.008], atol=1e-6)
    # the edge at 0.245 m: far from it what the top said, 15 mm above, 45 mm beyond
    np.testing.assert_allclose(top.edge[:, 0], [WORN, 0.045, 0.015, -0.045], atol=1e-6)


def test_a_thin_top_stays_thin_under_a_skirt() -> None:
    top = fitted([(0.1, 0.26, 0.1)] * 2, level_set=0.003, bottom="skirt")["top"]
    np.testing.assert_allclose(top.level_set, 0.003)


@pytest.mark.parametrize("top", ["suit", "jacket", "cardigan", "uniform", "armour"])
def test_bibs_end_under_what_is_worn_over_them(top: str) -> None:
    worn = fitted([(0.1, 0.52, 0.1), (0.1, 0.0, 0.1)], top=top, bottom="dungarees")
    np.testing.assert_allclose(worn["bottom"].edge[:, 0], [0.30 - 0.52, WORN], atol=1e-6)
    np.testing.assert_allclose(worn["bottom"].level_set, THICK)  # trousers are as wide as they were
    np.testing.assert_allclose(worn["top"].edge, WORN)


def test_bibs_are_shown_over_a_shirt() -> None:
    worn = fitted([(0.1, 0.52, 0.1)] * 2, top="shirt", bottom="dungarees")
    np.testing.assert_allclose(worn["bottom"].edge, WORN)


@pytest.mark.parametrize("top", OPEN_TOPS)
def test_trousers_are_thin_under_an_open_coat(top: str) -> None:
    worn = fitted([(0.1, -0.2, 0.1)] * 2, top=top)
    np.testing.assert_allclose(worn["bottom"].level_set, 0.012)
    np.testing.assert_allclose(fitted([(0.1, -0.2, 0.1)] * 2, level_set=0.005, top=top)["bottom"].level_set, 0.005)


@pytest.mark.parametrize("headwear", [*RIMS, "headscarf"])
def test_hair_is_pressed_and_hidden_under_headwear(headwear: str) -> None:
    crown, fringe = (0.0, 1.0, 0.05), (0.0, 0.88, 0.15)
    hair = fitted([crown, fringe], headwear=headwear)["hair"]
    assert hair.level_set[0, 0] == pytest.approx(0.004)
    assert hair.edge[0, 0] < 0, "not shown at the crown"
    assert hair.level_set[1, 0] == pytest.approx(THICK)
    assert hair.edge[1, 0] == pytest.approx(WORN), "free in the face"


def test_hair_is_seen_a_little_way_under_the_rim() -> None:
    """A cap's rim is a plane: 0.906 m high at the nape (z = -0.05), 0.966 m at the forehead (z = 0.15)."""
    normal = np.hypot(1.0, 0.3)
    inside = [0.010, 0.018, 0.030]
    hair = fitted([(0.0, 0.906 + d * normal, -0.05) for d in inside], headwear="cap")["hair"]
    np.testing.assert_allclose(hair.level_set[:, 0], 0.004, atol=1e-6)
    np.testing.assert_allclose(hair.edge[:, 0], [0.008, 0.0, -0.012], atol=1e-6)


def test_long_hair_falls_out_of_a_cap_but_not_out_of_a_headscarf() -> None:
    shoulder = [(0.12, 0.70, 0.0)] * 2
    np.testing.assert_allclose(fitted(shoulder, headwear="cap")["hair"].edge, WORN)
    assert (fitted(shoulder, headwear="headscarf")["hair"].edge < 0).all()


def test_planes_that_come_in_are_not_changed() -> None:
    planes = {s: shell(s, 2) for s in SHELLS}
    places = np.tile(np.array([0.0, 0.95, 0.0], np.float32), (2, 2, 1))
    fitting = Fitting({(s, 2): places for s in SHELLS})
    for values in (PLAIN | {"bottom": "skirt"}, PLAIN | {"top": "coat", "headwear": "beanie"}):
        fitting.apply(planes, Outfit(values, {}))
    for s in SHELLS:
        assert (planes[s].level_set == np.float32(THICK)).all()
        assert (planes[s].edge == np.float32(WORN)).all()


@pytest.fixture(scope="module")
def figure() -> Figure:
    return Figure.load(BUNDLE / "body.npz", BUNDLE / "accessories.npz")


def test_positions_are_the_charts_at_every_size(figure: Figure) -> None:
    template: BodyTemplate = figure.template
    for name in SHELLS:
        chart = template.chart_position[name]
        for level in range(4):
            size = BASE_SIZE[name] * 2**level
            place = figure.fitting.positions[name, size]
            assert place.shape == (size, size, 3)
            assert place.dtype == np.float32
            assert chart[..., 1].min() - 1e-4 <= place[..., 1].min()
            np.testing.assert_allclose(place.mean((0, 1)), chart.mean((0, 1)), atol=0.01)


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_a_figure_fits_the_planes_of_every_level(figure: Figure, level: int) -> None:
    planes = {s: shell(s, size * 2**level) for s, size in BASE_SIZE.items()}
    worn = figure.fitting.apply(planes, outfit(top="coat", bottom="skirt", headwear="sunhat"))
    for name in SHELLS:
        assert worn[name].edge.shape == planes[name].edge.shape
        share = float((worn[name].edge < 0).mean())
        assert 0.02 < share < 0.98, f"{name} is partly hidden: {share:.2f}"


def test_a_figure_has_the_meshes_of_all_headwear(figure: Figure) -> None:
    kinds = next(g.values for g in attributes.GROUPS if g.name == "headwear")
    for kind in kinds:
        values = {"headwear": kind, "glasses": "none", "neckwear": "tie", "bag": "none"}
        assert figure.accessories.worn(Outfit(values, {})) == ({} if kind == "none" else {"headwear": kind})
