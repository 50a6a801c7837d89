"""``lodestream.v1.AvatarService``."""

from __future__ import annotations

import asyncio
import logging
import time
from math import inf
from operator import methodcaller
from typing import Any

import grpc

from lodestream import __version__
from lodestream.v1 import avatar_pb2 as pb
from lodestream_server import logs
from lodestream_server.errors import InvalidRequestError, StalledError
from lodestream_server.metrics import Metrics
from lodestream_server.pipeline.asset import LevelAsset
from lodestream_server.pipeline.request import LEVELS, AvatarRequest
from lodestream_server.pipeline.studio import Production, Studio
from lodestream_server.pipeline.workers import Wish
from lodestream_server.rpc import convert
from lodestream_server.rpc.guard import Guard
from lodestream_server.security.gate import Caller

NAME = pb.DESCRIPTOR.services_by_name["AvatarService"].full_name
_STALL_BYTES = 65_536
_log = logging.getLogger(__name__)


class AvatarService:
    """The three methods. Requests arrive as raw bytes, so that malformed ones get a proper answer.

    Args:
        studio: Makes the avatars.
        guard: Surrounds every call.
        metrics: Counts.
        stall: Seconds that a client may take to read 64 KiB; 0 for any.
    """

    def __init__(self, studio: Studio[Any], guard: Guard, metrics: Metrics, stall: float) -> None:
        self._studio = studio
        self._guard = guard
        self._metrics = metrics
        self._stall = stall

    def handler(self) -> grpc.GenericRpcHandler:
        """What a ``grpc.aio`` server registers."""
        serialize = methodcaller("SerializeToString")
        methods = {
            "StreamAvatar": grpc.unary_stream_rpc_method_handler(self.stream_avatar, None, serialize),
            "RenderPreview": grpc.unary_unary_rpc_method_handler(self.render_preview, None, serialize),
            "GetServerInfo": grpc.unary_unary_rpc_method_handler(self.get_server_info, None, serialize),
        }
        return grpc.method_handlers_generic_handler(NAME, methods)

    async def stream_avatar(self, raw: bytes, context: grpc.aio.ServicerContext) -> None:
        """See the proto."""
        began = time.perf_counter()
        with self._metrics.streams_active.track_inprogress():
            async with self._guard.call("StreamAvatar", context) as caller:
                message = convert.parse(pb.StreamAvatarRequest, raw)
                logs.hide(message.prompt)
                call = convert.stream_call(message, self._studio.pipeline.morph_targets)
                caller.require("generate" if isinstance(call.subject, AvatarRequest) else "resume")
                wish = _wish(caller, context)
                stream = _Stream(self._studio, self._metrics, context, began, call.chunk_bytes, wish, self._stall)
                await stream.run(call.subject)

    async def render_preview(self, raw: bytes, context: grpc.aio.ServicerContext) -> pb.RenderPreviewResponse:
        """See the proto."""
        async with self._guard.call("RenderPreview", context) as caller:
            call = convert.preview_call(convert.parse(pb.RenderPreviewRequest, raw))
            wish = _wish(caller, context)
            png = await self._studio.preview(call.avatar_id, call.width, call.height, call.azimuth, wish)
            return pb.RenderPreviewResponse(png=png)

    async def get_server_info(self, raw: bytes, context: grpc.aio.ServicerContext) -> pb.GetServerInfoResponse:
        """See the proto."""
        async with self._guard.call("GetServerInfo", context):
            convert.parse(pb.GetServerInfoRequest, raw)
            pipeline = self._studio.pipeline
            return pb.GetServerInfoResponse(
                version=__version__,
                bundle=pipeline.bundle,
                engine=pipeline.engine,
                levels=LEVELS,
                gallery_size=pipeline.gallery_size,
                rigs=[pb.Rig.Name(number) for number in convert.RIGS if number],
                layouts=[pb.Layout.Name(number) for number in convert.LAYOUTS if number],
                morph_targets=list(pipeline.morph_targets),
            )


def _wish(caller: Caller, context: grpc.aio.ServicerContext) -> Wish:
    """On this machine, where callers have no names, every connection counts as a client."""
    left = context.time_remaining()
    return Wish(caller.name or context.peer(), inf if left is None else time.monotonic() + left)


class _Stream:
    """One stream: accepted, the levels, done. A level is made once the client has taken all of the one before."""

    def __init__(
        self,
        studio: Studio[Any],
        metrics: Metrics,
        context: grpc.aio.ServicerContext,
        began: float,
        chunk_bytes: int,
        wish: Wish,
        stall: float,
    ) -> None:
        self._studio = studio
        self._metrics = metrics
        self._context = context
        self._began = began
        self._chunk_bytes = chunk_bytes
        self._wish = wish
        self._patience = stall * max(1.0, chunk_bytes / _STALL_BYTES) or None

    async def run(self, subject: AvatarRequest | convert.ResumePoint) -> None:
        """The whole stream."""
        offset = 0
        if isinstance(subject, AvatarRequest):
            production = await self._studio.produce(subject, self._wish)
            levels = production.request.levels
        else:
            production = await self._studio.reproduce(subject.avatar_id, self._wish)
            logs.hide(production.request.prompt or "")
            levels = production.request.levels
            if subject.level not in levels:
                raise InvalidRequestError("resume.level", f"must be one of the avatar's levels {levels}")
            levels = levels[levels.index(subject.level) :]
            offset = subject.offset
        await self._accepted(production, levels)
        await self._levels(production, levels, offset)
        total_ms = (time.perf_counter() - self._began) * 1e3
        done = pb.Done(stages_ms=production.stages_ms, total_ms=total_ms)
        await self._write(done=done)
        _log.info("streamed", extra={"avatar_id": production.avatar_id, "levels": levels, "ms": round(total_ms, 1)})

    async def _accepted(self, production: Production[Any], levels: tuple[int, ...]) -> None:
        pipeline = self._studio.pipeline
        accepted = pb.Accepted(
            avatar_id=production.avatar_id,
            levels=levels,
            match=convert.match_message(production.match),
            seed=production.request.seed,
            bundle=pipeline.bundle,
            engine=pipeline.engine,
        )
        await self._write(accepted=accepted)

    async def _levels(self, production: Production[Any], levels: tuple[int, ...], offset: int) -> None:
        for level in levels:
            await self._send(await production.level(level), offset if level == levels[0] else 0)
            if level == levels[0]:
                self._metrics.time_to_first_level.observe(time.perf_counter() - self._began)

    async def _write(self, **event: Any) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await self._context.write(pb.StreamAvatarResponse(**event))
        except TimeoutError as error:
            assert self._patience is not None
            raise StalledError(self._patience) from error

    async def _send(self, asset: LevelAsset, offset: int) -> None:
        if offset > len(asset.glb):
            raise InvalidRequestError("resume.offset", f"must be at most the level's {len(asset.glb):,} bytes")
        await self._write(level_start=convert.level_start(asset))
        for at in range(offset, len(asset.glb), self._chunk_bytes):
            chunk = pb.Chunk(offset=at, data=asset.glb[at : at + self._chunk_bytes])
            await self._write(chunk=chunk)
        await self._write(level_end=pb.LevelEnd(level=asset.level))
        level = str(asset.level)
        self._metrics.bytes_sent.labels(level).inc(len(asset.glb) - offset)
        self._metrics.time_to_level.labels(level).observe(time.perf_counter() - self._began)
