import errno
import hashlib
import logging
import os
from pathlib import Path

import pytest

from lodestream_server.errors import ConfigError
from lodestream_server.metrics import Metrics
from lodestream_server.pipeline.asset import LevelAsset, Match
from lodestream_server.pipeline.request import AvatarRequest
from lodestream_server.store.disk import LocalDisk
from lodestream_server.store.files import write_atomically
from lodestream_server.store.level_store import LevelStore
from lodestream_server.store.opening import open_storage
from lodestream_server.store.recipe import Recipe
from lodestream_server.store.seal import seal, unseal

RECIPE = Recipe(
    AvatarRequest("a man", seed=2**63 + 1, levels=(3, 0), morph_targets=("jawOpen",)), "b-1", Match("p", 0.5)
)


def identity(number):
    return f"{number:032x}"


def asset(level=3, size=10_000):
    glb = bytes([level]) * size
    return LevelAsset(level, glb, hashlib.sha256(glb).hexdigest(), 1, 2, 128)


def count(metrics, name):
    return metrics.registry.get_sample_value(f"lodestream_store_{name}")


def broken(number):
    def fail(*_args, **_more):
        raise OSError(number, os.strerror(number))

    return fail


PICTURE = Recipe(AvatarRequest(None, image=b"\0picture"), "b-1", None)


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def store(tmp_path, metrics):
    return LevelStore(tmp_path, 10**6, metrics)


@pytest.fixture(params=["disk", "memory"])
def place(request, tmp_path):
    """Opens the same storage again and again."""
    if request.param == "disk":
        yield lambda: tmp_path
        return
    fsspec = pytest.importorskip("fsspec")
    url = f"memory://{tmp_path.name}/avatars"
    yield lambda: open_storage(url)
    fsspec.filesystem("memory").rm(tmp_path.name, recursive=True)


def test_recipes_and_levels_come_back(place):
    picture = PICTURE
    store = LevelStore(place(), 10**6, Metrics())
    store.put_recipe(identity(1), RECIPE)
    store.put_recipe(identity(2), picture)
    store.put(identity(1), asset())
    for opened in (store, LevelStore(place(), 10**6, Metrics())):
        assert opened.recipe(identity(1)) == RECIPE
        assert opened.recipe(identity(2)) == picture
        assert opened.get(identity(1), 3) == asset()
        assert opened.get(identity(1), 2) is None
        assert opened.recipe(identity(3)) is None


def test_any_storage_is_bounded_and_remembers_what_was_used(place):
    metrics = Metrics()
    store = LevelStore(place(), 120_000, metrics)
    for number in range(5):
        store.put_recipe(identity(number), RECIPE)
        store.put(identity(number), asset(size=25_000))
    kept = [store.get(identity(n), 3) is not None for n in range(5)]
    assert kept == [False, False, False, True, True]
    assert count(metrics, "evictions_total") == 3
    again = LevelStore(place(), 120_000, Metrics())
    assert [again.get(identity(n), 3) is not None for n in range(5)] == kept
    assert all(again.recipe(identity(n)) == RECIPE for n in range(5))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("level_3.glb", lambda data: data[:-1]),
        ("level_3.glb", lambda data: data[:-1] + b"!"),
        ("level_3.glb", lambda _: b""),
        ("level_3.json", lambda data: data.replace(b'"triangles": 1', b'"triangles": 7')),
        ("level_3.json", lambda _: b""),
        ("level_3.json", lambda _: b"\xff{"),
    ],
)
def test_a_damaged_level_is_put_aside_counted_and_written_anew(place, name, change):
    metrics = Metrics()
    store = LevelStore(place(), 10**6, metrics)
    store.put_recipe(identity(1), RECIPE)
    store.put(identity(1), asset())
    storage = place() if not isinstance(place(), os.PathLike) else LocalDisk(place())
    key = f"00/{identity(1)}/{name}"
    damaged = change(storage.read(key))
    storage.write(key, damaged)
    assert store.get(identity(1), 3) is None
    assert count(metrics, "corrupt_total") == 1
    with pytest.raises(FileNotFoundError):
        storage.read(key)
    assert storage.read(f"quarantine/{identity(1)}.{name}") == damaged
    if name.endswith(".glb"):
        assert store.sha256(identity(1), 3) == asset().sha256, "what was sent is still known"
    store.put(identity(1), asset())
    assert store.get(identity(1), 3) == asset()


@pytest.mark.parametrize("name", ["recipe.json", "picture"])
def test_a_damaged_recipe_is_as_good_as_none_until_it_is_written_anew(tmp_path, name, metrics):
    store = LevelStore(tmp_path, 10**6, metrics)
    store.put_recipe(identity(1), PICTURE)
    path = tmp_path / "00" / identity(1) / name
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert store.recipe(identity(1)) is None
    assert count(metrics, "corrupt_total") == 1
    store.put_recipe(identity(1), PICTURE)
    assert store.recipe(identity(1)) == PICTURE


def test_a_file_that_belongs_to_another_avatar_is_noticed(store, tmp_path):
    for number in (1, 2):
        store.put_recipe(identity(number), RECIPE)
    folder = tmp_path / "00"
    (folder / identity(2) / "recipe.json").replace(folder / identity(1) / "recipe.json")
    assert store.recipe(identity(1)) is None


def test_the_quarantine_is_bounded_and_outlives_a_restart(tmp_path):
    for _ in range(2):
        store = LevelStore(tmp_path, 10**7, Metrics())
        for number in range(12):
            store.put_recipe(identity(number), RECIPE)
            (tmp_path / "00" / identity(number) / "recipe.json").write_text("{")
            assert store.recipe(identity(number)) is None
            store.put_recipe(identity(number + 100), RECIPE)
            (tmp_path / "00" / identity(number + 100) / "recipe.json").write_text("{")
            assert store.recipe(identity(number + 100)) is None
    assert len(list((tmp_path / "quarantine").iterdir())) == 16
    LevelStore(tmp_path, 10**7, Metrics())
    assert len(list((tmp_path / "quarantine").iterdir())) == 16


def test_a_seal_notices_every_bit():
    whole = seal("me", {"a": 1})
    assert unseal("me", whole) == {"a": 1}
    for at in range(8 * len(whole)):
        broken = bytearray(whole)
        broken[at // 8] ^= 1 << at % 8
        with pytest.raises(ValueError, match="me"):
            unseal("me", bytes(broken))
    with pytest.raises(ValueError, match="you"):
        unseal("you", whole)


def test_the_least_recently_used_lose_their_levels_first(tmp_path):
    metrics = Metrics()
    store = LevelStore(tmp_path, 120_000, metrics)
    for number in range(3):
        store.put_recipe(identity(number), RECIPE)
        store.put(identity(number), asset(size=25_000))
    assert store.get(identity(0), 3)
    store.put_recipe(identity(3), RECIPE)
    store.put(identity(3), asset(size=25_000))
    assert [store.get(identity(n), 3) is not None for n in range(4)] == [True, False, True, True]
    assert all(store.recipe(identity(n)) for n in range(4))
    assert metrics.registry.get_sample_value("lodestream_store_bytes") <= 120_000


def test_recipes_are_bounded_too_but_the_newest_stays(tmp_path):
    store = LevelStore(tmp_path, 5 * 4096, Metrics())
    for number in range(20):
        store.put_recipe(identity(number), RECIPE)
    assert sum(store.recipe(identity(n)) is not None for n in range(20)) == 5
    tiny = LevelStore(tmp_path / "tiny", 0, Metrics())
    tiny.put_recipe(identity(1), RECIPE)
    tiny.put(identity(1), asset())
    assert tiny.recipe(identity(1)) == RECIPE
    assert tiny.get(identity(1), 3) is None


def test_a_level_without_recipe_is_not_kept(store):
    store.put(identity(1), asset())
    assert store.get(identity(1), 3) is None


@pytest.mark.parametrize("bad", ["", "../../etc/passwd", "A" * 32, "0" * 31])
def test_an_id_is_never_a_path(store, bad):
    with pytest.raises(ValueError, match="not an avatar id"):
        store.recipe(bad)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, b"old")
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_left_overs_of_a_crash_are_swept(tmp_path):
    folder = tmp_path / "00" / identity(1)
    folder.mkdir(parents=True)
    (folder / ".tmp-abc").write_bytes(b"half")
    LevelStore(tmp_path, 10**6, Metrics())
    assert not (folder / ".tmp-abc").exists()


def test_folders_are_on_disk_before_what_lies_in_them(tmp_path, monkeypatch):
    synced = []
    fsync = os.fsync
    monkeypatch.setattr("os.fsync", lambda fd: (synced.append(str(Path(f"/proc/self/fd/{fd}").readlink())), fsync(fd)))
    LocalDisk(tmp_path).write("ab/cd/file", b"data")
    assert [s for s in synced if "/.tmp-" not in s] == [str(tmp_path), str(tmp_path / "ab"), str(tmp_path / "ab/cd")]
    assert sum("/.tmp-" in s for s in synced) == 1


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "full"), (errno.EDQUOT, "full"), (errno.EROFS, "read-only"), (errno.EACCES, "read-only")],
)
def test_what_cannot_be_written_is_not_kept_but_goes_on(store, metrics, monkeypatch, caplog, number, said):
    store.put_recipe(identity(9), RECIPE)
    monkeypatch.setattr("lodestream_server.store.disk.write_atomically", broken(number))
    for n in range(3):
        store.put_recipe(identity(n), PICTURE)
        store.put(identity(9), asset())
        assert store.recipe(identity(n)) == PICTURE, "in memory, so that a stream can be resumed"
        assert store.get(identity(n), 3) is None
    assert count(metrics, "errors_total") == 6
    (line,) = [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]
    assert f"the store is {said} and cannot be written" in line
    assert LevelStore(store._storage, 10**6, Metrics()).recipe(identity(1)) is None
    monkeypatch.undo()
    store.put_recipe(identity(1), PICTURE)
    store.put(identity(1), asset())
    assert store.get(identity(1), 3) == asset()


def test_on_a_full_disk_old_levels_make_room(store, metrics, monkeypatch):
    for n in range(4):
        store.put_recipe(identity(n), RECIPE)
        store.put(identity(n), asset(size=100_000))
    free = [0]

    def write(path, data):
        if len(data) > sum(free):
            raise OSError(errno.ENOSPC, "full")
        free.append(-len(data))
        write_atomically(path, data)

    remove = LocalDisk.remove
    monkeypatch.setattr("lodestream_server.store.disk.write_atomically", write)
    monkeypatch.setattr(
        LocalDisk, "remove", lambda disk, key: (free.append((disk._root / key).stat().st_size), remove(disk, key))
    )
    store.put_recipe(identity(5), RECIPE)
    store.put(identity(5), asset(size=150_000))
    assert store.get(identity(5), 3) == asset(size=150_000)
    assert store.get(identity(0), 3) is None
    assert store.get(identity(3), 3)
    assert not count(metrics, "errors_total")


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES])
def test_what_cannot_be_read_is_absent_but_not_thrown_away(store, metrics, monkeypatch, caplog, number):
    store.put_recipe(identity(1), RECIPE)
    store.put(identity(1), asset())
    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.read_bytes", broken(number))
        for _ in range(3):
            assert store.recipe(identity(1)) is None
            assert store.get(identity(1), 3) is None
            assert store.sha256(identity(1), 3) is None
    assert not count(metrics, "corrupt_total")
    assert count(metrics, "errors_total") == 6
    assert len([r for r in caplog.records if r.levelno >= logging.ERROR]) == 1
    assert store.get(identity(1), 3) == asset()


def test_a_read_only_disk_is_still_read(store, tmp_path, metrics, monkeypatch):
    store.put_recipe(identity(1), RECIPE)
    store.put(identity(1), asset())
    damaged = tmp_path / "00" / identity(1) / "level_2.json"
    store.put(identity(1), asset(2))
    damaged.write_text("{")
    (damaged.parent / ".tmp-x").write_bytes(b"half")
    for name in ("os.utime", "os.mkdir", "tempfile.mkstemp", "pathlib.Path.unlink", "pathlib.Path.replace"):
        monkeypatch.setattr(name, broken(errno.EROFS))
    opened = LevelStore(tmp_path, 0, metrics)  # too much is there, and nothing can be removed
    assert opened.recipe(identity(1)) == RECIPE
    assert opened.get(identity(1), 3) == asset()
    assert opened.get(identity(1), 2) is None
    opened.put(identity(1), asset(1))
    opened.put_recipe(identity(2), RECIPE)
    assert opened.recipe(identity(2)) == RECIPE


def test_a_place_that_cannot_be_made_is_no_reason_not_to_start(tmp_path, metrics, monkeypatch, caplog):
    monkeypatch.setattr("os.mkdir", broken(errno.EROFS))
    store = LevelStore(tmp_path / "none", 10**6, metrics)
    store.put_recipe(identity(1), RECIPE)
    assert store.recipe(identity(1)) == RECIPE
    assert count(metrics, "errors_total") == 2
    assert "read-only" in caplog.text


def test_a_file_is_no_place_for_a_store(tmp_path, metrics):
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ConfigError, match="is not a folder"):
            LevelStore(place, 10**6, metrics)


def test_recipes_in_memory_are_bounded(store, monkeypatch):
    monkeypatch.setattr("lodestream_server.store.disk.write_atomically", broken(errno.ENOSPC))
    for n in range(300):
        store.put_recipe(identity(n), RECIPE)
    assert [store.recipe(identity(n)) is not None for n in (0, 43, 44, 299)] == [False, False, True, True]
    for n in range(300, 305):
        store.put_recipe(identity(n), Recipe(AvatarRequest(None, image=bytes(9 * 2**20)), "b-1", None))
    assert [store.recipe(identity(n)) is not None for n in range(299, 305)] == [False, False, False, True, True, True]


def test_what_vanished_under_the_store_is_written_anew(store, tmp_path):
    store.put_recipe(identity(1), RECIPE)
    (tmp_path / "00" / identity(1) / "recipe.json").unlink()
    assert store.recipe(identity(1)) is None
    store.put_recipe(identity(1), RECIPE)
    assert store.recipe(identity(1)) == RECIPE


def test_a_far_end_that_fails_is_gone_without(monkeypatch, metrics, caplog):
    fsspec = pytest.importorskip("fsspec")
    store = LevelStore(open_storage("memory://far"), 10**6, metrics)
    for name in ("cat_file", "pipe_file"):
        monkeypatch.setattr(type(fsspec.filesystem("memory")), name, lambda *_: 1 / 0)
    store.put_recipe(identity(1), RECIPE)
    assert store.recipe(identity(1)) == RECIPE
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("url", ["no-such-protocol://x", "s3://bucket/folder"])
def test_a_url_that_nothing_can_open(url, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "s3fs", None)
    with pytest.raises(ConfigError, match="--store"):
        open_storage(url)
