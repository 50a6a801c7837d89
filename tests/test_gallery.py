import collections

import numpy as np
import pytest

from lodestream_server.errors import BundleError
from lodestream_server.gallery import gallery
from lodestream_server.gallery.index import ExactIndex


def unit(count, width=16, seed=0):
    rows = np.random.default_rng(seed).standard_normal((count, width)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "gallery.npz"
    ids = np.array([f"p{i}" for i in range(50)])
    np.savez(path, ids=ids, embeddings=unit(50), features=np.arange(150, dtype=np.float32).reshape(50, 3))
    return path


def test_search_agrees_with_sorting_everything():
    rows, query = unit(200), unit(1, seed=1)[0]
    expected = sorted(range(200), key=lambda i: -float(rows[i] @ query))
    found, scores = ExactIndex(rows).search(query, 7)
    assert list(found) == expected[:7]
    assert scores == pytest.approx([float(rows[i] @ query) for i in expected[:7]])


def test_search_for_more_than_there_is():
    assert len(ExactIndex(unit(3)).search(unit(1)[0], 5)[0]) == 3


def test_seed_0_takes_the_best_and_others_one_of_the_best(path):
    pictures = gallery.load(path)
    query = unit(50)[17]
    match, features = pictures.choose(pictures.search(query), 0)
    assert features.dtype == np.float32
    assert (match.id, features.tolist()) == ("p17", [51.0, 52.0, 53.0])
    assert match.score == pytest.approx(1.0)
    best = {f"p{row}" for row in pictures.index.search(query, gallery.CHOICES)[0]}
    found = pictures.search(query)
    assert {pictures.choose(found, seed)[0].id for seed in range(1, 300)} <= best


def test_equal_scores_are_picked_equally_often():
    picked = collections.Counter(gallery._pick((0.5,) * 5, seed) for seed in range(1, 2001))
    assert set(picked) == set(range(5))
    assert min(picked.values()) > 320


def test_a_pick_never_changes():
    assert [gallery._pick((0.9, 0.88, 0.87, 0.86, 0.85), seed) for seed in range(1, 9)] == [3, 4, 0, 2, 3, 0, 2, 2]


@pytest.mark.parametrize(
    "arrays", [{"ids": np.array(["a"])}, {"ids": np.array(["a"]), "embeddings": unit(2), "features": unit(2)}]
)
def test_a_broken_file_is_named(tmp_path, arrays):
    path = tmp_path / "broken.npz"
    np.savez(path, **arrays)
    with pytest.raises(BundleError, match=r"broken\.npz"):
        gallery.load(path)
