import contextlib
import hashlib
import io
import json
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from PIL import Image
from rpc_support import FAKE, call, environ, fake_server, glbs, kinds, refusal

from lodestream.v1 import avatar_pb2 as pb
from lodestream.v1.avatar_pb2_grpc import AvatarServiceStub
from lodestream_server.store.seal import seal, unseal

ORDER = ["accepted", *["level_start", "chunk", "level_end"] * 4, "done"]


def request(prompt="a man in a blue suit", **more):
    return pb.StreamAvatarRequest(prompt=prompt, **more)


def png(size=(40, 60), mode="RGB"):
    file = io.BytesIO()
    Image.new(mode, size, 9).save(file, "PNG")
    return file.getvalue()


def bomb(width, height):
    """A PNG of a few bytes that claims to be huge."""

    def part(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(b"\0" * 99)) + part(b"IEND", b"")


def test_the_stream_is_header_levels_end(channel):
    messages = list(call(channel, request(seed=3)))
    assert kinds(messages) == ORDER
    accepted = messages[0].accepted
    assert (list(accepted.levels), accepted.seed, accepted.match.id) == ([3, 2, 1, 0], 3, "p1")
    assert len(accepted.avatar_id) == 32
    done = messages[-1].done
    assert set(done.stages_ms) == {"encode", "decode_3", "decode_2", "decode_1", "decode_0"}
    assert done.total_ms > 0
    starts = [m.level_start for m in messages if m.HasField("level_start")]
    for start, glb in zip(starts, glbs(messages).values(), strict=True):
        assert (start.total_bytes, start.sha256) == (len(glb), hashlib.sha256(glb).hexdigest())


def test_chunks_have_the_size_asked_for_and_no_gaps(channel):
    chunks = [m.chunk for m in call(channel, request(levels=[2], chunk_bytes=10_000)) if m.HasField("chunk")]
    assert [c.offset for c in chunks] == list(range(0, 70_000, 10_000))
    chunks = [m.chunk for m in call(channel, request(levels=[2])) if m.HasField("chunk")]
    assert [len(c.data) for c in chunks] == [65_536, 4_464]


def test_levels_come_coarse_to_fine_whatever_order_is_asked_for(channel):
    messages = list(call(channel, request(levels=[0, 3])))
    assert list(messages[0].accepted.levels) == [3, 0]
    assert list(glbs(messages)) == [3, 0]


def test_the_same_request_gives_the_same_bytes_and_id(channel):
    first, other = (list(call(channel, request(seed=seed))) for seed in (5, 6))
    time.sleep(0.3)  # until it is in the store
    again = list(call(channel, request(seed=5)))
    assert glbs(first) == glbs(again) != glbs(other)
    assert first[0].accepted.avatar_id == again[0].accepted.avatar_id != other[0].accepted.avatar_id
    assert not again[-1].done.stages_ms, "the second answer comes from the store"


def test_a_picture_takes_the_place_of_the_match(channel):
    accepted = next(iter(call(channel, pb.StreamAvatarRequest(image=png())))).accepted
    assert not accepted.HasField("match")


@pytest.mark.parametrize(("level", "offset"), [(3, 0), (3, 4_999), (2, 1), (1, 65_536), (0, 300_000)], ids=str)
def test_resume_goes_on_byte_for_byte(channel, level, offset):
    whole = list(call(channel, request("resume me")))
    resume = pb.Resume(avatar_id=whole[0].accepted.avatar_id, level=level, offset=offset)
    rest = list(call(channel, pb.StreamAvatarRequest(resume=resume)))
    expected = {k: v for k, v in glbs(whole).items() if k <= level}
    expected[level] = expected[level][offset:]
    assert glbs(rest) == expected
    starts = [m.level_start.sha256 for m in whole if m.HasField("level_start")]
    assert [m.level_start.sha256 for m in rest if m.HasField("level_start")] == starts[3 - level :]


@pytest.mark.parametrize(
    ("bad", "field", "allowed"),
    [
        (request(""), "prompt", "1 to 2,000 characters"),
        (request(" \n\t　"), "prompt", "1 to 2,000 characters"),
        (request("x" * 2001), "prompt", "at most 2,000 characters, got 2,001"),
        (request("a\x00b"), "prompt", "U+0000"),
        (request("a\x1bb"), "prompt", "U+001B"),
        (request("a\x85b"), "prompt", "U+0085"),
        (request().SerializeToString().replace(b"blue", b"\xff\xfe\xfd\xfc"), "prompt", "valid UTF-8"),
        (pb.StreamAvatarRequest(resume=pb.Resume(avatar_id="abcd")).SerializeToString().replace(b"abcd", b"\xc3\x28zz"),
         "resume.avatar_id", "valid UTF-8"),
        (b"\x0a\xff", "request", "lodestream.v1.StreamAvatarRequest"),
        (request(levels=[3, 4]), "levels", "3, 2, 1, 0, got 4"),
        (request(levels=[3, 3]), "levels", "at most once"),
        (request(rig=9), "rig", "mixamo, unreal, vrm"),
        (request(layout=9), "layout", "layers, atlas"),
        (request(morph_targets=["smile"]), "morph_targets", "jawOpen"),
        (request(chunk_bytes=10), "chunk_bytes", "1,024 to 1,048,576"),
        (request(chunk_bytes=2**20 + 1), "chunk_bytes", "1,024 to 1,048,576"),
        (request(image=b"no picture"), "image", "PNG, JPEG or WebP"),
        (request(image=png()[:60]), "image", "PNG, JPEG or WebP"),
        (request(image=b"GIF89a" + bytes(50)), "image", "PNG, JPEG or WebP"),
        (request(image=bytes(16 * 2**20 + 1)), "image", "at most 16,777,216 bytes"),
        (request(image=bomb(50_000, 50_000)), "image", "at most 32,000,000 pixels"),
        (request(image=bomb(8_000, 8_000)), "image", "at most 32,000,000 pixels"),
        (pb.StreamAvatarRequest(resume=pb.Resume(avatar_id="xyz")), "resume.avatar_id", "32 lower-case hex"),
        (pb.StreamAvatarRequest(resume=pb.Resume(avatar_id="../" + "a" * 29)), "resume.avatar_id", "32 lower-case hex"),
        (pb.StreamAvatarRequest(resume=pb.Resume(avatar_id="a" * 32, level=7)), "resume.level", "3, 2, 1, 0"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 40 else "",
)  # fmt: skip
def test_bad_input_is_named_with_what_is_allowed(channel, bad, field, allowed):
    error, details = refusal(channel, bad)
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert allowed in error.details()
    violation = details["BadRequest"].field_violations[0]
    assert violation.field == field
    assert allowed in violation.description
    assert (details["ErrorInfo"].reason, details["ErrorInfo"].domain) == ("INVALID_REQUEST", "lodestream")


@pytest.mark.parametrize(
    "good",
    [
        request("x" * 2000),
        request("tab\tand\nline\r\nbreaks"),
        request("一个穿红裙子的高个女人 👩🏽‍🦱"),
        request(" ", image=png()),
        request(image=png(mode="RGBA")),
        request(image=png(mode="P")),
        request(morph_targets=["ARKit", "jawOpen"]),
        request(seed=2**64 - 1),
        request(chunk_bytes=2**20),
    ],
    ids=range(9),
)
def test_what_is_unusual_but_allowed_works(channel, good):
    good.levels.append(3)
    assert kinds(call(channel, good))[-1] == "done"


def test_resume_beyond_the_end_or_plan_is_refused(channel):
    accepted = next(iter(call(channel, request("only two", levels=[3, 1])))).accepted
    for level, offset, field in ((3, 5_001, "resume.offset"), (2, 0, "resume.level")):
        resume = pb.Resume(avatar_id=accepted.avatar_id, level=level, offset=offset)
        error, details = refusal(channel, pb.StreamAvatarRequest(resume=resume))
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert details["BadRequest"].field_violations[0].field == field


def test_an_unknown_avatar_is_not_found(channel):
    error, details = refusal(channel, pb.StreamAvatarRequest(resume=pb.Resume(avatar_id="0" * 32, level=3)))
    assert error.code() is grpc.StatusCode.NOT_FOUND
    assert details["ErrorInfo"].reason == "AVATAR_NOT_FOUND"


def test_an_internal_error_tells_an_id_and_nothing_else(channel, server):
    error, details = refusal(channel, request("boom"))
    assert error.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in str(error)
    error_id = details["ErrorInfo"].metadata["error_id"]
    assert error_id in error.details()
    time.sleep(0.2)
    lines = [json.loads(line) for line in server.stderr]
    logged = next(line for line in lines if line.get("error_id") == error_id)
    assert "secret of /etc/shadow" in logged["exception"]


def test_preview_and_info(channel):
    stub = AvatarServiceStub(channel)
    accepted = next(iter(call(channel, request("for a preview")))).accepted
    answer = stub.RenderPreview(pb.RenderPreviewRequest(avatar_id=accepted.avatar_id, width=50, height=70))
    assert Image.open(io.BytesIO(answer.png)).size == (50, 70)
    answer = stub.RenderPreview(pb.RenderPreviewRequest(avatar_id=accepted.avatar_id))
    assert Image.open(io.BytesIO(answer.png)).size == (384, 512)
    for bad, code in (
        (pb.RenderPreviewRequest(avatar_id="0" * 32), grpc.StatusCode.NOT_FOUND),
        (pb.RenderPreviewRequest(avatar_id=accepted.avatar_id, width=9), grpc.StatusCode.INVALID_ARGUMENT),
        (pb.RenderPreviewRequest(avatar_id=accepted.avatar_id, azimuth=float("nan")), grpc.StatusCode.INVALID_ARGUMENT),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            stub.RenderPreview(bad)
        assert caught.value.code() is code
    info = stub.GetServerInfo(pb.GetServerInfoRequest())
    assert (info.bundle, info.engine, list(info.levels)) == ("fake-1+00000000", "fake", [3, 2, 1, 0])
    assert list(info.rigs) == [pb.RIG_MIXAMO, pb.RIG_UNREAL, pb.RIG_VRM]
    assert list(info.morph_targets) == ["ARKit", "jawOpen", "mouthClose"]


def test_health_and_reflection(channel):
    health = health_pb2_grpc.HealthStub(channel)
    for name in ("", "lodestream.v1.AvatarService"):
        answer = health.Check(health_pb2.HealthCheckRequest(service=name))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    answer = next(iter(stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))))
    assert "lodestream.v1.AvatarService" in {service.name for service in answer.list_services_response.service}


def test_metrics_and_health_over_http(channel, server):
    before = server.metric('lodestream_requests_total{code="OK",method="StreamAvatar"}')
    sent = server.metric('lodestream_bytes_sent_total{level="3"}')
    list(call(channel, request("count me")))
    assert server.metric('lodestream_requests_total{code="OK",method="StreamAvatar"}') == before + 1
    assert server.metric('lodestream_bytes_sent_total{level="3"}') == sent + 5_000
    assert server.metric('lodestream_time_to_level_seconds_count{level="0"}') >= 1
    assert server.metric("lodestream_streams_active") == 0
    text = server.get("/metrics")[1]
    for name in (
        "time_to_first_level_seconds", "time_to_level_seconds", "stage_seconds", "queue_seconds", "batch_size",
        "streams_active", "requests_total", "bytes_sent_total", "engine_info", "engine_fallback_total", "store_bytes",
        "store_hits_total", "gallery_pictures",
    ):  # fmt: skip
        assert f"# TYPE lodestream_{name}" in text or f"# TYPE lodestream_{name.removesuffix('_total')}" in text
    assert 'le="0.001"' in text
    assert 'le="60.0"' in text
    assert server.get("/healthz") == (200, "ok\n")
    assert server.get("/other")[0] == 404


def test_a_cancelled_stream_stops_making_levels(channel, server):
    stream = call(channel, request("slow to be cancelled"))
    next(iter(stream))
    stream.cancel()
    name = 'lodestream_requests_total{code="CANCELLED",method="StreamAvatar"}'
    made = 'lodestream_stage_seconds_count{stage="decode"}'
    deadline = time.monotonic() + 5
    while not server.metric(name) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.4)
    before = server.metric(made)
    time.sleep(0.7)
    assert server.metric(made) == before, "nothing is made for a client that has gone"
    assert server.metric(name) >= 1


def test_a_deadline_is_one(channel):
    method = channel.unary_stream(
        "/lodestream.v1.AvatarService/StreamAvatar",
        request_serializer=pb.StreamAvatarRequest.SerializeToString,
        response_deserializer=pb.StreamAvatarResponse.FromString,
    )
    with pytest.raises(grpc.RpcError) as caught:
        list(method(request("slow beyond the deadline"), timeout=0.4))
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_a_full_queue_turns_away_with_a_delay(tmp_path):
    with (
        fake_server(tmp_path, "--workers", "1", "--queue", "1") as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        streams = [call(channel, request(f"slow {n}", levels=[3])) for n in range(6)]
        for stream in streams:
            with contextlib.suppress(grpc.RpcError):
                list(stream)
        assert {stream.code() for stream in streams} == {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}


def test_sigterm_drains(tmp_path):
    with fake_server(tmp_path) as server, grpc.insecure_channel(server.address) as channel:
        stream = call(channel, request("slow but finished"))
        first = next(iter(stream))
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.15)
        assert server.get("/healthz") == (503, "not serving\n")
        error, details = refusal(channel, request("too late"))
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert details["RetryInfo"].retry_delay.seconds == 1
        assert kinds([first, *stream]) == ORDER
        assert server.process.wait(5) == 0


def test_drain_ends_what_takes_too_long(tmp_path):
    with (
        fake_server(tmp_path, "--drain", "0.1") as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        stream = call(channel, request("slow"))
        next(iter(stream))
        server.process.send_signal(signal.SIGTERM)
        with pytest.raises(grpc.RpcError):
            list(stream)
        assert server.process.wait(5) == 0


def test_a_restarted_server_resumes_byte_for_byte(tmp_path):
    with fake_server(tmp_path) as server, grpc.insecure_channel(server.address) as channel:
        whole = list(call(channel, request("outlive", levels=[3, 1], image=png())))
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(10)
    avatar_id = whole[0].accepted.avatar_id
    folder = tmp_path / "avatars" / avatar_id[:2] / avatar_id
    (folder / "level_1.glb").unlink()  # has to be made again
    damaged = bytearray((folder / "level_3.glb").read_bytes())
    damaged[100] ^= 1
    (folder / "level_3.glb").write_bytes(damaged)  # must not be sent
    with fake_server(tmp_path) as server, grpc.insecure_channel(server.address) as channel:
        resume = pb.Resume(avatar_id=avatar_id, level=3, offset=0)
        assert glbs(call(channel, pb.StreamAvatarRequest(resume=resume))) == glbs(whole)
        assert server.metric("lodestream_store_corrupt_total") == 1


def test_a_level_that_comes_out_differently_is_data_loss(tmp_path):
    with fake_server(tmp_path, "--store-mb", "0") as server, grpc.insecure_channel(server.address) as channel:
        accepted, *_ = call(channel, request("drift", levels=[3]))
        time.sleep(0.3)
        error, _ = refusal(
            channel, pb.StreamAvatarRequest(resume=pb.Resume(avatar_id=accepted.accepted.avatar_id, level=3))
        )
        assert error.code() is grpc.StatusCode.DATA_LOSS


def test_an_avatar_of_other_weights_cannot_be_made_again(tmp_path):
    with fake_server(tmp_path, "--store-mb", "0") as server, grpc.insecure_channel(server.address) as channel:
        accepted, *_ = call(channel, request(levels=[3]))
        avatar_id = accepted.accepted.avatar_id
        time.sleep(0.3)
        key = f"{avatar_id[:2]}/{avatar_id}/recipe.json"
        path = tmp_path / "avatars" / key
        path.write_bytes(seal(key, unseal(key, path.read_bytes()) | {"bundle": "other-1+00000000"}))
        error, details = refusal(channel, pb.StreamAvatarRequest(resume=pb.Resume(avatar_id=avatar_id, level=3)))
        assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert details["ErrorInfo"].reason == "BUNDLE_CHANGED"


@pytest.mark.parametrize("option", ["--listen", "--http"])
def test_a_taken_port_is_said_clearly(server, tmp_path, option):
    taken = server.address if option == "--listen" else server.http
    command = [sys.executable, str(FAKE), "--listen", "127.0.0.1:0", "--http", "off", "--data-dir", str(tmp_path)]
    done = subprocess.run(
        [*command, option, taken], capture_output=True, text=True, env=environ(), timeout=30, check=False
    )
    assert done.returncode == 2
    assert f"cannot listen on {taken} ({option}): it is in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_server_loads_no_training_library(server):
    """Looks into the running process: no torch, transformers, timm or anny is mapped or open."""
    maps = Path(f"/proc/{server.process.pid}/maps")
    if not maps.exists():
        pytest.skip("needs /proc")
    text = maps.read_text()
    for library in ("torch", "transformers", "timm", "anny"):
        assert f"/{library}/" not in text
