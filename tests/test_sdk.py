import asyncio
import hashlib
import inspect
import json
import signal
import threading
import time

import grpc
import pytest
from rpc_support import fake_server

import lodestream
from lodestream import _errors, cli
from lodestream._assembly import Assembly
from lodestream.v1 import avatar_pb2 as pb

QUICK = lodestream.Retry(attempts=3, first=0.01)


@pytest.fixture(scope="module")
def client(server):
    with lodestream.Client(server.address) as client:
        yield client


def levels(events):
    return {event.level: event.glb for event in events if isinstance(event, lodestream.Level)}


# --- the blocking client


def test_events_come_in_order(client):
    events = list(client.generate("a man in blue", seed=7))
    assert [type(e).__name__ for e in events if not isinstance(e, lodestream.Progress)] == [
        "Accepted", "Level", "Level", "Level", "Level", "Done",
    ]  # fmt: skip
    accepted, done = events[0], events[-1]
    assert (accepted.seed, accepted.levels, accepted.match.id, accepted.engine) == (7, (3, 2, 1, 0), "p1", "fake")
    assert done.total_ms > 0
    last = {e.level: (e.received, e.total) for e in events if isinstance(e, lodestream.Progress)}
    times = []
    for level in (e for e in events if isinstance(e, lodestream.Level)):
        assert hashlib.sha256(level.glb).hexdigest() == level.sha256
        assert last[level.level] == (len(level.glb),) * 2
        times.append(level.ms)
    assert times == sorted(times)


def test_options_arrive(client, tmp_path):
    picture = tmp_path / "p.png"
    from PIL import Image

    Image.new("RGB", (9, 9)).save(picture)
    for image in (picture, str(picture), picture.read_bytes()):
        events = list(client.generate(image=image, levels=(0, 3), rig="vrm", layout="atlas", morph_targets=["ARKit"]))
        assert events[0].match is None
        assert list(levels(events)) == [3, 0]


def test_what_cannot_be_sent_is_a_value_error(client):
    for bad in ({"rig": "x"}, {"layout": "x"}, {"seed": -1}, {"levels": [-1]}):
        with pytest.raises(ValueError, match=r"must be|range|negative|convert"):
            client.generate("a man", **bad)
    with pytest.raises(FileNotFoundError):
        client.generate("a man", image="/no/such.png")


def test_preview_and_info(client):
    accepted = next(client.generate("a man"))
    assert client.preview(accepted.avatar_id, width=20, height=30).startswith(b"\x89PNG")
    info = client.info()
    assert (info.levels, info.rigs, info.layouts) == ((3, 2, 1, 0), ("mixamo", "unreal", "vrm"), ("layers", "atlas"))
    with pytest.raises(lodestream.AvatarNotFoundError):
        client.preview("0" * 32)


def test_a_refusal_is_typed_and_detailed(client):
    with pytest.raises(lodestream.InvalidRequestError) as caught:
        list(client.generate("  "))
    (violation,) = caught.value.violations
    assert violation.field == "prompt"
    assert "1 to 2,000 characters" in violation.description
    assert (caught.value.code, caught.value.reason) == ("INVALID_ARGUMENT", "INVALID_REQUEST")
    with pytest.raises(lodestream.InternalServerError) as caught:
        list(client.generate("boom"))
    assert len(caught.value.error_id) == 16
    assert caught.value.error_id in str(caught.value)


def test_no_server():
    with lodestream.Client("127.0.0.1:1", retry=QUICK) as client:
        with pytest.raises(lodestream.ConnectionFailedError):
            list(client.generate("a man"))
        with pytest.raises(lodestream.ConnectionFailedError):
            client.info()


def test_a_timeout(server):
    with lodestream.Client(server.address, timeout=0.2) as client, pytest.raises(lodestream.DeadlineExceededError):
        list(client.generate("slow and too late"))


def test_closing_the_iterator_cancels(client, server):
    name = 'lodestream_requests_total{code="CANCELLED",method="StreamAvatar"}'
    before = server.metric(name)
    stream = client.generate("slow and given up")
    next(stream)
    stream.close()
    deadline = time.monotonic() + 5
    while server.metric(name) == before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.metric(name) == before + 1


# --- going on after a cut


class Proxy:
    """Forwards TCP and cuts the first connections after so many bytes from the server."""

    def __init__(self, target, cuts):
        self.target, self.cuts, self.connections = target, list(cuts), 0

    async def _pump(self, reader, writer, limit):
        try:
            while data := await reader.read(4096):
                writer.write(data)
                await writer.drain()
                if limit is not None and (limit := limit - len(data)) <= 0:
                    break
        finally:
            writer.transport.abort()

    async def _serve(self, reader, writer):
        self.connections += 1
        limit = self.cuts.pop(0) if self.cuts else None
        host, port = self.target.split(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        pumps = (self._pump(reader, far_writer, None), self._pump(far_reader, writer, limit))
        await asyncio.gather(*pumps, return_exceptions=True)

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        server = self.loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self._end(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    async def _end(self):
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def test_a_cut_connection_goes_on_where_it_was(server, client):
    whole = levels(client.generate("cut me"))
    with Proxy(server.address, cuts=[3_000, 60_000, 250_000]) as proxy:
        with lodestream.Client(proxy.address, retry=QUICK) as cut:
            events = list(cut.generate("cut me"))
        assert proxy.connections > 3
    assert levels(events) == whole
    assert sum(isinstance(event, lodestream.Accepted) for event in events) == 1
    seen = [(-e.level, e.received) for e in events if isinstance(e, lodestream.Progress)]
    assert seen == sorted(set(seen)), "every byte is reported once"


def test_a_server_that_forgot_the_avatar_starts_afresh(tmp_path):
    patient = lodestream.Retry(attempts=20, first=0.1)
    with fake_server(tmp_path / "a") as first, lodestream.Client(first.address, retry=patient) as client:
        stream = client.generate("slow but forgotten")
        seen = [next(stream), next(stream), next(stream)]
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
        with fake_server(tmp_path / "b", "--listen", first.address):
            seen += list(stream)
    kinds = [type(e).__name__ for e in seen if not isinstance(e, lodestream.Progress)]
    assert kinds == ["Accepted", "Level", "Level", "Level", "Level", "Done"]


def start(**more):
    return pb.StreamAvatarResponse(level_start=pb.LevelStart(**{"level": 3, "total_bytes": 2, **more}))


def chunk(offset, data):
    return pb.StreamAvatarResponse(chunk=pb.Chunk(offset=offset, data=data))


END = pb.StreamAvatarResponse(level_end=pb.LevelEnd(level=3))
ACCEPTED = pb.StreamAvatarResponse(accepted=pb.Accepted(avatar_id="a", levels=[3]))
GOOD = hashlib.sha256(b"ab").hexdigest()


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([start(sha256="0" * 64), chunk(0, b"ab"), END], "damaged"),
        ([start(sha256=GOOD), chunk(0, b"a"), END], "damaged"),
        ([start(sha256=GOOD), chunk(1, b"b")], "after 0 bytes"),
        ([chunk(0, b"b")], "a chunk"),
        ([start(level=2)], "out of turn"),
        ([END], "without having begun"),
        ([pb.StreamAvatarResponse(done=pb.Done())], "without level 3"),
        ([pb.StreamAvatarResponse(accepted=pb.Accepted(avatar_id="b"))], "went on with b"),
        ([start(sha256=GOOD), chunk(0, b"a"), start(sha256="0" * 64)], "changed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_corrupt_stream_is_noticed(messages, said):
    assembly = Assembly(pb.StreamAvatarRequest(prompt="x"))
    assembly.feed(ACCEPTED)
    with pytest.raises(lodestream.CorruptStreamError, match=said):
        list(map(assembly.feed, messages))


def test_the_resume_point():
    assembly = Assembly(pb.StreamAvatarRequest(prompt="x", chunk_bytes=4096))
    assert assembly.request().prompt == "x"
    for message in (ACCEPTED, start(sha256=GOOD), chunk(0, b"a")):
        assembly.feed(message)
    assert assembly.request() == pb.StreamAvatarRequest(
        resume=pb.Resume(avatar_id="a", level=3, offset=1), chunk_bytes=4096
    )
    assert assembly.feed(start(sha256=GOOD)) is None
    assert assembly.feed(chunk(1, b"b")) == lodestream.Progress(3, 2, 2)
    assert assembly.feed(END).glb == b"ab"


# --- errors


def test_every_status_is_mapped():
    assert set(_errors.STATUSES) == set(grpc.StatusCode) - {grpc.StatusCode.OK}


def test_every_exception_has_the_root():
    kinds = [kind for _, kind in inspect.getmembers(_errors, inspect.isclass) if issubclass(kind, Exception)]
    for kind in kinds:
        assert issubclass(kind, lodestream.LodestreamError)
        assert kind.__name__ in lodestream.__all__


# --- the client for asyncio


def test_the_async_client(server, client):
    whole = levels(client.generate("both ways", levels=[3, 2]))

    async def run():
        async with lodestream.AsyncClient(server.address) as other:
            events = [event async for event in other.generate("both ways", levels=[3, 2])]
            preview = await other.preview(events[0].avatar_id, width=20, height=30)
            info = await other.info()
            with pytest.raises(lodestream.InvalidRequestError):
                await anext(other.generate(""))
        return events, preview, info

    events, preview, info = asyncio.run(run())
    assert levels(events) == whole
    assert preview.startswith(b"\x89PNG")
    assert info.engine == "fake"


def test_the_async_client_goes_on_too(server, client):
    whole = levels(client.generate("cut me again"))

    async def run(address):
        async with lodestream.AsyncClient(address, retry=QUICK) as other:
            return [event async for event in other.generate("cut me again")]

    with Proxy(server.address, cuts=[60_000, 250_000]) as proxy:
        assert levels(asyncio.run(run(proxy.address))) == whole
        assert proxy.connections > 2


# --- the command line


def test_generate_writes_everything(server, tmp_path, capsys):
    out = tmp_path / "deep" / "out"
    code = cli.main(["generate", "a man in 蓝色", "--seed", "4", "--address", server.address, "--out", str(out)])
    assert code == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "lod0.glb", "lod1.glb", "lod2.glb", "lod3.glb", "preview.png", "report.json",
    ]  # fmt: skip
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert list(report) == ["prompt", "seed", "bundle", "engine", "avatar_id", "match", "levels", "stages_ms"]
    assert (report["prompt"], report["seed"], report["match"]) == ("a man in 蓝色", 4, {"id": "p1", "score": 0.5})
    assert [level["level"] for level in report["levels"]] == [3, 2, 1, 0]
    for level in report["levels"]:
        assert list(level) == ["level", "ms", "bytes", "triangles", "vertices", "texture", "sha256"]
        glb = (out / f"lod{level['level']}.glb").read_bytes()
        assert (level["bytes"], level["sha256"]) == (len(glb), hashlib.sha256(glb).hexdigest())
    said = capsys.readouterr()
    assert "level 3" in said.err
    assert not said.out


def test_exit_codes(server, tmp_path, capsys):
    end = ["--address", server.address, "--out", str(tmp_path)]
    assert cli.main(["generate", " ", *end]) == 3
    assert "1 to 2,000 characters" in capsys.readouterr().err
    assert cli.main(["generate", "boom", *end]) == 3
    assert cli.main(["generate", "a man", "--levels", "9", *end]) == 3
    assert cli.main(["generate", "a man", "--image", "/no/such.png", *end]) == 2
    assert cli.main(["generate", "a man", "--address", "127.0.0.1:1", "--out", str(tmp_path)]) == 4
    for usage in (
        [],
        ["generate", "a man"],
        ["generate", "x", "--rig", "y", *end],
        ["generate", "x", "--seed", "-1", *end],
    ):
        with pytest.raises(SystemExit) as caught:
            cli.main(usage)
        assert caught.value.code == 2


def test_info(server, capsys):
    assert cli.main(["info", "--address", server.address]) == 0
    assert json.loads(capsys.readouterr().out)["bundle"] == "fake-1+00000000"


def test_a_private_server_that_is_not_installed(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert cli.main(["generate", "a man", "--out", str(tmp_path)]) == 2
    assert "pip install 'lodestream[server]'" in capsys.readouterr().err


def test_a_private_server_that_does_not_start(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LODESTREAM_BUNDLE", str(tmp_path / "none"))
    assert cli.main(["generate", "a man", "--out", str(tmp_path)]) == 4
    assert "manifest.json is missing" in capsys.readouterr().err


def test_a_private_server_that_fails_shows_its_log(server, tmp_path, capsys, monkeypatch):
    class Private(lodestream.LocalServer):
        log = "what went wrong"

        def __enter__(self):
            self.address = server.address
            return self

    monkeypatch.setattr(cli, "LocalServer", Private)
    assert cli.main(["generate", "boom", "--out", str(tmp_path)]) == 3
    assert "what went wrong\nlodestream: internal error" in capsys.readouterr().err
    assert cli.main(["generate", " ", "--out", str(tmp_path)]) == 3
    assert "what went wrong" not in capsys.readouterr().err
