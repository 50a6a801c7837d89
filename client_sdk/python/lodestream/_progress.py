"""Shows on a terminal how an avatar arrives; one plain line per level where there is no terminal."""

from __future__ import annotations

import sys
from typing import TextIO

from lodestream._events import Accepted, Done, Event, Level, Progress

_WIDTH = 24


class Display:
    """Writes to ``stream``, stderr by default."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()

    def say(self, text: str) -> None:
        """A line."""
        clear = "\r\x1b[K" if self._live else ""
        self._stream.write(f"{clear}{text}\n")
        self._stream.flush()

    def show(self, event: Event) -> None:
        """What just happened."""
        if isinstance(event, Accepted):
            match = f", matched {event.match.id} ({event.match.score:.2f})" if event.match else ""
            self.say(f"avatar {event.avatar_id}, seed {event.seed}{match}")
        elif isinstance(event, Progress) and self._live:
            filled = round(_WIDTH * event.received / max(event.total, 1))
            bar = "█" * filled + "░" * (_WIDTH - filled)
            self._stream.write(f"\r\x1b[Klevel {event.level} {bar} {event.received / 1e3:,.0f} KB")
            self._stream.flush()
        elif isinstance(event, Level):
            self.say(
                f"level {event.level}  {event.triangles:>7,} triangles  {event.texture:>4}² texture  "
                f"{len(event.glb) / 1e3:>7,.0f} KB  after {event.ms:>6,.0f} ms"
            )
        elif isinstance(event, Done):
            self.say(f"done in {event.total_ms:,.0f} ms")
