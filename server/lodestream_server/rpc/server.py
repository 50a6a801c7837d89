"""The gRPC server: our service, health, reflection."""

from __future__ import annotations

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from lodestream_server.errors import AddressInUseError
from lodestream_server.rpc.service import NAME, AvatarService

# larger than any request we accept, so that our own check can say what is wrong with it
MAX_REQUEST = 64 * 2**20
_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_REQUEST),
    ("grpc.so_reuseport", 0),  # else two servers may share a port unnoticed
)
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class RpcServer:
    """Bound on creation, reachable after ``start``, ``SERVING`` after ``serving``."""

    def __init__(self, address: str) -> None:
        """Binds ``HOST:PORT``.

        Raises:
            AddressInUseError: Somebody listens there.
        """
        self._server = grpc.aio.server(options=_OPTIONS)
        self._health = health.aio.HealthServicer()
        try:
            port = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise AddressInUseError("--listen", address) from error
        if not port:
            raise AddressInUseError("--listen", address)
        self.address = f"{address.rpartition(':')[0]}:{port}"

    async def start(self, service: AvatarService) -> None:
        """Answers from now on."""
        self._server.add_generic_rpc_handlers((service.handler(),))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection((NAME, health.SERVICE_NAME, reflection.SERVICE_NAME), self._server)
        await self._server.start()

    async def serving(self, yes: bool) -> None:
        """What health checks are told."""
        for name in ("", NAME):
            await self._health.set(name, SERVING if yes else NOT_SERVING)

    async def stop(self, grace: float) -> None:
        """Ends; streams that still run after ``grace`` seconds are cancelled."""
        await self._server.stop(grace)
