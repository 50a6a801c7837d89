"""Where the store lies, by the name that an operator gives it."""

from __future__ import annotations

from pathlib import Path

from lodestream_server.store.disk import LocalDisk
from lodestream_server.store.remote import open_remote
from lodestream_server.store.storage import Storage


def open_storage(place: Path | str) -> Storage:
    """The local folder ``place``, or what fsspec makes of a URL such as ``s3://bucket/folder``.

    Raises:
        ConfigError: Nothing here can open such a URL.
    """
    text = str(place)
    if isinstance(place, str) and "://" in text and not text.startswith("file://"):
        return open_remote(text)
    return LocalDisk(Path(text.removeprefix("file://")))
