"""The worker under load: many clients, too many, clients that do not read, clients that leave.

LODESTREAM_SOAK=1 takes longer and adds 20 minutes of mixed load (`make soak`).
"""

import asyncio
import contextlib
import json
import os
import random
import statistics
import threading
import time
from pathlib import Path

import grpc
import pytest
from benchmarks import load
from benchmarks.load_clients import SMALL_WINDOW, Plan
from fake import FakePipeline
from rpc_support import fake_server

import lodestream
from lodestream import _async_client
from lodestream.v1 import avatar_pb2 as pb
from lodestream.v1.avatar_pb2_grpc import AvatarServiceStub
from lodestream_server import config
from lodestream_server.metrics import Metrics
from lodestream_server.pipeline.request import LEVELS, AvatarRequest
from lodestream_server.pipeline.studio import Studio
from lodestream_server.pipeline.workers import Workers
from lodestream_server.rpc.guard import Guard
from lodestream_server.rpc.server import RpcServer
from lodestream_server.rpc.service import AvatarService
from lodestream_server.security import policy as security
from lodestream_server.store.level_store import LevelStore
from lodestream_server.store.opening import open_storage

SOAK = os.environ.get("LODESTREAM_SOAK") == "1"
SOAK_SECONDS = float(os.environ.get("LODESTREAM_SOAK_SECONDS", "1200"))
STALLED = 32
CANCELS = 1000
WORST = "p99" if SOAK else "p90"  # a short run on a machine that others use too has few samples
# Of who is accepted, and of who is not, where one client alone gets its first level within ALONE_MS. On a slower
# machine all is as much slower, what is asked for too.
LEVEL_3_MS, REFUSED_MS, ALONE_MS = 300, 50, 45
ONCE = lodestream.Retry(attempts=1)
MIB = 2**20


def rss(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def files_open(pid):
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def eventually(true, seconds=10.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        await asyncio.sleep(0.05)


async def crowd(address, prompts, **options):
    """All at once, each on a connection of its own: what each got, levels or an error."""

    async def one(prompt):
        async with lodestream.AsyncClient(address, retry=ONCE) as client:
            try:
                events = [event async for event in client.generate(prompt, **options)]
            except lodestream.LodestreamError as error:
                return error
            return [event.level for event in events if isinstance(event, lodestream.Level)]

    return await asyncio.gather(*(one(prompt) for prompt in prompts))


def slowness(server):
    """By how much the machine is slower than the one that the limits are for, now: at least 1. Warms the server."""
    alone = [load.measure(Plan(server.address, {}, 1, 0.0, 2.0, (3, 2, 1, 0)), 1) for _ in range(2)][-1]
    return max(1.0, statistics.median(outcome.levels[3] for outcome in alone) / ALONE_MS)


def test_sixty_four_at_once_are_all_served(tmp_path):
    with lodestream.LocalServer("--workers", "2", data_dir=tmp_path) as server:
        got = asyncio.run(crowd(server.address, [f"man number {n} in a red shirt" for n in range(64)], levels=(3, 2)))
    assert got == [[3, 2]] * 64


def test_what_does_not_fit_into_the_queue_is_refused_at_once(tmp_path):
    with fake_server(tmp_path, "--workers", "2", "--queue", "8", "--log-format", "json") as server:
        got = asyncio.run(crowd(server.address, [f"slow {n}" for n in range(64)], levels=(3, 2)))
        server.process.terminate()
        server.process.wait(10)
        logged = [json.loads(line) for line in server.stderr]
    served = [levels for levels in got if isinstance(levels, list)]
    refused = [error for error in got if not isinstance(error, list)]
    assert 8 <= len(served) <= 16
    assert served == [[3, 2]] * len(served), "who was accepted is served to the end"
    assert {type(error) for error in refused} == {lodestream.OverloadedError}
    assert all(error.retry_after > 0 for error in refused)
    took = [line["ms"] for line in logged if line["message"] == "refused"]
    assert len(took) == len(refused)
    assert max(took) < REFUSED_MS


def test_sixteen_clients_see_something_soon(tmp_path, record_property):
    """Each asks again when it has all levels, so that finer levels of some are always under way."""
    with lodestream.LocalServer("--workers", "2", data_dir=tmp_path) as server:
        slower = slowness(server)
        plan = Plan(server.address, {}, 16, 0.0, (60.0 if SOAK else 12.0) * slower, (3, 2, 1, 0), ramp=4.0 * slower)
        result = load.report(load.measure(plan, 1), plan.levels, plan.seconds)
    record_property("load", json.dumps({"slowness": slower, **result}))
    assert result["errors"] == {}
    assert result["finished"] == result["requests"] >= 16
    assert result["levels"]["3"][WORST] <= LEVEL_3_MS * slower


def test_ten_times_too_many_are_refused_soon_and_the_accepted_do_not_suffer(tmp_path, record_property):
    """Two cores make three avatars a second, of which thirty are asked for."""
    with lodestream.LocalServer("--workers", "2", "--queue", "8", data_dir=tmp_path) as server:
        slower = slowness(server)
        plan = Plan(server.address, {}, 64, 30.0 / slower, (20.0 if SOAK else 6.0) * slower, (3, 2, 1, 0), seed=1)
        result = load.report(load.measure(plan, 1), plan.levels, plan.seconds)
    record_property("load", json.dumps({"slowness": slower, **result}))
    refused = result["errors"].pop("OverloadedError")
    assert result["errors"] == {}, "who was accepted is served to the end"
    assert refused["count"] > result["requests"] / 2
    assert refused[WORST] <= REFUSED_MS * slower
    assert result["finished"] >= 8
    assert result["levels"]["3"][WORST] <= LEVEL_3_MS * slower


def test_the_cores_are_free_soon_after_everybody_left(tmp_path):
    chance = random.Random(6)

    async def leave(address, n):
        async with lodestream.AsyncClient(address, retry=ONCE) as client:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(chance.uniform(0.1, 2.0)):
                    async for _ in client.generate(f"woman number {n} in a plaid coat and jeans"):
                        pass

    async def main(address):
        await asyncio.gather(*(leave(address, n) for n in range(16)))

    with lodestream.LocalServer("--workers", "2", data_dir=tmp_path) as server:
        load.measure(Plan(server.address, {}, 1, 0.0, 2.0, (3, 2, 1, 0)), 1)
        asyncio.run(main(server.address))
        time.sleep(0.2)
        busy = cpu_seconds(server.pid)
        time.sleep(0.5)
        assert cpu_seconds(server.pid) - busy < 0.1


async def stall(address, count):
    """Clients that have read that they were accepted, and nothing since."""
    calls, channels = [], []
    for n in range(count):
        channel = grpc.aio.insecure_channel(address, options=SMALL_WINDOW)
        channels.append(channel)
        call = AvatarServiceStub(channel).StreamAvatar(pb.StreamAvatarRequest(prompt=f"big stalled {n}"))
        assert (await call.read()).HasField("accepted")
        calls.append(call)
    return calls, channels


def test_who_does_not_read_costs_little_and_is_cut_off(tmp_path):
    made = 'lodestream_stage_seconds_count{stage="decode"}'
    patience = 4.0

    async def main(server):
        pid = server.process.pid
        await crowd(server.address, [f"big early reader {n}" for n in range(8)])
        before, computed = rss(pid), server.metric(made)
        began = time.monotonic()
        calls, channels = await stall(server.address, STALLED)
        await eventually(lambda: server.metric(made) >= computed + STALLED)
        grown = rss(pid) - before
        got = await crowd(server.address, [f"big reader {n}" for n in range(8)])
        assert got == [[3, 2, 1, 0]] * 8, "others do not suffer"
        assert time.monotonic() - began < patience, "too slow to tell anything"
        assert server.metric("lodestream_streams_active") == STALLED
        assert server.metric(made) == computed + STALLED + 8 * 4, "nothing is made ahead of the reader"
        assert grown < 64 * MIB
        await eventually(lambda: server.metric("lodestream_streams_active") == 0)
        assert time.monotonic() - began >= patience
        with contextlib.suppress(grpc.aio.AioRpcError):
            while await calls[0].read() is not grpc.aio.EOF:
                pass
        assert await calls[0].code() is grpc.StatusCode.UNAVAILABLE, "who reads on is told to come again"
        for channel in channels:
            await channel.close()

    with fake_server(tmp_path, "--stall", str(patience)) as server:
        asyncio.run(main(server))


def test_a_reader_who_was_cut_off_goes_on_by_itself(tmp_path, monkeypatch):
    cut = 'lodestream_requests_total{code="UNAVAILABLE",method="StreamAvatar"}'
    monkeypatch.setattr(_async_client, "OPTIONS", (*_async_client.OPTIONS, *SMALL_WINDOW))

    async def main(server):
        levels = {}
        async with lodestream.AsyncClient(server.address) as client:
            async for event in client.generate("big dreamer"):
                if isinstance(event, lodestream.Accepted):
                    await eventually(lambda: server.metric(cut) == 1)
                if isinstance(event, lodestream.Level):
                    levels[event.level] = event.glb
        return levels

    with fake_server(tmp_path, "--stall", "0.5") as server:
        levels = asyncio.run(main(server))
    pipeline = FakePipeline()
    job = pipeline.begin(AvatarRequest("big dreamer"))
    assert levels == {level: pipeline.level(job, level).glb for level in LEVELS}


@contextlib.asynccontextmanager
async def inside(folder):
    """The server in this event loop, so that its tasks can be counted."""
    options = config.load(["--listen", "127.0.0.1:0", "--data-dir", str(folder)], {})
    metrics, policy = Metrics(), security.load(options)
    guard = Guard(metrics, policy.gate)
    rpc = RpcServer(options.listen, guard, policy)
    store = LevelStore(open_storage(folder / "avatars"), 10**9, metrics)
    studio = Studio(FakePipeline(), Workers(2, 2000, metrics), store, metrics)
    await rpc.start(AvatarService(studio, guard, metrics, 30.0))
    try:
        yield rpc, studio
    finally:
        await rpc.stop(0)
        await asyncio.to_thread(studio.close)


def test_who_leaves_leaves_nothing_behind(tmp_path):
    chance = random.Random(5)

    async def leave(client, n):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(chance.uniform(0, 0.05 * CANCELS**0.5 + 0.5)):
                async for _ in client.generate(f"{'slow' if n % 2 else 'big'} leaver {n}"):
                    pass

    async def main():
        pid = os.getpid()
        async with inside(tmp_path) as (rpc, studio), lodestream.AsyncClient(rpc.address, retry=ONCE) as client:
            async for _ in client.generate("warm"):
                pass
            tasks, files, memory = len(asyncio.all_tasks()), files_open(pid), rss(pid)
            for first in range(0, CANCELS, 100):
                await asyncio.gather(*(leave(client, n) for n in range(first, min(first + 100, CANCELS))))
            left = time.monotonic()
            await eventually(lambda: len(asyncio.all_tasks()) <= tasks)
            await eventually(lambda: not studio._makings)
            assert not studio.workers._urgent
            assert not studio.workers._patient
            assert time.monotonic() - left < 5
            await asyncio.sleep(1)  # writes to the store, and the last stage that was under way
            busy = cpu_seconds(pid)
            await asyncio.sleep(1)
            assert cpu_seconds(pid) - busy < 0.3, "the cores are idle"
            assert files_open(pid) <= files + 1
            assert rss(pid) - memory < 64 * MIB
            made = len(studio.pipeline.made)
            await asyncio.sleep(0.5)
            assert len(studio.pipeline.made) == made, "nothing is made for nobody"
        assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix not in (".glb", ".json")]

    asyncio.run(main())


def slope(samples):
    """Least squares: (seconds, value) to value a minute."""
    seconds, values = zip(*samples, strict=True)
    return statistics.linear_regression(seconds, values).slope * 60


@pytest.mark.skipif(not SOAK, reason="LODESTREAM_SOAK=1 runs the long load")
def test_long_mixed_load_is_flat(tmp_path, record_property):
    """Slow, stalled, fickle and ordinary clients: memory and open files do not grow after the first third."""
    samples, over = [], threading.Event()
    with lodestream.LocalServer("--workers", "2", "--stall", "20", "--store-mb", "64", data_dir=tmp_path) as server:

        def watch():
            began = time.monotonic()
            while not over.wait(2):
                samples.append((time.monotonic() - began, rss(server.pid), files_open(server.pid)))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            plan = Plan(server.address, {}, 8, 0.0, SOAK_SECONDS, (3, 2, 1, 0), slow=2, stalled=2, cancel=0.3)
            result = load.report(load.measure(plan, 2), plan.levels, SOAK_SECONDS)
        finally:
            over.set()
            watcher.join()
    steady = samples[len(samples) // 3 :]
    memory = slope([(at, value / MIB) for at, value, _ in steady])
    files = slope([(at, value) for at, _, value in steady])
    record_property("load", json.dumps(result))
    print(f"{result}\nRSS {steady[0][1] / MIB:.0f} to {steady[-1][1] / MIB:.0f} MiB, {memory:+.2f} MiB a minute")
    print(f"open files {steady[0][2]} to {steady[-1][2]}, {files:+.2f} a minute")
    assert result["finished"] > 0
    assert result["errors"] == {}
    assert memory < max(1.0, 60 * 32 / SOAK_SECONDS)  # MiB; short runs are noisy
    assert files < max(0.5, 60 * 4 / SOAK_SECONDS)
