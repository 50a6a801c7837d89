"""S3 and everything else that fsspec speaks, as storage. Needs fsspec, and for ``s3://`` also s3fs."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib import import_module
from typing import Any

from lodestream_server.errors import ConfigError
from lodestream_server.store.storage import Entry

# A stream waits for the store before it computes: a far end that does not answer must be given up soon.
_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "s3": {
        "use_listings_cache": False,
        "config_kwargs": {"connect_timeout": 2, "read_timeout": 5, "retries": {"max_attempts": 2}},
    }
}


class RemoteStorage:
    """Objects below ``root`` of an fsspec file system; see ``Storage``. Puts of such systems are whole or absent."""

    def __init__(self, system: Any, root: str) -> None:
        self._system = system
        self._root = root.rstrip("/")

    def entries(self) -> Iterator[Entry]:
        """All objects."""
        with _os_errors():
            try:
                found = self._system.find(self._root, detail=True)
            except FileNotFoundError:
                return
        for path, about in found.items():
            when = about.get("LastModified") or about.get("created") or about.get("mtime") or 0.0
            used = when.timestamp() if isinstance(when, datetime) else float(when)
            yield Entry(path.removeprefix(self._root).lstrip("/"), int(about["size"] or 0), used)

    def read(self, key: str) -> bytes:
        """The bytes of an object."""
        with _os_errors():
            return bytes(self._system.cat_file(f"{self._root}/{key}"))

    def write(self, key: str, data: bytes) -> None:
        """Puts an object."""
        with _os_errors():
            self._system.pipe_file(f"{self._root}/{key}", data)

    def move(self, key: str, to: str) -> None:
        """Copies an object and deletes the first one."""
        with _os_errors():
            self._system.cp_file(f"{self._root}/{key}", f"{self._root}/{to}")
            self._system.rm_file(f"{self._root}/{key}")

    def remove(self, key: str) -> None:
        """Deletes an object."""
        with _os_errors(), contextlib.suppress(FileNotFoundError):
            self._system.rm_file(f"{self._root}/{key}")

    def touch(self, key: str) -> None:
        """Does nothing: objects know only when they were put."""


def open_remote(url: str) -> RemoteStorage:
    """The storage at a URL such as ``s3://bucket/folder``; credentials come from where the far end's library looks.

    Raises:
        ConfigError: Nothing here can open such a URL.
    """
    try:
        core = import_module("fsspec.core")
        system, root = core.url_to_fs(url, **_OPTIONS.get(url.partition("://")[0], {}))
    except ImportError as error:
        raise ConfigError("--store", f"{url} needs further packages: pip install 'lodestream[s3]'") from error
    except Exception as error:  # file systems raise whatever a strange URL leads them to
        raise ConfigError("--store", f"{url} cannot be opened: {error}") from error
    return RemoteStorage(system, root)


@contextlib.contextmanager
def _os_errors() -> Iterator[None]:
    """Turns whatever the far end's library raises into ``OSError``."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise OSError(errno.EIO, f"{type(error).__name__}: {error}") from error
