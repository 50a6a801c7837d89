"""How long a call waits for a server that went away, and how it keeps a thousand clients from coming back at once."""

from __future__ import annotations

import random
import sys
import time

from lodestream._assembly import Assembly
from lodestream._errors import (
    AvatarNotFoundError,
    ConnectionFailedError,
    DataLossError,
    DeadlineExceededError,
    LodestreamError,
    OverloadedError,
)
from lodestream._retry import Retry

BUDGET = 30.0
"""Seconds without progress after which a call fails."""
STRANGER = 5.0
"""The same for an address where nobody has ever answered: it may be wrong."""
PATIENT = Retry(attempts=sys.maxsize)
"""The default: as often as fits into the budget."""
RECONNECT = (
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 5_000),  # in truth how long one attempt to connect may take
    ("grpc.max_reconnect_backoff_ms", 1000),
)
"""Options of channels: left to itself, gRPC looks for a lost server only every other minute in the end."""
KEEPALIVE = (
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.ping_timeout_ms", 5_000),  # of pings that measure the line: one under way serves as the next of ours
    ("grpc.http2.max_pings_without_data", 0),
)
"""Options of channels: a network that went silent during a call is noticed after 15 s at most, by a ping that is not
answered. The server allows a ping every 5 s; the last line lifts gRPC's limit on pings of clients that only receive."""


class Patience:
    """Counts the failures of one call, and the time since the first of them.

    Args:
        retry: How often, and with what waits.
        timeout: Seconds that the whole call may take, ``None`` for no limit.
        met: Whether the server has answered before.
    """

    def __init__(self, retry: Retry, timeout: float | None, *, met: bool) -> None:
        self._retry = retry
        self._timeout = timeout
        self._end = None if timeout is None else time.monotonic() + timeout
        self._met = met
        self._failures = 0
        self._since = 0.0

    def progress(self) -> None:
        """Something arrived: start counting anew."""
        self._met = True
        self._failures = 0

    def left(self) -> float | None:
        """Seconds that the next attempt may take."""
        return None if self._end is None else max(self._end - time.monotonic(), 0.001)

    def wait_after(self, error: LodestreamError, assembly: Assembly | None = None) -> float:
        """Seconds to wait before the next attempt: exponential, with jitter, and at least what the server asked for.

        Raises:
            LodestreamError: ``error``, if there is nothing left to try.
            DeadlineExceededError: There is no time left.
        """
        if assembly is not None and isinstance(error, AvatarNotFoundError | DataLossError) and assembly.start_afresh():
            return 0.0
        now = time.monotonic()
        if not self._failures:
            self._since = now
        self._failures += 1
        if isinstance(error, ConnectionFailedError):
            self._met = self._met or not error.unreachable
        elif not isinstance(error, OverloadedError) or error.retry_after is None:
            raise error
        backoff = min(self._retry.first * 2.0 ** min(self._failures - 1, 60), self._retry.longest)
        wait = (error.retry_after or 0.0) + backoff * random.uniform(0.5, 1.0)
        budget = BUDGET if self._met else STRANGER
        if self._failures >= self._retry.attempts or now + wait - self._since > budget:
            raise error
        if self._end is not None and now + wait >= self._end:
            raise DeadlineExceededError(f"no answer within {self._timeout} s") from error
        return wait
