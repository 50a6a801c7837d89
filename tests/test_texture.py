"""Patterns, construction detail and maps in closed form; detail taken from a picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import lodestream_bundle
from lodestream_server.body.template import FULL, BodyTemplate
from lodestream_server.field.planes import REGIONS, ShellPlanes
from lodestream_server.outfit import Outfit
from lodestream_server.texture import albedo, decals, material, noise, pattern, relief, tailoring, trims_top
from lodestream_server.texture.cloth import AROUND_ARM, AROUND_LEG, AROUND_TORSO, Cloth, Cloths
from lodestream_server.texture.cuts import CUTS, UNDER

VALUES = {
    "top": "shirt",
    "bottom": "jeans",
    "shoes": "trainers",
    "marks": "none",
    "top_pattern": "plain",
    "bottom_pattern": "plain",
    "top_material": "cotton",
    "bottom_material": "denim",
}
RED, WHITE = np.array([0.7, 0.1, 0.1], np.float32), np.array([0.95, 0.95, 0.95], np.float32)
PATTERNS = ("stripes", "pinstripes", "plaid", "check", "dots", "camouflage", "floral", "leopard", "zigzag")


@pytest.fixture(scope="module")
def template():
    from pathlib import Path

    return BodyTemplate.load(Path(lodestream_bundle.__file__).parent / "body.npz")


@pytest.fixture(scope="module")
def cloths(template):
    return Cloths(template)


def outfit(**values: str) -> Outfit:
    return Outfit(VALUES | values, {"top_second": WHITE, "bottom_second": WHITE})


def sheet(side: int = 64, texel: float = 0.002, shell: str = "top") -> Cloth:
    """A flat piece of cloth: across to the right, along downwards, from (0, 0)."""
    along, across = (np.indices((side, side)).reshape(2, -1) + 0.5) * texel
    zero = np.zeros(side * side, np.float32)
    a, b = across.astype(np.float32), along.astype(np.float32)
    lists = dict.fromkeys(("z", "facing", "cloud", "grain", "sleeve"), zero)
    index = np.arange(side * side, dtype=np.int32)
    return Cloth(shell, side, texel, index, a, 0.5 - b, across=a, along=b, arm=zero - 0.1, **lists)


def planes(shell: str, size: int = 64, region: int = 0, edge: float = 0.3) -> ShellPlanes:
    regions = np.full((len(REGIONS[shell]), size, size), -6.0, np.float32)
    regions[region] = 0.0
    palette = np.full((len(REGIONS[shell]), 3), 0.2, np.float32)
    palette[0] = RED
    flat = np.ones((size, size), np.float32)
    return ShellPlanes(flat * 0.01, flat * edge, regions, flat, palette)


def test_pulse_is_the_exact_share_of_a_texel():
    # stripes 10 wide every 40, centred on 0: [-5, 5], [35, 45], ...
    at = np.array([0.0, 5.0, 7.0, 20.0, 40.0, -35.0], np.float32)
    assert pattern.pulse(at, 40, 10, 4) == pytest.approx([1.0, 0.5, 0.0, 0.0, 1.0, 0.5], abs=1e-5)
    # a texel as long as the period always sees a quarter, wherever it lies
    assert pattern.pulse(at, 40, 10, 40) == pytest.approx([0.25] * 6, abs=1e-5)


def test_cover_is_linear_over_one_texel():
    assert pattern.cover(np.array([-1.0, -0.25, 0.0, 0.25, 1.0]), 1.0).tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_stripes_are_straight_and_pinstripes_upright():
    cloth = sheet()
    rows = pattern.paint("stripes", cloth, RED, WHITE).reshape(3, 64, 64)
    assert np.ptp(rows, axis=2).max() == 0.0
    assert np.ptp(rows, axis=1).max() > 0.5
    columns = pattern.paint("pinstripes", cloth, RED, WHITE).reshape(3, 64, 64)
    assert np.ptp(columns, axis=1).max() == 0.0
    assert np.ptp(columns, axis=2).max() > 0.2


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize(("shell", "girth"), [("top", AROUND_TORSO), ("bottom", AROUND_LEG), ("sleeve", AROUND_ARM)])
def test_patterns_close_around_the_body(name: str, shell: str, girth: float):
    cloth = sheet(shell="top" if shell == "sleeve" else shell)
    if shell == "sleeve":
        cloth = replace(cloth, arm=cloth.along, sleeve=cloth.sleeve + 1)
    here = pattern.paint(name, cloth, RED, WHITE)
    round_once = pattern.paint(name, replace(cloth, across=cloth.across - np.float32(girth)), RED, WHITE)
    assert np.abs(here - round_once).max() < 0.03


@pytest.mark.parametrize("name", PATTERNS)
def test_patterns_fade_to_their_mean_instead_of_flickering(name: str):
    fine, coarse = (pattern.paint(name, replace(sheet(240, 0.001), texel=t), RED, WHITE) for t in (0.001, 0.03))
    assert coarse.std(axis=1).max() <= fine.std(axis=1).max() + 0.02
    assert 0.0 <= fine.min() <= fine.max() <= 1.0


def test_second_colours_that_cannot_be_told_apart_are_replaced():
    assert np.abs(pattern.apart(RED, RED * 1.02) - RED).max() > 0.2
    assert pattern.apart(RED, WHITE) is WHITE


def test_noise_is_fixed():
    at = np.array([0.5, 3.25, -7.5], np.float32)
    assert noise.value3(at, at, at) == pytest.approx(noise.value3(at + 32, at, at - 64), abs=1e-4)
    assert np.abs(noise.value2(at * 3, at)).max() <= 1.0


def test_seams_do_not_show(template, cloths):
    """Wedges of one vertex on two islands look up the same pattern coordinates, up to a texel."""
    for shell in ("top", "bottom"):
        cloth = cloths.get(shell, 512)
        grid = np.full((512 * 512, 3), np.nan, np.float32)
        grid[cloth.index] = np.stack([cloth.along, cloth.x, cloth.y], axis=1)
        mesh = template.meshes[shell, FULL]
        at = np.clip((mesh.uv * 512).astype(int), 0, 511)
        found = grid[at[:, 1] * 512 + at[:, 0]]
        order = np.argsort(mesh.vertex, kind="stable")
        same = mesh.vertex[order][1:] == mesh.vertex[order][:-1]
        gap = np.abs(found[order][1:] - found[order][:-1])[same]
        gap = gap[np.isfinite(gap).all(axis=1)]
        assert len(gap) > 20
        assert np.percentile(gap, 95) < 1.5 * cloth.texel


def test_coordinates_are_metres(cloths):
    cloth = cloths.get("top", 256)
    body = cloth.sleeve < 0.2
    assert np.abs(cloth.along[body] - (0.66 - cloth.y[body])).max() < 6e-4  # half floats
    middle = body & (np.abs(cloth.x) < 0.004) & (cloth.facing > 0.3)
    assert np.abs(cloth.across[middle]).max() < 0.01
    assert 0.45 < cloth.arm.max() < 0.65


@pytest.mark.parametrize("top", sorted(trims_top.TOPS))
def test_every_top_is_drawn(cloths, top: str):
    picture = albedo.compose(planes("top"), outfit(top=top), cloths.get("top", 256))
    assert picture.shape == (256, 256, 3)
    assert np.array_equal(picture, albedo.compose(planes("top"), outfit(top=top), cloths.get("top", 256)))


def test_buttons_are_round(cloths):
    cloth = cloths.get("top", 1024)
    height, _ = decals.height(cloth, np.full(len(cloth.index), 0.3, np.float32), outfit())
    low = 0.69 - 0.082 * 2
    near = (np.hypot(cloth.x, cloth.y - low) < 0.012) & (cloth.facing > 0) & (height > 0.0008)
    assert 0.004 < np.ptp(cloth.x[near]) < 0.014
    assert np.ptp(cloth.x[near]) == pytest.approx(np.ptp(cloth.y[near]), abs=0.004)


def test_jeans_have_thread_and_rivets(cloths):
    picture = albedo.compose(planes("bottom"), outfit(), cloths.get("bottom", 1024)).reshape(-1, 3).astype(int)
    assert ((picture[:, 1] > 80) & (picture[:, 0] > 120)).sum() > 500  # yellow thread on red cloth


def test_the_shirt_below_a_suit_is_not_the_suits_pattern(cloths):
    cloth = cloths.get("top", 128)
    striped = albedo.compose(planes("top"), outfit(top="suit", top_pattern="stripes"), cloth)
    assert striped[..., 1].max() < 200  # no white: the second colour is the shirt


def test_a_shell_that_is_not_worn_is_plain(cloths):
    picture = albedo.compose(planes("skirt", edge=-0.05), outfit(), cloths.get("skirt", 128))
    assert np.ptp(picture.reshape(-1, 3), axis=0).max() == 0


def test_skin_and_hair_keep_their_colour(cloths):
    for shell in ("head", "hair", "body"):
        picture = albedo.compose(planes(shell), outfit(), cloths.get(shell, 256))
        assert np.abs(picture.reshape(-1, 3).mean(axis=0) / 255 - RED).max() < 0.05


def test_freckles_lie_on_the_face(cloths):
    cloth = cloths.get("head", 512)
    changed = albedo.compose(planes("head"), outfit(marks="freckles"), cloth) != albedo.compose(
        planes("head"), outfit(), cloth
    )
    where = np.flatnonzero(changed.any(axis=2).ravel())
    assert len(where) > 100
    at = np.isin(cloth.index, where)
    assert np.abs(cloth.x[at]).max() < 0.06
    assert cloth.z[at].min() > 0.09


def test_maps_say_metal_where_it_is(cloths):
    cloth = cloths.get("top", 128)
    steel = relief.orm_map(planes("top"), outfit(top="armour"), cloth)
    wool = relief.orm_map(planes("top"), outfit(top="jumper", top_material="wool"), cloth)
    assert steel[..., 2].mean() > 200
    assert wool[..., 2].max() == 0
    assert steel[..., 1].mean() < wool[..., 1].mean()
    assert relief.surface("top", outfit(top="armour")) == (0.34, 1.0)


def test_normals_are_unit_and_mostly_up(cloths):
    for shell in ("top", "head", "hair", "footwear"):
        normal = relief.normal_map(planes(shell), outfit(top_material="knit"), cloths.get(shell, 256))
        vector = normal.astype(np.float32) / 127.5 - 1
        assert np.abs(np.linalg.norm(vector, axis=2) - 1).max() < 0.03
        assert vector[..., 2].mean() > 0.9


def test_skirts_of_long_tops_are_the_tops():
    assert material.part("skirt", outfit(top="dress")) == "top"
    assert material.part("skirt", outfit()) == "bottom"


def painted(cloth: Cloth, **values: str) -> tuple[tailoring.Front, dict[str, np.ndarray]]:
    """The front of a garment whose field says main everywhere, and what is shown then (N,)."""
    front = tailoring.front(cloth, outfit(**values))
    assert front is not None
    shown = {name: np.full(len(cloth.index), float(name == "main"), np.float32) for name in REGIONS["top"]}
    front.repaint(shown)
    return front, shown


def spot(cloth: Cloth, x: float, y: float, of: np.ndarray, radius: float = 0.0035) -> float:
    """The mean of a list (N,) around a place on the chest."""
    near = (np.hypot(cloth.x.astype(np.float32) - x, cloth.y.astype(np.float32) - y) < radius) & (cloth.z > 0.03)
    assert near.any()
    return float(of[near].mean())


@pytest.mark.parametrize("top", ["suit", "waistcoat", "labcoat", "coat", "jacket", "cardigan"])
def test_the_shirt_below_has_crisp_edges_at_every_level(cloths, top: str):
    for size, most in ((1024, 0.012), (512, 0.025), (256, 0.05), (128, 0.1)):
        cloth = cloths.get("top", size)
        front, shown = painted(cloth, top=top)
        share = shown["second"][front.which]
        assert 0.03 < share.mean() < 0.7
        assert ((share > 0.2) & (share < 0.8)).mean() < most
        assert spot(cloth, 0.0, 0.60, shown["second"], 2 * cloth.texel) > 0.95
        assert spot(cloth, 0.135, 0.50, shown["main"], 2 * cloth.texel) == 1.0


def test_shares_still_sum_to_one_and_replace_the_fields(cloths):
    cloth = cloths.get("top", 256)
    front = tailoring.front(cloth, outfit(top="suit", neckwear="tie"))
    rng = np.random.default_rng(1)
    weights = rng.dirichlet(np.ones(5), len(cloth.index)).T.astype(np.float32)
    shown = dict(zip(REGIONS["top"], weights.copy(), strict=True))
    front.repaint(shown)
    assert np.sum(list(shown.values()), axis=0) == pytest.approx(1.0, abs=1e-5)
    assert spot(cloth, 0.0, 0.60, shown["tie"], 0.006) > 0.95
    assert spot(cloth, 0.13, 0.50, shown["second"], 0.006) == 0.0
    elsewhere = np.setdiff1d(np.arange(len(cloth.index)), front.which)
    assert np.array_equal(shown["second"][elsewhere], weights[1][elsewhere])


@pytest.mark.parametrize("neckwear", ["tie", "none"])
def test_a_suit_shows_two_collar_leaves(cloths, neckwear: str):
    cloth = cloths.get("top", 1024)
    front, shown = painted(cloth, top="suit", neckwear=neckwear)
    light = np.ones(len(cloth.index), np.float32)
    light[front.which] = front.light
    (tip_x, tip_y), *_ = UNDER[neckwear == "tie"]
    for side in (-1, 1):
        leaf, below = ((side * x, y) for x, y in ((tip_x, tip_y + 0.030), (tip_x - 0.006, tip_y - 0.008)))
        assert spot(cloth, *leaf, shown["second"]) > 0.9
        assert spot(cloth, *leaf, light) > spot(cloth, *below, light) + 0.05  # the face, and its shadow
        assert spot(cloth, *below, light) < 0.92
        assert spot(cloth, *leaf, light) == pytest.approx(spot(cloth, -leaf[0], leaf[1], light), abs=0.05)


def test_lapels_are_notched_and_stand_out(cloths):
    cloth = cloths.get("top", 1024)
    front, _ = painted(cloth, top="suit")
    light, height = np.ones(len(cloth.index), np.float32), np.zeros(len(cloth.index), np.float32)
    light[front.which], height[front.which] = front.light, front.height
    for side in (-1, 1):
        assert spot(cloth, side * 0.07, 0.56, height) > spot(cloth, side * 0.125, 0.50, height) + 0.001
        notch = spot(cloth, side * 0.108, 0.652, light)
        assert notch < 0.95 < spot(cloth, side * 0.09, 0.60, light)
    plain = relief.normal_map(planes("top", 512), outfit(top="tshirt"), cloths.get("top", 512))
    suit = relief.normal_map(planes("top", 512), outfit(top="suit"), cloths.get("top", 512))
    assert (suit[..., 2] < 249).sum() > (plain[..., 2] < 249).sum() + 300


def test_a_lapels_blurred_shadow_is_taken_back(cloths):
    cloth = cloths.get("top", 512)
    front, _ = painted(cloth, top="suit")
    shade = np.full(len(cloth.index), 0.6, np.float32)
    front.relight(shade)
    assert spot(cloth, 0.0, 0.60, shade) > 0.85
    assert spot(cloth, 0.0, 0.30, shade) == pytest.approx(0.6)


def test_stand_collars_have_two_gilt_tabs_and_cooks_none(cloths):
    cloth = cloths.get("top", 1024)
    _, shown = painted(cloth, top="uniform")
    collar = (cloth.y > 0.69) & (np.abs(cloth.x) < 0.06) & (cloth.z > 0.05)
    gilt = shown["detail"] > 0.5
    assert (gilt & collar & (cloth.x > 0)).sum() == pytest.approx((gilt & collar & (cloth.x < 0)).sum(), rel=0.2)
    assert (gilt & collar).sum() > 100
    assert ((shown["detail"] > 0.2) & (shown["detail"] < 0.8)).sum() < 0.6 * gilt.sum()
    assert painted(cloth, top="uniform", headwear="chef")[1]["detail"].max() == 0.0


def test_every_tailored_top_is_drawn_alike_at_all_levels(cloths):
    for top, closed in CUTS:
        area = []
        for size in (128, 512):
            cloth = cloths.get("top", size)
            front, shown = painted(cloth, top=top, neckwear="tie" if closed is not False else "none")
            assert np.isfinite(front.light).all()
            assert 0.0 <= front.calm.min() <= front.calm.max() <= 1.0
            area.append(sum(float(v.sum()) for k, v in shown.items() if k != "main") / len(cloth.index))
        assert area[0] == pytest.approx(area[1], rel=0.15, abs=1e-3)


def test_tops_without_a_tailored_front_are_left_alone(cloths):
    assert tailoring.front(cloths.get("top", 128), outfit(top="tshirt")) is None
    assert tailoring.front(cloths.get("bottom", 128), outfit(top="suit")) is None
