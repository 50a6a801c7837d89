"""The client for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from types import TracebackType
from typing import Self, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import Message

from lodestream._assembly import Assembly
from lodestream._connection import Pem, channel_credentials, metadata
from lodestream._errors import ConnectionFailedError, LodestreamError, from_grpc
from lodestream._events import Event, ServerInfo
from lodestream._patience import KEEPALIVE, PATIENT, RECONNECT, Patience
from lodestream._requests import OPTIONS, Picture, server_info, stream_request
from lodestream._retry import Retry
from lodestream.v1 import avatar_pb2 as pb
from lodestream.v1.avatar_pb2_grpc import AvatarServiceStub

T = TypeVar("T")


class AsyncClient:
    """A connection to a lodestream server; belongs to one event loop.

    Args:
        address: ``HOST:PORT``.
        timeout: Seconds that a whole call may take, ``None`` for no limit.
        retry: What to do when the connection is lost: avatars go on where they were cut off. By default a call waits
            up to 30 s for the server to come back, 5 s if it never answered.
        token: What the server knows you by. Sent by TLS, or to this machine; elsewhere only if ``tls`` is ``False``.
        tls: Whether to encrypt; by default if there are certificates.
        root_certificates: PEM, or the path of a file of it, that the server's certificate is checked against; by
            default those that gRPC trusts by itself.
        client_certificate: Certificate chain and key, each as PEM or path, if the server asks for them.

    Raises:
        ValueError: The token is malformed or would leave this machine in the clear, or certificates come with
            ``tls=False``.
        OSError: A certificate cannot be read.
    """

    def __init__(
        self,
        address: str,
        *,
        timeout: float | None = 60.0,
        retry: Retry | None = None,
        token: str | None = None,
        tls: bool | None = None,
        root_certificates: Pem | None = None,
        client_certificate: tuple[Pem, Pem] | None = None,
    ) -> None:
        self._address = address
        self._timeout = timeout
        self._retry = retry or PATIENT
        self._met = False
        credentials = channel_credentials(tls, root_certificates, client_certificate)
        self._metadata = metadata(address, token, tls, credentials is not None)
        options = (*OPTIONS, *RECONNECT, *KEEPALIVE)
        if credentials is None:
            self._channel = grpc.aio.insecure_channel(address, options=options)
        else:
            self._channel = grpc.aio.secure_channel(address, credentials, options=options)
        self._stub = AvatarServiceStub(self._channel)  # type: ignore[no-untyped-call]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the connection; calls under way are cancelled."""
        await self._channel.close()

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
        texture_size: int = 0,
    ) -> AsyncIterator[Event]:
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
            texture_size: Edge length of the finest level's textures, 1024 or 2048; 0 leaves it to the server.

        Raises:
            LodestreamError: The call failed; the subclass says how.
            ValueError: Unknown rig or layout, or a number out of range.
            OSError: The picture cannot be read.
        """
        request = stream_request(prompt, image, seed, levels, rig, layout, morph_targets, chunk_bytes, texture_size)
        return self._generate(Assembly(request))

    def resume(
        self, avatar_id: str, level: int, received: bytes = b"", *, chunk_bytes: int = 0
    ) -> AsyncIterator[Event]:
        """Goes on with an avatar that an earlier call, perhaps of another process, did not bring to its end.

        Args:
            avatar_id: From ``Accepted``.
            level: The first level that is not there as a whole.
            received: What is there of it: its first bytes.
            chunk_bytes: Size of the pieces on the wire; 0 leaves it to the server.

        Raises:
            AvatarNotFoundError: The server does not know it (any more).
            LodestreamError: The call failed otherwise; the subclass says how.
        """
        resume = pb.Resume(avatar_id=avatar_id, level=level, offset=len(received))
        return self._generate(Assembly(pb.StreamAvatarRequest(resume=resume, chunk_bytes=chunk_bytes), received))

    async def preview(self, avatar_id: str, *, width: int = 0, height: int = 0, azimuth: float = 0.0) -> bytes:
        """A PNG of an avatar, volume-rendered; ``azimuth`` in degrees, 0 is the front."""
        request = pb.RenderPreviewRequest(avatar_id=avatar_id, width=width, height=height, azimuth=azimuth)
        return bytes((await self._ask(self._stub.RenderPreview, request)).png)

    async def info(self) -> ServerInfo:
        """What the server runs and accepts."""
        return server_info(await self._ask(self._stub.GetServerInfo, pb.GetServerInfoRequest()))

    async def _ask(self, method: Callable[..., Awaitable[T]], request: Message) -> T:
        patience = Patience(self._retry, self._timeout, met=self._met)
        while True:
            try:
                answer = await method(request, timeout=patience.left(), metadata=self._metadata)
            except grpc.RpcError as error:
                await asyncio.sleep(patience.wait_after(from_grpc(error)))
            else:
                self._met = True
                return answer

    async def _generate(self, assembly: Assembly) -> AsyncIterator[Event]:
        patience = Patience(self._retry, self._timeout, met=self._met)
        while not assembly.done:
            try:
                async for event in self._attempt(assembly, patience.left()):
                    patience.progress()
                    yield event
                if not assembly.done:
                    raise ConnectionFailedError("the stream ended early")
            except LodestreamError as error:
                await asyncio.sleep(patience.wait_after(error, assembly))

    async def _attempt(self, assembly: Assembly, seconds: float | None) -> AsyncIterator[Event]:
        call = self._stub.StreamAvatar(assembly.request(), timeout=seconds, metadata=self._metadata)
        try:
            async for message in call:
                self._met = True
                event = assembly.feed(message)
                if event is not None:
                    yield event
        except grpc.RpcError as error:
            raise from_grpc(error) from error
        finally:
            call.cancel()
