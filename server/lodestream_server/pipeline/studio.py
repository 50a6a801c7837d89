"""Runs the pipeline for the service: on worker threads, coarse levels first, with the store in front."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Generic
from weakref import WeakValueDictionary

from lodestream_server.errors import DataLossError
from lodestream_server.metrics import Metrics
from lodestream_server.pipeline.asset import LevelAsset, Match
from lodestream_server.pipeline.base import AvatarPipeline, J
from lodestream_server.pipeline.making import PREVIEW, Making
from lodestream_server.pipeline.request import AvatarRequest
from lodestream_server.pipeline.workers import Wish, Workers
from lodestream_server.store.level_store import LevelStore
from lodestream_server.store.recipe import Recipe

_log = logging.getLogger(__name__)
_NOBODY = Wish()


class Production(Generic[J]):
    """One avatar on its way to one client; several clients may share the making.

    ``afresh`` says that the client has nothing of it yet.
    """

    def __init__(self, making: Making[J], recipe: Recipe, wish: Wish, *, afresh: bool) -> None:
        self._making = making
        self._recipe = recipe
        self._wish = wish
        self._afresh = afresh
        self.avatar_id = making.avatar_id

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
        return self._making.stages_ms

    async def level(self, level: int) -> LevelAsset:
        """A level, from the store or made now.

        Raises:
            BundleChangedError: It has to be made and this server runs other weights than the avatar was made with.
            DataLossError: It was made before, came out differently now, and the client may have a part of it.
            OutOfTimeError: It cannot be made in time.
        """
        asset, changed = await self._making.level(level, self._wish)
        if changed:
            if not self._afresh:
                raise DataLossError(self.avatar_id, level)
            self._making.keep(asset)
        return asset


class Studio(Generic[J]):
    """Where avatars are made: the pipeline, its worker threads and the store."""

    def __init__(self, pipeline: AvatarPipeline[J], workers: Workers, store: LevelStore, metrics: Metrics) -> None:
        self.pipeline = pipeline
        self.workers = workers
        self.store = store
        self._metrics = metrics
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._makings: WeakValueDictionary[str, Making[J]] = WeakValueDictionary()

    async def produce(self, request: AvatarRequest, wish: Wish = _NOBODY) -> Production[J]:
        """Starts an avatar: from the store if it was made before, else by encoding, retrieving and fusing.

        Raises:
            InvalidRequestError: The picture cannot be read.
            OutOfTimeError: It cannot be begun in time.
            OverloadedError: Too much work is waiting.
        """
        self.workers.admit()
        making = self._making(self.pipeline.avatar_id(request))
        return Production(making, await making.recipe(request, wish), wish, afresh=True)

    async def reproduce(self, avatar_id: str, wish: Wish = _NOBODY) -> Production[J]:
        """Goes on with an avatar that was started before.

        Raises:
            AvatarNotFoundError: The store does not know it.
            OverloadedError: Too much work is waiting.
        """
        self.workers.admit()
        making = self._making(avatar_id)
        return Production(making, await making.recipe(None, wish), wish, afresh=False)

    async def preview(self, avatar_id: str, width: int, height: int, azimuth: float, wish: Wish = _NOBODY) -> bytes:
        """A PNG of the avatar's field, seen from ``azimuth`` degrees.

        Raises:
            AvatarNotFoundError: The store does not know it.
            BundleChangedError: It was made with other weights.
            OutOfTimeError: It cannot be made in time.
            OverloadedError: Too much work is waiting.
        """
        self.workers.admit()
        making = self._making(avatar_id)
        with making.wanted(wish):
            job = await making.begin_again(await making.recipe(None, wish))
            return await making.run(PREVIEW, partial(self.pipeline.preview, job, width, height, azimuth))

    def keep(self, write: Callable[[], None]) -> None:
        """Queues a write to the store; one that fails costs a log line, not the stream."""

        def attempt() -> None:
            try:
                write()
            except Exception:  # noqa: BLE001 (logged; nobody waits for it)
                self._metrics.store_errors.inc()
                _log.exception("cannot write to the store")

        self._writer.submit(copy_context().run, attempt)

    def close(self) -> None:
        """Ends the threads; queued writes are finished first."""
        self.workers.close()
        self._writer.shutdown()

    def _making(self, avatar_id: str) -> Making[J]:
        """The making that all who want the avatar now share."""
        return self._makings.setdefault(avatar_id, Making(self, avatar_id))
