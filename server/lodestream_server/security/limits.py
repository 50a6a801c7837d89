"""How many calls one caller may make: a token bucket for their rate, a count for those under way.

Belongs to one event loop.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lodestream_server.errors import RateLimitedError

MAX_CALLERS = 10_000
_RETRY_STREAM = 1.0  # seconds


@dataclass(slots=True)
class _Account:
    """``left`` calls may be made at ``at``; ``active`` are under way."""

    left: float
    at: float
    active: int = 0


class Limits:
    """Calls by caller.

    Args:
        rate: Calls a second in the long run; 0 for no limit.
        burst: Calls that may come at once after a pause.
        streams: Calls that may be under way.
        clock: Seconds, rising.
    """

    def __init__(self, rate: float, burst: int, streams: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._streams = streams
        self._clock = clock
        self._accounts: OrderedDict[str, _Account] = OrderedDict()

    def change(self, rate: float, burst: int, streams: int) -> None:
        """Other limits from now on; calls under way go on."""
        self._rate, self._burst, self._streams = rate, burst, streams

    @contextmanager
    def admit(self, caller: str) -> Iterator[None]:
        """Surrounds one call.

        Raises:
            RateLimitedError: There are too many, says when to try again.
        """
        account = self._account(caller)
        if account.active >= self._streams:
            raise RateLimitedError(f"{account.active} calls of yours are under way, no more are allowed", _RETRY_STREAM)
        self._spend(account)
        account.active += 1
        try:
            yield
        finally:
            account.active -= 1

    def _spend(self, account: _Account) -> None:
        if not self._rate:
            return
        now = self._clock()
        account.left = min(account.left + (now - account.at) * self._rate, self._burst)
        account.at = now
        if account.left < 1:
            raise RateLimitedError(
                f"too many calls: {self._rate:g} a second are allowed", (1 - account.left) / self._rate
            )
        account.left -= 1

    def _account(self, caller: str) -> _Account:
        account = self._accounts.get(caller)
        if account is None:
            if len(self._accounts) >= MAX_CALLERS:
                self._forget()
            account = self._accounts[caller] = _Account(self._burst, self._clock())
        self._accounts.move_to_end(caller)
        return account

    def _forget(self) -> None:
        """Drops the tenth that was longest quiet, but for those with calls under way."""
        quiet = [name for name, account in self._accounts.items() if not account.active]
        for name in quiet[: MAX_CALLERS // 10]:
            del self._accounts[name]
