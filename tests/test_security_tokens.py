import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from rpc_support import FAKE, call, environ, fake_server, kinds, refusal

import lodestream
from lodestream import cli as sdk_cli
from lodestream.v1 import avatar_pb2 as pb
from lodestream_server import cli
from lodestream_server.config import load
from lodestream_server.errors import ConfigError, ExposedError
from lodestream_server.security import exposure, policy, tokens

REQUEST = pb.StreamAvatarRequest(prompt="a man in a blue suit", levels=[3])
ALL = "generate,preview,resume,metrics"


def make(file, **scopes):
    """Writes a file of tokens and returns those by name."""
    made = {name: tokens.new(name, wanted, None) for name, wanted in scopes.items()}
    file.write_text("# who may call\n\n" + "".join(f"{line}\n" for _, line in made.values()))
    return {name: secret for name, (secret, _) in made.items()}


@pytest.fixture(scope="module")
def secured(tmp_path_factory):
    """A server that knows four callers, and their tokens."""
    folder = tmp_path_factory.mktemp("secured")
    known = make(folder / "tokens", all=ALL, maker="generate", viewer="preview", scraper="metrics")
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    known["late"], line = tokens.new("late", ALL, yesterday)
    with (folder / "tokens").open("a") as file:
        file.write(line + "\n")
    with fake_server(folder, "--tokens", str(folder / "tokens"), "--log-format", "json", "--rate", "0") as running:
        yield running, known


@pytest.fixture(scope="module")
def channel(secured):
    with grpc.insecure_channel(secured[0].address, options=(("grpc.max_send_message_length", 2**26),)) as channel:
        yield channel


def authorized(channel, *values):
    """A channel that sends these values of `authorization`."""

    class Add(grpc.UnaryStreamClientInterceptor, grpc.UnaryUnaryClientInterceptor):
        def intercept_unary_stream(self, continuation, details, request):
            return continuation(details._replace(metadata=[("authorization", value) for value in values]), request)

        intercept_unary_unary = intercept_unary_stream

    return grpc.intercept_channel(channel, Add())


# --- the file


def test_a_new_token_is_found_by_itself_alone(tmp_path):
    secret, line = tokens.new("studio-1", "generate,resume", "2030-12-31")
    assert secret.startswith("lst_")
    assert len(secret) == 4 + 43  # 32 bytes in base64
    assert secret not in line
    (tmp_path / "t").write_text(line)
    (known,) = tokens.read(tmp_path / "t")
    assert tokens.find((known,), secret) is known
    assert tokens.find((known,), secret[:-1]) is None
    assert tokens.find((known,), known.digest.hex()) is None, "who reads the file cannot call"
    assert known.scopes == {"generate", "resume"}
    assert known.expires == datetime(2030, 12, 31, tzinfo=UTC)
    assert not known.expired(datetime(2030, 12, 30, 23, 59, tzinfo=UTC))
    assert known.expired(datetime(2030, 12, 31, tzinfo=UTC))
    assert tokens.new("studio-1", "generate", None)[0] != secret


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a", "NAME sha256:DIGEST"),
        ("a sha256:" + "0" * 63 + " generate", "64 lower-case"),
        ("a lst_secret generate", "64 lower-case"),
        ("a/b sha256:" + "0" * 64 + " generate", "the name"),
        ("a sha256:" + "0" * 64 + " generate,paint", "the scopes must be of generate,preview,resume,metrics"),
        ("a sha256:" + "0" * 64 + " generate soon", "ISO 8601"),
    ],
)
def test_a_bad_line_is_said_by_number_and_not_quoted(tmp_path, line, said):
    (tmp_path / "t").write_text(f"# one\n{line}\n")
    with pytest.raises(ConfigError) as caught:
        tokens.read(tmp_path / "t")
    assert f"--tokens {tmp_path / 't'}: line 2: " in str(caught.value)
    assert said in str(caught.value)
    assert "lst_secret" not in str(caught.value)


def test_a_file_that_everybody_may_write_to_is_refused(tmp_path):
    make(tmp_path / "t", a=ALL)
    (tmp_path / "t").chmod(0o666)
    with pytest.raises(ConfigError, match="chmod o-w"):
        tokens.read(tmp_path / "t")
    with pytest.raises(ConfigError, match="No such file"):
        tokens.read(tmp_path / "none")


def test_the_command_makes_tokens(capsys):
    assert cli.main(["token", "new", "--name", "studio", "--expires", "2030-01-01"]) == 0
    secret, line = (text for text in capsys.readouterr().out.splitlines() if not text.startswith("#"))
    assert tokens.find((tokens.parse_line(line),), secret).scopes == {"generate", "preview", "resume"}
    assert line.endswith(" 2030-01-01")
    assert cli.main(["token", "new", "--name", "a b"]) == 2
    assert "token new: " in capsys.readouterr().err


# --- what may be listened on


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--listen", "0.0.0.0:1"], "0.0.0.0:1 (--listen): without --tokens"),
        (["--listen", "[::]:1"], "without --tokens"),
        (["--listen", "example.org:1"], "without --tokens"),
        (["--http", "192.0.2.1:1"], "192.0.2.1:1 (--http): without --tokens"),
        (["--listen", "0.0.0.0:1", "--tokens", "t"], "in the clear"),
        (["--http", "0.0.0.0:1", "--tokens", "t"], "in the clear"),
        (["--http", "0.0.0.0:1", "--tls-certificate", "c", "--tls-key", "k", "--tls-client-ca", "a"], "(--http)"),
        (["--listen", "0.0.0.0:1", "--tls-certificate", "c", "--tls-key", "k"], "lodestream-server token new"),
        (["--listen", "0.0.0.0:1", "--tokens", "t", "--tls-certificate", "c", "--tls-key", "k"], None),
        (["--listen", "0.0.0.0:1", "--tls-client-ca", "a", "--tls-certificate", "c", "--tls-key", "k"], None),
        (["--listen", "127.9.9.9:1", "--http", "[::1]:1"], None),
        (["--listen", "localhost:1", "--http", "off"], None),
        (["--listen", "0.0.0.0:1", "--http", "0.0.0.0:2", "--insecure"], None),
        (["--listen", "0.0.0.0:1", "--insecure", "no"], "without --tokens"),
    ],
)  # fmt: skip
def test_only_this_machine_unless_protected(argv, said):
    config = load(argv, {})
    if said is None:
        exposure.check(config)
    else:
        with pytest.raises(ExposedError) as caught:
            exposure.check(config)
        assert said in str(caught.value)
        assert "--insecure" in str(caught.value)


def test_options_that_do_not_go_together():
    for argv in (["--tls-certificate", "c"], ["--tls-key", "k"], ["--tls-client-ca", "a"]):
        with pytest.raises(ConfigError, match="--tls-certificate"):
            policy.load(load(argv, {}))


def test_the_worker_does_not_start_unprotected(tmp_path):
    command = [sys.executable, str(FAKE), "--listen", "0.0.0.0:0", "--http", "off", "--data-dir", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environ(), timeout=30, check=False)
    assert done.returncode == 2
    assert "will not listen on 0.0.0.0:0 (--listen): without --tokens anybody could call" in done.stderr
    assert "Traceback" not in done.stderr


# --- calls


def test_a_good_token_is_let_in(secured, channel):
    for scheme in ("Bearer", "bearer"):
        assert kinds(call(authorized(channel, f"{scheme} {secured[1]['all']}"), REQUEST))[-1] == "done"


@pytest.mark.parametrize(
    "values", [(), ("",), ("Basic {}",), ("{}",), ("Bearer {}", "Bearer {}"), ("Bearer " + "x" * 600,)]
)
def test_without_a_token_nobody_is_let_in(secured, channel, values):
    error, details = refusal(authorized(channel, *(v.format(secured[1]["all"]) for v in values)), REQUEST)
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert error.details() == "a token is needed: send it as authorization: Bearer TOKEN"
    assert details["ErrorInfo"].reason == "UNAUTHENTICATED"


def test_a_wrong_or_late_token_is_refused(secured, channel):
    wrong = "lst_" + "A" * 43
    for secret, said in ((wrong, "the token is not known here"), (secured[1]["late"], "the token has expired")):
        error, _ = refusal(authorized(channel, f"Bearer {secret}"), REQUEST)
        assert (error.code(), error.details()) == (grpc.StatusCode.UNAUTHENTICATED, said)


def test_strangers_are_turned_away_before_their_message_is_read(channel):
    """A message that is too large is RESOURCE_EXHAUSTED when it is read."""
    error, _ = refusal(channel, pb.StreamAvatarRequest(image=bytes(30 * 2**20)))
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED


def test_scopes(secured, channel):
    stub = {name: authorized(channel, f"Bearer {secret}") for name, secret in secured[1].items()}
    accepted = next(iter(call(stub["maker"], REQUEST))).accepted
    resume = pb.StreamAvatarRequest(resume=pb.Resume(avatar_id=accepted.avatar_id, level=3))
    assert kinds(call(stub["all"], resume))[-1] == "done"
    for name, request, scope in (
        ("viewer", REQUEST, "generate or resume"),
        ("scraper", REQUEST, "generate or resume"),
        ("maker", resume, "resume"),
    ):
        error, details = refusal(stub[name], request)
        assert error.code() is grpc.StatusCode.PERMISSION_DENIED
        assert error.details() == f"the token does not allow this: it lacks the scope {scope}"
        assert details["ErrorInfo"].reason == "PERMISSION_DENIED"
    preview = pb.RenderPreviewRequest(avatar_id=accepted.avatar_id, width=20, height=20)

    def render(name):
        path = "/lodestream.v1.AvatarService/RenderPreview"
        return stub[name].unary_unary(path, preview.__class__.SerializeToString)(preview, timeout=10)

    assert render("viewer")
    with pytest.raises(grpc.RpcError) as caught:
        render("maker")
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED


def test_health_is_for_everybody_and_reflection_for_nobody(channel):
    answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as caught:
        ask_for_services(channel)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def ask_for_services(channel):
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    return next(iter(stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))))


def test_reflection_can_be_forced(tmp_path):
    make(tmp_path / "t", a=ALL)
    with (
        fake_server(tmp_path, "--tokens", str(tmp_path / "t"), "--reflection", "on") as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        assert ask_for_services(channel).list_services_response.service
    assert not policy.load(load(["--reflection", "off"], {})).reflection
    assert policy.load(load([], {})).reflection


def get(server, path, secret=None):
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(f"http://{server.http}{path}", headers=headers)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_metrics_need_their_scope(secured):
    server, known = secured
    assert get(server, "/healthz") == (200, "ok\n")
    assert get(server, "/metrics")[0] == 401
    assert get(server, "/metrics", "lst_wrong") == (401, "the token is not known here\n")
    assert get(server, "/metrics", known["maker"])[0] == 403
    status, text = get(server, "/metrics", known["scraper"])
    assert status == 200
    assert 'lodestream_requests_total{code="UNAUTHENTICATED",method="StreamAvatar"}' in text


def test_unknown_methods_are_not_counted_by_name(secured, channel):
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/lodestream.v1.AvatarService/Invented")(b"", timeout=5)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "Invented" not in get(secured[0], "/metrics", secured[1]["all"])[1]


# --- replacing tokens


def until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_tokens_are_replaced_without_a_restart(tmp_path):
    file = tmp_path / "t"
    old = make(file, studio=ALL)["studio"]
    with (
        fake_server(tmp_path, "--tokens", str(file), "--rate", "0") as server,
        grpc.insecure_channel(server.address) as channel,
    ):

        def accepts(secret):
            stream = call(authorized(channel, f"Bearer {secret}"), REQUEST)
            with contextlib.suppress(grpc.RpcError):
                list(stream)
            assert stream.code() in (grpc.StatusCode.OK, grpc.StatusCode.UNAUTHENTICATED)
            return stream.code() is grpc.StatusCode.OK

        assert accepts(old)
        new, line = tokens.new("studio", ALL, None)
        assert not accepts(new)
        file.write_text(file.read_text() + line + "\n")
        server.process.send_signal(signal.SIGHUP)
        until(lambda: any("reloaded" in text for text in server.stderr))
        assert accepts(new)
        assert accepts(old), "both are good for a while"
        file.write_text("what is this\n")
        server.process.send_signal(signal.SIGHUP)
        until(lambda: any("not reloaded" in text and "line 1" in text for text in server.stderr))
        assert accepts(old), "a broken file changes nothing"
        fresh = tmp_path / "fresh"
        fresh.write_text(line + "\n")
        fresh.replace(file)
        until(lambda: not accepts(old))  # no signal is needed
        assert accepts(new)
        file.write_text("# nobody\n")
        os.utime(file, ns=(1, 1))
        until(lambda: not accepts(new))
        assert server.process.poll() is None


# --- the SDK


def test_the_sdk_sends_its_token(secured):
    server, known = secured
    with lodestream.Client(server.address, token=known["all"]) as client:
        events = list(client.generate("a man", levels=[3]))
        assert client.preview(events[0].avatar_id, width=20, height=20)
        assert client.info().engine == "fake"
    with lodestream.Client(server.address) as client, pytest.raises(lodestream.UnauthenticatedError):
        list(client.generate("a man"))
    with (
        lodestream.Client(server.address, token=known["viewer"]) as client,
        pytest.raises(lodestream.PermissionDeniedError) as caught,
    ):
        list(client.generate("a man"))
    assert known["viewer"] not in f"{caught.value!r} {caught.value.__cause__} {vars(caught.value)}"

    async def run():
        async with lodestream.AsyncClient(server.address, token=known["all"]) as client:
            events = [event async for event in client.generate("a man", levels=[3])]
            return await client.preview(events[0].avatar_id, width=20, height=20), await client.info()

    assert asyncio.run(run())[1].engine == "fake"


def test_the_sdk_does_not_send_a_token_in_the_clear():
    for client in (lodestream.Client, lodestream.AsyncClient):
        with pytest.raises(ValueError, match="in the clear") as caught:
            client("192.0.2.1:1", token="lst_mine")
        assert "lst_mine" not in str(caught.value)
        with pytest.raises(ValueError, match="printable ASCII") as caught:
            client("127.0.0.1:1", token="lst_\nmine")
        assert "mine" not in str(caught.value)
        with pytest.raises(ValueError, match="without TLS"):
            client("127.0.0.1:1", tls=False, root_certificates=b"")
    lodestream.Client("192.0.2.1:1", token="lst_mine", tls=False).close()
    lodestream.Client("192.0.2.1:1", token="lst_mine", tls=True).close()


def test_the_command_line_sends_its_token(secured, tmp_path, capsys, monkeypatch):
    server, known = secured
    ask = ["info", "--address", server.address]
    assert sdk_cli.main(ask) == 3
    (tmp_path / "token").write_text(known["all"] + "\n")
    assert sdk_cli.main([*ask, "--token-file", str(tmp_path / "token")]) == 0
    monkeypatch.setenv("LODESTREAM_TOKEN", known["all"])
    assert sdk_cli.main(ask) == 0
    assert json.loads(capsys.readouterr().out.split("}\n")[0] + "}")["engine"] == "fake"
    monkeypatch.setenv("LODESTREAM_TOKEN", "lst_wrong")
    assert sdk_cli.main(ask) == 3
    assert sdk_cli.main([*ask, "--token-file", str(tmp_path / "none")]) == 2
    with pytest.raises(SystemExit) as caught:
        sdk_cli.main(["info", "--address", "192.0.2.1:1"])
    assert caught.value.code == 2
    said = capsys.readouterr()
    assert "in the clear" in said.err
    assert "lst_" not in said.err + said.out
