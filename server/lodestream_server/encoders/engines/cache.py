"""What engines made of networks, kept on disk: one file per network and target, which knows what it was made from."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

Facts = Mapping[str, str | int | list[list[int]]]
_log = logging.getLogger(__name__)


def key(facts: Facts) -> str:
    """64 hex digits: the SHA-256 of the facts as JSON."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


class EngineCache:
    """A folder. A file is one line of JSON (key and SHA-256 of the rest) and then the payload.

    A file of another key, a truncated or a damaged one counts as absent; writing replaces it.

    Args:
        folder: Where the files lie.
        damaged: Called for every file that is truncated or damaged.
    """

    def __init__(self, folder: Path, damaged: Callable[[], None] = lambda: None) -> None:
        self.folder = folder
        self._damaged = damaged

    def path(self, slot: str) -> Path:
        """The file of ``slot``."""
        return self.folder / f"{slot}.plan"

    def read(self, slot: str, facts: Facts) -> bytes | None:
        """The payload that was made from ``facts``, None if there is none that is whole."""
        try:
            header, _, payload = self.path(slot).read_bytes().partition(b"\n")
            said = json.loads(header)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            self._report(slot, error)
            return None
        expected = _header(facts, payload)
        if said == expected:
            return payload
        if not isinstance(said, dict) or said.get("sha256") != expected["sha256"]:
            self._report(slot, "its SHA-256 is another one")
        return None

    def write(self, slot: str, facts: Facts, payload: bytes) -> Path:
        """Stores the payload in one step: whoever reads meanwhile gets the old file or the new one.

        Raises:
            OSError: The folder cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=f".{slot}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(json.dumps(_header(facts, payload)).encode() + b"\n")
                file.write(payload)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path(slot))
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                Path(name).unlink()
            raise
        return self.path(slot)

    def _report(self, slot: str, problem: object) -> None:
        _log.warning("engine damaged, made anew", extra={"file": self.path(slot), "problem": str(problem)})
        self._damaged()


def _header(facts: Facts, payload: bytes) -> dict[str, str]:
    return {"key": key(facts), "sha256": hashlib.sha256(payload).hexdigest()}
