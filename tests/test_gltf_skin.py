import numpy as np
import pytest

from lodestream_server.avatar import Skeleton
from lodestream_server.gltf.skin import inverse_binds, local_translations, quantize_influences


def test_weights_are_rounded_by_the_largest_remainder() -> None:
    joints = np.array([[3, 5, 7, 0]], np.uint8)
    weights = np.array([[0.55, 0.3, 0.15, 0.0]], np.float32)  # 140.25, 76.5, 38.25

    kept, bytes_ = quantize_influences(joints, weights)

    assert bytes_.tolist() == [[140, 77, 38, 0]]
    assert kept.tolist() == [[3, 5, 7, 0]]


def test_every_row_sums_to_255_and_zero_weights_name_joint_0() -> None:
    rng = np.random.default_rng(0)
    joints = rng.integers(0, 52, (5000, 4)).astype(np.uint8)
    weights = rng.dirichlet(np.full(4, 0.2), 5000).astype(np.float32)

    kept, bytes_ = quantize_influences(joints, weights)

    assert (bytes_.astype(int).sum(1) == 255).all()
    assert not kept[bytes_ == 0].any()
    assert np.abs(bytes_ / 255 - _merged(joints, weights)).max() <= 1 / 255


def _merged(joints: np.ndarray, weights: np.ndarray) -> np.ndarray:
    result = np.zeros_like(weights)
    for row, (names, values) in enumerate(zip(joints, weights, strict=True)):
        for place, name in enumerate(names):
            result[row, int(np.flatnonzero(names == name)[0])] += values[place]
    return result


def test_a_joint_named_twice_is_merged() -> None:
    kept, bytes_ = quantize_influences(np.array([[4, 4, 9, 4]], np.uint8), np.array([[0.2, 0.2, 0.4, 0.2]], np.float32))

    assert kept.tolist() == [[4, 0, 9, 0]]
    assert bytes_.tolist() == [[153, 0, 102, 0]]


def test_a_vertex_without_weights_hangs_on_the_root() -> None:
    kept, bytes_ = quantize_influences(np.array([[4, 5, 6, 7]], np.uint8), np.zeros((1, 4), np.float32))

    assert kept.tolist() == [[0, 0, 0, 0]]
    assert bytes_.tolist() == [[255, 0, 0, 0]]


def test_inverse_binds_undo_the_translations() -> None:
    positions = np.array([[0.1234567, 0.9, 0], [0.1234567, 1.2345678, 0.01], [0.5, 1.3, -0.02]], np.float32)
    skeleton = Skeleton(("a", "b", "c"), (-1, 0, 1), positions)

    chained = np.cumsum(local_translations(skeleton).astype(np.float64), axis=0)

    assert inverse_binds(skeleton)[:, 3, :3] == pytest.approx(-chained, abs=1e-7)
    assert chained == pytest.approx(positions, abs=5.1e-5)
