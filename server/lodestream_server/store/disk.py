"""A folder of this machine as storage."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from lodestream_server.errors import ConfigError
from lodestream_server.store.files import TEMPORARY, make_folder, write_atomically
from lodestream_server.store.storage import Entry

_STEP = 1_000_000
"""Nanoseconds between the times of two files: file systems and ``Entry.used`` are not exact to one."""


class LocalDisk:
    """Files below ``root``; see ``Storage``.

    The times of files only ever rise, so that they say what was used last also after the clock was set back.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._latest = 0  # nanoseconds since 1970

    def entries(self) -> Iterator[Entry]:
        """All files; what was being written when a process died is swept.

        Raises:
            ConfigError: The root is a file, or lies in one.
        """
        try:
            make_folder(self._root)
        except (FileExistsError, NotADirectoryError) as error:
            raise ConfigError("--data-dir", f"{self._root} is not a folder") from error
        for folder, _, names in os.walk(self._root):
            for name in names:
                path = Path(folder, name)
                with contextlib.suppress(OSError):
                    if name.startswith(TEMPORARY):
                        path.unlink()
                        continue
                    about = path.stat()
                    self._latest = max(self._latest, about.st_mtime_ns)
                    yield Entry(path.relative_to(self._root).as_posix(), about.st_size, about.st_mtime)

    def read(self, key: str) -> bytes:
        """The bytes of a file."""
        return (self._root / key).read_bytes()

    def write(self, key: str, data: bytes) -> None:
        """Writes a file, folders included, so that it outlives a power cut."""
        path = self._root / key
        make_folder(path.parent)
        write_atomically(path, data)
        self._stamp(path)

    def move(self, key: str, to: str) -> None:
        """Renames a file."""
        path = self._root / to
        make_folder(path.parent)
        (self._root / key).replace(path)

    def remove(self, key: str) -> None:
        """Deletes a file, and its folder if it was the last one there."""
        path = self._root / key
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            path.parent.rmdir()

    def touch(self, key: str) -> None:
        """Gives the file the latest time of all."""
        self._stamp(self._root / key)

    def _stamp(self, path: Path) -> None:
        with self._lock:
            self._latest = max(time.time_ns(), self._latest + _STEP)
            os.utime(path, ns=(self._latest, self._latest))
