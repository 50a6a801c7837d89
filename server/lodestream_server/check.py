"""``lodestream-server --check-config``: whether a worker with these options could start, without starting one."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from lodestream_server import bundle, config, tracing
from lodestream_server.config import Config
from lodestream_server.errors import ConfigError
from lodestream_server.security import policy
from lodestream_server.security.disguise import disguise
from lodestream_server.store.opening import open_storage


def main(argv: Sequence[str]) -> None:
    """Prints the options as TOML, each with where it came from, and looks at what they name.

    Tokens, certificates and keys are read, the bundle's files compared with its manifest, the data folder must be
    writable. Nothing is changed, no address is taken, and storages elsewhere are not asked.

    Args:
        argv: The command line without the program's name.

    Raises:
        StartupError: A worker could not start like this, or could not keep avatars.
    """
    options, sources = config.trace(argv)
    for line in _lines(options, sources):
        sys.stdout.write(line.replace("\n", " ").encode(errors="backslashreplace").decode() + "\n")
    sys.stdout.flush()
    policy.load(options)
    tracing.wanted(options)
    opened = bundle.load(options.bundle)
    if options.store:
        open_storage(options.store)
    _check_folder(options.data_dir)
    sys.stdout.write(f"# all is well; bundle {opened.id}\n")


def _lines(options: Config, sources: Mapping[str, str]) -> Iterator[str]:
    for name, value in asdict(options).items():
        source = sources.get(name, "default")
        if value is None:
            yield f"# {name} is not set"
        elif isinstance(value, bool | int | float):
            yield f"{name} = {json.dumps(value)}  # {source}"
        else:
            yield f"{name} = {json.dumps(disguise(str(value)), ensure_ascii=False)}  # {source}"


def _check_folder(folder: Path) -> None:
    """The folder, or what it would be made in, must be one and writable."""
    try:
        there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    except OSError as error:
        raise ConfigError("--data-dir", f"{folder}: {error.strerror}") from error
    if not there.is_dir():
        raise ConfigError("--data-dir", f"{there} is not a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise ConfigError("--data-dir", f"{there} cannot be written to: no avatar would be kept")
