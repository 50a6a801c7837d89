"""Starts servers for the tests and talks to them without the SDK."""

import contextlib
import os
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import grpc

from lodestream.v1 import avatar_pb2 as pb

FAKE = Path(__file__).with_name("fake.py")
READY = re.compile(r"^lodestream ready grpc=(\S+) http=(\S+) engine=(\S+) bundle=(\S+) in (\d+) ms$")


class Running:
    def __init__(self, process, line, stderr):
        self.process, self.line, self.stderr = process, line, stderr
        self.address, self.http = READY.match(line).group(1, 2)

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://{self.http}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metric(self, name):
        """Value of a metric, written as in the text format; 0 if it is not there yet."""
        lines = self.get("/metrics")[1].splitlines()
        return next((float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name + " ")), 0.0)


def environ(**more):
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LODESTREAM_")}
    return kept | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)} | more


@contextlib.contextmanager
def started(command, **more):
    """A server, from its ready line until the block ends; `more` are environment variables."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ(**more))
    lines = []
    reader = threading.Thread(target=lambda: lines.extend(process.stderr), daemon=True)
    reader.start()
    try:
        line = process.stdout.readline().strip()
        if not line:
            reader.join(5)
            raise AssertionError("".join(lines))
        yield Running(process, line, lines)
    finally:
        process.kill()
        process.wait()


def fake_server(data_dir, *options, **more):
    command = [sys.executable, str(FAKE), "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]
    return started([*command, "--data-dir", str(data_dir), *options], **more)


def call(channel, request):
    """The messages of a stream; `request` may be a message or raw bytes."""
    method = channel.unary_stream(
        "/lodestream.v1.AvatarService/StreamAvatar",
        request_serializer=lambda r: r if isinstance(r, bytes) else r.SerializeToString(),
        response_deserializer=pb.StreamAvatarResponse.FromString,
    )
    return method(request, timeout=20)


def kinds(messages):
    """The order of the messages, chunks of one level folded into one."""
    out = []
    for message in messages:
        kind = message.WhichOneof("event")
        if kind != "chunk" or out[-1] != "chunk":
            out.append(kind)
    return out


def glbs(messages):
    """Bytes by level."""
    out = {}
    for message in messages:
        if message.HasField("level_start"):
            level = message.level_start.level
            out[level] = b""
        elif message.HasField("chunk"):
            out[level] += message.chunk.data
    return out


def refusal(channel, request):
    """The RpcError that a request gets, and its details by type."""
    from google.rpc import error_details_pb2
    from grpc_status import rpc_status

    try:
        list(call(channel, request))
    except grpc.RpcError as error:
        status = rpc_status.from_call(error)
        details = {}
        for detail in status.details if status else ():
            kind = getattr(error_details_pb2, detail.type_url.rpartition(".")[2])
            details[kind.__name__] = message = kind()
            detail.Unpack(message)
        return error, details
    raise AssertionError("the request was accepted")
