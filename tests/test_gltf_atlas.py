import numpy as np
from gltf_avatars import avatar, ball, full, picture

from lodestream_server.avatar import Material
from lodestream_server.gltf.atlas import cells, cut, merge


def test_cells_do_not_overlap_and_the_first_is_a_quarter() -> None:
    for count in range(1, 20):
        plan = cells(count, 256)
        cover = np.zeros((256, 256), int)
        for x, y, size in plan:
            cover[y : y + size, x : x + size] += 1

        assert len(plan) == count
        assert plan[0] == (0, 0, 128)
        assert cover.max() == 1


def test_one_layer_comes_out_and_nothing_is_lost() -> None:
    before = full()
    after = merge(before)
    (layer,) = after.layers

    assert layer.name == "avatar"
    assert len(layer.triangles) == sum(len(one.triangles) for one in before.layers)
    assert len(layer.positions) == sum(len(one.positions) for one in before.layers)
    assert layer.triangles.max() == len(layer.positions) - 1
    assert len(layer.morphs["jawOpen"].indices) == 9
    assert layer.material.alpha == "MASK"
    assert layer.material.normal is not None
    assert layer.material.orm is not None


def test_every_vertex_still_sees_its_colour() -> None:
    colours = {"body": (250, 10, 10), "top": (10, 250, 10), "hair": (10, 10, 250)}
    layers = [
        ball(name, (0, 1, 0), material=Material(np.full((16, 16, 3), colour, np.uint8)))
        for name, colour in colours.items()
    ]
    (layer,) = merge(avatar(*layers)).layers
    side = layer.material.albedo.shape[0]
    texels = np.floor(layer.uv * side).astype(int)
    seen = layer.material.albedo[texels[:, 1], texels[:, 0]]

    expected = np.repeat([colours[name] for name in ("top", "body", "hair")], len(layers[0].positions), axis=0)
    assert np.array_equal(seen, expected)


def test_cutting_drops_what_is_mostly_hole() -> None:
    pixels = np.full((16, 16, 4), 255, np.uint8)
    pixels[:8, :, 3] = 40
    before = ball("glasses", (0, 1, 0), material=Material(pixels, alpha="BLEND"))
    (after,) = cut(avatar(before)).layers

    assert after.material.alpha == "OPAQUE"
    assert after.material.albedo.shape == (16, 16, 3)
    assert len(after.triangles) == len(before.triangles) // 2
    assert after.uv[:, 1].min() >= 0.5
    assert after.triangles.max() == len(after.positions) - 1
    kept = {tuple(place) for place in before.positions[before.uv[:, 1] >= 0.5]}
    assert {tuple(place) for place in after.positions} == kept


def test_the_head_comes_before_the_body() -> None:
    layers = [
        ball("body", (0, 1, 0), material=Material(picture(16))),
        ball("head", (0, 2, 0), material=Material(np.full((16, 16, 3), 77, np.uint8))),
    ]
    (layer,) = merge(avatar(*layers)).layers

    assert (layer.material.albedo[:16, :16] == 77).all()
