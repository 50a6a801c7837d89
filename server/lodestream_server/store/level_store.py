"""The avatars of a storage, bounded in size: the least recently used lose their levels first, then their recipes.

``<2 hex>/<avatar id>/`` holds
``recipe.json``: the request, with ``picture`` beside it if there was one;
``level_3.glb`` …: the finished levels;
``level_3.json`` …: their sizes, counts and SHA-256, which stay when the levels themselves are dropped.
``quarantine/`` holds the last files that were found damaged.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import OrderedDict
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lodestream_server.metrics import Metrics
from lodestream_server.pipeline.asset import LevelAsset
from lodestream_server.store.faults import Cause, Faults, cause_of
from lodestream_server.store.memory import RecipeMemory
from lodestream_server.store.opening import open_storage
from lodestream_server.store.recipe import Recipe, from_document
from lodestream_server.store.seal import seal, unseal
from lodestream_server.store.shelf import Shelf
from lodestream_server.store.storage import Storage

_log = logging.getLogger(__name__)
_RECIPE = "recipe.json"
_PICTURE = "picture"
_ID_LENGTH = 32
_QUARANTINE = "quarantine"
_QUARANTINED = 16
"""Damaged files that are kept for somebody to look at."""


class LevelStore:
    """Reading is thread-safe; write from one thread at a time. Both may take long: call them off the event loop.

    A storage that fails never stops a stream: what cannot be read counts as absent, what cannot be written is not
    kept. Failures are counted, and logged once per cause.
    """

    def __init__(self, place: Storage | Path, max_bytes: int, metrics: Metrics) -> None:
        """Looks at what is there.

        Raises:
            ConfigError: The place cannot be a store.
        """
        self._storage = open_storage(place) if isinstance(place, Path) else place
        self._max_bytes = max_bytes
        self._metrics = metrics
        self._faults = Faults(metrics)
        self._shelf = Shelf(metrics)
        self._unwritten = RecipeMemory()
        self._lock = threading.Lock()
        self._quarantine: OrderedDict[str, None] = OrderedDict()
        self._scan()

    def put_recipe(self, avatar_id: str, recipe: Recipe) -> None:
        """Keeps what it takes to make the avatar again; in memory, and not for long, if it cannot be written."""
        if self._shelf.has_recipe(avatar_id):
            return
        document = seal(_key(avatar_id, _RECIPE), recipe.document())
        picture = recipe.request.image
        if (picture is None or self._write(avatar_id, _PICTURE, picture)) and self._write(avatar_id, _RECIPE, document):
            self._unwritten.forget(avatar_id)
            self._make_room(avatar_id)
        else:
            self._unwritten.keep(avatar_id, recipe)

    def recipe(self, avatar_id: str) -> Recipe | None:
        """The recipe of an avatar, ``None`` if it is not known (any more) or cannot be read."""
        known = self._shelf.has_recipe(avatar_id)
        try:
            document = self._unseal(avatar_id, _RECIPE)
            if document is None:
                return self._unwritten.get(avatar_id)
            image = self._storage.read(_key(avatar_id, _PICTURE)) if document["request"]["image"] else None
            recipe = from_document(document, image)
        except FileNotFoundError:
            if known:
                self._shelf.drop(avatar_id, _RECIPE, _PICTURE)
            return self._unwritten.get(avatar_id)
        except OSError as error:
            self._faults.note(error, writing=False)
            return self._unwritten.get(avatar_id)
        except (ValueError, KeyError, TypeError):
            self._put_aside(avatar_id, _RECIPE, _PICTURE)
            return None
        self._touch(avatar_id)
        return recipe

    def put(self, avatar_id: str, asset: LevelAsset) -> None:
        """Keeps a finished level of an avatar whose recipe is here, or can be written by now."""
        if (unwritten := self._unwritten.get(avatar_id)) is not None:
            self.put_recipe(avatar_id, unwritten)
        if not self._shelf.has_recipe(avatar_id):
            return
        facts = asdict(asset)
        del facts["glb"]
        name = f"level_{asset.level}"
        document = seal(_key(avatar_id, f"{name}.json"), facts)
        if self._write(avatar_id, f"{name}.json", document) and self._write(avatar_id, f"{name}.glb", asset.glb):
            self._shelf.use(avatar_id)
            self._make_room(avatar_id)

    def get(self, avatar_id: str, level: int) -> LevelAsset | None:
        """A stored level, checked; ``None`` if it is not here. A damaged one is put aside."""
        asset = self._get(avatar_id, f"level_{level}")
        if asset is None:
            self._metrics.store_misses.inc()
        else:
            self._metrics.store_hits.inc()
            self._touch(avatar_id)
        return asset

    def sha256(self, avatar_id: str, level: int) -> str | None:
        """What the level's SHA-256 was when it was made, ``None`` if it never was or nobody knows any more."""
        try:
            facts = self._unseal(avatar_id, f"level_{level}.json")
            return facts and str(facts["sha256"])
        except (OSError, KeyError, TypeError):
            return None

    def _get(self, avatar_id: str, name: str) -> LevelAsset | None:
        try:
            facts = self._unseal(avatar_id, f"{name}.json")
            if facts is None:
                return None
            glb = self._storage.read(_key(avatar_id, f"{name}.glb"))
        except FileNotFoundError:
            self._shelf.drop(avatar_id, f"{name}.glb")
            return None
        except OSError as error:
            self._faults.note(error, writing=False)
            return None
        try:
            asset = LevelAsset(glb=glb, **facts)
        except TypeError:  # another version wrote it
            self._put_aside(avatar_id, f"{name}.json")
            return None
        if hashlib.sha256(glb).hexdigest() == asset.sha256:
            return asset
        self._put_aside(avatar_id, f"{name}.glb")
        return None

    def _unseal(self, avatar_id: str, name: str) -> Any:
        """A small document, ``None`` if it was damaged: then it is put aside.

        Raises:
            OSError: It cannot be read.
        """
        key = _key(avatar_id, name)
        try:
            return unseal(key, self._storage.read(key))
        except ValueError:
            self._put_aside(avatar_id, name)
            return None

    def _write(self, avatar_id: str, name: str, data: bytes) -> bool:
        """Whether it could be written. On a full disk, levels that have not been used for long make room."""
        key = _key(avatar_id, name)
        try:
            try:
                self._storage.write(key, data)
            except OSError as error:
                if cause_of(error, writing=True) is not Cause.FULL:
                    raise
                self._drop_levels(self._shelf.used - len(data))
                self._storage.write(key, data)
        except OSError as error:
            self._faults.note(error, writing=True)
            return False
        self._shelf.add(avatar_id, name, len(data))
        return True

    def _put_aside(self, avatar_id: str, *names: str) -> None:
        """Moves damaged files to where nobody reads them."""
        _log.error("damaged in the store, put aside", extra={"avatar_id": avatar_id, "files": names})
        self._metrics.store_corrupt.inc()
        for name in names:
            to = f"{_QUARANTINE}/{avatar_id}.{name}"
            try:
                self._storage.move(_key(avatar_id, name), to)
            except FileNotFoundError:
                continue
            except OSError as error:
                self._faults.note(error, writing=True)
                continue
            self._shelf.drop(avatar_id, name)
            self._bound_quarantine(to)

    def _bound_quarantine(self, *added: str) -> None:
        with self._lock:
            for key in added:
                self._quarantine[key] = None
                self._quarantine.move_to_end(key)
            surplus = [self._quarantine.popitem(last=False)[0] for _ in range(len(self._quarantine) - _QUARANTINED)]
        for key in surplus:
            self._remove(key)

    def _remove(self, key: str) -> bool:
        """Whether it is gone."""
        try:
            self._storage.remove(key)
        except OSError as error:
            self._faults.note(error, writing=True)
            return False
        return True

    def _touch(self, avatar_id: str) -> None:
        """Makes the avatar the most recently used one."""
        self._shelf.use(avatar_id)
        try:
            self._storage.touch(_key(avatar_id, _RECIPE))
        except FileNotFoundError:
            return
        except OSError as error:
            self._faults.note(error, writing=True)

    def _scan(self) -> None:
        try:
            entries = sorted(self._storage.entries(), key=lambda entry: entry.used)
        except OSError as error:
            self._faults.note(error, writing=False)
            return
        aside = []
        for entry in entries:
            folder, _, name = entry.key.rpartition("/")
            if folder == _QUARANTINE:
                aside.append(entry.key)
            elif _is_id(avatar_id := folder.rpartition("/")[2]) and entry.key == _key(avatar_id, name):
                self._shelf.add(avatar_id, name, entry.size)
                self._shelf.use(avatar_id)
        self._bound_quarantine(*aside)
        self._make_room(None)

    def _make_room(self, newest: str | None) -> None:
        """Drops the least recently used levels, then recipes but that of ``newest``, until the rest is small enough."""
        self._drop_levels(self._max_bytes)
        while self._shelf.used > self._max_bytes and (oldest := self._shelf.oldest_recipe()) and oldest[0] != newest:
            if not self._drop(*oldest):
                return

    def _drop_levels(self, size: int) -> None:
        """Drops the least recently used levels until no more than ``size`` bytes are used, or none are left."""
        while self._shelf.used > size and (oldest := self._shelf.oldest_levels()):
            if not self._drop(*oldest):
                return
            self._metrics.store_evictions.inc()

    def _drop(self, avatar_id: str, names: tuple[str, ...]) -> bool:
        """Whether all of them are gone."""
        gone = [name for name in names if self._remove(_key(avatar_id, name))]
        self._shelf.drop(avatar_id, *gone)
        return len(gone) == len(names)


def _is_id(text: str) -> bool:
    return len(text) == _ID_LENGTH and set(text) <= set("0123456789abcdef")


def _key(avatar_id: str, name: str) -> str:
    if not _is_id(avatar_id):
        raise ValueError(f"not an avatar id: {avatar_id!r}")
    return f"{avatar_id[:2]}/{avatar_id}/{name}"
