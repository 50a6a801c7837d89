"""Spans for OpenTelemetry, if somebody collects them: a call, its stages, and textures inside of them.

Nobody's tokens or prompts: a span that failed names the error's class alone.
"""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from lodestream_server.config import Config
from lodestream_server.errors import ConfigError

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
TIMEOUT = "OTEL_EXPORTER_OTLP_TIMEOUT"
_SECONDS = 2  # that a collector gets, for the worker's end waits for the last spans
_NEEDED = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.grpc")
_OFF: AbstractContextManager[None] = nullcontext()
_log = logging.getLogger(__name__)
_tracer: Any = None


def wanted(config: Config) -> bool:
    """Whether there is somewhere to send spans to, and something to send them with.

    Raises:
        ConfigError: ``--traces`` asks for it and a package is missing.
    """
    if not config.traces and not os.environ.get(ENDPOINT):
        return False
    if not all(_installed(name) for name in _NEEDED):
        if config.traces:
            raise ConfigError("--traces", "needs pip install 'lodestream[server,otel]'")
        _log.warning("no traces: pip install 'lodestream[server,otel]'", extra={"variable": ENDPOINT})
        return False
    return True


def configure(config: Config) -> None:
    """Sends spans from now on, by OTLP over gRPC, if they are wanted.

    Raises:
        ConfigError: As in ``wanted``.
    """
    if not wanted(config):
        return
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 (optional)
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(
        resource=Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", "lodestream")})
    )
    timeout = None if TIMEOUT in os.environ else _SECONDS
    exporter = OTLPSpanExporter(endpoint=config.traces or None, timeout=timeout)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    use(provider)


def use(provider: Any) -> None:
    """Makes spans with an OpenTelemetry ``TracerProvider`` from now on, or none with ``None``."""
    global _tracer  # noqa: PLW0603 (one process, one worker, like its log)
    _tracer = None if provider is None else provider.get_tracer("lodestream")


def span(name: str, level: int | None = None) -> AbstractContextManager[None]:
    """Surrounds a piece of work, below the span that surrounds this one."""
    if _tracer is None:
        return _OFF
    return _span(name, None, {} if level is None else {"level": level})


def call(method: str, request_id: str, headers: Iterable[tuple[str, str | bytes]]) -> AbstractContextManager[None]:
    """Surrounds a call; below the caller's span, if ``headers`` say one as ``traceparent``."""
    if _tracer is None:
        return _OFF
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415 (optional)

    carrier = {key: value for key, value in headers if isinstance(value, str)}
    parent = TraceContextTextMapPropagator().extract(carrier)
    return _span(method, parent, {"rpc.system": "grpc", "rpc.method": method, "request_id": request_id})


@contextmanager
def _span(name: str, parent: Any, attributes: dict[str, Any]) -> Iterator[None]:
    from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415 (optional)

    # what exceptions say may quote a prompt, and OpenTelemetry would keep it
    with _tracer.start_as_current_span(
        name, parent, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield
        except Exception as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
