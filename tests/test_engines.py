"""Which engine runs what: selection, refusals, gates, and that all engines say the same."""

import importlib.util
import subprocess
import sys
import time

import numpy as np
import pytest
from rpc_support import environ

from lodestream_server import bundle
from lodestream_server.config import Config
from lodestream_server.encoders import preprocess
from lodestream_server.encoders.engines import cache, nvidia, quality, rehearsal, selection
from lodestream_server.encoders.engines.base import Session
from lodestream_server.encoders.engines.onnxruntime_cpu import OnnxRuntimeCpu
from lodestream_server.errors import BundleError, EngineError
from lodestream_server.metrics import Metrics

BUNDLE = bundle.embedded()
TOWER = BUNDLE / "picture_tower.onnx"
PIXELS = {
    "pixels": np.random.default_rng(0).uniform(-1, 1, (2, 3, preprocess.SIZE, preprocess.SIZE)).astype(np.float32)
}


class Skewed:
    """A session whose outputs are turned by `angle` and scaled."""

    def __init__(self, session, noise):
        self.session, self.noise = session, noise
        self.inputs, self.outputs, self.max_batch, self.closed = session.inputs, session.outputs, 1, False

    def run(self, feeds):
        rng = np.random.default_rng(0)
        out = self.session.run(feeds)
        return {k: v + self.noise * np.abs(v).mean() * rng.standard_normal(v.shape).astype("f") for k, v in out.items()}

    def warm_up(self, feeds):
        self.run(feeds)

    def close(self):
        self.closed = True


def stub(name, noise=0.0, problem=None):
    """An engine on top of the CPU's."""

    class Stub:
        precision, max_batch = "fp16", 32

        def load(self, path):
            if problem:
                raise EngineError(name, problem, "is broken")
            return Skewed(OnnxRuntimeCpu(1).load(path), noise)

    Stub.name = name
    return Stub()


def choose(monkeypatch, engine="auto", **stubs):
    """Selects engines for the picture tower; stubs: name -> engine or EngineError."""
    original = selection.open_engine

    def opened(name, config, tokens, damaged):
        found = stubs.get(name.replace("-", "_"))
        if isinstance(found, EngineError):
            raise found
        return [found] if found else original(name, config, tokens, damaged)

    monkeypatch.setattr(selection, "open_engine", opened)
    metrics = Metrics()
    chosen = selection.Selection(Config(engine=engine), metrics, {"picture_tower": TOWER})
    chosen.read()
    networks = chosen.choose(lambda sessions: sessions["picture_tower"].run(PIXELS), lambda _, k: tuple(range(k)))
    return networks, metrics.text().decode()


def fallbacks(text):
    return {line for line in text.splitlines() if line.startswith("lodestream_engine_fallback_total{")}


def test_without_a_gpu_the_cpu_serves_and_every_refusal_is_counted(monkeypatch):
    broken = EngineError("tensorrt", "package_missing", "no package")
    networks, text = choose(monkeypatch, tensorrt=broken, onnxruntime_cuda=EngineError("onnxruntime-cuda", "x", ""))
    assert networks.engine == "onnxruntime-cpu"
    assert fallbacks(text) == {
        'lodestream_engine_fallback_total{model="picture_tower",reason="tensorrt_package_missing"} 1.0',
        'lodestream_engine_fallback_total{model="picture_tower",reason="onnxruntime_cuda_x"} 1.0',
    }
    assert 'engine_info{engine="onnxruntime-cpu",model="picture_tower",precision="fp32"} 1.0' in text


def test_an_engine_that_agrees_serves(monkeypatch):
    networks, text = choose(monkeypatch, tensorrt=stub("tensorrt", noise=1e-4))
    assert networks.engine == "tensorrt"
    assert not any("tensorrt" in line for line in fallbacks(text))
    assert 'engine_info{engine="tensorrt",model="picture_tower",precision="fp16"} 1.0' in text


def test_an_engine_that_differs_does_not_serve(monkeypatch, caplog):
    networks, text = choose(monkeypatch, tensorrt=stub("tensorrt", noise=0.3))
    assert networks.engine == "onnxruntime-cpu"
    assert any('reason="tensorrt_fp16_differs"' in line for line in fallbacks(text))
    assert "differs from the reference" in "".join(str(vars(r)) for r in caplog.records)


def test_a_network_that_an_engine_cannot_load_falls_to_the_next(monkeypatch):
    bad, good = stub("tensorrt", problem="build_failed"), stub("onnxruntime-cuda")
    networks, text = choose(monkeypatch, tensorrt=bad, onnxruntime_cuda=good)
    assert networks.engine == "onnxruntime-cuda"
    assert any('reason="tensorrt_build_failed"' in line for line in fallbacks(text))


def test_an_engine_that_breaks_down_while_judged_does_not_serve(monkeypatch):
    broken = stub("tensorrt", noise=None)  # its sessions raise TypeError
    networks, text = choose(monkeypatch, tensorrt=broken)
    assert networks.engine == "onnxruntime-cpu"
    assert any('reason="tensorrt_run_failed"' in line for line in fallbacks(text))


def test_a_forced_engine_has_nothing_behind_it(monkeypatch):
    with pytest.raises(EngineError, match="differs"):
        choose(monkeypatch, "tensorrt", tensorrt=stub("tensorrt", noise=0.3))
    with pytest.raises(EngineError, match="is broken"):
        choose(monkeypatch, "tensorrt", tensorrt=stub("tensorrt", problem="build_failed"))


def test_a_broken_file_is_the_bundles_fault(tmp_path):
    (tmp_path / "bad.onnx").write_bytes(b"no network")
    chosen = selection.Selection(Config(engine="onnxruntime-cpu"), Metrics(), {"bad": tmp_path / "bad.onnx"})
    with pytest.raises(BundleError, match=r"bad\.onnx cannot be loaded"):
        chosen.read()


@pytest.mark.parametrize(("engine", "precision"), [("onnxruntime-cpu", "fp16"), ("auto", "bf16"), ("openvino", "int8")])
def test_a_precision_that_no_engine_has(engine, precision):
    if engine == "auto" and nvidia.device():
        pytest.skip("there is a GPU")
    with pytest.raises(EngineError, match=precision):
        selection.Selection(Config(engine=engine, precision=precision), Metrics(), {})


@pytest.mark.skipif(nvidia.device() is not None, reason="there is a GPU")
@pytest.mark.parametrize(
    ("engine", "missing"),
    [
        (
            "tensorrt",
            [] if importlib.util.find_spec("tensorrt_rtx_bindings") else ["pip install 'lodestream[tensorrt]'"],
        ),
        ("onnxruntime-cuda", ["onnxruntime has no CUDA provider"]),
    ],
)
def test_a_forced_engine_says_all_that_is_missing_and_ends_with_2(tmp_path, engine, missing):
    command = [sys.executable, "-m", "lodestream_server", "--engine", engine, "--data-dir", str(tmp_path)]
    command += ["--listen", "127.0.0.1:0", "--http", "off"]
    done = subprocess.run(command, capture_output=True, text=True, env=environ(), timeout=60, check=False)
    assert done.returncode == 2
    assert not done.stdout
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"lodestream-server: engine {engine} cannot be used: ")
    assert "no NVIDIA driver (libcuda.so.1 cannot be loaded)" in line or "finds no GPU" in line
    for part in missing:
        assert part in line


def test_asking_for_absent_engines_takes_milliseconds():
    nvidia._probe.cache_clear()
    began = time.perf_counter()
    for name in ("tensorrt", "onnxruntime-cuda"):
        if nvidia.device() is None:
            with pytest.raises(EngineError):
                selection.open_engine(name, Config(), 64)
    assert time.perf_counter() - began < 0.1


def test_what_the_gate_measures():
    session = OnnxRuntimeCpu(1).load(TOWER)
    same = quality.agreement(session, session, [PIXELS], lambda _, k: range(k))
    assert same == quality.Agreement(pytest.approx(1.0), 0.0, 1.0)
    lists = iter([range(10), range(3, 13), range(10), range(10)])
    other = quality.agreement(session, Skewed(session, 0.3), [PIXELS], lambda *_: next(lists))
    assert other.recall == pytest.approx(0.85)  # 7 of 10, then 10 of 10
    assert 0.9 < other.cosine < 0.99
    assert quality.cosine(np.ones(2), np.array([1.0, np.nan])) == -1.0
    assert quality.cosine(np.zeros(2), np.zeros(2)) == 1.0
    assert quality.cosine(np.zeros(2), np.ones(2)) == 0.0
    assert quality.cosine(np.array([1.0, 0.0]), np.array([1.0, 1.0])) == pytest.approx(2**-0.5)


@pytest.mark.parametrize(("cosine", "recall", "passes"), [(0.98, 0.96, True), (0.96, 1.0, False), (1.0, 0.9, False)])
def test_int8_is_held_to_retrieval(cosine, recall, passes):
    assert quality.GATES["int8"].passes(quality.Agreement(cosine, 0.0, recall)) is passes


def test_rehearsals_are_overheard_in_order():
    heard = rehearsal.overhear({"a": OnnxRuntimeCpu(1).load(TOWER)}, lambda s: [s["a"].run(PIXELS) for _ in range(2)])
    assert [list(feeds) for feeds in heard["a"]] == [["pixels"]] * 2
    assert heard["a"][0]["pixels"] is not PIXELS["pixels"]


def test_sessions_say_what_they_take():
    engine = OnnxRuntimeCpu(1)
    tower, stage = engine.load(TOWER), engine.load(BUNDLE / "field_0.onnx")
    session: Session = tower
    assert session.run(PIXELS)["features"].shape[0] == 2
    assert tower.max_batch == engine.max_batch > 1
    assert stage.max_batch in {1, engine.max_batch}
    tower.close()
    with pytest.raises(AttributeError):
        tower.run(PIXELS)


def test_openvino_says_what_the_cpu_says():
    pytest.importorskip("openvino")
    from lodestream_server.encoders.engines.openvino import OpenVino

    reference = OnnxRuntimeCpu(1)
    engine = OpenVino(1, 2)
    for path in sorted(BUNDLE.glob("*tower.onnx")):
        feeds = (
            PIXELS
            if "picture" in path.name
            else {"input_ids": np.arange(5, 29).reshape(2, 12), "attention_mask": np.ones((2, 12), np.int64)}
        )
        found = quality.agreement(reference.load(path), engine.load(path), [feeds])
        assert quality.GATES["fp32"].passes(found), path


def test_int8_keeps_what_it_made(tmp_path, monkeypatch, caplog):
    pytest.importorskip("onnx")
    from lodestream_server.encoders.engines.onnxruntime_int8 import OnnxRuntimeInt8

    caplog.set_level("INFO")
    engine = OnnxRuntimeInt8(1, cache.EngineCache(tmp_path))
    made = engine.load(TOWER).run(PIXELS)
    found = quality.agreement(OnnxRuntimeCpu(1).load(TOWER), engine.load(TOWER), [PIXELS])
    assert 0.97 < found.cosine < 0.9999999, "eight bits differ, but little"
    assert not caplog.records, "the quantiser's chatter stays out of the log"
    monkeypatch.setattr(OnnxRuntimeInt8, "_quantised", lambda *_: pytest.fail("it was there"))
    again = engine.load(TOWER).run(PIXELS)
    assert all(np.array_equal(made[name], again[name]) for name in made)


def test_the_cache_trusts_only_whole_files_of_the_same_key(tmp_path):
    store, facts = cache.EngineCache(tmp_path / "deep"), {"graph": "abc", "profile": [[1, 8, 32]]}
    assert store.read("slot", facts) is None
    path = store.write("slot", facts, b"plan\nwith lines")
    assert store.read("slot", facts) == b"plan\nwith lines"
    assert store.read("slot", {**facts, "graph": "abd"}) is None
    assert [file.name for file in path.parent.iterdir()] == ["slot.plan"], "nothing is left behind"
    whole = path.read_bytes()
    for broken in (b"", whole[:-1], whole[:10], whole.replace(b"plan", b"plam"), b"[]\nplan", b"\xff\xfe\n"):
        path.write_bytes(broken)
        assert store.read("slot", facts) is None, broken
