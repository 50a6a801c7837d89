"""Building with TensorRT-RTX, which needs no GPU; graphs in half precision; what engines are told about the machine."""

import unittest.mock

import numpy as np
import pytest
from rtx_support import needed

from lodestream_server import bundle
from lodestream_server.encoders import preprocess
from lodestream_server.encoders.engines import graph, quality, tensorrt_build
from lodestream_server.encoders.engines.cache import EngineCache
from lodestream_server.encoders.engines.onnxruntime_cpu import OnnxRuntimeCpu
from lodestream_server.encoders.engines.tensorrt_build import Builder, Profile
from lodestream_server.errors import EngineError

onnx = pytest.importorskip("onnx")
FLOAT, HALF, INT8 = onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.INT8
FEEDS = {"x": np.random.default_rng(0).standard_normal((3, 8)).astype(np.float32)}


def network(path, nodes, weights, kind=FLOAT):
    """A graph x (batch, 8) -> y with the given nodes and initialisers."""
    make = onnx.helper
    x = make.make_tensor_value_info("x", FLOAT, ["batch", 8])
    y = make.make_tensor_value_info("y", kind, ["batch", "n"])
    tensors = [onnx.numpy_helper.from_array(array, name) for name, array in weights.items()]
    body = make.make_graph([make.make_node(*n[:3], **n[3]) for n in nodes], "g", [x], [y], tensors)
    path.write_bytes(
        make.make_model(body, opset_imports=[make.make_opsetid("", 18)], ir_version=10).SerializeToString()
    )
    return path


@pytest.fixture
def stored(tmp_path):
    """x · (codes × scale), as bundles store weights; the scale is below what float16 resolves."""
    rng = np.random.default_rng(1)
    weights = {"codes": rng.integers(-127, 128, (8, 4)).astype(np.int8), "scale": np.full((1, 4), 3e-8, np.float32)}
    nodes = [
        ("Cast", ["codes"], ["cast"], {"to": FLOAT}),
        ("Mul", ["cast", "scale"], ["w"], {}),
        ("MatMul", ["x", "w"], ["y"], {}),
    ]
    return network(tmp_path / "stored.onnx", nodes, weights)


@pytest.fixture
def plain(tmp_path):
    weights = {"w": np.random.default_rng(1).standard_normal((8, 4)).astype(np.float32)}
    nodes = [("MatMul", ["x", "w"], ["p"], {}), ("Softmax", ["p"], ["y"], {"axis": -1})]
    return network(tmp_path / "plain.onnx", nodes, weights)


def builder(tmp_path, **changes):
    options = {"precision": "fp16", "profile": Profile(), "target": "SM120"} | changes
    return Builder("tensorrt-rtx", cache=EngineCache(tmp_path / "plans"), **options)


def test_weights_are_unpacked_exactly(stored):
    model = graph.read(stored)
    assert [node.op_type for node in model.graph.node] == ["MatMul"]
    (tensor,) = model.graph.initializer
    codes, scale = (onnx.numpy_helper.to_array(t) for t in onnx.load(stored).graph.initializer)
    assert np.array_equal(onnx.numpy_helper.to_array(tensor), codes.astype(np.float32) * scale)


@pytest.mark.parametrize(("precision", "half"), [("fp16", HALF), ("bf16", onnx.TensorProto.BFLOAT16)])
def test_products_alone_become_half(plain, precision, half):
    model = graph.in_half(graph.read(plain), precision)
    onnx.checker.check_model(model, full_check=True)
    assert [(n.op_type, n.attribute[0].i) for n in model.graph.node if n.op_type == "Cast"] == [
        ("Cast", half),
        ("Cast", 1),
    ]
    assert [n.op_type for n in model.graph.node] == ["Cast", "MatMul", "Cast", "Softmax"]
    assert {t.data_type for t in model.graph.initializer} == {half}
    kinds = {v.type.tensor_type.elem_type for v in (*model.graph.input, *model.graph.output)}
    assert kinds == {FLOAT}


def test_halves_are_rounded_to_even_and_stay_finite():
    assert graph._bits(np.array([1e9, -1e9], np.float32), "fp16").tolist() == [65504, -65504]
    ties = np.array([1.0, 1.0 + 2**-8, 1.0 + 3 * 2**-8, -2.0], np.float32)  # bfloat16 keeps 7 bits behind the point
    assert graph._bits(ties, "bf16").tolist() == [0x3F80, 0x3F80, 0x3F82, 0xC000]


def test_the_bundle_in_half_says_what_it_says_in_full(tmp_path):
    path = bundle.embedded() / "picture_tower.onnx"
    (tmp_path / "half.onnx").write_bytes(graph.in_half(graph.read(path), "fp16").SerializeToString())
    feeds = {
        "pixels": np.random.default_rng(0).uniform(-1, 1, (2, 3, preprocess.SIZE, preprocess.SIZE)).astype(np.float32)
    }
    engine = OnnxRuntimeCpu(1)
    found = quality.agreement(engine.load(path), engine.load(tmp_path / "half.onnx"), [feeds])
    assert quality.GATES["fp16"].passes(found)
    assert found.difference > 0


@needed
def test_a_malformed_graph_is_rejected(tmp_path):
    (tmp_path / "bad.onnx").write_bytes(b"\x08\x0a not a graph")
    with pytest.raises(EngineError, match=r"bad\.onnx is no ONNX graph") as caught:
        builder(tmp_path).plan(tmp_path / "bad.onnx")
    assert caught.value.reason == "graph_rejected"


@needed
def test_a_wrongly_typed_graph_is_rejected(tmp_path):
    weights = {"w": np.ones((8, 4), np.float32), "h": np.ones((1, 4), np.float16)}
    nodes = [("MatMul", ["x", "w"], ["p"], {}), ("Add", ["p", "h"], ["y"], {})]
    path = network(tmp_path / "mixed.onnx", nodes, weights)
    with pytest.raises(EngineError, match=r"mixed\.onnx") as caught:
        builder(tmp_path, precision="fp32").plan(path)
    assert caught.value.reason in {"graph_rejected", "build_failed"}
    assert not list((tmp_path / "plans").glob("mixed*"))


@needed
@pytest.mark.parametrize("precision", ["fp32", "fp16", "bf16"])
def test_a_plan_is_built_once(tmp_path, plain, stored, precision):
    for path in (plain, stored):
        first = builder(tmp_path, precision=precision).plan(path)
        again = builder(tmp_path, precision=precision).plan(path)
        assert (first.cached, first.kept, again.cached) == (False, True, True)
        assert first.layers > 0
        assert (again.data, again.key) == (first.data, first.key)


@needed
@pytest.mark.parametrize(
    "change", [{"profile": Profile(batch=(1, 4, 16))}, {"target": "SM89"}, {"precision": "bf16"}, "graph", "tool"]
)
def test_another_key_is_built_anew(tmp_path, plain, monkeypatch, change):
    first = builder(tmp_path).plan(plain)
    options = change if isinstance(change, dict) else {}
    if change == "graph":
        network(plain, [("Softmax", ["x"], ["y"], {})], {})
    second = builder(tmp_path, **options)
    if change == "tool":
        monkeypatch.setattr(second.trt, "__version__", "0.0")
    plan = second.plan(plain)
    assert not plan.cached
    assert plan.key != first.key


@needed
@pytest.mark.parametrize("keep", [0, 10, -1])
def test_a_truncated_plan_is_built_anew(tmp_path, plain, keep):
    first = builder(tmp_path).plan(plain)
    (file,) = (tmp_path / "plans").glob("plain*")
    file.write_bytes(file.read_bytes()[:keep])
    assert not builder(tmp_path).plan(plain).cached
    again = builder(tmp_path).plan(plain)
    assert (again.cached, again.key) == (True, first.key)


@needed
def test_progress_is_told(tmp_path):
    seen = []
    builder(tmp_path).plan(bundle.embedded() / "fusion.onnx", lambda phase, share: seen.append((phase, share)))
    assert seen
    assert all(phase and 0 < share <= 1 for phase, share in seen)


def test_a_profile_covers_what_the_tower_reads():
    assert Profile.up_to(77).sizes(1) == (2, 24, 77)
    assert Profile.up_to(8).sizes(1) == (2, 8, 8)
    assert Profile().sizes(0) == (1, 8, 32)


def test_a_broken_package_is_told_from_a_missing_one(monkeypatch):
    monkeypatch.setattr(tensorrt_build, "PACKAGES", {"tensorrt": ("lodestream_server.encoders.engines.no",)})
    with pytest.raises(EngineError, match="missing") as caught:
        tensorrt_build.api("tensorrt")
    assert caught.value.reason == "package_missing"
    monkeypatch.setattr(tensorrt_build, "PACKAGES", {"tensorrt": ("json",)})
    monkeypatch.setattr(tensorrt_build.importlib, "import_module", unittest.mock.Mock(side_effect=OSError("no lib")))
    with pytest.raises(EngineError, match="no lib") as caught:
        tensorrt_build.api("tensorrt")
    assert caught.value.reason == "package_broken"
