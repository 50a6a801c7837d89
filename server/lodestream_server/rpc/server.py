"""The gRPC server: our service, health, reflection."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from lodestream_server.errors import AddressInUseError
from lodestream_server.rpc.convert import MAX_IMAGE
from lodestream_server.rpc.guard import SCOPES, Guard
from lodestream_server.rpc.service import NAME, AvatarService
from lodestream_server.security.policy import Policy

# a little larger than any request we accept, so that our own check can say what is wrong with it
MAX_REQUEST = MAX_IMAGE + 4 * 2**20
_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_REQUEST),
    ("grpc.max_metadata_size", 8 * 2**10),  # bytes from which on calls are turned away at random
    ("grpc.absolute_max_metadata_size", 16 * 2**10),  # bytes from which on all are
    ("grpc.max_concurrent_streams", 128),  # of one connection; further ones wait at the client
    ("grpc.max_allowed_incoming_connections", 512),  # a process may have 1,024 files open, most everywhere
    ("grpc.max_connection_idle_ms", 5 * 60_000),
    # A peer that has vanished without a word is found out by a ping that it does not answer. Clients may ping too,
    # at most every 5 s, also between calls: more often, the connection is ended (too_many_pings).
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.ping_timeout_ms", 20_000),  # of pings that measure the line: one under way serves as the next of ours
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),  # any number
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.server_handshake_timeout_ms", 10_000),
    ("grpc.so_reuseport", 0),  # else two servers may share a port unnoticed
)
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class RpcServer:
    """Bound on creation, reachable after ``start``, ``SERVING`` after ``serving``."""

    def __init__(self, address: str, guard: Guard, policy: Policy) -> None:
        """Binds ``HOST:PORT``, with TLS if there are certificates.

        Raises:
            AddressInUseError: Somebody listens there.
        """
        self._server = grpc.aio.server(interceptors=[Doorkeeper(guard)], options=_OPTIONS)
        self._health = health.aio.HealthServicer()
        self._reflection = policy.reflection
        try:
            if policy.certificates is None:
                port = self._server.add_insecure_port(address)
            else:
                port = self._server.add_secure_port(address, policy.certificates.for_grpc())
        except RuntimeError as error:
            raise AddressInUseError("--listen", address) from error
        if not port:
            raise AddressInUseError("--listen", address)
        self.address = f"{address.rpartition(':')[0]}:{port}"

    async def start(self, service: AvatarService) -> None:
        """Answers from now on."""
        self._server.add_generic_rpc_handlers((service.handler(),))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        if self._reflection:
            reflection.enable_server_reflection((NAME, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server)
        await self._server.start()

    async def serving(self, yes: bool) -> None:
        """What health checks are told."""
        for name in ("", NAME):
            await self._health.set(name, SERVING if yes else NOT_SERVING)

    async def stop(self, grace: float) -> None:
        """Ends; streams that still run after ``grace`` seconds are cancelled."""
        await self._server.stop(grace)


class Doorkeeper(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """Turns strangers away before their message is read, which may be large."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._methods = {f"/{NAME}/{method}": method for method in SCOPES}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler:
        """What answers the call. Health is for everybody."""
        method = self._methods.get(handler_call_details.method)
        error = method and self._guard.stranger(handler_call_details.invocation_metadata or ())
        if not method:
            return _lenient(await continuation(handler_call_details))
        if not error:
            return await continuation(handler_call_details)

        async def refuse(_requests: AsyncIterator[bytes], context: grpc.aio.ServicerContext) -> None:
            async with self._guard.call(method, context):
                raise error

        return grpc.stream_stream_rpc_method_handler(refuse)  # the only kind that does not read first


def _lenient(handler: Any) -> Any:
    """A handler of gRPC's own services, to which what is no message counts as an empty one.

    gRPC itself would answer UNKNOWN and log a traceback, for anybody who asks.
    """
    if handler is None or handler.request_deserializer is None:
        return handler

    def read(data: bytes) -> Any:
        try:
            return handler.request_deserializer(data)
        except DecodeError:
            return handler.request_deserializer(b"")

    return handler._replace(request_deserializer=read)
