"""A private server on this machine, for as long as it is needed."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from lodestream._errors import LocalServerError

_READY = re.compile(r"^lodestream ready grpc=(\S+) http=(\S+) engine=(\S+) bundle=(\S+) in (\d+) ms$")
_NEEDED = ("lodestream_server", "onnxruntime", "grpc_health", "prometheus_client")
# a private server asks for no token and has no certificate; the user's own token is none of its business
_NOT_FOR_IT = ("LODESTREAM_TOKEN", "LODESTREAM_TLS_")


class LocalServer:
    """Starts ``python -m lodestream_server`` on free ports and stops it again.

    Args:
        options: Further options of the server, such as ``("--workers", "2")``.
        data_dir: Where it keeps avatars; a temporary folder by default.
        startup_timeout: Seconds until it must be ready.

    Attributes:
        address: ``HOST:PORT`` of gRPC, for a client.
        http: ``HOST:PORT`` of metrics and health.
        ready_line: What the server printed when it was ready.

    Raises:
        LocalServerError: The server is not installed or did not start; on entering.
    """

    def __init__(
        self, *options: str, data_dir: str | os.PathLike[str] | None = None, startup_timeout: float = 60.0
    ) -> None:
        self._options = options
        self._data_dir = data_dir
        self._timeout = startup_timeout
        self._stack = contextlib.ExitStack()
        self._tail: list[str] = []
        self.address = self.http = self.ready_line = ""

    def __enter__(self) -> Self:
        missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
        if missing:
            raise LocalServerError(
                f"no server is installed here ({missing[0]} is missing): pip install 'lodestream[server]', "
                "or give the address of a running one",
                missing=True,
            )
        with contextlib.ExitStack() as stack:
            folder = self._data_dir or stack.enter_context(tempfile.TemporaryDirectory(prefix="lodestream-"))
            self._process = self._start(Path(folder))
            stack.callback(self._stop)
            self._wait_until_ready()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    @property
    def log(self) -> str:
        """The last lines that the server wrote to its log."""
        return "".join(self._tail).strip()

    def _start(self, folder: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "lodestream_server", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]
        command += ["--data-dir", str(folder), *self._options]
        environ = {key: value for key, value in os.environ.items() if not key.startswith(_NOT_FOR_IT)}
        environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        return subprocess.Popen(  # noqa: S603 (our own command)
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", env=environ
        )

    def _wait_until_ready(self) -> None:
        lines: queue.Queue[str] = queue.Queue()
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        errors = threading.Thread(target=self._follow, args=(self._process.stderr,), daemon=True)
        errors.start()
        threading.Thread(target=_read, args=(self._process.stdout, lines), daemon=True).start()
        try:
            line = lines.get(timeout=self._timeout)
        except queue.Empty:
            raise LocalServerError(f"the server was not ready after {self._timeout:g} s") from None
        match = _READY.match(line.strip())
        if match is None:
            errors.join(5)
            raise LocalServerError("the server did not start:\n" + self.log)
        self.ready_line = line.strip()
        self.address, self.http = match[1], match[2]

    def _follow(self, stream: IO[str]) -> None:
        for line in stream:
            self._tail.append(line)
            del self._tail[:-200]

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _read(stream: IO[str], lines: queue.Queue[str]) -> None:
    """Passes lines on, and an empty one at the end."""
    for line in stream:
        lines.put(line)
    lines.put("")
