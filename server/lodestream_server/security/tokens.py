"""Bearer tokens, known by their SHA-256 only.

A token is 256 random bits, so a fast hash without salt is as good as a slow one: there is nothing to guess.

The file has a line per token: ``NAME sha256:DIGEST SCOPE,SCOPE [EXPIRES]``. ``EXPIRES`` is a date or time in ISO 8601,
UTC unless it says otherwise. Several lines may have the same name: that is how tokens are replaced without a gap.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lodestream_server.errors import ConfigError

SCOPES = ("generate", "preview", "resume", "metrics")
"""What a token may be good for. ``metrics`` is HTTP's, the others are gRPC's."""
PREFIX = "lst_"
"""Begins every token, so that scanners for leaked secrets know one when they see it."""
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_BYTES = 32


@dataclass(frozen=True, slots=True)
class Token:
    """One line of the file.

    Attributes:
        name: Whose it is; limits count by name.
        digest: SHA-256 of the token, 32 bytes.
        scopes: Of ``SCOPES``.
        expires: From when on it is no longer good, or ``None``.
    """

    name: str
    digest: bytes
    scopes: frozenset[str]
    expires: datetime | None = None

    def expired(self, now: datetime) -> bool:
        """Whether it is no longer good."""
        return self.expires is not None and now >= self.expires


def new(name: str, scopes: str, expires: str | None) -> tuple[str, str]:
    """Makes a token.

    Returns:
        The token and the line for the file, which does not contain it.

    Raises:
        ValueError: Name, scopes or expiry cannot be written into the file.
    """
    secret = PREFIX + secrets.token_urlsafe(_BYTES)
    line = " ".join(filter(None, (name, f"sha256:{_hash(secret).hex()}", scopes, expires)))
    parse_line(line)
    return secret, line


def find(tokens: tuple[Token, ...], secret: str) -> Token | None:
    """The token that ``secret`` is; takes the same time wherever in the file it is."""
    digest = _hash(secret)
    found = None
    for token in tokens:
        if hmac.compare_digest(token.digest, digest):
            found = token
    return found


def read(path: Path) -> tuple[Token, ...]:
    """All tokens of a file; empty lines and those that begin with ``#`` are skipped.

    Raises:
        ConfigError: It cannot be read, a line makes no sense, or anybody could write to it.
    """
    option = f"--tokens {path}"
    try:
        if path.stat().st_mode & stat.S_IWOTH:
            raise ConfigError(option, "everybody may write to it: chmod o-w")
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigError(option, error.strerror or "cannot be read") from error
    except UnicodeDecodeError as error:
        raise ConfigError(option, "must be UTF-8") from error
    tokens = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                tokens.append(parse_line(line))
            except ValueError as error:
                raise ConfigError(option, f"line {number}: {error}") from None
    return tuple(tokens)


def parse_line(line: str) -> Token:
    """One line of the file.

    Raises:
        ValueError: It makes no sense; the message does not quote it, for it may hold a token by mistake.
    """
    parts = line.split()
    if len(parts) not in (3, 4):
        raise ValueError("must be NAME sha256:DIGEST SCOPES [EXPIRES]")
    name, digest, scopes = parts[:3]
    hexadecimal = _DIGEST.fullmatch(digest)
    if hexadecimal is None:
        raise ValueError("the second word must be sha256: and 64 lower-case hex digits")
    if not _NAME.fullmatch(name):
        raise ValueError("the name must be 1 to 64 of A-Z a-z 0-9 . _ @ -")
    wanted = frozenset(scopes.split(","))
    if not wanted <= set(SCOPES):
        raise ValueError(f"the scopes must be of {','.join(SCOPES)}")
    return Token(name, bytes.fromhex(hexadecimal[1]), wanted, _time(parts[3]) if len(parts) == 4 else None)


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("the expiry must be a date or a time in ISO 8601, such as 2030-12-31") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
