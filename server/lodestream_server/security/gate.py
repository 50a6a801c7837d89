"""Who is calling, and what they may do."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote

from lodestream_server.errors import PermissionDeniedError, UnauthenticatedError
from lodestream_server.security.limits import Limits
from lodestream_server.security.tokens import SCOPES, Token, find
from lodestream_server.security.watched import Watched

HEADER = "authorization"
_SCHEME = "bearer "
_LONGEST = 512
_IPV6_PREFIX = 64  # what one subscriber gets


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who was let in.

    Attributes:
        name: What limits count by; ``None`` if there are none: this machine itself, where no tokens are asked for.
        scopes: Of ``tokens.SCOPES``.
    """

    name: str | None
    scopes: frozenset[str]

    def require(self, *scopes: str) -> None:
        """Goes on if any of ``scopes`` is the caller's, or there are none.

        Raises:
            PermissionDeniedError: Otherwise.
        """
        if scopes and not self.scopes & set(scopes):
            raise PermissionDeniedError(scopes)


class Gate:
    """Knows callers by their tokens, or takes anybody if ``tokens`` is ``None``."""

    def __init__(self, tokens: Watched[tuple[Token, ...]] | None, limits: Limits) -> None:
        self._tokens = tokens
        self._limits = limits

    def caller(self, headers: Iterable[tuple[str, str | bytes]], peer: str) -> Caller:
        """Who is calling.

        Args:
            headers: Names in lower case, and values.
            peer: Where from, as gRPC says it: ``ipv4:127.0.0.1:1234``.

        Raises:
            UnauthenticatedError: A token is needed and there is none that is good.
        """
        if self._tokens is None:
            return Caller(_origin(peer), frozenset(SCOPES))
        token = find(self._tokens.current(), _bearer(headers))
        if token is None:
            raise UnauthenticatedError("the token is not known here")
        if token.expired(datetime.now(UTC)):
            raise UnauthenticatedError("the token has expired")
        return Caller(f"token {token.name}", token.scopes)

    @contextmanager
    def admit(self, caller: Caller) -> Iterator[None]:
        """Surrounds a call: at most so many at once and a second.

        Raises:
            RateLimitedError: There are too many.
        """
        if caller.name is None:
            yield
            return
        with self._limits.admit(caller.name):
            yield


def _bearer(headers: Iterable[tuple[str, str | bytes]]) -> str:
    values = [value for key, value in headers if key == HEADER]
    value = values[0] if len(values) == 1 else None
    if not isinstance(value, str) or not value.lower().startswith(_SCHEME) or len(value) > _LONGEST:
        raise UnauthenticatedError(f"a token is needed: send it as {HEADER}: Bearer TOKEN")
    return value[len(_SCHEME) :].strip()


def _origin(peer: str) -> str | None:
    """``peer`` without port, one network of IPv6 as one; ``None`` for this machine."""
    kind, _, rest = peer.partition(":")
    if kind == "unix":
        return None
    host = unquote(rest.rpartition(":")[0]).strip("[]").partition("%")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return f"peer {host}"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            network = ipaddress.ip_network((address, _IPV6_PREFIX), strict=False)
            return None if address.is_loopback else f"peer {network}"
        address = address.ipv4_mapped
    return None if address.is_loopback else f"peer {address}"
