"""Recipes that could not be written: a stream that they belong to can still be resumed for a while."""

from __future__ import annotations

import threading
from collections import OrderedDict

from lodestream_server.store.recipe import Recipe

_RECIPES = 256
_PICTURES = 32 * 2**20
"""Bytes of pictures that are kept."""


class RecipeMemory:
    """The last recipes, bounded by number and by the size of their pictures; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recipes: OrderedDict[str, Recipe] = OrderedDict()
        self._bytes = 0

    def keep(self, avatar_id: str, recipe: Recipe) -> None:
        """Keeps a recipe; the oldest ones go."""
        with self._lock:
            self._drop(avatar_id)
            self._recipes[avatar_id] = recipe
            self._bytes += len(recipe.request.image or b"")
            while len(self._recipes) > _RECIPES or self._bytes > _PICTURES:
                self._drop(next(iter(self._recipes)))

    def get(self, avatar_id: str) -> Recipe | None:
        """The recipe, if it is still here."""
        return self._recipes.get(avatar_id)

    def forget(self, avatar_id: str) -> None:
        """Keeps it no longer, if it was here."""
        with self._lock:
            self._drop(avatar_id)

    def _drop(self, avatar_id: str) -> None:
        recipe = self._recipes.pop(avatar_id, None)
        if recipe is not None:
            self._bytes -= len(recipe.request.image or b"")
