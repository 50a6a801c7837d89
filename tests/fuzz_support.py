"""What the fuzz tests share: seeded chance, mutations, and one place that counts inputs and judges what came of them.

`LODESTREAM_SOAK=1` makes ten times as many inputs, from the seed `LODESTREAM_FUZZ_SEED` if there is one.
"""

import contextlib
import faulthandler
import hashlib
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from pathlib import Path

from fake import FakePipeline
from rpc_support import glbs

from lodestream.v1 import avatar_pb2 as pb
from lodestream_server.errors import INTERNAL, LodestreamError, StartupError, outside
from lodestream_server.metrics import Metrics
from lodestream_server.pipeline.asset import LevelAsset
from lodestream_server.pipeline.studio import Studio
from lodestream_server.pipeline.workers import Workers
from lodestream_server.rpc.guard import Guard
from lodestream_server.rpc.service import AvatarService
from lodestream_server.security.gate import Gate
from lodestream_server.security.limits import Limits
from lodestream_server.store.level_store import LevelStore
from lodestream_server.store.storage import Entry

SOAK = os.environ.get("LODESTREAM_SOAK") == "1"
SCALE = 10 if SOAK else 1
SEED = os.environ.get("LODESTREAM_FUZZ_SEED", "1") if SOAK else "1"
#: Seconds of this thread's CPU that one input may take, and seconds by the clock until it counts as hung.
CPU, HUNG = 2.0, 30.0
SECRET = "geheim-3f9a7c21"
REFUSED = {"INTERNAL", "UNKNOWN"}
AREAS = ("requests", "wire", "real", "pictures", "resume", "store", "http", "tokens", "token files", "options", "check")
COUNTED = Counter()
_LEAKS = re.compile(
    r"Traceback|File \"|site-packages|object at 0x|\.py\b|lst_\w{20}|"
    r"/(?:tmp|home|root|usr|work|var|proc|opt)\b|/etc/shadow"
)


def chance(area):
    """The same dice for the same area and seed."""
    return random.Random(f"{SEED} {area}")


class HungError(BaseException):
    """An input took far too long; nothing that handles errors may catch this."""


def _hung(_signal, _frame):
    raise HungError


@contextlib.contextmanager
def guarded(minutes=5):
    """Ends the process if something hangs where Python cannot interrupt it."""
    before = signal.signal(signal.SIGALRM, _hung)
    faulthandler.dump_traceback_later(60 * minutes * SCALE, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, before)


def judge(area, data, work):
    """Counts one input, does `work`, and returns what came of it: a result, or a typed error with a clean message."""
    COUNTED[area] += 1
    began = time.thread_time()
    signal.setitimer(signal.ITIMER_REAL, HUNG)
    try:
        result = work()
    except LodestreamError as error:
        result = error
    except HungError:
        raise AssertionError(f"{area}: hung on {brief(data)}") from None
    except Exception as error:
        raise AssertionError(f"{area}: {type(error).__name__} on {brief(data)}") from error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    assert time.thread_time() - began < CPU, f"{area}: slow on {brief(data)}"
    if isinstance(result, StartupError):
        assert SECRET not in str(result), f"{area}: a secret in {result}"
    elif isinstance(result, LodestreamError):
        assert outside(result) is not INTERNAL, f"{area}: {result!r} is in no table"
        clean(area, data, str(result))
    return result


def clean(area, data, text, *more):
    """Asserts that a message tells users nothing that is none of their business."""
    for word in (SECRET, str(Path(__file__).parents[1]), sys.prefix, *more):
        assert word not in text, f"{area}: {word} in {text[:500]!r} on {brief(data)}"
    found = _LEAKS.search(text)
    assert found is None, f"{area}: {found[0]} in {text[:500]!r} on {brief(data)}"


def brief(data):
    """An input, so that somebody can try it again."""
    text = data.hex() if isinstance(data, bytes) else repr(data)
    return text if len(text) < 2000 else f"{text[:2000]}… ({len(text)} characters)"


class TinyPipeline(FakePipeline):
    """Levels of a hundred bytes."""

    def level(self, job, level):
        glb = random.Random(f"{job.avatar_id} {level}").randbytes(100 * (4 - level))
        return LevelAsset(level, glb, hashlib.sha256(glb).hexdigest(), 1, 3, 128)


class Memory:
    """A storage that is a dictionary."""

    def __init__(self):
        self.files = {}

    def entries(self):
        return [Entry(key, len(data), 0.0) for key, data in self.files.items()]

    def read(self, key):
        try:
            return self.files[key]
        except KeyError:
            raise FileNotFoundError(key) from None

    def write(self, key, data):
        self.files[key] = data

    def move(self, key, to):
        self.files[to] = self.read(key)
        del self.files[key]

    def remove(self, key):
        self.files.pop(key, None)

    def touch(self, key):
        self.read(key)


class AbortedError(Exception):
    pass


class Context:
    """What gRPC hands to a method, without gRPC."""

    def __init__(self):
        self.sent, self.status = [], None

    def invocation_metadata(self):
        return ()

    def peer(self):
        return "ipv4:127.0.0.1:1"

    def time_remaining(self):
        return None

    def done(self):
        return False

    async def send_initial_metadata(self, _metadata):
        pass

    async def write(self, message):
        self.sent.append(message)

    async def abort_with_status(self, status):
        self.status = status
        raise AbortedError


class Desk:
    """The service as gRPC sees it, and one finished avatar."""

    def __init__(self, loop):
        self.loop, self.storage = loop, Memory()
        metrics = Metrics()
        self.workers = Workers(1, 99, metrics)
        self.store = LevelStore(self.storage, 10**7, metrics)
        self.studio = Studio(TinyPipeline(), self.workers, self.store, metrics)
        gate = Gate(None, Limits(0, 1, 1))
        self.service = AvatarService(self.studio, Guard(metrics, gate), metrics, 60.0)
        code, sent = self.ask("requests", "stream_avatar", pb.StreamAvatarRequest(prompt="one").SerializeToString())
        assert code == "OK"
        self.avatar_id, self.levels = sent[0].accepted.avatar_id, glbs(sent)

    def ask(self, area, method, raw):
        """Name of the status, and what was sent. INTERNAL is a failure, as is a message that says too much."""
        context = Context()

        def work():
            with contextlib.suppress(AbortedError):
                self.loop.run_until_complete(getattr(self.service, method)(raw, context))
            return context.status

        status = judge(area, raw, work)
        if status is None:
            return "OK", context.sent
        assert status.code.name not in REFUSED, f"{area}: {status.code.name} on {brief(raw)}"
        details = b"".join(value for _, value in status.trailing_metadata)
        clean(area, raw, status.details)
        clean(area, raw, details.decode("latin-1"))
        assert len(details) + len(status.details.encode()) * 3 < 8192, f"gRPC would cut it off: {brief(raw)}"
        return status.code.name, context.sent
