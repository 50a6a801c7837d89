import threading
from dataclasses import dataclass

import numpy as np
import pytest

from lodestream_server import bundle
from lodestream_server.cache import _ENTRY, Cache
from lodestream_server.config import load as options
from lodestream_server.metrics import Metrics
from lodestream_server.pipeline import loading
from lodestream_server.pipeline.request import AvatarRequest


@pytest.fixture
def metrics():
    return Metrics()


def counted(metrics, name="c"):
    value = metrics.registry.get_sample_value
    kinds = ("cache_hits_total", "cache_misses_total", "cache_bytes")
    return tuple(value(f"lodestream_{kind}", {"cache": name}) for kind in kinds)


def test_a_value_is_made_once(metrics):
    cache = Cache("c", 10, 10**6, metrics)
    made = []
    for _ in range(3):
        assert cache.get("k", lambda: made.append(1) or (1, 2)) == (1, 2)
    assert made == [1]
    assert counted(metrics) == (2, 1, _ENTRY + 4 + 16)


def test_the_least_recently_used_goes_first(metrics):
    cache = Cache("c", 2, 10**6, metrics)
    for key in ("a", "b", "a", "c"):
        cache.get(key, lambda: 0)
    made = []
    for key in ("a", "c", "b"):
        cache.get(key, lambda key=key: made.append(key))
    assert made == ["b"]
    assert len(cache) == 2


def test_bytes_are_bounded_and_counted(metrics):
    cache = Cache("c", 100, 10_000, metrics)
    for key in range(50):
        cache.get(key, lambda: np.zeros(250, np.float32))
    assert len(cache) == 10_000 // (_ENTRY + 8 + 1000)
    assert counted(metrics)[2] == len(cache) * (_ENTRY + 8 + 1000)


def test_what_is_larger_than_all_room_is_not_kept(metrics):
    cache = Cache("c", 100, 1000, metrics)
    cache.get("small", lambda: np.zeros(10))
    assert cache.get("large", lambda: np.zeros(1000)).shape == (1000,)
    assert len(cache) == 1


@pytest.mark.parametrize(("entries", "size"), [(0, 10**6), (10, 0)])
def test_no_room_keeps_nothing(metrics, entries, size):
    cache = Cache("c", entries, size, metrics)
    assert [cache.get("k", lambda: 1), cache.get("k", lambda: 2)] == [1, 2]
    assert len(cache) == 0


def test_what_fails_is_tried_again(metrics):
    cache = Cache("c", 10, 10**6, metrics)
    with pytest.raises(ZeroDivisionError):
        cache.get("k", lambda: 1 / 0)
    assert cache.get("k", lambda: 5) == 5


def test_arrays_inside_become_read_only(metrics):
    @dataclass
    class Value:
        array: np.ndarray
        others: tuple

    value = Cache("c", 10, 10**6, metrics).get("k", lambda: Value(np.zeros(3), (np.zeros(3),)))
    for array in (value.array, *value.others):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


def test_many_threads_keep_the_books_straight(metrics):
    cache = Cache("c", 20, 10**6, metrics)
    wrong = []

    def work(seed):
        keys = np.random.default_rng(seed).integers(0, 40, 500).tolist()
        wrong.extend(key for key in keys if cache.get(key, lambda key=key: (key, np.zeros(key)))[0] != key)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(cache) <= 20
    hits, misses, size = counted(metrics)
    assert hits + misses == 3000
    assert size == sum(weight for _, weight in cache._kept.values())


def test_the_pipeline_remembers_without_mixing_anything_up(metrics, tmp_path):
    pipeline = loading.load(options(["--data-dir", str(tmp_path), "--engine", "onnxruntime-cpu"], {}), metrics)
    prompt = "a tall bald man in a red t-shirt and blue jeans"
    first, second = ((bundle.embedded() / "gallery" / f"p00{n}.jpg").read_bytes() for n in (1, 2))
    requests = [
        AvatarRequest(prompt),
        AvatarRequest(prompt, seed=3),
        AvatarRequest("a woman in a green dress"),
        AvatarRequest(prompt, first),
        AvatarRequest(None, first),
        AvatarRequest(None, second),
    ]
    jobs = [pipeline.begin(request) for request in requests]
    afresh = [job.latent.tobytes() for job in jobs]
    assert len(set(afresh)) == len(requests)
    fused = {(job.request.prompt, job.request.image or job.match.id) for job in jobs}
    missed = [counted(metrics, name)[1] for name in ("text", "picture", "match", "latent")]
    assert missed == [2, 2, 2, len(fused)]
    assert [pipeline.begin(request).latent.tobytes() for request in reversed(requests)] == afresh[::-1]
    assert [counted(metrics, name)[1] for name in ("text", "picture", "match", "latent")] == missed
