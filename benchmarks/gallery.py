"""Searching a gallery at size: how often the best picture is found, how fast, in how much memory.

`python -m benchmarks.gallery --rows 1000000`. Embeddings are made up after the embedded bundle's: their variance
falls with exp(-k/16), their mean is 0.2 long, and pictures lie in clusters of a hundred. Two kinds of queries:
`picture`, drawn like the rows; `words`, which share half with a picture and lie on the other side of the mean, as a
text tower's do.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import common
from lodestream_server.gallery import hnsw
from lodestream_server.gallery.index import ExactIndex

WIDTH = 256
CLUSTER = 100
COUNT = 5  # what the server asks for
_CHUNK = 1 << 16

Rows = NDArray[np.float32]


class Embeddings:
    """Draws what a CLIP-like pair of towers might give."""

    def __init__(self, rows: int, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        spread = np.exp(-np.arange(WIDTH) / 32).astype(np.float32)  # variances fall with exp(-k/16)
        self._spread = spread / np.linalg.norm(spread)
        mean = self._rng.standard_normal(WIDTH, dtype=np.float32)
        self._mean = mean * np.float32(0.2 / np.linalg.norm(mean))
        self._centres = self._normal(max(rows // CLUSTER, 1))

    def pictures(self, count: int) -> Rows:
        """(count, 256) unit length: four fifths of the variance between clusters, one fifth within."""
        out = np.empty((count, WIDTH), np.float32)
        for start in range(0, count, _CHUNK):
            part = out[start : start + _CHUNK]
            centres = self._centres[self._rng.integers(0, len(self._centres), len(part))]
            part[:] = _unit(self._mean + np.sqrt(0.8) * centres + np.sqrt(0.2) * self._normal(len(part)))
        return out

    def words(self, count: int) -> Rows:
        """(count, 256) unit length, with a similarity of about 0.6 to the best picture."""
        return _unit(0.5 * self.pictures(count) + 0.5 * _unit(self._normal(count)) - 1.5 * self._mean)

    def _normal(self, count: int) -> Rows:
        return self._rng.standard_normal((count, WIDTH), dtype=np.float32) * self._spread


def searched(path: Path, queries: Rows, best: Sequence[int]) -> dict[str, Any]:
    """Opens the index in a process of its own, warms it with half of the queries, and times all of them."""
    before = _memory_mb()
    began = time.perf_counter()
    index = hnsw.HnswIndex(path)
    opened = time.perf_counter() - began
    for query in queries[: len(queries) // 2]:
        index.search(query, COUNT)
    times, hits = [], 0
    for query, row in zip(queries, best, strict=True):
        began = time.perf_counter()
        found, _ = index.search(query, COUNT)
        times.append((time.perf_counter() - began) * 1e3)
        hits += found[0] == row
    after = _memory_mb()
    return {
        "recall@1": round(hits / len(queries), 4),
        "p50_ms": round(common.percentile(times, 50), 2),
        "p99_ms": round(common.percentile(times, 99), 2),
        "open_ms": round(opened * 1e3, 1),
        "own_mb": round(after["RssAnon"] - before["RssAnon"], 1),
        "mapped_mb": round(after["RssFile"] - before["RssFile"], 1),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=1_000, help="of each kind")
    parser.add_argument("--threads", type=int, default=1, help="for the build")
    parser.add_argument("--save", type=Path, metavar="FILE", help="append the line of JSON to this file")
    arguments = parser.parse_args(argv)
    source = Embeddings(arguments.rows)
    rows = source.pictures(arguments.rows)
    queries = {"picture": source.pictures(arguments.queries), "words": source.words(arguments.queries)}
    exact = ExactIndex(rows)
    results, exact_ms = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / hnsw.FILE
        began = time.perf_counter()
        hnsw.build(rows, path, arguments.threads)
        seconds = round(time.perf_counter() - began, 1)
        megabytes = round(path.stat().st_size / 1e6, 1)
        for kind, asked in queries.items():
            best = []
            for query in asked:
                began = time.perf_counter()
                best.append(exact.search(query, 1)[0][0])
                exact_ms.append((time.perf_counter() - began) * 1e3)
            with multiprocessing.get_context("spawn").Pool(1) as process:
                results.append({"queries": kind, **process.apply(searched, (path, asked, best))})
    exact_p50 = round(common.percentile(exact_ms, 50), 2)
    print(f"{arguments.rows:,} rows: built in {seconds} s, {megabytes} MB; exact search takes {exact_p50} ms")
    common.table(results)
    result = {
        "rows": arguments.rows,
        "build_s": seconds,
        "build_threads": arguments.threads,
        "file_mb": megabytes,
        "exact_p50_ms": exact_p50,
        "search": {row.pop("queries"): row for row in results},
    }
    common.finish("gallery", result, arguments.save)


def _unit(rows: Rows) -> Rows:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _memory_mb() -> dict[str, float]:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    parts = (line.partition(":") for line in lines if "Rss" in line)
    return {key: int(value.split()[0]) / 1024 for key, _, value in parts}


if __name__ == "__main__":
    main()
