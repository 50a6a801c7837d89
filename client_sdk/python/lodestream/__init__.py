"""The SDK of lodestream: stream rigged avatars from a prompt.

>>> import lodestream
>>> with lodestream.Client("127.0.0.1:50051") as client:          # doctest: +SKIP
...     for event in client.generate("a tall man in a red shirt"):
...         if isinstance(event, lodestream.Level):
...             show(event.glb)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lodestream._version import __version__

if TYPE_CHECKING:
    from lodestream._async_client import AsyncClient
    from lodestream._client import Client
    from lodestream._errors import (
        AvatarNotFoundError,
        ConnectionFailedError,
        CorruptStreamError,
        DataLossError,
        DeadlineExceededError,
        FieldViolation,
        InternalServerError,
        InvalidRequestError,
        LocalServerError,
        LodestreamError,
        OverloadedError,
        PermissionDeniedError,
        PreconditionFailedError,
        RequestCancelledError,
        ServerError,
        UnauthenticatedError,
        UnexpectedStatusError,
    )
    from lodestream._events import Accepted, Done, Event, Level, Match, Progress, ServerInfo
    from lodestream._local_server import LocalServer
    from lodestream._retry import Retry

__all__ = [
    "Accepted",
    "AsyncClient",
    "AvatarNotFoundError",
    "Client",
    "ConnectionFailedError",
    "CorruptStreamError",
    "DataLossError",
    "DeadlineExceededError",
    "Done",
    "Event",
    "FieldViolation",
    "InternalServerError",
    "InvalidRequestError",
    "Level",
    "LocalServer",
    "LocalServerError",
    "LodestreamError",
    "Match",
    "OverloadedError",
    "PermissionDeniedError",
    "PreconditionFailedError",
    "Progress",
    "RequestCancelledError",
    "Retry",
    "ServerError",
    "ServerInfo",
    "UnauthenticatedError",
    "UnexpectedStatusError",
    "__version__",
]

# Importing gRPC takes longer than many programs run, so each name is loaded when it is first used.
_HOMES = {
    "Accepted": "_events",
    "AsyncClient": "_async_client",
    "AvatarNotFoundError": "_errors",
    "Client": "_client",
    "ConnectionFailedError": "_errors",
    "CorruptStreamError": "_errors",
    "DataLossError": "_errors",
    "DeadlineExceededError": "_errors",
    "Done": "_events",
    "Event": "_events",
    "FieldViolation": "_errors",
    "InternalServerError": "_errors",
    "InvalidRequestError": "_errors",
    "Level": "_events",
    "LocalServer": "_local_server",
    "LocalServerError": "_errors",
    "LodestreamError": "_errors",
    "Match": "_events",
    "OverloadedError": "_errors",
    "PermissionDeniedError": "_errors",
    "PreconditionFailedError": "_errors",
    "Progress": "_events",
    "RequestCancelledError": "_errors",
    "Retry": "_retry",
    "ServerError": "_errors",
    "ServerInfo": "_events",
    "UnauthenticatedError": "_errors",
    "UnexpectedStatusError": "_errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
