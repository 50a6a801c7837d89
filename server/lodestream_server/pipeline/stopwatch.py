"""Times the stages of a job."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lodestream_server import tracing
from lodestream_server.checkpoint import checkpoint, own_seconds

Observe = Callable[[str, float], None]
"""Called with the name of a stage and the seconds it took."""


class Stopwatch:
    """Collects ``stages_ms`` and reports every measurement to ``observe``."""

    def __init__(self, observe: Observe) -> None:
        self._observe = observe
        self.stages_ms: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str, level: int | None = None) -> Iterator[None]:
        """Times a ``with`` block; ``stages_ms`` keeps levels apart (``decode_3``), the observer does not.

        Raises:
            AbandonedError: Nobody waits for the job any more.
        """
        checkpoint()
        begin = own_seconds()
        try:
            with tracing.span(name, level):
                yield
        finally:
            seconds = own_seconds() - begin
            key = name if level is None else f"{name}_{level}"
            self.stages_ms[key] = self.stages_ms.get(key, 0.0) + seconds * 1e3
            self._observe(name, seconds)
