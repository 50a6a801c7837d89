"""The search at size: an index in a file, and arrays that are mapped rather than read."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from rpc_support import environ

from lodestream_server.errors import BundleError
from lodestream_server.gallery import gallery
from lodestream_server.gallery.arrays import mapped
from lodestream_server.gallery.index import ExactIndex

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def hnsw():
    pytest.importorskip("usearch")
    from lodestream_server.gallery import hnsw

    return hnsw


@pytest.fixture(scope="module")
def embeddings():
    sys.path.insert(0, str(ROOT))
    try:
        from benchmarks.gallery import Embeddings
    finally:
        sys.path.remove(str(ROOT))
    source = Embeddings(20_000)
    return source.pictures(20_000), source.pictures(200), source.words(200)


@pytest.fixture(scope="module")
def path(hnsw, embeddings, tmp_path_factory):
    path = tmp_path_factory.mktemp("gallery") / hnsw.FILE
    hnsw.build(embeddings[0], path)
    return path


@pytest.mark.parametrize("kind", [1, 2], ids=["pictures", "words"])
def test_the_best_of_20000_is_found(hnsw, embeddings, path, kind):
    exact, index = ExactIndex(embeddings[0]), hnsw.HnswIndex(path)
    assert len(index) == 20_000
    same = []
    for query in embeddings[kind]:
        rows, scores = index.search(query, 5)
        best, truth = exact.search(query, 5)
        same.append(rows[0] == best[0])
        assert list(scores) == sorted(scores, reverse=True)
        assert scores[0] == pytest.approx(float(embeddings[0][rows[0]] @ query), abs=1e-3)
        assert scores[0] >= truth[0] - 0.05
    assert np.mean(same) >= 0.98


def test_the_file_depends_on_the_rows_alone(hnsw, embeddings, tmp_path):
    for name in ("a", "b"):
        hnsw.build(embeddings[0][:2000], tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


def test_many_threads_find_what_one_finds(hnsw, embeddings, path):
    index = hnsw.HnswIndex(path)
    alone = [index.search(query, 5) for query in embeddings[1]]
    found = {}

    def work(name):
        found[name] = [index.search(query, 5) for query in embeddings[1]]

    threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found[name] == alone for name in range(6))


@pytest.fixture
def arrays(tmp_path):
    path = tmp_path / "gallery.npz"
    ids = np.array([f"p{i}" for i in range(20_000)])
    np.savez(path, ids=ids, features=np.arange(40_000, dtype=np.float16).reshape(-1, 2) % 2048)
    return path


def test_a_gallery_with_an_index_needs_no_embeddings(embeddings, path, arrays):
    pictures = gallery.load(arrays, path)
    match, features = pictures.choose(pictures.search(embeddings[0][123]), 0)
    assert (match.id, features.tolist(), features.dtype) == ("p123", [246.0, 247.0], np.float32)
    with pytest.raises(BundleError, match="lacks embeddings"):
        gallery.load(arrays)


def test_an_index_of_other_rows_is_refused(hnsw, embeddings, arrays, tmp_path):
    hnsw.build(embeddings[0][:10], tmp_path / "ten")
    with pytest.raises(BundleError, match="20000 ids, 10 embeddings"):
        gallery.load(arrays, tmp_path / "ten")


@pytest.mark.parametrize("content", [None, b"", b"not an index at all" * 100])
def test_a_broken_index_is_named(hnsw, tmp_path, content):
    path = tmp_path / "gallery.usearch"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BundleError, match=r"gallery\.usearch is no index"):
        hnsw.HnswIndex(path)


def test_an_index_of_another_metric_is_refused(hnsw, tmp_path):
    from usearch.index import Index

    index = Index(ndim=4, metric="l2sq")
    index.add(0, np.ones(4, np.float32))
    index.save(tmp_path / "l2")
    with pytest.raises(BundleError, match="inner products"):
        hnsw.HnswIndex(tmp_path / "l2")


def test_without_usearch_the_extra_is_named(monkeypatch, tmp_path):
    from lodestream_server.gallery import hnsw

    monkeypatch.setitem(sys.modules, "usearch.index", None)
    with pytest.raises(BundleError, match="extra scale"):
        hnsw.HnswIndex(tmp_path / "gallery.usearch")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_mapped_arrays_are_what_was_saved(tmp_path, save):
    given = {
        "ids": np.array(["a", "äöü"]),
        "f": np.asfortranarray(np.arange(12, dtype=np.float32).reshape(3, 4)),
        "h": np.arange(5, dtype=np.float16),
        "none": np.zeros((0, 3)),
    }
    save(tmp_path / "x.npz", **given)
    found = mapped(tmp_path / "x.npz")
    assert set(found) == set(given)
    for name, array in given.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
    assert isinstance(found["h"], np.memmap) == (save is np.savez)


def test_objects_are_refused(tmp_path):
    np.savez(tmp_path / "x.npz", ids=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="objects"):
        mapped(tmp_path / "x.npz")


@pytest.mark.usefixtures("hnsw")
def test_the_benchmark_prints_a_table_and_a_line_of_json():
    command = [sys.executable, "-m", "benchmarks.gallery", "--rows", "2000", "--queries", "50"]
    done = subprocess.run(command, cwd=ROOT, env=environ(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.strip().splitlines()[-1])
    assert (result["benchmark"], result["rows"]) == ("gallery", 2000)
    for search in result["search"].values():
        assert search["recall@1"] > 0.9
        assert 0 < search["p50_ms"] <= search["p99_ms"]
