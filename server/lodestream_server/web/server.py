"""``/metrics`` for Prometheus and ``/healthz`` for whoever asks, on threads of their own."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST

from lodestream_server.errors import (
    AddressInUseError,
    DrainingError,
    PermissionDeniedError,
    UnauthenticatedError,
    outside,
)
from lodestream_server.metrics import Metrics
from lodestream_server.security.policy import Policy

MAX_CONNECTIONS = 64
_TIMEOUT = 10.0  # seconds of silence that a connection may last
_TEXT = "text/plain; charset=utf-8"


class WebServer:
    """Bound on creation, answers after ``start``."""

    def __init__(self, address: str, metrics: Metrics, healthy: Callable[[], bool], policy: Policy) -> None:
        """Binds ``HOST:PORT``, with TLS if there are certificates. ``/metrics`` needs a token if there are any.

        Raises:
            AddressInUseError: Somebody listens there.
        """
        host, _, port = address.rpartition(":")
        kind = _Server6 if ":" in host else _Server
        try:
            self._server = kind((host.strip("[]"), int(port)), metrics, healthy, policy)
        except (OSError, UnicodeError) as error:  # names of hosts that are none cannot be encoded
            raise AddressInUseError("--http", address) from error
        self.address = f"{host}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="http", daemon=True)

    def start(self) -> None:
        """Answers from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Ends."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    """A thread per connection, of which there are ``MAX_CONNECTIONS`` at most: further ones are hung up on."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = MAX_CONNECTIONS

    def __init__(self, address: tuple[str, int], metrics: Metrics, healthy: Callable[[], bool], policy: Policy) -> None:
        self.metrics = metrics
        self.healthy = healthy
        self.policy = policy
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)
        super().__init__(address, _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        """The next connection. Hands shake when its thread first reads, so that nobody else waits for it."""
        connection, peer = super().get_request()
        if self.policy.certificates is not None:
            context = self.policy.certificates.for_http()
            connection = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, peer

    def process_request(self, request: Any, client_address: Any) -> None:
        """Starts the connection's thread."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """The connection's thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of those who hang up or speak no TLS: that is no fault of ours."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "lodestream"
    sys_version = ""
    timeout = _TIMEOUT

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._metrics()
        elif path == "/healthz":
            healthy = self.server.healthy()
            status = HTTPStatus.OK if healthy else outside(DrainingError()).http
            self._answer(status, _TEXT, b"ok\n" if healthy else b"not serving\n")
        else:
            self._answer(HTTPStatus.NOT_FOUND, _TEXT, b"there are /metrics and /healthz\n")

    do_HEAD = do_GET  # noqa: N815 (the name is http.server's)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answers what is no request; does not repeat it, for it may hold a token."""
        self.request_version = self.protocol_version  # else those whose version makes no sense got no status
        self._answer(code, _TEXT, f"{HTTPStatus(code).phrase.lower()}\n".encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is http.server's)
        """Says nothing: probes come every few seconds."""

    def _metrics(self) -> None:
        headers = [(name.lower(), value) for name, value in self.headers.items()]
        try:
            self.server.policy.gate.caller(headers, "").require("metrics")
        except (UnauthenticatedError, PermissionDeniedError) as error:
            self._answer(outside(error).http, _TEXT, f"{error}\n".encode())
        else:
            self._answer(HTTPStatus.OK, CONTENT_TYPE_LATEST, self.server.metrics.text())

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        if status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Bearer")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
