import asyncio
import time

import grpc
import pytest
from fake import FakePipeline

from lodestream.v1 import avatar_pb2 as pb
from lodestream_server import tracing
from lodestream_server.config import Config, load
from lodestream_server.errors import ConfigError
from lodestream_server.metrics import Metrics
from lodestream_server.pipeline import loading
from lodestream_server.pipeline.request import AvatarRequest
from lodestream_server.pipeline.studio import Studio
from lodestream_server.pipeline.workers import Workers
from lodestream_server.rpc.guard import Guard
from lodestream_server.rpc.server import RpcServer
from lodestream_server.rpc.service import AvatarService
from lodestream_server.security import policy as security
from lodestream_server.store.level_store import LevelStore
from lodestream_server.store.opening import open_storage

PARENT = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def spans():
    """The spans that have ended, as a function."""
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    export = pytest.importorskip("opentelemetry.sdk.trace.export")
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter").InMemorySpanExporter()
    provider = sdk.TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(export.SimpleSpanProcessor(memory))
    tracing.use(provider)
    yield memory.get_finished_spans
    tracing.use(None)


def serve_one(folder, prompt):
    """What a client of a server in this process gets for a prompt, as part of a trace of its own."""
    config = Config(listen="127.0.0.1:0", data_dir=folder)

    async def run():
        metrics, policy = Metrics(), security.load(config)
        guard = Guard(metrics, policy.gate)
        rpc = RpcServer(config.listen, guard, policy)
        store = LevelStore(open_storage(folder), 10**6, metrics)
        studio = Studio(FakePipeline(), Workers(1, 9, metrics), store, metrics)
        await rpc.start(AvatarService(studio, guard, metrics, 0.0))

        def ask():
            with grpc.insecure_channel(rpc.address) as channel:
                method = channel.unary_stream(
                    "/lodestream.v1.AvatarService/StreamAvatar",
                    request_serializer=pb.StreamAvatarRequest.SerializeToString,
                )
                metadata = [("traceparent", f"00-{PARENT}-b7ad6b7169203331-01")]
                stream = method(pb.StreamAvatarRequest(prompt=prompt, levels=[3]), metadata=metadata, timeout=20)
                request_id = dict(stream.initial_metadata())["x-request-id"]
                try:
                    list(stream)
                except grpc.RpcError:
                    assert stream.code() is grpc.StatusCode.INTERNAL
                return request_id

        try:
            return await asyncio.to_thread(ask)
        finally:
            await rpc.stop(1)
            studio.close()

    return asyncio.run(run())


def test_a_call_and_its_stages_are_one_trace_below_the_callers(spans, tmp_path):
    request_id = serve_one(tmp_path, "fine")
    found = {span.name: span for span in spans()}
    assert set(found) == {"StreamAvatar", "encode", "decode"}
    top = found["StreamAvatar"]
    assert top.attributes["request_id"] == request_id
    assert f"{top.context.trace_id:032x}" == PARENT
    assert {found[name].parent.span_id for name in ("encode", "decode")} == {top.context.span_id}
    assert dict(found["decode"].attributes) == {"level": 3}


def test_a_failed_call_names_the_class_of_its_error_alone(spans, tmp_path):
    serve_one(tmp_path, "boom")
    top = next(span for span in spans() if span.name == "StreamAvatar")
    assert (top.status.status_code.name, top.status.description) == ("ERROR", "RuntimeError")
    assert "secret" not in top.to_json()
    assert not top.events


def test_the_real_pipeline_has_a_span_for_every_stage(spans, tmp_path):
    pipeline = loading.load(Config(data_dir=tmp_path), Metrics())
    job = pipeline.begin(AvatarRequest("a man in a blue suit"))
    pipeline.level(job, 3)
    found = {span.name: span for span in spans()}
    assert set(found) == {"encode", "retrieve", "fuse", "shape", "decode", "extract", "texture", "write"}
    assert {name for name, span in found.items() if dict(span.attributes) == {"level": 3}} == {
        "decode",
        "extract",
        "texture",
        "write",
    }
    assert found["texture"].parent.span_id == found["extract"].context.span_id


def test_off_costs_nothing():
    assert tracing.span("a") is tracing.span("b", 3) is tracing.call("c", "", ())
    began = time.perf_counter()
    for _ in range(10_000):
        with tracing.span("a", 3):
            pass
    assert time.perf_counter() - began < 0.2  # 20 µs each, far more than it takes


def test_the_option_needs_the_packages_and_the_variable_does_not(monkeypatch):
    monkeypatch.setattr(tracing, "_installed", lambda _: False)
    monkeypatch.delenv(tracing.ENDPOINT, raising=False)
    assert not tracing.wanted(load([], {}))
    monkeypatch.setenv(tracing.ENDPOINT, "http://localhost:4317")
    assert not tracing.wanted(load([], {}))
    with pytest.raises(ConfigError, match="otel"):
        tracing.wanted(load(["--traces", "http://localhost:4317"], {}))
    monkeypatch.setattr(tracing, "_installed", lambda _: True)
    assert tracing.wanted(load([], {}))
