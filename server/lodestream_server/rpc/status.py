"""Errors to ``google.rpc.Status`` with details."""

from __future__ import annotations

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]

from lodestream_server.errors import INTERNAL, InvalidRequestError, RetryableError, outside

DOMAIN = "lodestream"
_LONGEST = 86_400.0
"""Seconds that anybody is told to wait."""


def to_status(error: BaseException, request_id: str) -> status_pb2.Status:
    """How a client is told of ``error``: of an internal one it only sees the id of its call."""
    look = outside(error)
    info = error_details_pb2.ErrorInfo(reason=look.reason, domain=DOMAIN)
    details: list[Message] = [info]
    message = str(error)
    if look is INTERNAL:
        info.metadata["error_id"] = request_id
        message = f"internal error, please quote {request_id}"
    elif isinstance(error, InvalidRequestError):
        violation = error_details_pb2.BadRequest.FieldViolation(field=error.field, description=error.allowed)
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    elif isinstance(error, RetryableError):
        delay = duration_pb2.Duration()
        delay.FromNanoseconds(int(min(error.retry_after, _LONGEST) * 1e9))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    code: int = grpc.StatusCode[look.grpc].value[0]
    return status_pb2.Status(code=code, message=message, details=[_pack(detail) for detail in details])


def _pack(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
