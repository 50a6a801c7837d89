"""The blocking client."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

import grpc

from lodestream._assembly import Assembly
from lodestream._errors import ConnectionFailedError, DeadlineExceededError, LodestreamError, from_grpc
from lodestream._events import Event, ServerInfo
from lodestream._requests import OPTIONS, Picture, server_info, stream_request
from lodestream._retry import Patience, Retry
from lodestream.v1 import avatar_pb2 as pb
from lodestream.v1.avatar_pb2_grpc import AvatarServiceStub


class Client:
    """A connection to a lodestream server; safe to share between threads.

    Args:
        address: ``HOST:PORT``.
        timeout: Seconds that a whole call may take, ``None`` for no limit.
        retry: What to do when the connection is lost: avatars go on where they were cut off.
    """

    def __init__(self, address: str, *, timeout: float | None = 60.0, retry: Retry | None = None) -> None:
        self._address = address
        self._timeout = timeout
        self._retry = retry or Retry()
        self._channel = grpc.insecure_channel(address, options=OPTIONS)
        self._stub = AvatarServiceStub(self._channel)  # type: ignore[no-untyped-call]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection; calls under way are cancelled."""
        self._channel.close()

    def generate(
        self,
        prompt: str = "",
        *,
        image: Picture | None = None,
        seed: int | None = None,
        levels: Iterable[int] | None = None,
        rig: str = "mixamo",
        layout: str = "layers",
        morph_targets: Iterable[str] = (),
        chunk_bytes: int = 0,
    ) -> Iterator[Event]:
        """Streams an avatar: ``Accepted``, then per level ``Progress`` and ``Level``, then ``Done``.

        Closing the iterator early cancels the call.

        Args:
            prompt: What the avatar looks like. May be empty if there is an image.
            image: A PNG, JPEG or WebP to go by, as bytes or path.
            seed: Picks among the best matches; the same seed gives the same avatar.
            levels: Levels of detail wanted, of 3 (coarse) to 0 (fine); all of them by default.
            rig: ``mixamo``, ``unreal`` or ``vrm``.
            layout: ``layers`` or ``atlas``.
            morph_targets: Names of morph targets, or the groups ``ARKit`` and ``Oculus Visemes``.
            chunk_bytes: Size of the pieces on the wire; 0 leaves it to the server.

        Raises:
            LodestreamError: The call failed; the subclass says how.
            ValueError: Unknown rig or layout, or a number out of range.
            OSError: The picture cannot be read.
        """
        request = stream_request(prompt, image, seed, levels, rig, layout, morph_targets, chunk_bytes)
        return self._generate(Assembly(request))

    def preview(self, avatar_id: str, *, width: int = 0, height: int = 0, azimuth: float = 0.0) -> bytes:
        """A PNG of an avatar, volume-rendered; ``azimuth`` in degrees, 0 is the front."""
        request = pb.RenderPreviewRequest(avatar_id=avatar_id, width=width, height=height, azimuth=azimuth)
        try:
            return bytes(self._stub.RenderPreview(request, timeout=self._timeout).png)
        except grpc.RpcError as error:
            raise from_grpc(error) from error

    def info(self) -> ServerInfo:
        """What the server runs and accepts."""
        try:
            return server_info(self._stub.GetServerInfo(pb.GetServerInfoRequest(), timeout=self._timeout))
        except grpc.RpcError as error:
            raise from_grpc(error) from error

    def _generate(self, assembly: Assembly) -> Iterator[Event]:
        patience = Patience(self._retry)
        end = None if self._timeout is None else time.monotonic() + self._timeout
        while not assembly.done:
            try:
                for event in self._attempt(assembly, end):
                    patience.progress()
                    yield event
                if not assembly.done:
                    raise ConnectionFailedError("the stream ended early")
            except LodestreamError as error:
                wait = patience.wait_after(error, assembly)
                if end is not None and time.monotonic() + wait >= end:
                    raise DeadlineExceededError(f"no answer within {self._timeout} s") from error
                time.sleep(wait)

    def _attempt(self, assembly: Assembly, end: float | None) -> Iterator[Event]:
        left = None if end is None else max(end - time.monotonic(), 0.001)
        call = self._stub.StreamAvatar(assembly.request(), timeout=left)
        try:
            for message in call:
                event = assembly.feed(message)
                if event is not None:
                    yield event
        except grpc.RpcError as error:
            raise from_grpc(error) from error
        finally:
            call.cancel()
