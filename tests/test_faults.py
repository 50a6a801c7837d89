"""Faults of disk, clock, network and files, as a client and an operator of a running server see them."""

import asyncio
import datetime as dt
import hashlib
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import grpc
import pytest
import rpc_support
from faults_support import Line, faulty_server, may_mount, mounted, until

import lodestream
from lodestream import _patience
from lodestream_server import bundle, cli
from lodestream_server.metrics import Metrics
from lodestream_server.pipeline.asset import LevelAsset
from lodestream_server.pipeline.request import AvatarRequest
from lodestream_server.rpc import server as rpc_server
from lodestream_server.security import tokens
from lodestream_server.security.certificates import Certificates
from lodestream_server.store.level_store import LevelStore
from lodestream_server.store.recipe import Recipe

ROOT = Path(__file__).parents[1]
DAY = 86_400
QUICK = lodestream.Retry(attempts=1)
MOUNTS = may_mount()
mounts = pytest.mark.skipif(not MOUNTS, reason="needs to mount, as root or in a user namespace")


def made(address, prompt, levels=None, **options):
    """The levels of an avatar: level → bytes. The SDK has compared them with their SHA-256."""
    with lodestream.Client(address, retry=QUICK, **options) as client:
        return glbs(client.generate(prompt, levels=levels))


def glbs(events):
    events = list(events)
    assert isinstance(events[-1], lodestream.Done)
    return {event.level: event.glb for event in events if isinstance(event, lodestream.Level)}


def avatar_id(address, prompt):
    with lodestream.Client(address, retry=QUICK) as client:
        return next(iter(client.generate(prompt))).avatar_id


def said(server, text):
    return [line for line in list(server.stderr) if text in line]


def whole(avatars):
    """Names of the stored levels by avatar; nothing half-written lies beside them."""
    until(lambda: not list(avatars.rglob(".tmp-*")))
    found = {}
    for path in avatars.glob("??/*/level_?.glb"):
        facts = json.loads(path.with_suffix(".json").read_bytes().partition(b"\n")[2])
        assert hashlib.sha256(path.read_bytes()).hexdigest() == facts["sha256"]
        found.setdefault(path.parent.name, set()).add(path.name)
    return found


# --- the disk is full


class Tmpfs:
    """A file system of 16 MB, filled up by somebody else's file."""

    def __init__(self, folder):
        self.folder = folder
        self.more = {"mount": f"mount -t tmpfs -o size=16m tmpfs {folder}"}

    def fill(self, server):
        self.seen = Path(f"/proc/{server.process.pid}/root{self.folder}")
        space = os.statvfs(self.seen)
        with (self.seen / "filler").open("wb") as file:
            file.write(bytes(space.f_bavail * space.f_frsize - 20_000))

    def free(self):
        (self.seen / "filler").unlink()


class Injected:
    """A disk that takes half of a file and then says that it is full."""

    def __init__(self, folder):
        self.seen = folder / "data"
        self.seen.mkdir()
        self.folder, self._switch = self.seen, folder / "full"
        self.more = {"FAULTY_DISK": self._switch}

    def fill(self, _server):
        self._switch.touch()

    def free(self):
        self._switch.unlink()


@pytest.mark.parametrize("kind", [pytest.param(Tmpfs, marks=mounts), Injected])
def test_a_full_disk_takes_nothing_from_streams_and_is_used_again_when_there_is_room(tmp_path, kind):
    disk = kind(tmp_path)
    with faulty_server(disk.folder, "--log-format", "json", **disk.more) as server:
        made(server.address, "one")
        until(lambda: server.metric("lodestream_store_bytes") > 575_000)
        disk.fill(server)
        big = made(server.address, "big")
        assert {level: len(glb) for level, glb in big.items()} == dict.fromkeys((3, 2, 1, 0), 2_000_000)
        until(lambda: server.metric("lodestream_store_errors_total"))
        assert made(server.address, "big") == big, "computed again"
        lost = avatar_id(server.address, "big")
        with lodestream.Client(server.address, retry=QUICK) as client:
            assert glbs(client.resume(lost, 1, big[1][:999])) == {1: big[1], 0: big[0]}
        assert server.metric("lodestream_store_hits_total") == 0
        (line,) = said(server, "the store is")
        line = json.loads(line)
        assert line["level"] == "error"
        assert "the store is full and cannot be written" in line["message"]
        assert "make room on its disk, or lower --store-mb" in line["message"]
        assert not whole(disk.seen / "avatars").get(lost)
        assert server.get("/healthz") == (200, "ok\n")
        disk.free()
        assert made(server.address, "big") == big
        until(lambda: len(list((disk.seen / "avatars").glob(f"??/{lost}/*.glb"))) == 4)
        assert len(whole(disk.seen / "avatars")[lost]) == 4
        errors = server.metric("lodestream_store_errors_total")
        assert made(server.address, "big") == big
        assert server.metric("lodestream_store_hits_total") == 4
        assert server.metric("lodestream_store_errors_total") == errors
        assert not said(server, "Traceback")


# --- the data folder is read-only


def read_only(folder):
    return f"mount --bind {folder} {folder} && mount -o remount,bind,ro {folder}"


@mounts
def test_a_read_only_folder_still_serves_what_is_there_and_everything_else_from_memory(tmp_path):
    with faulty_server(tmp_path) as server:
        old = made(server.address, "old")
        until(lambda: server.metric("lodestream_store_bytes") > 575_000)
    before = sorted(tmp_path.rglob("*"))
    with faulty_server(tmp_path, mount=read_only(tmp_path)) as server:
        assert made(server.address, "old") == old
        assert server.metric("lodestream_store_hits_total") == 4
        new = made(server.address, "new")
        fresh = avatar_id(server.address, "new")
        with lodestream.Client(server.address, retry=QUICK) as client:
            assert glbs(client.resume(fresh, 1, new[1][:999])) == {1: new[1], 0: new[0]}
        assert server.metric("lodestream_store_errors_total") >= 2
        (line,) = said(server, "the store is")
        assert "the store is read-only and cannot be written" in line
        assert "let the worker's user write to --data-dir" in line
        assert not said(server, "Traceback")
    assert sorted(tmp_path.rglob("*")) == before


@mounts
def test_a_read_only_folder_without_a_store_starts_too(tmp_path):
    with faulty_server(tmp_path, mount=read_only(tmp_path)) as server:
        assert len(made(server.address, "new")) == 4
        assert said(server, "the store is read-only")
        assert not said(server, "Traceback")


def refused(command):
    """What a command that ends with 2 says."""
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=60, env=rpc_support.environ(OMP_NUM_THREADS="1")
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@mounts
def test_a_check_says_that_nothing_could_be_kept(tmp_path):
    command = [sys.executable, "-m", "lodestream_server", "--check-config", "--data-dir", str(tmp_path)]
    told = refused(mounted(read_only(tmp_path), command))
    assert told == f"lodestream-server: --data-dir: {tmp_path} cannot be written to: no avatar would be kept\n"


def test_a_file_in_the_place_of_the_folder_ends_the_start(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(AssertionError) as caught, faulty_server(tmp_path / "file"):
        pytest.fail("it started")
    told = str(caught.value)
    assert told.startswith(f"fake: --data-dir: {tmp_path}/file/avatars is not a folder")
    assert "Traceback" not in told


# --- the clock jumps


@pytest.mark.parametrize("days", [1, -1])
def test_a_jump_of_the_clock_cuts_no_stream_locks_nobody_out_and_forgets_nothing(tmp_path, days):
    clock = tmp_path / "clock"
    clock.write_text("0")
    secret, line = tokens.new("a", "generate,resume,metrics", None)
    (tmp_path / "tokens").write_text(line)
    options = ("--tokens", str(tmp_path / "tokens"), "--rate", "5", "--burst", "2", "--stall", "2")
    with faulty_server(tmp_path / "data", *options, FAULTY_CLOCK=clock) as server:
        old = made(server.address, "old", token=secret)
        with lodestream.Client(server.address, retry=QUICK, token=secret, timeout=10) as client:
            stream = client.generate("slow")
            seen = [next(stream)]
            clock.write_text(str(days * DAY))
            began = time.monotonic()
            seen += stream
            assert isinstance(seen[-1], lodestream.Done)
            assert 0 < seen[-1].total_ms < 1e3 * (time.monotonic() - began) + 2e3
        token = {"authorization": f"Bearer {secret}"}
        # without deadlines: gRPC's core does not know of this clock, so new ones would be a day off
        with lodestream.Client(server.address, token=secret, retry=QUICK, timeout=None) as client:
            for _ in range(3):  # more than the burst, at less than the rate
                assert glbs(client.generate("old")) == old
                time.sleep(0.25)
            avatar = next(iter(client.generate("old"))).avatar_id
            assert glbs(client.resume(avatar, 0, old[0][:7])) == {0: old[0]}
        text = metrics(server, token)
        assert re.search(r"^lodestream_store_hits_total 1[3-7]\.0$", text, re.MULTILINE), "nothing was made again"
        assert re.search(r"^lodestream_store_evictions_total 0\.0$", text, re.MULTILINE)
        assert "RESOURCE_EXHAUSTED" not in text
        assert not [line for line in text.splitlines() if re.match(r"lodestream_\w+_sum.* (-|\d{4})", line)]


def metrics(server, headers):
    request = urllib.request.Request(f"http://{server.http}/metrics", headers=headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return answer.read().decode()


def test_tokens_end_by_the_wall_clock(tmp_path):
    clock = tmp_path / "clock"
    clock.write_text("0")
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(hours=23)
    secret, line = tokens.new("a", "generate", tomorrow.strftime("%Y-%m-%dT%H:%M:%SZ"))
    (tmp_path / "tokens").write_text(line)
    with faulty_server(tmp_path / "data", "--tokens", str(tmp_path / "tokens"), FAULTY_CLOCK=clock) as server:
        made(server.address, "a", token=secret)
        clock.write_text(str(DAY))
        with pytest.raises(lodestream.UnauthenticatedError):
            made(server.address, "a", token=secret)
        clock.write_text("0")
        made(server.address, "a", token=secret)


def test_what_was_used_last_is_known_after_a_restart_also_if_the_clock_was_set_back(tmp_path, monkeypatch):
    glb = bytes(100_000)
    asset = LevelAsset(3, glb, hashlib.sha256(glb).hexdigest(), 1, 2, 128)
    ids = [f"{number:032x}" for number in range(4)]
    store = LevelStore(tmp_path, 10**6, Metrics())
    for name in ids[:3]:
        store.put_recipe(name, Recipe(AvatarRequest(name), "b", None))
        store.put(name, asset)
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() - DAY * 10**9)
    assert store.get(ids[0], 3) == asset
    store = LevelStore(tmp_path, 10**6, Metrics())
    store.put_recipe(ids[3], Recipe(AvatarRequest("later"), "b", None))
    store.put(ids[3], asset)
    kept = LevelStore(tmp_path, 240_000, Metrics())  # two levels, and the recipes
    assert [kept.get(name, 3) is not None for name in ids] == [True, False, False, True]


def test_whatever_lasts_is_measured_by_a_clock_that_cannot_jump():
    """Two may ask for the time of day: tokens end by it, and the store's files carry it."""
    clock = re.compile(r"\btime\.time(_ns)?\b|\bfrom time import|datetime\.(now|utcnow|today)\b|date\.today\b")
    sources = [*(ROOT / "server/lodestream_server").rglob("*.py"), *(ROOT / "client_sdk/python").rglob("*.py")]
    assert len(sources) > 100
    assert {path.name for path in sources if clock.search(path.read_text())} == {"gate.py", "disk.py"}


# --- files of the bundle are damaged


@pytest.fixture
def copy(tmp_path):
    """The embedded bundle, as links to its files."""
    folder = tmp_path / "bundle"
    loaded = bundle.load("embedded")
    for name in (*loaded.manifest["files"], bundle.MANIFEST):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(loaded.root / name)
    return folder


def truncate(path):
    damage(path, lambda data: data[: len(data) // 2])


def flip(path):
    damage(path, lambda data: data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 4]) + data[len(data) // 2 + 1 :])


def damage(path, change):
    data = change(path.read_bytes())
    path.unlink()
    path.write_bytes(data)


DAMAGES = {"truncated": truncate, "flipped": flip, "missing": Path.unlink}
LISTED = sorted(json.loads((bundle.embedded() / bundle.MANIFEST).read_bytes())["files"])
FILES = [*(name for name in LISTED if "/" not in name), next(name for name in LISTED if "/" in name)]
"""Of the pictures, one stands for all."""


@pytest.mark.parametrize("name", FILES)
def test_every_file_of_a_bundle_is_missed_by_name(copy, tmp_path, capsys, name):
    for kind, change in DAMAGES.items():
        kept = (copy / name).resolve()
        change(copy / name)
        assert cli.main(["--check-config", "--bundle", str(copy), "--data-dir", str(tmp_path / "data")]) == 2, kind
        told = capsys.readouterr().err
        assert told.startswith(f"lodestream-server: bundle file {copy / name} is broken: expected sha256 "), kind
        assert told.endswith("; copy or install the bundle again\n"), kind
        assert ("no file" in told) == (kind == "missing")
        (copy / name).unlink(missing_ok=True)
        (copy / name).symlink_to(kept)
    assert cli.main(["--check-config", "--bundle", str(copy), "--data-dir", str(tmp_path / "data")]) == 0


def scramble(path):
    damage(path, lambda data: data.replace(b'"sha256": "', b'"sha256": "f', 1))


def fold(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (truncate, "{path} is no bundle manifest: JSONDecodeError: "),
        (lambda path: damage(path, lambda data: b"\xff" + data), "{path} is no bundle manifest: "),
        (lambda path: damage(path, lambda _: b""), "{path} is no bundle manifest: JSONDecodeError: "),
        (scramble, "is broken: expected sha256 f"),
        (Path.unlink, "no bundle at {folder}: manifest.json is missing"),
        (fold, "{path} cannot be read: Is a directory"),
    ],
)
def test_a_damaged_manifest_ends_the_start(copy, tmp_path, change, told):
    change(copy / bundle.MANIFEST)
    command = [sys.executable, "-m", "lodestream_server", "--bundle", str(copy), "--data-dir", str(tmp_path / "data")]
    line = refused([*command, "--listen", "127.0.0.1:0", "--http", "off"])
    assert line.count("\n") == 1, "one sentence"
    assert told.format(path=copy / bundle.MANIFEST, folder=copy) in line
    assert "copy or install the bundle again" in line


# --- files of engines are damaged


def test_damaged_engines_are_made_anew_and_serve(tmp_path):
    pytest.importorskip("onnx", reason="int8 needs it")
    options = ("--engine", "onnxruntime-cpu", "--precision", "int8")
    prompt = "a man in a red jumper"
    with lodestream.LocalServer(*options, data_dir=tmp_path) as server:
        first = made(server.address, prompt, levels=[3])
    plans = {path: path.read_bytes() for path in (tmp_path / "engines").iterdir()}
    assert len(plans) == 2
    for path, change in zip(plans, (truncate, flip), strict=True):
        change(path)
    shutil.rmtree(tmp_path / "avatars")
    with lodestream.LocalServer(*options, data_dir=tmp_path) as server:
        assert made(server.address, prompt, levels=[3]) == first
        for path in plans:
            assert any("engine damaged, made anew" in line and path.name in line for line in server.log.splitlines())
        with urllib.request.urlopen(f"http://{server.http}/metrics", timeout=5) as answer:
            assert b"\nlodestream_engine_corrupt_total 2.0\n" in answer.read()
    assert {path: path.read_bytes() for path in plans} == plans


# --- files of the store are damaged


def test_a_damaged_store_is_put_aside_and_made_again_byte_for_byte(tmp_path):
    with faulty_server(tmp_path) as server:
        first = made(server.address, "one")
        until(lambda: server.metric("lodestream_store_bytes") > 575_000)
        (folder,) = (tmp_path / "avatars").glob("??/*")
        truncate(folder / "level_2.json")
        flip(folder / "level_1.glb")
        truncate(folder / "level_0.glb")
        with lodestream.Client(server.address, retry=QUICK) as client:
            assert glbs(client.resume(folder.name, 1, first[1][:150_000])) == {1: first[1], 0: first[0]}
        assert made(server.address, "one") == first
        assert server.metric("lodestream_store_corrupt_total") == 3
        assert {path.name.partition(".")[2] for path in (tmp_path / "avatars/quarantine").iterdir()} == {
            "level_2.json",
            "level_1.glb",
            "level_0.glb",
        }
        until(lambda: len(list(folder.glob("*.glb"))) == 4)
        assert len(whole(tmp_path / "avatars")[folder.name]) == 4
        hits = server.metric("lodestream_store_hits_total")
        assert made(server.address, "one") == first
        assert server.metric("lodestream_store_hits_total") == hits + 4
        flip(folder / "recipe.json")
        with (
            pytest.raises(lodestream.AvatarNotFoundError),
            lodestream.Client(server.address, retry=QUICK) as client,
        ):
            list(client.resume(folder.name, 0))
        assert made(server.address, "one") == first
        assert server.metric("lodestream_store_corrupt_total") == 4
        assert not said(server, "Traceback")


# --- the network falls silent


FAST = tuple((name, min(value, 300)) for name, value in _patience.KEEPALIVE)
"""For a client that notices within 0.6 s."""


@pytest.fixture
def fast(monkeypatch):
    monkeypatch.setattr("lodestream._client.KEEPALIVE", FAST)
    monkeypatch.setattr("lodestream._async_client.KEEPALIVE", FAST)


@pytest.mark.usefixtures("fast")
def test_a_silent_line_is_left_and_the_stream_goes_on_over_another(tmp_path):
    with faulty_server(tmp_path) as server, Line(server.address) as line:
        calm = made(server.address, "slow")
        with lodestream.Client(line.address, timeout=20) as client:
            stream = client.generate("slow and silent")
            seen = []
            for event in stream:
                seen.append(event)
                if isinstance(event, lodestream.Level) and event.level == 3:
                    line.silence()
                    began = time.monotonic()
            assert sorted(glbs(seen)) == sorted(calm)
            assert time.monotonic() - began < 5
        assert len(line.connections) == 2


@pytest.mark.usefixtures("fast")
def test_a_silent_line_is_left_by_async_clients_too(tmp_path):
    async def run(line):
        async with lodestream.AsyncClient(line.address, timeout=20) as client:
            seen = []
            async for event in client.generate("slow"):
                seen.append(event)
                if isinstance(event, lodestream.Level) and event.level == 3:
                    line.silence()
            return glbs(seen)

    with faulty_server(tmp_path) as server, Line(server.address) as line:
        assert len(asyncio.run(run(line))) == 4
        assert len(line.connections) == 2


@pytest.mark.usefixtures("fast")
def test_without_another_try_a_silent_line_is_a_failed_connection(tmp_path):
    with faulty_server(tmp_path) as server, Line(server.address) as line:
        with lodestream.Client(line.address, timeout=20, retry=QUICK) as client:
            stream = client.generate("halting")
            next(stream)
            line.silence()
            began = time.monotonic()
            with pytest.raises(lodestream.ConnectionFailedError) as caught:
                list(stream)
            assert time.monotonic() - began < 2
        assert not caught.value.unreachable, "somebody was there: thirty seconds, not five"
        assert isinstance(caught.value.__cause__, grpc.RpcError)
        assert caught.value.__cause__.code() is grpc.StatusCode.UNAVAILABLE


def test_a_server_lets_go_of_clients_that_fell_silent(tmp_path):
    with (
        faulty_server(tmp_path, FAULTY_PINGS="300 300 5000") as server,
        Line(server.address) as line,
        lodestream.Client(line.address, retry=QUICK, timeout=60) as client,
    ):
        stream = client.generate("halting")
        next(stream)
        assert server.metric("lodestream_streams_active") == 1
        line.silence()
        until(lambda: server.metric("lodestream_streams_active") == 0, 1.9)


def test_pings_of_a_client_that_waits_are_welcome(tmp_path, monkeypatch):
    """The options of both sides, ten times as fast: 10 s, and 5 s that are allowed. gRPC sends one ping a second."""
    often, allowed = 10_000 // 10, 5_000 // 10
    pings = (("grpc.keepalive_time_ms", often), *_patience.KEEPALIVE[1:])
    monkeypatch.setattr("lodestream._client.KEEPALIVE", pings)
    with faulty_server(tmp_path, FAULTY_PINGS=f"60000 20000 {allowed}") as server, Line(server.address) as line:
        with lodestream.Client(line.address, retry=QUICK) as client:
            assert len(glbs(client.generate("halting", levels=[3]))) == 1
        assert len(line.connections) == 1, "it was not ended by too_many_pings"


def test_both_sides_agree_on_pings():
    client, server = dict(_patience.KEEPALIVE), dict(rpc_server._OPTIONS)
    for side in (client, server):
        assert side["grpc.http2.ping_timeout_ms"] == side["grpc.keepalive_timeout_ms"], "else gRPC waits a minute"
    assert client["grpc.keepalive_time_ms"] >= 2 * server["grpc.http2.min_ping_interval_without_data_ms"]
    noticed = client["grpc.keepalive_time_ms"] + client["grpc.keepalive_timeout_ms"]
    assert noticed / 1e3 <= _patience.BUDGET / 2
    assert client["grpc.http2.max_pings_without_data"] == 0, "else gRPC stops after two"


# --- certificates end


def test_the_end_of_the_first_certificate_of_a_chain_is_known(tmp_path):
    x509 = pytest.importorskip("cryptography.x509", reason="cryptography makes the certificates")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x" * 60)])
    begin = dt.datetime(1999, 12, 31, tzinfo=dt.UTC)

    def write(*ends):
        chain = b""
        for end in ends:
            builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            builder = builder.not_valid_before(begin).not_valid_after(end)
            chain += builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        (tmp_path / "chain").write_bytes(b"a remark\n" + chain)

    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (tmp_path / "key").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    summer = dt.datetime(2049, 7, 1, 12, 30, 59, tzinfo=dt.UTC)  # the last year that has two digits
    write(summer)
    given = Certificates(tmp_path / "chain", tmp_path / "key", None)
    assert given.expires() == summer.timestamp() == 2_508_755_459
    for ends in ((dt.datetime(2050, 1, 1, tzinfo=dt.UTC),), (summer, begin + dt.timedelta(1)), (begin, summer)):
        write(*ends)
        given.reload()
        assert given.expires() == min(ends).timestamp()
    (tmp_path / "chain").write_text("damaged")
    given.reload()
    assert given.expires() == begin.timestamp(), "that of the chain in use"


def test_a_metric_says_when_the_certificate_in_use_ends(tmp_path):
    tls = pytest.importorskip("test_security_tls")
    authority = tls.Authority(tmp_path)

    def ends(server):
        context = ssl.create_default_context(cafile=authority.file)
        with urllib.request.urlopen(f"https://{server.http}/metrics", timeout=5, context=context) as answer:
            text = answer.read().decode()
        return float(re.search(r"^lodestream_certificate_expiry_seconds (\S+)$", text, re.MULTILINE)[1])

    def issued():
        return tls.x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc.timestamp()

    certificate, key = authority.issue("short")
    with faulty_server(tmp_path / "data", *tls.flags(certificate, key)) as server:
        first = issued()
        assert ends(server) == first
        time.sleep(1.1)
        authority.issue("short")
        server.process.send_signal(signal.SIGHUP)
        until(lambda: ends(server) == issued() > first)
        certificate.write_text("damaged")
        server.process.send_signal(signal.SIGHUP)
        until(lambda: said(server, "not reloaded"))
        assert ends(server) > first, "that of the chain in use"
    with faulty_server(tmp_path / "data") as server:
        assert server.metric("lodestream_certificate_expiry_seconds") == 0
