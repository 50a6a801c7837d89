"""The fake server with faults that can be switched on from outside, and a network line that can fall silent.

``python tests/faults_support.py --listen …`` is ``fake.py``, but for what these variables say:
``FAULTY_DISK``: a path; while it exists, whatever is written ends half-way, as on a full disk.
``FAULTY_CLOCK``: a path; the seconds in it are what the wall clock is wrong by.
``FAULTY_PINGS``: three numbers of milliseconds instead of the server's own: how often it sends a ping, how long it
waits for the answer, and how often clients may send one.
Levels of prompts with the word ``halting`` take 4.2 s.
"""

import contextlib
import datetime as dt
import errno
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import rpc_support

HERE = Path(__file__)
APART = ("unshare", "--map-root-user", "--mount", "sh", "-c")
"""A process that has mounts of its own, which go when it ends; needs no rights where user namespaces are allowed."""


def may_mount():
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        command = [*APART, "mount -t tmpfs tmpfs /mnt"]
        return subprocess.run(command, check=False, capture_output=True, timeout=10).returncode == 0
    return False


def mounted(mount, command):
    """``command`` as a process that sees a mount which others do not."""
    return [*APART, f'{mount} && exec "$@"', "sh", *command]


def faulty_server(data_dir, *options, mount=None, **more):
    """A server with faults; with ``mount``, a shell command, in a file system of its own."""
    command = [sys.executable, str(HERE), "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]
    command += ["--data-dir", str(data_dir), *options]
    if mount is not None:
        command = mounted(mount, command)
    return rpc_support.started(command, **{key: str(value) for key, value in more.items()})


def until(condition, seconds=8.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


class Line:
    """A line to ``address`` that others connect to at ``self.address``.

    ``silence`` makes the connections of that moment pass on nothing any more, in either direction, without closing
    them: so does a network that is gone. Later connections are as good as before.
    """

    def __init__(self, address):
        host, port = address.split(":")
        self._to = host, int(port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.connections = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()
        for one, other, _silent in self.connections:
            one.close()
            other.close()

    def silence(self):
        for _one, _other, silent in self.connections:
            silent.set()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._to)
                silent = threading.Event()
                self.connections.append((near, far, silent))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=_pass_on, args=(*pair, silent), daemon=True).start()


def _pass_on(source, sink, silent):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            if silent.is_set():
                return
            sink.sendall(data)
        if not silent.is_set():
            sink.shutdown(socket.SHUT_WR)


def _break_disk(switch):
    fsync = os.fsync

    def full(handle):
        if switch.exists():
            with contextlib.suppress(OSError):  # folders have no length
                os.ftruncate(handle, os.fstat(handle).st_size // 2)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(handle)

    os.fsync = full


def _break_clock(switch):
    from lodestream_server.security import gate

    seconds, nanoseconds = time.time, time.time_ns

    class Wrong(dt.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(time.time(), tz)

    time.time = lambda: seconds() + float(switch.read_text())
    time.time_ns = lambda: nanoseconds() + int(switch.read_text()) * 10**9
    gate.datetime = Wrong


def _hurry(often, patience, allowed):
    from lodestream_server.rpc import server

    ours = {
        "grpc.keepalive_time_ms": often,
        "grpc.keepalive_timeout_ms": patience,
        "grpc.http2.ping_timeout_ms": patience,
        "grpc.http2.min_ping_interval_without_data_ms": allowed,
        "grpc.http2.max_ping_strikes": 1,
    }
    server._OPTIONS = tuple((dict(server._OPTIONS) | ours).items())


def main():
    import fake

    level = fake.FakePipeline.level

    def halting(pipeline, job, number):
        if "halting" in (job.request.prompt or ""):
            time.sleep(4.2)
        return level(pipeline, job, number)

    fake.FakePipeline.level = halting
    if disk := os.environ.get("FAULTY_DISK"):
        _break_disk(Path(disk))
    if clock := os.environ.get("FAULTY_CLOCK"):
        _break_clock(Path(clock))
    if pings := os.environ.get("FAULTY_PINGS"):
        _hurry(*map(int, pings.split()))
    return fake.main()


if __name__ == "__main__":
    sys.exit(main())
