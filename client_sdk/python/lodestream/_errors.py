"""Every exception of the SDK, and the one table that maps gRPC's statuses to them.

LodestreamError
├── ServerError                    the server said no; has code and message
│   ├── InvalidRequestError        has violations
│   ├── UnauthenticatedError
│   ├── PermissionDeniedError
│   ├── AvatarNotFoundError
│   ├── OverloadedError            has retry_after
│   ├── PreconditionFailedError
│   ├── DataLossError
│   ├── InternalServerError        has error_id
│   └── UnexpectedStatusError      no lodestream server answers like that
├── ConnectionFailedError          no server, or it went away; has retry_after and unreachable
├── DeadlineExceededError          it took longer than the timeout
├── RequestCancelledError          the call was cancelled
├── CorruptStreamError             what arrived is not what was announced
└── LocalServerError               a private server could not be started; has missing
"""

from __future__ import annotations

from dataclasses import dataclass

import grpc

from lodestream import _details


class LodestreamError(Exception):
    """Root of everything that the SDK raises on purpose."""


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """A field of the request and what is allowed there."""

    field: str
    description: str


class ServerError(LodestreamError):
    """The server said no."""

    def __init__(self, code: grpc.StatusCode, message: str, details: _details.Details = _details.NONE) -> None:
        super().__init__(message)
        self.code: str = code.name
        self.message = message
        self.reason = details.reason
        self.violations = tuple(FieldViolation(field, text) for field, text in details.violations)
        self.error_id = details.error_id
        self.retry_after = details.retry_after


class InvalidRequestError(ServerError):
    """The request cannot be served as it is: ``violations`` says why."""


class UnauthenticatedError(ServerError):
    """The server wants to know who is asking."""


class PermissionDeniedError(ServerError):
    """This user may not do that."""


class AvatarNotFoundError(ServerError):
    """The server does not know the avatar (any more)."""


class OverloadedError(ServerError):
    """The server has too much to do: try again after ``retry_after`` seconds."""


class PreconditionFailedError(ServerError):
    """The avatar belongs to other weights than the server runs."""


class DataLossError(ServerError):
    """The server cannot make the same bytes again: start afresh."""


class InternalServerError(ServerError):
    """The server's fault: quote ``error_id``."""


class UnexpectedStatusError(ServerError):
    """A status that no lodestream server sends."""


class ConnectionFailedError(LodestreamError):
    """There is no server at that address, or it went away and did not come back.

    ``unreachable`` is true if nobody listens there, false if a connection broke or the server turned the call away.
    """

    def __init__(self, message: str, retry_after: float | None = None, *, unreachable: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.unreachable = unreachable


class DeadlineExceededError(LodestreamError):
    """It took longer than the timeout allowed."""


class RequestCancelledError(LodestreamError):
    """The call was cancelled."""


class CorruptStreamError(LodestreamError):
    """What arrived is not what the server announced: wrong order, size or SHA-256."""


class LocalServerError(LodestreamError):
    """A private server could not be started. ``missing`` is true if it is not even installed."""

    def __init__(self, message: str, *, missing: bool = False) -> None:
        super().__init__(message)
        self.missing = missing


_Code = grpc.StatusCode
STATUSES: dict[grpc.StatusCode, type[LodestreamError]] = {
    _Code.INVALID_ARGUMENT: InvalidRequestError,
    _Code.UNAUTHENTICATED: UnauthenticatedError,
    _Code.PERMISSION_DENIED: PermissionDeniedError,
    _Code.NOT_FOUND: AvatarNotFoundError,
    _Code.RESOURCE_EXHAUSTED: OverloadedError,
    _Code.FAILED_PRECONDITION: PreconditionFailedError,
    _Code.DATA_LOSS: DataLossError,
    _Code.INTERNAL: InternalServerError,
    _Code.UNAVAILABLE: ConnectionFailedError,
    _Code.DEADLINE_EXCEEDED: DeadlineExceededError,
    _Code.CANCELLED: RequestCancelledError,
    _Code.UNKNOWN: UnexpectedStatusError,
    _Code.ABORTED: UnexpectedStatusError,
    _Code.ALREADY_EXISTS: UnexpectedStatusError,
    _Code.OUT_OF_RANGE: UnexpectedStatusError,
    _Code.UNIMPLEMENTED: UnexpectedStatusError,
}
"""Every status but OK."""


_UNREACHABLE = ("failed to connect", "DNS resolution failed", "name resolution")
_BROKEN = ("RST_STREAM", "Stream removed", "Socket closed", "Connection reset", "GOAWAY")
"""What gRPC says of streams that broke on the way, whatever status it gives them."""


def from_grpc(error: grpc.RpcError) -> LodestreamError:
    """The SDK's exception for one of gRPC's."""
    code: grpc.StatusCode = error.code()
    message = error.details() or code.name
    details = _details.parse(error.trailing_metadata())
    kind = STATUSES[code]
    broken = kind is not ConnectionFailedError and not details.reason and any(word in message for word in _BROKEN)
    if kind is ConnectionFailedError or broken:
        unreachable = any(word in message for word in _UNREACHABLE)
        return ConnectionFailedError(message, details.retry_after, unreachable=unreachable)
    if issubclass(kind, ServerError):
        return kind(code, message, details)
    return kind(message)
