"""One avatar on its way, for all streams that want it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Generic, NamedTuple

from lodestream_server.errors import AvatarNotFoundError
from lodestream_server.pipeline.asset import LevelAsset
from lodestream_server.pipeline.base import J
from lodestream_server.pipeline.request import LEVELS, AvatarRequest
from lodestream_server.pipeline.shared import Once
from lodestream_server.store.recipe import Recipe

if TYPE_CHECKING:
    from lodestream_server.pipeline.studio import Studio


def urgency(level: int) -> int:
    """Rank of a level in the queue: a coarse level of anyone goes before a finer one of others."""
    return LEVELS.index(level)


class Made(NamedTuple):
    """A level; ``changed`` if it was made before and came out differently now."""

    asset: LevelAsset
    changed: bool


class Making(Generic[J]):
    """The recipe, the job and the levels of an avatar, each made or read once while anybody wants the avatar.

    Writes to the store keep it alive too, so that nobody finds the avatar gone before it is there.
    """

    def __init__(self, studio: Studio[J], avatar_id: str) -> None:
        self._studio = studio
        self._once = Once()
        self._turn = asyncio.Lock()  # a job belongs to one thread at a time
        self._request: AvatarRequest | None = None
        self._recipe: Recipe | None = None
        self._new = False
        self._job: J | None = None
        self._stage = 0
        self.avatar_id = avatar_id

    @property
    def stages_ms(self) -> dict[str, float]:
        """Milliseconds per stage; empty while everything came from the store."""
        return {} if self._job is None else dict(self._job.stages_ms)

    async def recipe(self, request: AvatarRequest | None) -> Recipe:
        """The recipe: the stored one, else that of ``request``, which is begun.

        Raises:
            AvatarNotFoundError: Nobody knows it and there is no request.
            InvalidRequestError: The request's picture cannot be read.
            OverloadedError: Too much work is waiting.
        """
        self._request = self._request or request
        if self._recipe is None and "begin" not in self._once:
            found = await self._once.get("look", self._look)
            self._once.forget("look")
            self._recipe = self._recipe or found
        if self._recipe is None and self._request is not None:
            self._recipe = await self._once.get("begin", partial(self._begin, self._request))
        if self._recipe is None:
            raise AvatarNotFoundError(self.avatar_id)
        return self._recipe

    async def level(self, level: int) -> Made:
        """A level, from the store or made now; ``recipe`` comes first.

        Raises:
            BundleChangedError: It has to be made and this server runs other weights than the avatar was made with.
            OverloadedError: Too much work is waiting.
        """
        return await self._once.get(level, partial(self._level, level))

    def keep(self, asset: LevelAsset) -> None:
        """Stores a level, in place of what was there."""
        self._studio.keep(partial(self._put, asset))

    async def _look(self) -> Recipe | None:
        return await asyncio.to_thread(self._studio.store.recipe, self.avatar_id)

    async def _begin(self, request: AvatarRequest) -> Recipe:
        studio = self._studio
        try:
            self._job = await studio.workers.run(0, partial(studio.pipeline.begin, request))
        except BaseException:
            self._request = None  # who only wants to go on has nothing to go on with
            raise
        self._new = True
        recipe = Recipe(request, studio.pipeline.bundle, self._job.match)
        studio.keep(partial(self._put_recipe, recipe))
        return recipe

    async def _level(self, level: int) -> Made:
        studio = self._studio
        if not self._new and (stored := await asyncio.to_thread(studio.store.get, self.avatar_id, level)):
            return Made(stored, changed=False)
        async with self._turn:
            try:
                asset = await self._make(level)
            except BaseException:
                self._job = None  # a thread may still be at it
                raise
        before = None if self._new else await asyncio.to_thread(studio.store.sha256, self.avatar_id, level)
        made = Made(asset, changed=before not in (None, asset.sha256))
        if not made.changed:
            self.keep(asset)
        return made

    async def _make(self, level: int) -> LevelAsset:
        studio, stage = self._studio, LEVELS.index(level)
        if self._job is None or stage < self._stage:  # jobs go from coarse to fine
            assert self._recipe is not None
            self._job = await studio.begin(self.avatar_id, self._recipe)
        self._stage = stage
        return await studio.workers.run(urgency(level), partial(studio.pipeline.level, self._job, level))

    def _put_recipe(self, recipe: Recipe) -> None:
        self._studio.store.put_recipe(self.avatar_id, recipe)

    def _put(self, asset: LevelAsset) -> None:
        self._studio.store.put(self.avatar_id, asset)
