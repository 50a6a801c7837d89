"""Every error that the worker raises on purpose, and the one table that says how each looks from outside."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from lodestream_server.security.disguise import disguise


class LodestreamError(Exception):
    """Root of all errors raised on purpose. The message is written for the user: no paths, no internals."""


class InvalidRequestError(LodestreamError):
    """The request cannot be served as it is: ``field`` names the culprit, the message what is allowed."""

    def __init__(self, field: str, allowed: str) -> None:
        super().__init__(f"{field}: {allowed}")
        self.field = field
        self.allowed = allowed


class AvatarNotFoundError(LodestreamError):
    """No avatar of that id is in the store."""

    def __init__(self, avatar_id: str) -> None:
        super().__init__(f"no avatar {avatar_id} here (any more): send the whole request again")


class BundleChangedError(LodestreamError):
    """The avatar was made with other weights, so its bytes cannot be made again."""

    def __init__(self, avatar_id: str, made_with: str, serving: str) -> None:
        super().__init__(f"avatar {avatar_id} was made with {made_with}, this server runs {serving}")


class DataLossError(LodestreamError):
    """A level that was sent before could not be made again byte for byte."""

    def __init__(self, avatar_id: str, level: int) -> None:
        super().__init__(f"level {level} of avatar {avatar_id} was lost and came out differently: start it afresh")


class UnauthenticatedError(LodestreamError):
    """Nobody knows who is asking: there is no token, or none that is good here."""


class PermissionDeniedError(LodestreamError):
    """The token is good, but not for this."""

    def __init__(self, scopes: Sequence[str]) -> None:
        super().__init__(f"the token does not allow this: it lacks the scope {' or '.join(scopes)}")


class RetryableError(LodestreamError):
    """Nothing is wrong with the request: send it again after ``retry_after`` seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OverloadedError(RetryableError):
    """Too much work is waiting already."""

    def __init__(self, waiting: int, retry_after: float) -> None:
        super().__init__(f"{waiting} jobs are waiting already", retry_after)


class RateLimitedError(RetryableError):
    """This caller makes too many calls: a second, or at once."""


class DrainingError(RetryableError):
    """The server finishes what it has begun and takes nothing new."""

    def __init__(self) -> None:
        super().__init__("the server is shutting down", 1.0)


class StalledError(RetryableError):
    """The client has not read for long. It may go on with what it has."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"nothing was read for {seconds:g} s", 1.0)


class OutOfTimeError(LodestreamError):
    """The work would not be done by the call's deadline, so it was not begun."""

    def __init__(self) -> None:
        super().__init__("the next level cannot be made before the deadline")


class AbandonedError(RuntimeError):
    """Nobody waits for this work any more; ends it between two stages, and nobody sees it."""


class NetworkError(RuntimeError):
    """A network failed while it ran; its cause is what the engine said. A fault of ours, INTERNAL to users."""

    def __init__(self, model: str) -> None:
        super().__init__(f"the network {model} failed")
        self.model = model


class StartupError(LodestreamError):
    """The server cannot start. Written for its operator, so paths are welcome; secrets are not."""

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str) -> None:
        super().__init__(disguise(message))


class ConfigError(StartupError):
    """An option makes no sense: ``option`` says which and where it came from."""

    def __init__(self, option: str, problem: str) -> None:
        super().__init__(f"{option}: {problem}")


class AddressInUseError(StartupError):
    """Someone else listens there, or the address is not this machine's."""

    def __init__(self, option: str, address: str, reason: str = "it is in use or not this machine's") -> None:
        super().__init__(f"cannot listen on {address} ({option}): {reason}")


class ExposedError(StartupError):
    """Others could reach an address that nothing protects."""

    def __init__(self, option: str, address: str, problem: str) -> None:
        super().__init__(f"will not listen on {address} ({option}): {problem}")


class BundleError(StartupError):
    """The bundle cannot be used."""


class BundleFileError(BundleError):
    """A file of the bundle is missing or is not what the manifest says."""

    def __init__(self, path: str, expected: str, found: str) -> None:
        super().__init__(
            f"bundle file {path} is broken: expected sha256 {expected}, found {found}; copy or install the bundle again"
        )
        self.path = path
        self.expected = expected
        self.found = found


class EngineError(StartupError):
    """An engine cannot run here, or not this network: ``reason`` is a short word for counters."""

    def __init__(self, engine: str, reason: str, problem: str) -> None:
        super().__init__(f"engine {engine} cannot be used: {problem}")
        self.engine = engine
        self.reason = reason


class WarmUpError(StartupError):
    """The pipeline did not survive its first avatar."""


@dataclass(frozen=True, slots=True)
class Outside:
    """How an error looks from outside: name of the gRPC status, HTTP status, reason of ``google.rpc.ErrorInfo``."""

    grpc: str
    http: int
    reason: str


TABLE: tuple[tuple[type[LodestreamError], Outside], ...] = (
    (InvalidRequestError, Outside("INVALID_ARGUMENT", 400, "INVALID_REQUEST")),
    (AvatarNotFoundError, Outside("NOT_FOUND", 404, "AVATAR_NOT_FOUND")),
    (BundleChangedError, Outside("FAILED_PRECONDITION", 412, "BUNDLE_CHANGED")),
    (DataLossError, Outside("DATA_LOSS", 500, "LEVEL_LOST")),
    (OverloadedError, Outside("RESOURCE_EXHAUSTED", 429, "OVERLOADED")),
    (UnauthenticatedError, Outside("UNAUTHENTICATED", 401, "UNAUTHENTICATED")),
    (PermissionDeniedError, Outside("PERMISSION_DENIED", 403, "PERMISSION_DENIED")),
    (RateLimitedError, Outside("RESOURCE_EXHAUSTED", 429, "RATE_LIMITED")),
    (DrainingError, Outside("UNAVAILABLE", 503, "DRAINING")),
    (StalledError, Outside("UNAVAILABLE", 503, "STALLED")),
    (OutOfTimeError, Outside("DEADLINE_EXCEEDED", 504, "OUT_OF_TIME")),
)
"""The first row whose class fits decides."""
INTERNAL = Outside("INTERNAL", 500, "INTERNAL")


def outside(error: BaseException) -> Outside:
    """How ``error`` looks from outside; whatever is not in the table is INTERNAL."""
    return next((look for kind, look in TABLE if isinstance(error, kind)), INTERNAL)


def new_request_id() -> str:
    """An id that ties what the user sees of a call, or of its internal error, to the log: 16 hex digits."""
    return uuid.uuid4().hex[:16]
