import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from lodestream_server import bundle
from lodestream_server.checkpoint import pausing
from lodestream_server.encoders.batching import Batcher
from lodestream_server.encoders.engines.onnxruntime_cpu import OnnxRuntimeCpu
from lodestream_server.encoders.tokenize import PromptTokenizer
from lodestream_server.errors import AbandonedError, NetworkError
from lodestream_server.metrics import Metrics

PROMPTS = (
    "a tall bald man in a red t-shirt and blue jeans",
    "a boy",
    "an old man with a white beard in a dark grey suit and a red tie, standing",
    "a knight",
)


class Gated:
    """A network that says which rows came together, and may be held up: outputs are inputs + 1."""

    inputs = ("x",)
    outputs = ("y",)

    def __init__(self):
        self.calls = []
        self.threads = []
        self.open = threading.Event()
        self.open.set()

    def run(self, feeds):
        self.calls.append([row[0] for row in feeds["x"].tolist()])
        self.threads.append(threading.current_thread())
        assert self.open.wait(10)
        if 13 in feeds["x"]:
            raise RuntimeError("unlucky")
        return {"y": feeds["x"] + 1}


def batcher(network, limit=4, wait=10.0, metrics=None):
    return Batcher(network, "m", limit, wait, metrics or Metrics())


def ask(batch, number, **more):
    return batch.run({"x": np.full((1, 2), number, np.float32)}, **more)["y"][0, 0] - 1


def until(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def crowd(batch, network, numbers, **more):
    """Asks for ``numbers`` in order while a first request, 0, holds the network up; then lets all go on."""
    network.open.clear()
    with ThreadPoolExecutor(len(numbers) + 1) as pool:
        first = pool.submit(ask, batch, 0)
        until(lambda: network.calls)
        others = []
        for index, number in enumerate(numbers):
            others.append(pool.submit(ask, batch, number, **more))
            until(lambda index=index: len(batch._queue) == index + 1)
        network.open.set()
    return first, others


def test_what_waits_together_is_run_together_in_order():
    network, metrics = Gated(), Metrics()
    first, others = crowd(batcher(network, limit=8, metrics=metrics), network, [1, 2, 3])
    assert network.calls == [[0], [1, 2, 3]]
    assert [f.result() for f in (first, *others)] == [0, 1, 2, 3]
    value = metrics.registry.get_sample_value
    assert value("lodestream_batch_size_sum", {"model": "m"}) == 4
    assert value("lodestream_batch_size_count", {"model": "m"}) == 2


def test_a_full_batch_goes_beside_the_call_under_way():
    network = Gated()
    network.open.clear()
    batch = batcher(network, limit=2)
    with ThreadPoolExecutor(3) as pool:
        found = [pool.submit(ask, batch, 0)]
        until(lambda: network.calls)
        found.append(pool.submit(ask, batch, 1))
        until(lambda: batch._queue)
        found.append(pool.submit(ask, batch, 2))
        until(lambda: len(network.calls) == 2)
        network.open.set()
    assert network.calls == [[0], [1, 2]]
    assert [f.result() for f in found] == [0, 1, 2]


def test_nobody_waits_longer_than_allowed():
    network = Gated()
    network.open.clear()
    batch = batcher(network, wait=0.05)
    with ThreadPoolExecutor(2) as pool:
        pool.submit(ask, batch, 0)
        until(lambda: network.calls)
        began = time.monotonic()
        late = pool.submit(ask, batch, 1)
        until(lambda: len(network.calls) == 2)
        assert 0.04 < time.monotonic() - began < 5
        network.open.set()
    assert late.result() == 1


@pytest.mark.parametrize("limit", [1, 4])
def test_an_idle_network_is_run_at_once_by_the_caller(limit):
    network = Gated()
    batch = batcher(network, limit)
    feeds = {"x": np.zeros((1, 2), np.float32)}
    times, bare = [], []
    for _ in range(300):
        began = time.perf_counter()
        batch.run(feeds)
        times.append(time.perf_counter() - began)
        began = time.perf_counter()
        network.run(feeds)
        bare.append(time.perf_counter() - began)
    assert set(network.threads) == {threading.current_thread()}
    assert np.median(times) - np.median(bare) < 50e-6


def test_whoever_gave_up_is_not_computed():
    network = Gated()
    batch = batcher(network, limit=8)
    network.open.clear()
    left = threading.Event()
    with ThreadPoolExecutor(3) as pool:
        pool.submit(ask, batch, 0)
        until(lambda: network.calls)
        gone = pool.submit(ask, batch, 1, gone=left.is_set)
        until(lambda: len(batch._queue) == 1)
        stays = pool.submit(ask, batch, 2)
        until(lambda: len(batch._queue) == 2)
        left.set()
        network.open.set()
    assert network.calls == [[0], [2]]
    assert stays.result() == 2
    with pytest.raises(AbandonedError):
        gone.result()
    with pytest.raises(AbandonedError):
        ask(batcher(network, limit=1), 1, gone=left.is_set)


def test_whoever_a_worker_has_given_up_is_not_computed():
    network, left = Gated(), threading.Event()
    with pausing(lambda: None, left.is_set):
        assert ask(batcher(network, limit=8), 1) == 1
        left.set()
        with pytest.raises(AbandonedError):
            ask(batcher(network, limit=8), 2)
        with pytest.raises(AbandonedError):
            ask(batcher(network, limit=1), 2)
    assert network.calls == [[1]]


def test_a_failure_is_that_of_the_one_who_caused_it():
    network = Gated()
    batch = batcher(network, limit=8)
    _, others = crowd(batch, network, [1, 13, 3])
    assert network.calls[1] == [1, 13, 3]
    assert [others[0].result(), others[2].result()] == [1, 3]
    with pytest.raises(NetworkError, match="network m failed") as caught:
        others[1].result()
    assert str(caught.value.__cause__) == "unlucky"
    with pytest.raises(NetworkError):
        ask(batch, 13)
    assert ask(batch, 5) == 5


def test_requests_that_do_not_fit_each_other_are_run_one_by_one():
    network = Gated()
    batch = batcher(network, limit=8)
    network.open.clear()
    with ThreadPoolExecutor(3) as pool:
        pool.submit(ask, batch, 0)
        until(lambda: network.calls)
        narrow = pool.submit(ask, batch, 1)
        until(lambda: len(batch._queue) == 1)
        wide = pool.submit(batch.run, {"x": np.zeros((1, 3), np.float32)})
        until(lambda: len(batch._queue) == 2)
        network.open.set()
    assert narrow.result() == 1
    assert wide.result()["y"].shape == (1, 3)


def test_many_threads_each_get_their_own():
    network = Gated()
    batch = batcher(network, limit=3, wait=0.0005)
    with ThreadPoolExecutor(8) as pool:
        numbers = list(range(100, 1100))
        assert list(pool.map(lambda n: ask(batch, n), numbers)) == numbers
    assert sorted(row for call in network.calls for row in call) == numbers
    assert max(map(len, network.calls)) <= 3
    assert not batch._queue
    assert batch._under_way == 0


def test_words_of_any_length_give_the_same_bytes_alone_and_together():
    root = bundle.embedded()
    tower = OnnxRuntimeCpu(1).load(root / "text_tower.onnx")
    fusion = OnnxRuntimeCpu(1).load(root / "fusion.onnx")
    tokenizer = PromptTokenizer(root / "tokenizer.json")
    sizes = Metrics()
    pause = threading.Event()

    class Paused:
        def __init__(self, session):
            self.inputs, self.outputs, self.run_now = session.inputs, session.outputs, session.run

        def run(self, feeds):
            assert pause.wait(10)
            return self.run_now(feeds)

    def together(session, requests):
        pause.clear()
        batch = Batcher(Paused(session), "m", 8, 10.0, sizes)
        with ThreadPoolExecutor(len(requests)) as pool:
            found = [pool.submit(batch.run, feeds) for feeds in requests]
            until(lambda: len(batch._queue) == len(requests) - 1)
            pause.set()
        return [f.result() for f in found]

    asked = [dict(zip(("input_ids", "attention_mask"), tokenizer.encode(p), strict=True)) for p in PROMPTS]
    alone = [tower.run(feeds) for feeds in asked]
    one = np.ones((1, 1), np.float32)
    fused = [
        {
            "token_states": words["token_states"],
            "attention_mask": feeds["attention_mask"],
            "features": np.full((1, 192), index, np.float32),
            "has_text": one,
            "has_picture": one,
        }
        for index, (feeds, words) in enumerate(zip(asked, alone, strict=True))
    ]
    for session, requests in ((tower, asked), (fusion, fused)):
        for feeds, batched in zip(requests, together(session, requests), strict=True):
            for name, array in session.run(feeds).items():
                assert batched[name].shape == array.shape
                assert batched[name].tobytes() == array.tobytes()
    assert sizes.registry.get_sample_value("lodestream_batch_size_bucket", {"model": "m", "le": "2.0"}) == 2
    assert sizes.registry.get_sample_value("lodestream_batch_size_count", {"model": "m"}) == 4
