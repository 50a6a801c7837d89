"""Small documents that know whether they are whole, and whose they are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


class BrokenSealError(ValueError):
    """The bytes are not what was sealed for that owner."""


def seal(owner: str, document: Mapping[str, Any]) -> bytes:
    """``document`` as a line of JSON, after a line with the SHA-256 over the owner's name and that JSON."""
    body = json.dumps(document).encode()
    return _digest(owner, body) + b"\n" + body


def unseal(owner: str, data: bytes) -> Any:
    """Reads what ``seal`` wrote.

    Raises:
        BrokenSealError: A bit of it is different, or it was sealed for another owner.
    """
    digest, _, body = data.partition(b"\n")
    if digest != _digest(owner, body):
        raise BrokenSealError(owner)
    return json.loads(body)


def _digest(owner: str, body: bytes) -> bytes:
    return hashlib.sha256(owner.encode() + b"\n" + body).hexdigest().encode()
