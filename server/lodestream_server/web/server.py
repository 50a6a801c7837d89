"""``/metrics`` for Prometheus and ``/healthz`` for whoever asks, on a thread of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET6

from prometheus_client import CONTENT_TYPE_LATEST

from lodestream_server.errors import AddressInUseError, DrainingError, outside
from lodestream_server.metrics import Metrics

_TEXT = "text/plain; charset=utf-8"


class WebServer:
    """Bound on creation, answers after ``start``."""

    def __init__(self, address: str, metrics: Metrics, healthy: Callable[[], bool]) -> None:
        """Binds ``HOST:PORT``.

        Raises:
            AddressInUseError: Somebody listens there.
        """
        host, _, port = address.rpartition(":")
        try:
            self._server = _server(host.strip("[]"), int(port), metrics, healthy)
        except OSError as error:
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


def _server(host: str, port: int, metrics: Metrics, healthy: Callable[[], bool]) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        server_version = "lodestream"
        sys_version = ""

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == "/metrics":
                self._answer(HTTPStatus.OK, CONTENT_TYPE_LATEST, metrics.text())
            elif path == "/healthz":
                status = HTTPStatus.OK if healthy() else outside(DrainingError()).http
                self._answer(status, _TEXT, b"ok\n" if healthy() else b"not serving\n")
            else:
                self._answer(HTTPStatus.NOT_FOUND, _TEXT, b"there are /metrics and /healthz\n")

        do_HEAD = do_GET  # noqa: N815 (the name is http.server's)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is http.server's)
            """Says nothing: probes come every few seconds."""

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        allow_reuse_address = True
        address_family = AF_INET6 if ":" in host else ThreadingHTTPServer.address_family

    return Server((host, port), Handler)
