"""Checking options, reloading limits, draining."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from rpc_support import call, environ, fake_server, kinds

from lodestream.v1 import avatar_pb2 as pb
from lodestream_server import cli, logs
from lodestream_server.config import CHECK, load, strays
from lodestream_server.metrics import Metrics
from lodestream_server.pipeline.workers import Workers
from lodestream_server.security import tokens

REQUEST = pb.StreamAvatarRequest(prompt="a man in a blue suit", levels=[3])


def until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def clean(monkeypatch):
    """No options in the environment."""
    for name in [name for name in os.environ if name.startswith("LODESTREAM_")]:
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("clean")
def test_check_config_prints_what_holds_and_where_it_came_from(tmp_path, monkeypatch, capsys):
    file = tmp_path / "options.toml"
    file.write_text("workers = 7\nqueue = 9\n")
    (tmp_path / "t").write_text(tokens.new("a", "generate", None)[1])
    monkeypatch.setenv("LODESTREAM_QUEUE", "10")
    monkeypatch.setenv("LODESTREAM_STORE", "memory://user:geheim@host/folder?secret_key=geheim")
    argv = ["--config", str(file), CHECK, "--tokens", str(tmp_path / "t"), "--data-dir", str(tmp_path / "new")]
    assert cli.main(argv) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert f"workers = 7  # {file}" in lines
    assert "queue = 10  # LODESTREAM_QUEUE" in lines
    assert f'tokens = "{tmp_path / "t"}"  # --tokens' in lines
    assert "threads = 1  # default" in lines
    assert 'store = "memory://[hidden]@host/folder?[hidden]"  # LODESTREAM_STORE' in lines
    assert "geheim" not in out
    assert "sha256:" not in out
    assert lines[-1].startswith("# all is well; bundle ")
    assert not (tmp_path / "new").exists(), "a check changes nothing"
    file.write_text(out)  # what is printed is itself a file of options
    again = load(["--config", str(file)], {})
    assert (again.workers, again.queue, again.tokens, again.data_dir) == (7, 10, tmp_path / "t", tmp_path / "new")


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--workers", "0"], "--workers: must be at least 1"),
        (["--tokens", "{tmp}/none"], "{tmp}/none: No such file"),
        (["--tls-certificate", "{tmp}/file"], "are needed both"),
        (["--tls-certificate", "{tmp}/file", "--tls-key", "{tmp}/file"], "must be PEM"),
        (["--listen", "0.0.0.0:1"], "without --tokens anybody could call"),
        (["--bundle", "{tmp}"], "no bundle at {tmp}"),
        (["--data-dir", "{tmp}/file/below"], "{tmp}/file is not a folder"),
        (["--store", "nonsense://a"], "nonsense"),
    ],
)
def test_check_config_ends_with_2_and_says_why(tmp_path, capsys, options, said):
    (tmp_path / "file").write_text("nothing")
    argv = ["--data-dir", str(tmp_path), *(option.format(tmp=tmp_path) for option in options), CHECK]
    assert cli.main(argv) == 2
    assert said.format(tmp=tmp_path) in capsys.readouterr().err


def test_check_config_is_a_command_and_starts_nothing(tmp_path):
    command = [sys.executable, "-m", "lodestream_server", CHECK, "--data-dir", str(tmp_path), "--log-format", "json"]
    done = subprocess.run(
        command, check=False, env=environ(LODESTREAM_WORKER="2"), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "ready" not in done.stdout
    assert json.loads(done.stderr) | {"time": ""} == {
        "time": "",
        "level": "warning",
        "logger": "lodestream_server.cli",
        "message": "unknown variable",
        "variable": "LODESTREAM_WORKER",
        "meant": "LODESTREAM_WORKERS",
    }
    assert list(tmp_path.iterdir()) == []


def test_only_variables_that_mean_nothing_are_strays():
    known = {"LODESTREAM_CONFIG": "", "LODESTREAM_TOKEN": "", "LODESTREAM_RATE": "1", "LODESTREAM_PORT_1_TCP": ""}
    assert strays(known | {"LODESTREAM_SERVICE_HOST": "10.0.0.1", "HOME": "/"}) == {}
    assert strays(known | {"LODESTREAM_COLOUR_OF_IT": ""}) == {"LODESTREAM_COLOUR_OF_IT": ""}


def test_sighup_takes_up_limits(tmp_path):
    file = tmp_path / "options.toml"
    secret, line = tokens.new("a", "generate", None)
    (tmp_path / "t").write_text(line)
    file.write_text("rate = 0.001\nburst = 2\n")
    with (
        fake_server(tmp_path, "--config", str(file), "--tokens", str(tmp_path / "t")) as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        method = channel.unary_stream(
            "/lodestream.v1.AvatarService/StreamAvatar",
            request_serializer=pb.StreamAvatarRequest.SerializeToString,
            response_deserializer=pb.StreamAvatarResponse.FromString,
        )

        def code():
            stream = method(REQUEST, timeout=20, metadata=[("authorization", f"Bearer {secret}")])
            with contextlib.suppress(grpc.RpcError):
                list(stream)
            return stream.code().name

        def reload(text, said):
            file.write_text(text)
            server.process.send_signal(signal.SIGHUP)
            until(lambda: any(said in line for line in server.stderr))

        assert [code() for _ in range(3)] == ["OK", "OK", "RESOURCE_EXHAUSTED"]
        reload("rate = 'nonsense'\n", "could not convert")
        assert code() == "RESOURCE_EXHAUSTED", "a broken file changes nothing"
        reload("rate = 0\nworkers = 77\n", "a restart is needed options=['workers']")
        assert [code() for _ in range(5)] == ["OK"] * 5


def test_sighup_says_what_could_not_be_used(tmp_path):
    file = tmp_path / "options.toml"
    file.write_text("")
    with fake_server(tmp_path, "--config", str(file)) as server:
        name = 'lodestream_reload_failed{what="options"}'
        assert name in server.get("/metrics")[1]
        for text, failed in (("a = = b", 1), ("rate = 3", 0)):
            file.write_text(text)
            server.process.send_signal(signal.SIGHUP)
            until(lambda failed=failed: server.metric(name) == failed)


def test_sighup_ends_a_worker_that_has_nothing_to_reload(tmp_path):
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, by children too
    try:
        with fake_server(tmp_path) as server:
            server.process.send_signal(signal.SIGHUP)
            assert server.process.wait(5) == -signal.SIGHUP
    finally:
        signal.signal(signal.SIGHUP, before)


def test_every_line_and_every_answer_says_the_id_of_the_call(tmp_path):
    with (
        fake_server(tmp_path, "--log-format", "json") as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        ids = []
        for prompt in ("fine", "boom", ""):
            stream = call(channel, pb.StreamAvatarRequest(prompt=prompt, levels=[3]))
            ids.append(dict(stream.initial_metadata())["x-request-id"])
            with contextlib.suppress(grpc.RpcError):
                list(stream)
        until(lambda: len(server.stderr) >= 3)
        info = channel.unary_unary("/lodestream.v1.AvatarService/GetServerInfo").with_call(b"")[1]
        ids.append(dict(info.initial_metadata())["x-request-id"])
        lines = [json.loads(line) for line in server.stderr]
    assert len(set(ids)) == 4
    assert [len(one) for one in ids] == [16] * 4
    assert [line["message"] for line in lines] == ["streamed", "internal error", "refused"]
    assert [line["request_id"] for line in lines] == ids[:3]
    assert lines[1]["error_id"] == ids[1]


def test_threads_know_which_call_they_work_for():
    async def run():
        workers = Workers(1, 10, Metrics())

        async def one(name):
            logs.request_id.set(name)
            return await workers.run(0, logs.request_id.get)

        try:
            return await asyncio.gather(one("a"), one("b"), workers.run(0, logs.request_id.get))
        finally:
            workers.close()

    assert asyncio.run(run()) == ["a", "b", ""]


def test_sigterm_says_not_serving_before_the_last_stream_has_ended(tmp_path):
    with fake_server(tmp_path) as server, grpc.insecure_channel(server.address) as channel:
        watching = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=20)
        assert next(watching).status == health_pb2.HealthCheckResponse.SERVING
        stream = call(channel, pb.StreamAvatarRequest(prompt="slow"))
        first = next(iter(stream))
        server.process.send_signal(signal.SIGTERM)
        assert next(watching).status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert stream.is_active()
        assert kinds([first, *stream])[-1] == "done"
        assert server.process.wait(5) == 0
