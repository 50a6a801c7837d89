import hashlib

import pytest

from lodestream_server.metrics import Metrics
from lodestream_server.pipeline.asset import LevelAsset, Match
from lodestream_server.pipeline.request import AvatarRequest
from lodestream_server.store.files import write_atomically
from lodestream_server.store.level_store import LevelStore
from lodestream_server.store.recipe import Recipe

RECIPE = Recipe(
    AvatarRequest("a man", seed=2**63 + 1, levels=(3, 0), morph_targets=("jawOpen",)), "b-1", Match("p", 0.5)
)


def identity(number):
    return f"{number:032x}"


def asset(level=3, size=10_000):
    glb = bytes([level]) * size
    return LevelAsset(level, glb, hashlib.sha256(glb).hexdigest(), 1, 2, 128)


@pytest.fixture
def store(tmp_path):
    return LevelStore(tmp_path, 10**6, Metrics())


def test_recipes_and_levels_come_back(store, tmp_path):
    picture = Recipe(AvatarRequest(None, image=b"\0picture"), "b-1", None)
    store.put_recipe(identity(1), RECIPE)
    store.put_recipe(identity(2), picture)
    store.put(identity(1), asset())
    for opened in (store, LevelStore(tmp_path, 10**6, Metrics())):
        assert opened.recipe(identity(1)) == RECIPE
        assert opened.recipe(identity(2)) == picture
        assert opened.get(identity(1), 3) == asset()
        assert opened.get(identity(1), 2) is None
        assert opened.recipe(identity(3)) is None


def test_a_damaged_level_is_removed_and_counted(tmp_path):
    metrics = Metrics()
    store = LevelStore(tmp_path, 10**6, metrics)
    store.put_recipe(identity(1), RECIPE)
    store.put(identity(1), asset())
    path = tmp_path / "00" / identity(1) / "level_3.glb"
    path.write_bytes(path.read_bytes()[:-1])
    assert store.get(identity(1), 3) is None
    assert not path.exists()
    assert metrics.registry.get_sample_value("lodestream_store_corrupt_total") == 1
    assert store.sha256(identity(1), 3) == asset().sha256


def test_a_damaged_recipe_is_as_good_as_none(store, tmp_path):
    store.put_recipe(identity(1), RECIPE)
    (tmp_path / "00" / identity(1) / "recipe.json").write_text("{")
    assert store.recipe(identity(1)) is None


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
