"""Malformed and hostile inputs, twenty thousand and more: every one gets an answer or a typed error, soon, and no error
says anything that is none of the asker's business."""

import asyncio
import contextlib
import hashlib
import io
import json
import math
import socket
import struct
import time
from types import SimpleNamespace

import grpc
import numpy as np
import pytest
from fuzz_inputs import (
    GOOD,
    HUGE,
    NUMBERS,
    TEXTS,
    field,
    http_request,
    mutated,
    pictures,
    png,
    png_part,
    request,
    scrambled,
    toml,
    values,
)
from fuzz_support import AREAS, COUNTED, REFUSED, SCALE, SECRET, Desk, Memory, brief, chance, clean, guarded, judge
from PIL import Image
from rpc_support import call, fake_server, glbs

import lodestream
from lodestream.v1 import avatar_pb2 as pb
from lodestream_server import check, config
from lodestream_server.encoders import preprocess
from lodestream_server.encoders.picture import MAX_SCANS, MAX_SIDE, open_picture
from lodestream_server.errors import ConfigError, InvalidRequestError, LodestreamError, RateLimitedError
from lodestream_server.metrics import Metrics
from lodestream_server.pipeline.request import LEVELS
from lodestream_server.rpc import convert
from lodestream_server.rpc.status import to_status
from lodestream_server.security import policy, tokens
from lodestream_server.security.gate import Gate
from lodestream_server.security.limits import Limits
from lodestream_server.store.level_store import LevelStore
from lodestream_server.store.recipe import Recipe
from lodestream_server.store.seal import seal
from lodestream_server.web.server import WebServer

SERVICE = "/lodestream.v1.AvatarService/"
METHODS = ("StreamAvatar", "RenderPreview", "GetServerInfo")
SCOPES = ",".join(tokens.SCOPES)


@pytest.fixture(autouse=True, scope="module")
def _guarded():
    with guarded():
        yield


# --- requests


@pytest.fixture(scope="module")
def desk():
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        desk = Desk(loop)
        yield desk
        desk.studio.close()


def test_requests_that_are_bytes_fields_or_nearly_right(desk):
    dice = chance("requests")
    seen = set()
    for _ in range(6000 * SCALE):
        raw = request(dice)
        raw = dice.choice((raw, raw, mutated(dice, raw), dice.randbytes(dice.randrange(60))))
        method = dice.choice(("stream_avatar", "stream_avatar", "stream_avatar", "render_preview", "get_server_info"))
        seen.add(desk.ask("requests", method, raw)[0])
    assert seen >= {"OK", "INVALID_ARGUMENT"}


def test_every_text_and_number_in_every_field(desk):
    for number in range(1, 11):
        for value in (*TEXTS, *NUMBERS, math.nan, math.inf):
            raw = field(number, struct.pack("<f", value) if isinstance(value, float) else value)
            for method in ("stream_avatar", "render_preview"):
                desk.ask("requests", method, raw)
                desk.ask("requests", method, field(1, "a man") + raw)
    for azimuth in (math.nan, math.inf, -math.inf, 1e38, -0.0, 360.1):
        raw = pb.RenderPreviewRequest(avatar_id=desk.avatar_id, width=16, height=16, azimuth=azimuth)
        desk.ask("requests", "render_preview", raw.SerializeToString())


@pytest.mark.parametrize(
    "raw",
    [
        b"\x78\x00" * 10**7 + field(1, b"\xff"),
        field(9, b"") * 2**21 + field(1, b"\xff"),
        field(1, "a") + field(4, b"\3" * 2**24),
        field(1, "a") + field(7, "") * 2**22,
        field(1, "a") + field(7, "jawOpen") * 2**21,
        field(1, b"\xff" * 2**24),
        field(1, "名" * 2**22),
        b"\xff" * 2**24,
        b"\x0b" * 2**24,
    ],
    ids=("unknown", "nested", "levels", "no names", "names", "no text", "long", "no number", "groups"),
)
def test_requests_of_millions_of_pieces_are_refused_soon(desk, raw):
    assert desk.ask("requests", "stream_avatar", raw)[0] == "INVALID_ARGUMENT"


def test_a_broken_text_is_still_named_beside_a_large_picture():
    raw = field(2, bytes(2**20)) + field(9, field(1, b"\xff"))
    with pytest.raises(InvalidRequestError, match=r"^resume\.avatar_id: must be valid UTF-8"):
        convert.parse(pb.StreamAvatarRequest, raw)
    with pytest.raises(InvalidRequestError, match=r"^request: "):  # cut off within a character
        convert.parse(pb.StreamAvatarRequest, field(1, "名")[:-1])


def test_a_caller_is_never_told_to_wait_for_ages():
    for seconds in (0.0, 1e-300, 1e9, 1e300, math.inf):
        status = to_status(RateLimitedError("too many", seconds), "0" * 16)
        assert status.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]


# --- resumption and the store


def test_resumptions_of_anything_from_anywhere(desk):
    dice = chance("resume")
    ids = (desk.avatar_id, desk.avatar_id, desk.avatar_id.upper(), "0" * 32, *TEXTS)
    offsets = [edge for glb in desk.levels.values() for edge in (len(glb) - 1, len(glb), len(glb) + 1)]
    for _ in range(2500 * SCALE):
        avatar_id = dice.choice(ids) if dice.random() < 0.8 else f"{dice.getrandbits(128):032x}"
        level = dice.choice((*LEVELS, *LEVELS, *NUMBERS, -1))
        offset = dice.choice((*offsets, *NUMBERS, *HUGE, -1, dice.randrange(400)))
        chunk = dice.choice((0, 1024, *NUMBERS))
        resume = field(1, avatar_id) + field(2, level) + field(3, offset)
        code, sent = desk.ask("resume", "stream_avatar", field(9, resume) + field(8, chunk))
        if code != "OK":
            assert code in {"INVALID_ARGUMENT", "NOT_FOUND"}
            continue
        got, level = glbs(sent), level % 2**32
        assert got.pop(level) == desk.levels[level][offset:]
        assert got == {finer: glb for finer, glb in desk.levels.items() if finer < level}


def test_stores_that_somebody_wrote_nonsense_into(desk):
    dice = chance("store")
    whole = {key: data for key, data in desk.storage.files.items() if desk.avatar_id in key}
    assert len(whole) == 9
    documents = [key for key in whole if key.endswith(".json")]
    for _ in range(1500 * SCALE):
        storage = Memory()
        storage.files = dict(whole)
        key = dice.choice(sorted(whole))
        if dice.random() < 0.5 or key not in documents:
            storage.files[key] = mutated(dice, whole[key])
        else:  # with a seal that is right
            document = json.loads(whole[key].partition(b"\n")[2])
            name = dice.choice((*document, "new"))
            document[name] = dice.choice((None, [], {}, -1, 1e99, "", "x", [[]], {"image": None}))
            if dice.random() < 0.3:
                del document[name]
            storage.files[key] = seal(key, dice.choice((document, document, [], None, 1)))
        store = LevelStore(storage, dice.choice((0, 10**4, 10**9)), Metrics())

        def read(store=store):
            recipe = store.recipe(desk.avatar_id)
            return recipe, [(store.get(desk.avatar_id, n), store.sha256(desk.avatar_id, n)) for n in LEVELS]

        recipe, levels = judge("store", (key, storage.files.get(key)), read)
        assert recipe is None or isinstance(recipe, Recipe)
        for level, (asset, _) in zip(LEVELS, levels, strict=True):
            assert asset is None or asset.glb == desk.levels[level]


# --- pictures


def look(data):
    pixels = preprocess.pixels(open_picture(data))
    assert pixels.shape == (3, preprocess.SIZE, preprocess.SIZE)
    assert np.isfinite(pixels).all()


def test_pictures_that_are_broken():
    dice = chance("pictures")
    files = pictures()
    refused = 0
    for _ in range(2500 * SCALE):
        data = mutated(dice, dice.choice(files))
        if dice.random() < 0.2:
            start = dice.choice((b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\xff\0\0\0WEBPVP8 "))
            data = start + dice.randbytes(dice.randrange(200))
        refused += isinstance(judge("pictures", data, lambda data=data: look(data)), InvalidRequestError)
    assert 500 * SCALE < refused < 2500 * SCALE


def test_pictures_that_claim_to_be_something_else():
    dice = chance("headers")
    sides = (0, 1, 2, 33, 4096, 5656, 5657, MAX_SIDE, MAX_SIDE + 1, 10**6, 32 * 10**6, 2**31 - 1, 2**31, -1)
    for _ in range(400 * SCALE):
        width, height = dice.choice(sides), dice.choice(sides)
        depth, colour = dice.choice(((8, 2), (8, 6), (16, 6), (1, 0), (8, 3), (7, 9)))
        parts = dice.choice(
            (b"", png_part(b"PLTE", bytes(9)), png_part(b"tRNS", bytes(2)), png_part(b"eXIf", b"MM\0*"))
        )
        data = png(width, height, parts=parts, depth=depth, colour=colour, interlace=dice.randrange(3))
        judge("pictures", data, lambda data=data: look(data))


def repeated(data, at, piece, times):
    return data[:at] + piece * times + data[at:]


def test_pictures_that_take_long_to_decode_are_refused_soon():
    file = io.BytesIO()
    Image.new("RGB", (5600, 5600)).save(file, "JPEG", progressive=True)
    large = file.getvalue()
    scan = large[large.rindex(b"\xff\xda") : -2]
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG")
    pieces = {
        "scans": repeated(large, -2, scan, 10 * MAX_SCANS),
        "comments": repeated(file.getvalue(), 2, b"\xff\xfe\0\2", 10**6),
        "chunks": png(8, 8, parts=png_part(b"abCd", b"") * 10**6, data=bytes(200)),
        "texts": png(8, 8, parts=png_part(b"tEXt", b"") * 10**6, data=bytes(200)),
        "rows": png(1, 32 * 10**6, data=bytes(128 * 10**6)),
    }
    for name, data in pieces.items():
        result = judge("pictures", name.encode(), lambda data=data: look(data))
        assert isinstance(result, InvalidRequestError), name
    assert judge("pictures", b"large", lambda: look(large)) is None, "what is merely large is welcome"


# --- tokens


def made_token(*words):
    """A token and its line, the same in every run."""
    secret = tokens.PREFIX + "Fz" * 21 + "-"
    return secret, " ".join(("all", f"sha256:{hashlib.sha256(secret.encode()).hexdigest()}", SCOPES, *words))


def known_token(folder):
    secret, line = made_token()
    (folder / "tokens").write_text(f"# who\n{line}\n")
    return secret


def test_callers_with_strange_tokens(tmp_path):
    dice = chance("tokens")
    secret = known_token(tmp_path)
    gate = policy.load(config.load(["--tokens", str(tmp_path / "tokens")], {})).gate
    good = f"Bearer {secret}"
    assert judge("tokens", good, lambda: gate.caller([("authorization", good)], "")).name == "token all"
    for _ in range(2500 * SCALE):
        value = dice.choice((good, "Bearer ", "bearer", f"Basic {secret}", *TEXTS))
        value = scrambled(dice, value) if dice.random() < 0.9 else mutated(dice, value.encode(errors="ignore"))
        headers = [("authorization", value)] * dice.choice((1, 1, 1, 0, 2))
        strange = scrambled(dice, "ipv6:%5Bfe80::1%25e%5D:")
        peer = dice.choice(("", "ipv4:1.2.3.4:5", "ipv6:%5B::1%5D:1", "unix:", strange))
        result = judge("tokens", (headers, peer), lambda h=headers, p=peer: gate.caller(h, p))
        if isinstance(result, LodestreamError):
            clean("tokens", value, str(result), secret)
        else:
            assert value.lower().startswith("bearer ")
            assert value[7:].strip() == secret
        Gate(None, Limits(0, 1, 1)).caller(headers, peer)


def test_files_of_strange_tokens(tmp_path):
    dice = chance("token files")
    secret, line = made_token("2030-01-01T00:00:00+01:00")
    file = tmp_path / "hostile"
    good = f"# who\n{line}\nother sha256:{'0' * 64} generate\n"
    pasted = f"all {secret} generate\n"
    for _ in range(1500 * SCALE):
        text = scrambled(dice, dice.choice((good, good, pasted, line)))
        data = text.encode(errors="surrogatepass")
        file.write_bytes(mutated(dice, data) if dice.random() < 0.4 else data)
        result = judge("token files", file.read_bytes(), lambda: tokens.read(file))
        if isinstance(result, LodestreamError):
            assert isinstance(result, ConfigError)
            assert secret not in str(result)
    for name in TEXTS:
        for expires in (None, name):
            with contextlib.suppress(ValueError):
                secret, line = tokens.new(name, SCOPES, expires)
                assert tokens.find((tokens.parse_line(line),), secret)


# --- options


def options(dice, file):
    """A file and an environment; where the file is named."""
    file.write_bytes(toml(dice) if dice.random() < 0.8 else mutated(dice, GOOD.encode()))
    names = dice.choices(list(config.Config.__dataclass_fields__), k=dice.randrange(4))
    environ = {f"LODESTREAM_{name.upper()}": values(dice) for name in names}
    return environ | ({"LODESTREAM_CONFIG": str(file)} if dice.random() < 0.7 else {})


def test_options_that_make_no_sense(tmp_path):
    dice = chance("options")
    file = tmp_path / "options.toml"
    good = 0
    for _ in range(3000 * SCALE):
        environ = options(dice, file)
        result = judge("options", (environ, file.read_bytes()), lambda e=environ: config.load([], e))
        config.strays(environ)
        if isinstance(result, LodestreamError):
            assert isinstance(result, ConfigError)
            continue
        good += 1
        Limits(result.rate, result.burst, result.streams)
        assert result.stall <= 10**9
    assert good > 100 * SCALE


def test_options_that_are_checked(tmp_path, monkeypatch):
    dice = chance("check")
    file = tmp_path / "options.toml"
    monkeypatch.setattr(check.bundle, "load", lambda _location: SimpleNamespace(id="tested elsewhere"))
    monkeypatch.setattr(check, "open_storage", lambda _url: None)  # some would be asked for over the network
    for _ in range(800 * SCALE):
        environ = options(dice, file)
        printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        monkeypatch.setattr(config.os, "environ", environ)
        with contextlib.redirect_stdout(printed):
            result = judge("check", (environ, file.read_bytes()), lambda: check.main([]))
        printed.flush()
        assert SECRET.encode() not in printed.buffer.getvalue(), f"{result!r} on {environ}, {file.read_bytes()!r}"


def test_options_that_would_stop_a_server_later_are_refused_at_once():
    for name, text in {
        "burst": "9" * 400,
        "workers": "100000",
        "batch_wait": "1e300",
        "rate": "1e-300",
        "http": "a/b:1",
        "bundle": "~nobody-at-all",
        "tokens": "a\0b",
    }.items():
        with pytest.raises(ConfigError, match=name.upper()):
            config.load([], {f"LODESTREAM_{name.upper()}": text})


def test_a_token_in_place_of_its_file_is_not_repeated():
    secret, _ = tokens.new("all", SCOPES, None)
    with pytest.raises(ConfigError) as caught:
        policy.load(config.load(["--tokens", secret], {}))
    assert secret not in str(caught.value)


def test_a_host_that_is_none_is_said_to_be_none():
    with pytest.raises(LodestreamError, match="cannot listen"):
        WebServer(f"{'a' * 64}.{'b' * 64}:0", Metrics(), lambda: True, None)


# --- over the wire


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """A server that asks for tokens, and a good one. It must have survived everything, without a word of complaint."""
    folder = tmp_path_factory.mktemp("live")
    secret = known_token(folder)
    limits = ("--rate", "0", "--streams", "999")
    with fake_server(folder, "--tokens", str(folder / "tokens"), "--log-format", "json", *limits) as running:
        yield SimpleNamespace(server=running, secret=secret, folder=str(folder))
        assert running.get("/healthz") == (200, "ok\n")
        with grpc.insecure_channel(running.address) as channel:
            code, _, sent = answer(channel, "StreamAvatar", field(1, "well"), good(secret))
        assert (code, len(sent)) == ("OK", 22)
        log = "".join(running.stderr)
        assert "Traceback" not in log
        assert "internal error" not in log
        assert secret not in log


def good(secret):
    return (("authorization", f"Bearer {secret}"),)


def answer(channel, method, raw, metadata=()):
    """Status, what was said, and the messages, of a call with raw bytes."""
    path = method if method.startswith("/") else SERVICE + method
    stream = channel.unary_stream(path)(raw, timeout=20, metadata=metadata)
    sent = []
    try:
        sent.extend(stream)
    except grpc.RpcError as error:
        trailing = "".join(str(item) for item in error.trailing_metadata() or ())
        return error.code().name, f"{error.details()} {trailing}", sent
    return "OK", "", sent


def test_bytes_over_the_wire(live):
    dice = chance("wire")
    paths = ("/", "/x", SERVICE, f"{SERVICE}../x", "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Nothing")
    with grpc.insecure_channel(live.server.address) as channel:
        for _ in range(700 * SCALE):
            raw = request(dice) if dice.random() < 0.6 else dice.randbytes(dice.randrange(80))
            raw = mutated(dice, raw) if dice.random() < 0.5 else raw
            method = dice.choice(METHODS) if dice.random() < 0.9 else dice.choice(paths)
            value = f"Bearer {live.secret}"
            if dice.random() < 0.2:
                printable = (c for c in scrambled(dice, value) if " " <= c <= "~")
                value = "".join(printable).strip()[:1000]
            sent = (channel, method, raw, (("authorization", value),))
            code, said, _ = judge("wire", raw, lambda sent=sent: answer(*sent))
            assert code not in REFUSED, f"{code} {said} on {method} {brief(raw)}"
            clean("wire", raw, said, live.secret, live.folder)


def exchange(address, data):
    host, _, port = address.rpartition(":")
    received = b""
    with socket.create_connection((host, int(port)), timeout=20) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(data)
        with contextlib.suppress(OSError):  # it is gone already
            connection.shutdown(socket.SHUT_WR)
        while piece := connection.recv(65_536):
            received += piece
    return received


def test_bytes_at_the_http_port(live):
    dice = chance("http")
    statuses = set()
    for _ in range(1200 * SCALE):
        data = http_request(dice, live.secret)
        data = dice.choice((data, data, mutated(dice, data), dice.randbytes(dice.randrange(300))))
        received = judge("http", data, lambda data=data: exchange(live.server.http, data)).decode("latin-1")
        clean("http", data, received, live.secret, live.folder)
        if received.startswith("HTTP/"):
            statuses.add(int(received.split(" ", 2)[1]))
    assert statuses >= {200, 400, 401, 404, 414, 431, 501, 505}
    assert not statuses & {500, 502, 503}


def test_bytes_of_other_protocols_at_the_grpc_port(live):
    dice = chance("grpc port")
    frames = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + struct.pack(">IBI", 0, 4, 0)
    for _ in range(100 * SCALE):
        data = dice.choice((http_request(dice, live.secret)[:999], frames + dice.randbytes(99), mutated(dice, frames)))
        received = judge("wire", data, lambda data=data: exchange(live.server.address, data))
        clean("wire", data, received.decode("latin-1"), live.secret, live.folder)


def test_words_and_pictures_at_a_server_with_weights(tmp_path):
    dice = chance("real")
    files = pictures()
    with (
        lodestream.LocalServer("--workers", "1", data_dir=tmp_path) as running,
        grpc.insecure_channel(running.address) as channel,
    ):
        for number in range(200 * SCALE):
            match number % 4:
                case 0:
                    raw = field(1, TEXTS[number // 4 % len(TEXTS)]) + field(4, 3)
                case 1:
                    raw = field(2, mutated(dice, dice.choice(files))) + field(4, 3)
                case 2:
                    raw = (
                        field(1, "a man") + field(4, 3) + field(7, dice.choice(TEXTS)) + field(3, dice.choice(NUMBERS))
                    )
                case _:
                    raw = mutated(dice, field(1, "a man in a red hat") + field(4, 3) + field(8, 2048))
            code, said, _ = judge("real", raw, lambda raw=raw: answer(channel, "StreamAvatar", raw))
            assert code not in REFUSED, f"{code} {said} on {brief(raw)}"
            clean("real", raw, said, str(tmp_path))
        assert len(list(call(channel, pb.StreamAvatarRequest(prompt="well", levels=[3])))) > 3
        time.sleep(0.1)
        assert "Traceback" not in running.log


def test_that_was_enough():
    if set(COUNTED) != set(AREAS):
        pytest.skip("only some of these tests ran")
    print(dict(COUNTED), COUNTED.total())
    assert COUNTED.total() >= 20_000 * SCALE
