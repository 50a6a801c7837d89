"""Reads ``google.rpc.Status`` details without the googleapis package, which the SDK does not want to require.

Field numbers are those of google/rpc/status.proto and google/rpc/error_details.proto.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from google.protobuf import any_pb2, duration_pb2, empty_pb2, unknown_fields
from google.protobuf.message import DecodeError

_KEY = "grpc-status-details-bin"
_STATUS_DETAILS = 3


@dataclass(frozen=True, slots=True)
class Details:
    """What a status brings along."""

    reason: str = ""
    error_id: str = ""
    retry_after: float | None = None
    violations: tuple[tuple[str, str], ...] = field(default=())


NONE = Details()


def parse(metadata: Iterable[tuple[str, str | bytes]] | None) -> Details:
    """The details in a call's trailing metadata; those that cannot be read are left out."""
    raw = next((value for key, value in metadata or () if key == _KEY), b"")
    reason = error_id = ""
    retry_after: float | None = None
    violations: list[tuple[str, str]] = []
    try:
        for item in _fields(raw if isinstance(raw, bytes) else raw.encode(), _STATUS_DETAILS):
            detail = any_pb2.Any.FromString(item)
            kind = detail.type_url.rpartition("/")[2]
            if kind == "google.rpc.ErrorInfo":
                reason = _text(detail.value, 1)
                error_id = next((_text(e, 2) for e in _fields(detail.value, 3) if _text(e, 1) == "error_id"), "")
            elif kind == "google.rpc.RetryInfo":
                delay = duration_pb2.Duration.FromString(next(_fields(detail.value, 1), b""))
                retry_after = delay.ToTimedelta().total_seconds()
            elif kind == "google.rpc.BadRequest":
                violations += [(_text(v, 1), _text(v, 2)) for v in _fields(detail.value, 1)]
    except DecodeError:
        pass
    return Details(reason, error_id, retry_after, tuple(violations))


def _fields(raw: bytes, number: int) -> Iterator[bytes]:
    """Values of a length-delimited field."""
    found = unknown_fields.UnknownFieldSet(empty_pb2.Empty.FromString(raw))
    values = (found[at] for at in range(len(found)))
    return (value.data for value in values if value.field_number == number and isinstance(value.data, bytes))


def _text(raw: bytes, number: int) -> str:
    return next(_fields(raw, number), b"").decode(errors="replace")
