"""Files that are read again when they change."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from lodestream_server.errors import StartupError

_log = logging.getLogger(__name__)
_LOOK_EVERY = 1.0  # seconds

T = TypeVar("T")
_Signature = tuple[tuple[int, int, int] | None, ...]


class Watched(Generic[T]):
    """What ``paths`` say. May be asked from any thread.

    Files that cannot be used any more change nothing: the log says so, and what they said before goes on to hold.

    Attributes:
        failed: Whether the files, as they were read last, cannot be used.
    """

    def __init__(self, paths: tuple[Path, ...], read: Callable[[], T]) -> None:
        """Reads the files.

        Raises:
            StartupError: ``read`` raised it.
        """
        self._paths = paths
        self._read = read
        self._lock = threading.Lock()
        self._seen = _signature(paths)
        self._looked = time.monotonic()
        self._value = read()
        self.failed = False

    def current(self) -> T:
        """What the files say; looks at most once a second whether they have changed."""
        with self._lock:
            now = time.monotonic()
            if now - self._looked >= _LOOK_EVERY:
                self._looked = now
                if _signature(self._paths) != self._seen:
                    self._reload()
            return self._value

    def reload(self) -> None:
        """Reads the files now."""
        with self._lock:
            self._reload()

    def _reload(self) -> None:
        self._seen = _signature(self._paths)
        files = [str(path) for path in self._paths]
        try:
            self._value = self._read()
        except StartupError as error:
            self.failed = True
            _log.error("not reloaded", extra={"files": files, "problem": str(error)})
        else:
            self.failed = False
            _log.info("reloaded", extra={"files": files})


def _signature(paths: tuple[Path, ...]) -> _Signature:
    return tuple(_stat(path) for path in paths)


def _stat(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
