"""The seam between the store and whatever holds its bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class Entry(NamedTuple):
    """What is held under ``key``: ``size`` in bytes, ``used`` in seconds since 1970, 0 if unknown."""

    key: str
    size: int
    used: float


class Storage(Protocol):
    """Bytes by key; a key is a relative path of plain names. All methods are thread-safe and may raise ``OSError``."""

    def entries(self) -> Iterable[Entry]:
        """All that is held; called once, before anything else."""

    def read(self, key: str) -> bytes:
        """The bytes of a key.

        Raises:
            FileNotFoundError: Nothing is held under it.
        """

    def write(self, key: str, data: bytes) -> None:
        """Holds ``data`` under ``key``, whole or not at all; once this returns it is there to stay."""

    def move(self, key: str, to: str) -> None:
        """Holds under ``to`` what was under ``key``."""

    def remove(self, key: str) -> None:
        """Holds nothing under ``key`` any more, if anything was."""

    def touch(self, key: str) -> None:
        """The key was used just now; only the order of ``Entry.used`` after a restart depends on it."""
