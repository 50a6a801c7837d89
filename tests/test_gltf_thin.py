from collections import Counter

import numpy as np
from gltf_avatars import avatar, ball

from lodestream_server.avatar import Layer
from lodestream_server.gltf.thin import thin


def border(layer: Layer) -> set[tuple[float, ...]]:
    edges = np.sort(layer.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    once = [edge for edge, count in Counter(map(tuple, edges.tolist())).items() if count == 1]
    return {tuple(layer.uv[v].tolist()) for edge in once for v in edge}


def test_vertices_go_and_seams_stay() -> None:
    before = avatar(ball("body", (0, 1, 0), rings=10), ball("top", (0, 2, 0), rings=10), level=3)
    after = thin(before, 60)

    counts = [sum(len(layer.positions) for layer in one.layers) for one in (before, after)]
    assert counts[0] - 62 <= counts[1] <= counts[0] - 60
    for old, new in zip(before.layers, after.layers, strict=True):
        assert border(new) == border(old)
        assert set(map(tuple, new.positions.tolist())) <= set(map(tuple, old.positions.tolist()))
        centre = old.positions.mean(0)
        a, b, c = (new.positions[new.triangles[:, k]] - centre for k in range(3))
        assert (np.einsum("tc,tc->t", np.cross(b - a, c - a), a + b + c) > -1e-9).all()


def test_it_stops_when_nothing_can_go() -> None:
    after = thin(avatar(ball("body", (0, 1, 0), rings=4), level=3), 1000)

    assert 0 < len(after.layers[0].triangles) < 32


def test_the_flattest_goes_first() -> None:
    grid = np.linspace(0, 1, 6)
    x, z = (values.ravel() for values in np.meshgrid(grid, grid))
    peak = np.where(np.hypot(x - 0.6, z - 0.6) < 0.05, 0.4, 0.0)
    layer = ball("top", (0, 1, 0), rings=5)
    hill = Layer(**{name: getattr(layer, name) for name in layer.__slots__} | {"positions": np.stack([x, peak, -z], 1)})
    after = thin(avatar(hill, level=3), 4).layers[0]

    assert after.positions[:, 1].max() == 0.4
    assert len(after.positions) == len(x) - 4
