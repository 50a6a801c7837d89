"""All of security, as the options say it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from lodestream_server.config import Config
from lodestream_server.errors import ConfigError
from lodestream_server.security import exposure, tokens
from lodestream_server.security.certificates import Certificates
from lodestream_server.security.gate import Gate
from lodestream_server.security.limits import Limits
from lodestream_server.security.watched import Watched


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may call, over what.

    Attributes:
        gate: Knows callers.
        limits: How many calls a caller may make.
        tokens: The file of tokens, or ``None``: anybody may call.
        certificates: For TLS, or ``None``: in the clear.
        reflection: Whether anybody may ask which methods there are.
    """

    gate: Gate
    limits: Limits
    tokens: Watched[tuple[tokens.Token, ...]] | None
    certificates: Certificates | None
    reflection: bool

    def reload(self) -> None:
        """Reads tokens and certificates now."""
        for file in (self.tokens, self.certificates):
            if file is not None:
                file.reload()


def load(config: Config) -> Policy:
    """Reads what the options name.

    Raises:
        ConfigError: A file cannot be used, or options do not go together.
        ExposedError: An address is open to others without protection.
    """
    if (config.tls_certificate is None) != (config.tls_key is None):
        raise ConfigError("--tls-certificate, --tls-key", "are needed both, or neither")
    if config.tls_client_ca is not None and config.tls_certificate is None:
        raise ConfigError("--tls-client-ca", "needs --tls-certificate and --tls-key")
    exposure.check(config)
    known = None
    if config.tokens is not None:
        known = Watched((config.tokens,), partial(tokens.read, config.tokens))
    certificates = None
    if config.tls_certificate is not None and config.tls_key is not None:
        certificates = Certificates(config.tls_certificate, config.tls_key, config.tls_client_ca)
    reflection = known is None if config.reflection == "auto" else config.reflection == "on"
    limits = Limits(config.rate, config.burst, config.streams)
    return Policy(Gate(known, limits), limits, known, certificates, reflection)
