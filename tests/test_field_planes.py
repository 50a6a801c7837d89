"""The field in closed form: numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from lodestream_server.field import planes as field
from lodestream_server.field import volume


def test_density_is_the_laplace_profile() -> None:
    b = field.SHARPNESS
    zero = np.zeros(3, np.float32)
    worn = np.full(3, 1.0, np.float32)
    d = np.array([0.0, b, -b], np.float32)
    # on the surface 1/(2b), one b outside exp(-1)/(2b), one b inside (1 - exp(-1)/2)/b
    expected = np.array([0.5, 0.5 * np.exp(-1), 1 - 0.5 * np.exp(-1)]) / b
    np.testing.assert_allclose(field.density(zero, worn, d), expected, rtol=1e-5)


def test_nothing_where_it_is_not_worn() -> None:
    bare = np.full(2, -field.EDGE_WIDTH, np.float32)
    assert not field.density(np.zeros(2, np.float32), bare, np.array([-0.01, 0.01], np.float32)).any()


def test_presence_is_one_half_on_the_edge() -> None:
    edge = np.array([-1.0, 0.0, 1.0], np.float32)
    np.testing.assert_allclose(field.presence(edge), [0.0, 0.5, 1.0])


def test_sample_hits_texel_centres_and_the_middle_between_them() -> None:
    plane = np.arange(16, dtype=np.float32).reshape(4, 4)
    uv = np.array([[0.125, 0.125], [0.375, 0.125], [0.25, 0.125], [0.125, 0.25], [0.0, 0.0]], np.float32)
    np.testing.assert_allclose(field.sample(plane, uv), [0.0, 1.0, 0.5, 2.0, 0.0], atol=1e-6)


def test_colour_is_palette_times_shade() -> None:
    regions = np.full((2, 2, 2), -20.0, np.float32)
    regions[1] = 20.0
    planes = field.ShellPlanes(
        level_set=np.zeros((2, 2), np.float32),
        edge=np.ones((2, 2), np.float32),
        regions=regions,
        shade=np.full((2, 2), 0.5, np.float32),
        palette=np.array([[1, 0, 0], [0.2, 0.4, 0.8]], np.float32),
    )
    np.testing.assert_allclose(field.colours(planes, np.array([[0.5, 0.5]], np.float32)), [[0.1, 0.2, 0.4]], atol=1e-6)


def test_composite_follows_the_quadrature() -> None:
    # one ray, two samples given far first: weights 1 - e^-a for the near one, e^-a (1 - e^-b) for the far one
    a, b = 0.7, 1.3
    pixel = np.array([5, 5, 2], np.int64)
    depth = np.array([2.0, 1.0, 9.0], np.float32)
    tau = np.array([b, a, 0.2], np.float32)
    order, weights = volume.composite(pixel, depth, tau)
    assert order.tolist() == [2, 1, 0]
    np.testing.assert_allclose(weights, [1 - np.exp(-0.2), 1 - np.exp(-a), np.exp(-a) * (1 - np.exp(-b))], rtol=1e-5)


@pytest.mark.parametrize("seed", [0, 1])
def test_composite_equals_a_slow_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pixel = rng.integers(0, 7, 60)
    depth = rng.random(60).astype(np.float32)
    tau = rng.random(60).astype(np.float32) * 2
    order, weights = volume.composite(pixel, depth, tau)
    expected = np.zeros(60)
    for p in range(7):
        through = 1.0
        for i in sorted(np.flatnonzero(pixel == p), key=lambda i: depth[i]):
            expected[i] = through * (1 - np.exp(-tau[i]))
            through *= np.exp(-tau[i])
    np.testing.assert_allclose(weights, expected[order], atol=1e-6)
