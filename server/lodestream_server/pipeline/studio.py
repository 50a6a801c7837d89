"""Runs the pipeline for the service: on worker threads, coarse levels first, with the store in front."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Generic

from lodestream_server.errors import AvatarNotFoundError, BundleChangedError, DataLossError
from lodestream_server.metrics import Metrics
from lodestream_server.pipeline.asset import LevelAsset, Match
from lodestream_server.pipeline.base import AvatarPipeline, J
from lodestream_server.pipeline.request import LEVELS, AvatarRequest
from lodestream_server.pipeline.workers import Workers
from lodestream_server.store.level_store import LevelStore
from lodestream_server.store.recipe import Recipe

_log = logging.getLogger(__name__)
_PREVIEW_URGENCY = len(LEVELS)


def urgency(level: int) -> int:
    """Rank of a level in the queue: a coarse level of anyone goes before a finer one of others."""
    return LEVELS.index(level)


class Production(Generic[J]):
    """One avatar on its way to one client."""

    def __init__(self, studio: Studio[J], avatar_id: str, recipe: Recipe, job: J | None) -> None:
        self._studio = studio
        self._new = job is not None
        self._job = job
        self._recipe = recipe
        self.avatar_id = avatar_id

    @property
    def request(self) -> AvatarRequest:
        """What was asked for."""
        return self._recipe.request

    @property
    def match(self) -> Match | None:
        """The gallery picture used."""
        return self._recipe.match

    @property
    def stages_ms(self) -> dict[str, float]:
        """Milliseconds per stage; empty while everything came from the store."""
        return {} if self._job is None else dict(self._job.stages_ms)

    async def level(self, level: int) -> LevelAsset:
        """A level, from the store or made now. One call at a time, coarse to fine.

        Raises:
            BundleChangedError: It has to be made and this server runs other weights than the avatar was made with.
            DataLossError: It was made before and came out differently now.
            OverloadedError: Too much work is waiting.
        """
        studio = self._studio
        if not self._new and (stored := await asyncio.to_thread(studio.store.get, self.avatar_id, level)):
            return stored
        if self._job is None:
            self._job = await studio.begin(self.avatar_id, self._recipe)
        asset = await studio.workers.run(urgency(level), partial(studio.pipeline.level, self._job, level))
        if not self._new:
            before = await asyncio.to_thread(studio.store.sha256, self.avatar_id, level)
            if before not in (None, asset.sha256):
                raise DataLossError(self.avatar_id, level)
        studio.keep(partial(studio.store.put, self.avatar_id, asset))
        return asset


class Studio(Generic[J]):
    """Where avatars are made: the pipeline, its worker threads and the store."""

    def __init__(self, pipeline: AvatarPipeline[J], workers: Workers, store: LevelStore, metrics: Metrics) -> None:
        self.pipeline = pipeline
        self.workers = workers
        self.store = store
        self._metrics = metrics
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store")

    async def produce(self, request: AvatarRequest) -> Production[J]:
        """Starts an avatar: from the store if it was made before, else by encoding, retrieving and fusing."""
        avatar_id = self.pipeline.avatar_id(request)
        if known := await asyncio.to_thread(self.store.recipe, avatar_id):
            return Production(self, avatar_id, known, None)
        job = await self.workers.run(0, partial(self.pipeline.begin, request))
        recipe = Recipe(request, self.pipeline.bundle, job.match)
        self.keep(partial(self.store.put_recipe, avatar_id, recipe))
        return Production(self, avatar_id, recipe, job)

    async def reproduce(self, avatar_id: str) -> Production[J]:
        """Goes on with an avatar that was started before.

        Raises:
            AvatarNotFoundError: The store does not know it.
        """
        return Production(self, avatar_id, await self._recipe(avatar_id), None)

    async def preview(self, avatar_id: str, width: int, height: int, azimuth: float) -> bytes:
        """A PNG of the avatar's field, seen from ``azimuth`` degrees.

        Raises:
            AvatarNotFoundError: The store does not know it.
            BundleChangedError: It was made with other weights.
            OverloadedError: Too much work is waiting.
        """
        job = await self.begin(avatar_id, await self._recipe(avatar_id))
        call = partial(self.pipeline.preview, job, width, height, azimuth)
        return await self.workers.run(_PREVIEW_URGENCY, call)

    async def begin(self, avatar_id: str, recipe: Recipe) -> J:
        """Encode, retrieve and fuse again what a recipe says."""
        if recipe.bundle != self.pipeline.bundle:
            raise BundleChangedError(avatar_id, recipe.bundle, self.pipeline.bundle)
        return await self.workers.run(0, partial(self.pipeline.begin, recipe.request))

    def keep(self, write: Callable[[], None]) -> None:
        """Queues a write to the store; one that fails costs a log line, not the stream."""

        def attempt() -> None:
            try:
                write()
            except OSError:
                self._metrics.store_errors.inc()
                _log.exception("cannot write to the store")

        self._writer.submit(attempt)

    async def settled(self) -> None:
        """Returns when all writes queued so far are on disk."""
        await asyncio.wrap_future(self._writer.submit(lambda: None))

    def close(self) -> None:
        """Ends the threads; queued writes are finished first."""
        self.workers.close()
        self._writer.shutdown()

    async def _recipe(self, avatar_id: str) -> Recipe:
        recipe = await asyncio.to_thread(self.store.recipe, avatar_id)
        if recipe is None:  # it may still be on its way to the disk
            await self.settled()
            recipe = await asyncio.to_thread(self.store.recipe, avatar_id)
        if recipe is None:
            raise AvatarNotFoundError(avatar_id)
        return recipe
