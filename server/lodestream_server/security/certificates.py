"""The worker's certificate and those it accepts, taken up anew when the files change."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import grpc

from lodestream_server.errors import ConfigError
from lodestream_server.security.watched import Watched

_UTC_TIME = 0x17
_EXPLICIT_VERSION = 0xA0


@dataclass(frozen=True, slots=True, eq=False)
class Certificate:
    """What the files said: PEM, a context for HTTP made of it, and when the chain ends, in seconds since 1970."""

    chain: bytes
    key: bytes
    client_ca: bytes | None
    context: ssl.SSLContext
    expires: float


class Certificates:
    """The certificate in use. New connections get what the files say now, old ones go on.

    Args:
        chain: PEM file of the certificate and those between it and a root.
        key: PEM file of its private key, without a password.
        client_ca: PEM file of the roots that callers of gRPC must have a certificate of, or ``None``.
    """

    def __init__(self, chain: Path, key: Path, client_ca: Path | None) -> None:
        """Reads the files.

        Raises:
            ConfigError: One of them cannot be used, or the key is another certificate's.
        """
        paths = tuple(path for path in (chain, key, client_ca) if path is not None)
        self._watched = Watched(paths, lambda: _read(chain, key, client_ca))
        self._mutual = client_ca is not None

    def reload(self) -> None:
        """Reads the files now."""
        self._watched.reload()

    @property
    def failed(self) -> bool:
        """Whether the files, as they were read last, cannot be used."""
        return self._watched.failed

    def expires(self) -> float:
        """When the first certificate of the chain in use ends, in seconds since 1970."""
        return self._watched.current().expires

    def for_http(self) -> ssl.SSLContext:
        """For a new connection of HTTP."""
        return self._watched.current().context

    def for_grpc(self) -> grpc.ServerCredentials:
        """For a port of gRPC, which asks anew at every handshake."""
        given = self._watched.current()

        def changed() -> grpc.ServerCertificateConfiguration | None:
            nonlocal given
            before, given = given, self._watched.current()
            return None if given is before else _configuration(given)

        return grpc.dynamic_ssl_server_credentials(_configuration(given), changed, self._mutual)


def _configuration(certificate: Certificate) -> grpc.ServerCertificateConfiguration:
    pairs = [(certificate.key, certificate.chain)]
    return grpc.ssl_server_certificate_configuration(pairs, certificate.client_ca)


def _read(chain: Path, key: Path, client_ca: Path | None) -> Certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    parts = [_bytes("--tls-certificate", chain), _bytes("--tls-key", key)]
    try:
        context.load_cert_chain(chain, key, password=lambda: b"")  # else OpenSSL would ask on the terminal
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise ConfigError(
            f"--tls-certificate {chain}, --tls-key {key}", "must be PEM, belong together and have no password"
        ) from error
    roots = None
    if client_ca is not None:
        roots = _bytes("--tls-client-ca", client_ca)
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(client_ca)
        except OSError as error:
            raise ConfigError(f"--tls-client-ca {client_ca}", "must be PEM certificates") from error
    return Certificate(parts[0], parts[1], roots, context, min(map(_not_after, _ders(parts[0])), default=0.0))


def _ders(chain: bytes) -> Iterator[bytes]:
    """The certificates of a PEM file that OpenSSL has accepted."""
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    for part in chain.decode("latin-1").split(begin)[1:]:
        yield ssl.PEM_cert_to_DER_cert(begin + part.partition(end)[0] + end)


def _not_after(der: bytes) -> float:
    """When a certificate ends, in seconds since 1970: ``tbsCertificate.validity.notAfter`` of RFC 5280, section 4.1."""
    fields = list(_inside(next(_inside(next(_inside(der))[1]))[1]))
    if fields[0][0] == _EXPLICIT_VERSION:
        del fields[0]
    serial_signature_issuer = 3
    _, (kind, text) = _inside(fields[serial_signature_issuer][1])
    moment = text.decode("ascii")
    if kind == _UTC_TIME:  # two digits of the year, of 1950 to 2049
        moment = ("19" if moment >= "50" else "20") + moment
    return datetime.strptime(moment, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()


def _inside(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Tags and contents of the elements that ``der`` consists of (X.690, sections 8.1 and 10.1)."""
    at = 0
    while at < len(der):
        tag, size = der[at], der[at + 1]
        at += 2
        if size & 0x80:
            octets = size & 0x7F
            size = int.from_bytes(der[at : at + octets])
            at += octets
        yield tag, der[at : at + size]
        at += size


def _bytes(option: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{option} {path}", error.strerror or "cannot be read") from error
