"""One avatar on its way, for all streams that want it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar
from weakref import WeakValueDictionary

from lodestream_server import logs
from lodestream_server.errors import AvatarNotFoundError, BundleChangedError
from lodestream_server.pipeline.asset import LevelAsset
from lodestream_server.pipeline.base import J
from lodestream_server.pipeline.request import LEVELS, AvatarRequest
from lodestream_server.pipeline.shared import Once
from lodestream_server.pipeline.workers import Wish
from lodestream_server.store.recipe import Recipe

if TYPE_CHECKING:
    from lodestream_server.pipeline.studio import Studio


T = TypeVar("T")
PREVIEW = len(LEVELS) + 1
"""Rank of a preview in the queue."""
BEGIN = 1
"""Rank of beginning an avatar: what was begun gets its first level before the next is begun."""
FIRST_LEVEL = BEGIN + 1
"""Ranks below are what a client waits for with nothing to see yet."""


def urgency(level: int) -> int:
    """Rank of a level in the queue: a coarse level of anyone goes before a finer one of others."""
    stage = LEVELS.index(level)
    return stage if stage < BEGIN else stage + 1


class Made(NamedTuple):
    """A level; ``changed`` if it was made before and came out differently now."""

    asset: LevelAsset
    changed: bool


class Making(Generic[J]):
    """The recipe, the job and the levels of an avatar, each made or read once while anybody wants the avatar.

    Levels are kept while they are sent or written to the store, the job until the last level is made. Writes to the
    store keep it alive too, so that nobody finds the avatar gone before it is there.
    """

    def __init__(self, studio: Studio[J], avatar_id: str) -> None:
        self._studio = studio
        self._once = Once()
        self._turn = asyncio.Lock()  # a job belongs to one thread at a time
        self._request: AvatarRequest | None = None
        self._recipe: Recipe | None = None
        self._new = False
        self._job: J | None = None
        self._stages_ms: dict[str, float] = {}
        self._stage = 0
        self._wishes: list[Wish] = []
        self._assets: WeakValueDictionary[int, LevelAsset] = WeakValueDictionary()
        self._made: set[int] = set()
        self._changed: set[int] = set()
        self.avatar_id = avatar_id

    @property
    def stages_ms(self) -> dict[str, float]:
        """Milliseconds per stage; empty while everything came from the store."""
        return dict(self._stages_ms if self._job is None else self._job.stages_ms)

    async def recipe(self, request: AvatarRequest | None, wish: Wish) -> Recipe:
        """The recipe: the stored one, else that of ``request``, which is begun.

        Raises:
            AvatarNotFoundError: Nobody knows it and there is no request.
            InvalidRequestError: The request's picture cannot be read.
            OutOfTimeError: It cannot be begun in time.
            OverloadedError: Too much work is waiting.
        """
        self._request = self._request or request
        with self.wanted(wish):
            if self._recipe is None and "begin" not in self._once:
                found = await self._once.get("look", self._look)
                self._once.forget("look")
                self._recipe = self._recipe or found
            if self._recipe is None and self._request is not None:
                self._recipe = await self._once.get("begin", partial(self._begin, self._request))
        if self._recipe is None:
            raise AvatarNotFoundError(self.avatar_id)
        return self._recipe

    async def level(self, level: int, wish: Wish) -> Made:
        """A level, from the store or made now; ``recipe`` comes first.

        Raises:
            BundleChangedError: It has to be made and this server runs other weights than the avatar was made with.
            OutOfTimeError: It cannot be made in time.
        """
        with self.wanted(wish):
            asset = self._assets.get(level)
            if asset is None:
                asset = await self._once.get(level, partial(self._level, level))
                self._once.forget(level)
        return Made(asset, changed=level in self._changed)

    def keep(self, asset: LevelAsset) -> None:
        """Stores a level, in place of what was there."""
        self._studio.keep(partial(self._put, asset))

    async def run(self, urgency: int, call: Callable[[], T], *, admitted: bool = True) -> T:
        """Has a worker do something for whoever wants the avatar now."""
        client = self._wishes[0].client if self._wishes else ""
        return await self._studio.workers.run(urgency, call, client, self._until, admitted=admitted)

    def _until(self) -> float:
        return max((wish.deadline for wish in tuple(self._wishes)), default=inf)

    @contextmanager
    def wanted(self, wish: Wish) -> Iterator[None]:
        """While inside, somebody waits for the avatar."""
        self._wishes.append(wish)
        try:
            yield
        finally:
            self._wishes.remove(wish)

    async def _look(self) -> Recipe | None:
        return await asyncio.to_thread(self._studio.store.recipe, self.avatar_id)

    async def _begin(self, request: AvatarRequest) -> Recipe:
        studio = self._studio
        try:
            self._job = await self.run(BEGIN, partial(studio.pipeline.begin, request), admitted=False)
        except BaseException:
            self._request = None  # who only wants to go on has nothing to go on with
            raise
        self._new = True
        recipe = Recipe(request, studio.pipeline.bundle, self._job.match)
        studio.keep(partial(self._put_recipe, recipe))
        return recipe

    async def _level(self, level: int) -> LevelAsset:
        studio = self._studio
        if not self._new or level in self._made:
            stored = await asyncio.to_thread(studio.store.get, self.avatar_id, level)
            if stored is not None:
                self._assets[level] = stored
                return stored
        async with self._turn:
            try:
                asset = await self._make(level)
            except BaseException:
                self._job = None  # a thread may still be at it
                raise
        before = None if self._new else await asyncio.to_thread(studio.store.sha256, self.avatar_id, level)
        self._assets[level] = asset
        self._made.add(level)
        if before in (None, asset.sha256):
            self.keep(asset)
        else:
            self._changed.add(level)
        return asset

    async def _make(self, level: int) -> LevelAsset:
        studio, stage = self._studio, LEVELS.index(level)
        if self._job is None or stage < self._stage:  # jobs go from coarse to fine
            assert self._recipe is not None
            self._job = await self.begin_again(self._recipe)
        self._stage = stage
        asset = await self.run(urgency(level), partial(studio.pipeline.level, self._job, level))
        self._stages_ms = self._job.stages_ms
        if level == LEVELS[-1]:
            self._job = None  # there is nothing left to do, and it is at its largest
        return asset

    async def begin_again(self, recipe: Recipe) -> J:
        """Encode, retrieve and fuse again what a recipe says.

        Raises:
            BundleChangedError: This server runs other weights than the avatar was made with.
        """
        pipeline = self._studio.pipeline
        logs.hide(recipe.request.prompt or "")
        if recipe.bundle != pipeline.bundle:
            raise BundleChangedError(self.avatar_id, recipe.bundle, pipeline.bundle)
        return await self.run(BEGIN, partial(pipeline.begin, recipe.request))

    def _put_recipe(self, recipe: Recipe) -> None:
        self._studio.store.put_recipe(self.avatar_id, recipe)

    def _put(self, asset: LevelAsset) -> None:
        self._studio.store.put(self.avatar_id, asset)
