"""Streams that are cut, twice asked for, or whose server dies: nothing is lost and nothing is done twice."""

import asyncio
import errno
import hashlib
import os
import signal
import threading
import time
from types import SimpleNamespace

import grpc
import pytest
from fake import FakePipeline
from rpc_support import fake_server

import lodestream
from lodestream import _patience, cli
from lodestream._assembly import Assembly
from lodestream._errors import from_grpc
from lodestream._patience import PATIENT, Patience
from lodestream.v1 import avatar_pb2 as pb
from lodestream_server.errors import AvatarNotFoundError, DataLossError, InvalidRequestError
from lodestream_server.metrics import Metrics
from lodestream_server.pipeline.request import LEVELS, AvatarRequest
from lodestream_server.pipeline.studio import Studio
from lodestream_server.pipeline.workers import Workers
from lodestream_server.store.level_store import LevelStore


def glbs(events):
    return {event.level: event.glb for event in events if isinstance(event, lodestream.Level)}


# --- the client dies


@pytest.fixture(scope="module")
def whole(server):
    with lodestream.Client(server.address) as client:
        events = list(client.generate("a survivor"))
    return events[0].avatar_id, glbs(events)


@pytest.mark.parametrize(("level", "offset"), [(3, 0), (2, 4_097), (0, 299_999), (0, 300_000)])
def test_another_client_goes_on_at_the_byte(server, whole, level, offset):
    avatar_id, levels = whole
    with lodestream.Client(server.address) as client:
        events = list(client.resume(avatar_id, level, levels[level][:offset], chunk_bytes=4096))
    assert glbs(events) == {n: glb for n, glb in levels.items() if n <= level}
    received = [e.received for e in events if isinstance(e, lodestream.Progress) and e.level == level]
    assert received[:1] in ([min(offset + 4096, len(levels[level]))], [])


def test_another_async_client_goes_on_at_the_byte(server, whole):
    avatar_id, levels = whole

    async def run():
        async with lodestream.AsyncClient(server.address) as client:
            return [e async for e in client.resume(avatar_id, 1, levels[1][:5])]

    assert glbs(asyncio.run(run())) == {1: levels[1], 0: levels[0]}


def test_what_was_received_must_be_the_beginning(server, whole):
    with lodestream.Client(server.address) as client:
        with pytest.raises(lodestream.CorruptStreamError, match="damaged"):
            list(client.resume(whole[0], 3, b"something else"))
        with pytest.raises(lodestream.AvatarNotFoundError):
            list(client.resume("0" * 32, 3))


# --- the server dies


class Restarting:
    """A server that is killed once something was said of level 2, and is back on the same address a second later."""

    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        self.server = fake_server(self.folder)
        self.first = self.server.__enter__()
        self.address = self.first.address
        self.killer = threading.Thread(target=self._restart)
        return self

    def kill(self):
        if not self.killer.ident:
            self.first.process.send_signal(signal.SIGKILL)
            self.first.process.wait()
            self.killer.start()

    def _restart(self):
        time.sleep(1)
        self.second = fake_server(self.folder, "--listen", self.address)
        self.second.__enter__()

    def __exit__(self, *_):
        self.killer.join()
        self.second.__exit__(None, None, None)
        self.server.__exit__(None, None, None)


def expected(prompt):
    pipeline = FakePipeline()
    job = pipeline.begin(AvatarRequest(prompt))
    return {level: pipeline.level(job, level).glb for level in LEVELS}


def test_a_restarted_server_is_found_again(tmp_path):
    with Restarting(tmp_path) as server, lodestream.Client(server.address) as client:
        events = []
        for event in client.generate("a big man", chunk_bytes=4096):
            events.append(event)
            if isinstance(event, lodestream.Progress) and event.level == 2:
                server.kill()
        assert client.info().bundle == "fake-1+00000000"
    assert glbs(events) == expected("a big man")
    seen = [(-e.level, e.received) for e in events if isinstance(e, lodestream.Progress)]
    assert seen == sorted(set(seen)), "it went on where it was"


def test_a_restarted_server_is_found_again_by_async_clients(tmp_path):
    async def run(server):
        async with lodestream.AsyncClient(server.address) as client:
            events = []
            async for event in client.generate("a big man", chunk_bytes=4096):
                events.append(event)
                if isinstance(event, lodestream.Progress) and event.level == 2:
                    server.kill()
            return events, await client.preview(events[0].avatar_id)

    with Restarting(tmp_path) as server:
        events, picture = asyncio.run(run(server))
    assert glbs(events) == expected("a big man")
    assert picture.startswith(b"\x89PNG")


def test_the_command_line_goes_on_too(tmp_path, monkeypatch):
    with Restarting(tmp_path / "data") as server:
        show = cli.Display.show
        monkeypatch.setattr(
            cli.Display,
            "show",
            lambda self, event: (show(self, event), isinstance(event, lodestream.Level) and server.kill()),
        )
        out = tmp_path / "out"
        assert cli.main(["generate", "a slow man", "--address", server.address, "--out", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        *(f"lod{n}.glb" for n in range(4)),
        "preview.png",
        "report.json",
    ]
    for level, glb in expected("a slow man").items():
        assert (out / f"lod{level}.glb").read_bytes() == glb


def test_the_command_line_leaves_no_half_of_a_file(tmp_path, monkeypatch):
    target = tmp_path / "lod0.glb"
    cli._save(target, b"old")
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    with pytest.raises(OSError, match="full"):
        cli._save(target, b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["lod0.glb"]


# --- patience


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(seconds=1000.0)
    monkeypatch.setattr(_patience.time, "monotonic", lambda: now.seconds)
    return now


def gone(**more):
    return lodestream.ConnectionFailedError("gone", **more)


def overloaded(retry_after):
    error = lodestream.OverloadedError(grpc.StatusCode.RESOURCE_EXHAUSTED, "busy")
    error.retry_after = retry_after
    return error


def waits(patience, clock, error):
    """The waits until it gives up."""
    out = []
    while True:
        try:
            out.append(patience.wait_after(error))
        except type(error):
            return out
        clock.seconds += out[-1]


def test_a_lost_server_gets_thirty_seconds(clock):
    found = waits(Patience(PATIENT, None, met=True), clock, gone())
    assert 26 < sum(found) <= 30
    for n, wait in enumerate(found):
        longest = min(0.1 * 2**n, 2.0)
        assert longest / 2 <= wait <= longest
    assert len(set(found)) == len(found), "with jitter"


def test_progress_starts_the_clock_anew(clock):
    patience = Patience(PATIENT, None, met=True)
    for _ in range(3):
        assert sum(waits(patience, clock, gone())) > 26
        patience.progress()
        clock.seconds += 100


def test_an_address_where_nobody_ever_answered_gets_five(clock):
    assert 2 < sum(waits(Patience(PATIENT, None, met=False), clock, gone(unreachable=True))) <= 5
    assert sum(waits(Patience(PATIENT, None, met=True), clock, gone(unreachable=True))) > 26
    assert sum(waits(Patience(PATIENT, None, met=False), clock, gone())) > 26, "somebody was there"


def test_retry_info_is_honoured():
    patience = Patience(PATIENT, None, met=True)
    assert 7 <= patience.wait_after(overloaded(7.0)) <= 7.1
    assert 3 <= patience.wait_after(gone(retry_after=3.0)) <= 3.2
    for late in (31.0, None):  # too long; not a lodestream server's, but gRPC's own: the message is too large
        with pytest.raises(lodestream.OverloadedError):
            Patience(PATIENT, None, met=True).wait_after(overloaded(late))


def test_nothing_else_is_tried_again():
    for kind in (
        lodestream.InvalidRequestError,
        lodestream.InternalServerError,
        lodestream.DataLossError,
        lodestream.AvatarNotFoundError,
    ):
        with pytest.raises(kind):
            Patience(PATIENT, None, met=True).wait_after(kind(grpc.StatusCode.INTERNAL, "no"))
    for error in (lodestream.CorruptStreamError("x"), lodestream.RequestCancelledError("x")):
        with pytest.raises(type(error)):
            Patience(PATIENT, None, met=True).wait_after(error)


def test_the_timeout_of_the_call_ends_it(clock):
    patience = Patience(PATIENT, 1.0, met=True)
    assert patience.left() == 1.0
    clock.seconds += patience.wait_after(gone())
    assert 0.9 <= patience.left() < 1.0
    clock.seconds += 0.89
    with pytest.raises(lodestream.DeadlineExceededError, match=r"within 1\.0 s"):
        patience.wait_after(gone())


@pytest.mark.parametrize(
    ("code", "said", "kind", "unreachable"),
    [
        ("UNAVAILABLE", "failed to connect to all addresses", lodestream.ConnectionFailedError, True),
        ("UNAVAILABLE", "Socket closed", lodestream.ConnectionFailedError, False),
        ("INTERNAL", "Received RST_STREAM with error code 2", lodestream.ConnectionFailedError, False),
        ("UNKNOWN", "Stream removed", lodestream.ConnectionFailedError, False),
        ("INTERNAL", "something went wrong", lodestream.InternalServerError, None),
    ],
)
def test_a_broken_stream_is_one_whatever_grpc_calls_it(code, said, kind, unreachable):
    error = SimpleNamespace(code=lambda: grpc.StatusCode[code], details=lambda: said, trailing_metadata=lambda: ())
    found = from_grpc(error)
    assert type(found) is kind
    assert getattr(found, "unreachable", None) is unreachable


def test_a_stream_that_was_begun_afresh_can_be_cut_again():
    def message(**more):
        return pb.StreamAvatarResponse(**more)

    def level(number, data):
        start = pb.LevelStart(level=number, total_bytes=4, sha256=hashlib.sha256(data).hexdigest())
        return (
            message(level_start=start),
            message(chunk=pb.Chunk(data=data)),
            message(level_end=pb.LevelEnd(level=number)),
        )

    accepted = message(accepted=pb.Accepted(avatar_id="a", levels=[3, 2]))
    assembly = Assembly(pb.StreamAvatarRequest(prompt="x"))
    for item in (accepted, *level(3, b"3333"), level(2, b"2222")[0], message(chunk=pb.Chunk(data=b"22"))):
        assembly.feed(item)
    assert assembly.request().resume == pb.Resume(avatar_id="a", level=2, offset=2)
    lost = lodestream.DataLossError(grpc.StatusCode.DATA_LOSS, "lost")
    assert Patience(PATIENT, None, met=True).wait_after(lost, assembly) == 0
    assert assembly.request().prompt == "x"
    for item in (accepted, *level(3, b"3333")[:2]):  # cut within a level that is there already
        assert assembly.feed(item) is None
    assert assembly.request().resume == pb.Resume(avatar_id="a", level=2, offset=0)
    events = [assembly.feed(item) for item in (accepted, *level(2, b"2222"))]
    assert glbs(events) == {2: b"2222"}


# --- the same avatar, asked for twice


class Watchful(FakePipeline):
    """Counts its work and notices jobs that two threads use at once or that go backwards."""

    def __init__(self):
        super().__init__()
        self.begun = 0
        self.faults = []
        self.pause = 0.03

    def begin(self, request):
        self.begun += 1
        time.sleep(self.pause)
        if request.prompt == "refused":
            raise InvalidRequestError("image", "must be one")
        return super().begin(request)

    def level(self, job, level):
        if getattr(job, "busy", False):
            self.faults.append("two threads")
        if getattr(job, "last", 3) < level:
            self.faults.append("backwards")
        job.busy, job.last = True, level
        time.sleep(self.pause)
        asset = super().level(job, level)
        job.busy = False
        return asset


class Atelier:
    def __init__(self, folder, queue=64):
        self.metrics = Metrics()
        self.store = LevelStore(folder, 10**8, self.metrics)
        self.pipeline = Watchful()
        self.workers = Workers(4, queue, self.metrics)
        self.studio = Studio(self.pipeline, self.workers, self.store, self.metrics)

    async def avatar(self, prompt):
        production = await self.studio.produce(AvatarRequest(prompt))
        return {level: (await production.level(level)).sha256 for level in LEVELS}

    async def rest(self, avatar_id, start):
        production = await self.studio.reproduce(avatar_id)
        return {level: (await production.level(level)).sha256 for level in LEVELS if level <= start}


@pytest.fixture
def atelier(tmp_path):
    atelier = Atelier(tmp_path)
    yield atelier
    atelier.studio.close()
    assert not atelier.pipeline.faults


def test_the_same_request_at_once_is_computed_once(atelier):
    async def run():
        return await asyncio.gather(*(atelier.avatar("twin") for _ in range(8)), atelier.avatar("other"))

    *twins, other = asyncio.run(run())
    assert all(twin == twins[0] for twin in twins)
    assert other != twins[0]
    assert atelier.pipeline.begun == 2
    assert len(atelier.pipeline.made) == len(set(atelier.pipeline.made)) == 8


def test_the_same_request_later_is_computed_once(atelier):
    async def run():
        return [await atelier.avatar("twin") for _ in range(5)]

    assert len({tuple(avatar.items()) for avatar in asyncio.run(run())}) == 1
    assert (atelier.pipeline.begun, len(atelier.pipeline.made)) == (1, 4)


def test_a_stream_joins_one_that_is_ahead(atelier):
    async def run():
        first = asyncio.create_task(atelier.avatar("twin"))
        await asyncio.sleep(0.1)
        return await asyncio.gather(first, atelier.avatar("twin"))

    first, second = asyncio.run(run())
    assert first == second
    assert len(atelier.pipeline.made) == 4


def test_a_stream_that_gives_up_does_not_take_others_along(atelier):
    async def run():
        tasks = [asyncio.create_task(atelier.avatar("twin")) for _ in range(3)]
        await asyncio.sleep(0.08)
        for task in tasks[:2]:
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]
        return await tasks[2]

    assert set(asyncio.run(run())) == set(LEVELS)
    assert len(atelier.pipeline.made) == 4


def test_what_nobody_waits_for_is_not_made(atelier):
    async def run():
        task = asyncio.create_task(atelier.avatar("twin"))
        await asyncio.sleep(0.08)
        task.cancel()
        await asyncio.sleep(0.2)

    asyncio.run(run())
    assert len(atelier.pipeline.made) < 4


def test_a_job_that_a_thread_may_still_hold_is_not_used_again(atelier):
    """The first stream is slow to send, the second gives up within a level, then the first wants that level."""

    async def run():
        production = await atelier.studio.produce(AvatarRequest("twin"))
        await production.level(3)
        atelier.pipeline.pause = 0.3
        other = asyncio.create_task(production.level(2))
        await asyncio.sleep(0.05)  # a thread is at it
        other.cancel()
        await asyncio.sleep(0.01)
        atelier.pipeline.pause = 0.01
        return [(await production.level(level)).sha256 for level in LEVELS]

    assert len(set(asyncio.run(run()))) == 4
    assert atelier.pipeline.begun == 2


def test_a_resumption_joins_whatever_level_it_begins_with(atelier, tmp_path):
    reference = Atelier(tmp_path / "reference")
    whole = asyncio.run(reference.avatar("twin"))
    reference.studio.close()
    avatar_id = atelier.pipeline.avatar_id(AvatarRequest("twin"))

    async def run():
        return await asyncio.gather(
            atelier.avatar("twin"), *(atelier.rest(avatar_id, start) for start in (0, 3, 1, 2, 0))
        )

    first, *rests = asyncio.run(run())
    assert first == whole
    for rest in rests:
        assert rest == {level: whole[level] for level in rest}
    assert len(atelier.pipeline.made) == 4


def test_levels_that_were_lost_are_made_again_for_everybody_at_once(atelier, tmp_path):
    async def run():
        whole = await atelier.avatar("twin")
        await asyncio.to_thread(atelier.studio._writer.submit(int).result)
        for path in tmp_path.glob("??/*/level_*.glb"):
            path.write_bytes(b"torn" + path.read_bytes()[4:])
        avatar_id = atelier.pipeline.avatar_id(AvatarRequest("twin"))
        return whole, await asyncio.gather(*(atelier.rest(avatar_id, 3) for _ in range(3)), atelier.avatar("twin"))

    whole, again = asyncio.run(run())
    assert all(avatar == whole for avatar in again)
    assert len(atelier.pipeline.made) == 8
    assert atelier.metrics.registry.get_sample_value("lodestream_store_corrupt_total") == 4


def test_a_level_that_comes_out_differently_is_refused_to_who_has_a_part_and_new_to_others(atelier, tmp_path):
    async def run():
        await atelier.avatar("drift")
        await asyncio.to_thread(atelier.studio._writer.submit(int).result)
        (path,) = tmp_path.glob("??/*/level_3.glb")
        path.unlink()
        with pytest.raises(DataLossError):
            await atelier.rest(path.parent.name, 3)
        fresh = await atelier.avatar("drift")
        await asyncio.to_thread(atelier.studio._writer.submit(int).result)
        assert await atelier.rest(path.parent.name, 3) == fresh

    asyncio.run(run())


def test_a_failure_is_everybodys_and_then_forgotten(atelier):
    async def run():
        found = await asyncio.gather(*(atelier.avatar("refused") for _ in range(3)), return_exceptions=True)
        assert {type(error) for error in found} == {InvalidRequestError}
        assert atelier.pipeline.begun == 1
        with pytest.raises(InvalidRequestError):
            await atelier.avatar("refused")
        with pytest.raises(AvatarNotFoundError):
            await atelier.studio.reproduce(atelier.pipeline.avatar_id(AvatarRequest("refused")))

    asyncio.run(run())
    assert atelier.pipeline.begun == 2


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_avatars_are_made_resumed_and_previewed_without_a_store(atelier, monkeypatch, number, caplog):
    def fail(*_args):
        raise OSError(number, os.strerror(number))

    for name in ("read", "write", "move", "remove", "touch"):
        monkeypatch.setattr(f"lodestream_server.store.disk.LocalDisk.{name}", fail)

    async def run():
        whole = await atelier.avatar("homeless")
        avatar_id = atelier.pipeline.avatar_id(AvatarRequest("homeless"))
        assert await atelier.rest(avatar_id, 1) == {1: whole[1], 0: whole[0]}
        assert await atelier.studio.preview(avatar_id, 8, 8, 0.0)
        assert await atelier.avatar("homeless") == whole

    asyncio.run(run())
    said = [record.getMessage() for record in caplog.records if "the store is" in record.getMessage()]
    assert len(said) == 2, "once for reading, once for writing"
    assert atelier.metrics.registry.get_sample_value("lodestream_store_errors_total") >= 2


def test_finished_makings_are_let_go(atelier):
    async def run():
        for n in range(5):
            await atelier.avatar(f"number {n}")
        await asyncio.to_thread(atelier.studio._writer.submit(int).result)

    asyncio.run(run())
    assert not len(atelier.studio._makings)
