"""How often and how patiently a lost connection is taken up again."""

from __future__ import annotations

from dataclasses import dataclass

from lodestream._assembly import Assembly
from lodestream._errors import AvatarNotFoundError, ConnectionFailedError, LodestreamError, OverloadedError


@dataclass(frozen=True, slots=True)
class Retry:
    """``attempts`` in a row without progress before giving up; waits ``first`` seconds, doubling up to ``longest``."""

    attempts: int = 4
    first: float = 0.1
    longest: float = 2.0


class Patience:
    """Counts the failures of one call."""

    def __init__(self, retry: Retry) -> None:
        self._retry = retry
        self._failures = 0

    def progress(self) -> None:
        """Something arrived: start counting anew."""
        self._failures = 0

    def wait_after(self, error: LodestreamError, assembly: Assembly) -> float:
        """Seconds to wait before the next attempt.

        Raises:
            LodestreamError: ``error``, if there is nothing left to try.
        """
        if isinstance(error, AvatarNotFoundError) and assembly.start_afresh():
            return 0.0
        self._failures += 1
        if not isinstance(error, ConnectionFailedError | OverloadedError) or self._failures >= self._retry.attempts:
            raise error
        backoff: float = min(self._retry.first * 2 ** (self._failures - 1), self._retry.longest)
        return max(backoff, error.retry_after or 0.0)
