"""A folder of avatars, bounded in size: the least recently used lose their levels first, then their recipes.

``<root>/<2 hex>/<avatar id>/`` holds
``recipe.json``: the request, with ``picture`` beside it if there was one;
``level_3.glb`` …: the finished levels;
``level_3.json`` …: their sizes, counts and SHA-256, which stay when the levels themselves are dropped.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
import threading
from collections import OrderedDict
from dataclasses import asdict
from pathlib import Path

from lodestream_server.metrics import Metrics
from lodestream_server.pipeline.asset import LevelAsset
from lodestream_server.store.files import write_atomically
from lodestream_server.store.recipe import Recipe, from_json

_log = logging.getLogger(__name__)
_RECIPE = "recipe.json"
_PICTURE = "picture"
_BLOCK = 4096
_ID_LENGTH = 32


class LevelStore:
    """Reading is thread-safe; write from one thread at a time. Both touch the disk: call them off the event loop."""

    def __init__(self, root: Path, max_bytes: int, metrics: Metrics) -> None:
        self._root = root
        self._max_bytes = max_bytes
        self._metrics = metrics
        self._lock = threading.Lock()
        self._used = 0
        # avatar id → bytes on disk, least recently used first
        self._recipes: OrderedDict[str, int] = OrderedDict()
        self._levels: OrderedDict[str, int] = OrderedDict()
        self._scan()

    def put_recipe(self, avatar_id: str, recipe: Recipe) -> None:
        """Keeps what it takes to make the avatar again; the first recipe of an id stays."""
        folder = self._folder(avatar_id)
        if not (folder / _RECIPE).exists():
            folder.mkdir(parents=True, exist_ok=True)
            if recipe.request.image is not None:
                write_atomically(folder / _PICTURE, recipe.request.image)
            write_atomically(folder / _RECIPE, recipe.to_json().encode())
        self._measure(avatar_id)
        self._make_room(avatar_id)

    def recipe(self, avatar_id: str) -> Recipe | None:
        """The recipe of an avatar, ``None`` if it is not known (any more) or cannot be read."""
        folder = self._folder(avatar_id)
        try:
            picture = folder / _PICTURE
            image = picture.read_bytes() if picture.exists() else None
            recipe = from_json((folder / _RECIPE).read_text(encoding="utf-8"), image)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            _log.exception("unreadable recipe", extra={"avatar_id": avatar_id})
            return None
        self._touch(avatar_id)
        return recipe

    def put(self, avatar_id: str, asset: LevelAsset) -> None:
        """Keeps a finished level of an avatar whose recipe is here."""
        folder = self._folder(avatar_id)
        if not (folder / _RECIPE).exists():
            return
        facts = asdict(asset)
        del facts["glb"]
        write_atomically(folder / f"level_{asset.level}.glb", asset.glb)
        write_atomically(folder / f"level_{asset.level}.json", json.dumps(facts).encode())
        self._measure(avatar_id)
        self._make_room(avatar_id)

    def get(self, avatar_id: str, level: int) -> LevelAsset | None:
        """A stored level, checked; ``None`` if it is not here. A broken one is removed."""
        folder = self._folder(avatar_id)
        path = folder / f"level_{level}.glb"
        try:
            glb = path.read_bytes()
            asset = LevelAsset(glb=glb, **json.loads((folder / f"level_{level}.json").read_text(encoding="utf-8")))
        except FileNotFoundError:
            self._metrics.store_misses.inc()
            return None
        except (OSError, ValueError, TypeError):
            asset = None
        if asset is None or hashlib.sha256(glb).hexdigest() != asset.sha256:
            _log.error("corrupt level in the store", extra={"avatar_id": avatar_id, "level": level})
            self._metrics.store_corrupt.inc()
            path.unlink(missing_ok=True)
            return None
        self._metrics.store_hits.inc()
        self._touch(avatar_id)
        return asset

    def sha256(self, avatar_id: str, level: int) -> str | None:
        """What the level's SHA-256 was when it was made, ``None`` if it never was."""
        path = self._folder(avatar_id) / f"level_{level}.json"
        try:
            return str(json.loads(path.read_text(encoding="utf-8"))["sha256"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _folder(self, avatar_id: str) -> Path:
        if len(avatar_id) != _ID_LENGTH or not set(avatar_id) <= set("0123456789abcdef"):
            raise ValueError(f"not an avatar id: {avatar_id!r}")
        return self._root / avatar_id[:2] / avatar_id

    def _scan(self) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        for left_over in self._root.glob("??/*/.tmp-*"):
            left_over.unlink(missing_ok=True)
        folders = [path for path in self._root.glob("??/*") if len(path.name) == _ID_LENGTH and path.is_dir()]
        for folder in sorted(folders, key=lambda path: path.stat().st_mtime):
            self._measure(folder.name)
        self._make_room(None)

    def _touch(self, avatar_id: str) -> None:
        """Makes the avatar the most recently used one."""
        with contextlib.suppress(FileNotFoundError):
            os.utime(self._folder(avatar_id))
        with self._lock:
            for sizes in (self._recipes, self._levels):
                if avatar_id in sizes:
                    sizes.move_to_end(avatar_id)

    def _measure(self, avatar_id: str) -> None:
        levels = recipe = 0
        with contextlib.suppress(FileNotFoundError):
            for entry in os.scandir(self._folder(avatar_id)):
                size = -(-entry.stat().st_size // _BLOCK) * _BLOCK
                if entry.name.endswith(".glb"):
                    levels += size
                else:
                    recipe += size
        with self._lock:
            for sizes, size in ((self._recipes, recipe), (self._levels, levels)):
                self._used += size - sizes.pop(avatar_id, 0)
                if size:
                    sizes[avatar_id] = size
            self._metrics.store_bytes.set(self._used)
            self._metrics.store_avatars.set(len(self._recipes))

    def _make_room(self, newest: str | None) -> None:
        """Drops levels, then recipes, least recently used first, but never the recipe of ``newest``."""
        for sizes in (self._levels, self._recipes):
            while self._used > self._max_bytes and sizes:
                oldest = next(iter(sizes))
                folder = self._folder(oldest)
                if sizes is self._levels:
                    for path in folder.glob("level_*.glb"):
                        path.unlink(missing_ok=True)
                    self._metrics.store_evictions.inc()
                elif oldest != newest:
                    shutil.rmtree(folder, ignore_errors=True)
                else:
                    break
                self._measure(oldest)
