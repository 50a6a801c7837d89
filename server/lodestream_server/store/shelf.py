"""What a store holds and how much room it takes, least recently used first."""

from __future__ import annotations

import threading
from collections import OrderedDict

from lodestream_server.metrics import Metrics

_BLOCK = 4096
"""Bytes that a disk hands out at once."""
_LEVEL = ".glb"
"""Ending of files that are levels; everything else belongs to the recipe."""
_Sizes = OrderedDict[str, dict[str, int]]


class Shelf:
    """Avatars with the sizes of their files. Thread-safe; touches no storage."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._lock = threading.Lock()
        # avatar id → file → bytes
        self._recipes: _Sizes = OrderedDict()
        self._levels: _Sizes = OrderedDict()
        self.used = 0

    def has_recipe(self, avatar_id: str) -> bool:
        """Whether the avatar can be made again."""
        return "recipe.json" in self._recipes.get(avatar_id, ())

    def add(self, avatar_id: str, name: str, size: int) -> None:
        """The avatar has that file now, of ``size`` bytes."""
        rounded = -(-size // _BLOCK) * _BLOCK
        with self._lock:
            files = self._side(name).setdefault(avatar_id, {})
            self.used += rounded - files.get(name, 0)
            files[name] = rounded
            self._report()

    def drop(self, avatar_id: str, *names: str) -> None:
        """The avatar does not have these files any more, if it had."""
        with self._lock:
            for name in names:
                side = self._side(name)
                files = side.get(avatar_id, {})
                self.used -= files.pop(name, 0)
                if not files:
                    side.pop(avatar_id, None)
            self._report()

    def use(self, avatar_id: str) -> None:
        """The avatar is the most recently used one."""
        with self._lock:
            for side in (self._recipes, self._levels):
                if avatar_id in side:
                    side.move_to_end(avatar_id)

    def oldest_levels(self) -> tuple[str, tuple[str, ...]] | None:
        """The avatar whose levels are to go first, and their files."""
        return self._oldest(self._levels)

    def oldest_recipe(self) -> tuple[str, tuple[str, ...]] | None:
        """The avatar whose recipe is to go first, and its files."""
        return self._oldest(self._recipes)

    def _oldest(self, side: _Sizes) -> tuple[str, tuple[str, ...]] | None:
        with self._lock:
            return next(((avatar_id, tuple(files)) for avatar_id, files in side.items()), None)

    def _side(self, name: str) -> _Sizes:
        return self._levels if name.endswith(_LEVEL) else self._recipes

    def _report(self) -> None:
        self._metrics.store_bytes.set(self.used)
        self._metrics.store_avatars.set(len(self._recipes))
