"""How a client reaches its server: in the clear or by TLS, with a token or without."""

from __future__ import annotations

import ipaddress
from os import PathLike
from pathlib import Path

import grpc

Pem = bytes | str | PathLike[str]
Metadata = tuple[tuple[str, str], ...]


def channel_credentials(
    tls: bool | None, root_certificates: Pem | None, client_certificate: tuple[Pem, Pem] | None
) -> grpc.ChannelCredentials | None:
    """What a channel by TLS needs, ``None`` for one in the clear.

    Args:
        tls: Whether to encrypt; ``None``: if there are certificates.
        root_certificates: PEM, or the path of a file of it; ``None`` for those that gRPC trusts by itself.
        client_certificate: Certificate chain and key, each as PEM or path.

    Raises:
        ValueError: There are certificates, but they are not to be used.
        OSError: A file cannot be read.
    """
    given = root_certificates is not None or client_certificate is not None
    if tls is False and given:
        raise ValueError("certificates are of no use without TLS")
    if not tls and not given:
        return None
    chain, key = client_certificate or (None, None)
    return grpc.ssl_channel_credentials(_pem(root_certificates), _pem(key), _pem(chain))


def metadata(address: str, token: str | None, tls: bool | None, encrypted: bool) -> Metadata:
    """What every call carries.

    Raises:
        ValueError: The token is malformed, or would leave this machine in the clear without ``tls`` being ``False``.
    """
    if token is None:
        return ()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError("the token must be printable ASCII without spaces")
    if not encrypted and tls is None and not _loopback(address):
        raise ValueError(
            f"the token would travel to {address} in the clear: give root_certificates or tls=True, "
            "or tls=False if that is what you want"
        )
    return (("authorization", f"Bearer {token}"),)


def _pem(source: Pem | None) -> bytes | None:
    return source if source is None or isinstance(source, bytes) else Path(source).read_bytes()


def _loopback(address: str) -> bool:
    if address.startswith("unix:"):
        return True
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
