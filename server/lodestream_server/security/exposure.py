"""What may be listened on: nothing but this machine, unless callers are known and the line is encrypted."""

from __future__ import annotations

import ipaddress

from lodestream_server.config import Config
from lodestream_server.errors import ExposedError


def check(config: Config) -> None:
    """Compares addresses with what protects them.

    Raises:
        ExposedError: Somebody else's machine could call without a token, or send one in the clear; says what to do.
    """
    if config.insecure:
        return
    encrypted = config.tls_certificate is not None
    _check("--listen", config.listen, config.tokens is not None or config.tls_client_ca is not None, encrypted)
    if config.http != "off":
        _check("--http", config.http, config.tokens is not None, encrypted)


def is_loopback(address: str) -> bool:
    """Whether ``HOST:PORT`` can be reached from this machine only."""
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check(option: str, address: str, known: bool, encrypted: bool) -> None:
    if is_loopback(address):
        return
    if not known:
        raise ExposedError(
            option,
            address,
            "without --tokens anybody could call: make a token with `lodestream-server token new --name NAME`, "
            "or listen on 127.0.0.1, or accept it with --insecure",
        )
    if not encrypted:
        raise ExposedError(
            option,
            address,
            "tokens would travel in the clear: give --tls-certificate and --tls-key, or listen on 127.0.0.1 behind "
            "what encrypts, or accept it with --insecure",
        )
