"""Puts a stream together, whatever carries it: messages in, events out, and where to go on after a cut."""

from __future__ import annotations

import hashlib
import time

from lodestream._errors import CorruptStreamError
from lodestream._events import Accepted, Done, Event, Level, Match, Progress
from lodestream.v1 import avatar_pb2 as pb


class Assembly:
    """The arrival of one avatar; outlives the streams that bring it.

    Args:
        request: What is asked for: an avatar, or the rest of one.
        received: With the rest of one, what is there already of the level that it begins with.
    """

    def __init__(self, request: pb.StreamAvatarRequest, received: bytes = b"") -> None:
        self._request = request
        self._received = received
        self._began = time.perf_counter()
        self._accepted: Accepted | None = None
        self._missing: list[int] = []
        self._start: pb.LevelStart | None = None
        self._data = bytearray(received)
        self._afresh = False
        self.done = False

    def request(self) -> pb.StreamAvatarRequest:
        """What to send now: the request, or where to go on."""
        if self._accepted is None or not self._missing or self._afresh:
            self._start = None
            self._data[:] = self._received
            return self._request
        if self._start is None or self._start.level != self._missing[0]:
            self._data.clear()
        resume = pb.Resume(avatar_id=self._accepted.avatar_id, level=self._missing[0], offset=len(self._data))
        return pb.StreamAvatarRequest(resume=resume, chunk_bytes=self._request.chunk_bytes)

    def start_afresh(self) -> bool:
        """The server cannot go on with the avatar: ask for all of it again. False if that was not a resumption."""
        resuming = self._accepted is not None and not self._afresh and not self._request.HasField("resume")
        self._afresh = resuming
        return resuming

    def feed(self, message: pb.StreamAvatarResponse) -> Event | None:
        """Takes the next message.

        Returns:
            What it means to the user, if anything.

        Raises:
            CorruptStreamError: It does not fit what came before.
        """
        kind = message.WhichOneof("event")
        if kind == "accepted":
            return self._on_accepted(message.accepted)
        if kind == "level_start":
            self._on_level_start(message.level_start)
        if kind == "chunk":
            return self._on_chunk(message.chunk)
        if kind == "level_end":
            return self._on_level_end(message.level_end)
        if kind == "done":
            return self._on_done(message.done)
        return None  # a later server may say more

    def _on_accepted(self, message: pb.Accepted) -> Accepted | None:
        if self._accepted is not None:
            if message.avatar_id != self._accepted.avatar_id:
                raise CorruptStreamError(f"the server went on with {message.avatar_id}, not {self._accepted.avatar_id}")
            self._afresh = False
            return None
        match = Match(message.match.id, message.match.score) if message.HasField("match") else None
        levels = tuple(message.levels)
        self._accepted = Accepted(message.avatar_id, levels, match, message.seed, message.bundle, message.engine)
        self._missing = list(levels)
        return self._accepted

    def _on_level_start(self, message: pb.LevelStart) -> None:
        if self._start is not None and self._start.level == message.level and self._start.sha256 != message.sha256:
            raise CorruptStreamError(f"level {message.level} changed between two attempts")
        if not self._have(message.level) and self._missing[:1] != [message.level]:
            raise CorruptStreamError(f"level {message.level} came out of turn")
        self._start = message

    def _on_chunk(self, message: pb.Chunk) -> Progress | None:
        if self._start is None or message.offset != len(self._data):
            raise CorruptStreamError(f"a chunk at {message.offset} came after {len(self._data)} bytes")
        self._data += message.data
        if self._have(self._start.level):
            return None
        return Progress(self._start.level, len(self._data), self._start.total_bytes)

    def _on_level_end(self, message: pb.LevelEnd) -> Level | None:
        start, glb = self._start, bytes(self._data)
        if start is None or start.level != message.level:
            raise CorruptStreamError(f"level {message.level} ended without having begun")
        if len(glb) != start.total_bytes or hashlib.sha256(glb).hexdigest() != start.sha256:
            raise CorruptStreamError(f"level {message.level} is damaged: its size or SHA-256 is not as announced")
        self._start = None
        self._data.clear()
        if self._have(start.level):
            return None
        self._missing.pop(0)
        ms = (time.perf_counter() - self._began) * 1e3
        return Level(start.level, glb, start.sha256, start.triangles, start.vertices, start.texture_size, ms)

    def _on_done(self, message: pb.Done) -> Done:
        if self._missing:
            raise CorruptStreamError(f"the stream ended without level {self._missing[0]}")
        self.done = True
        return Done(dict(message.stages_ms), message.total_ms)

    def _have(self, level: int) -> bool:
        """Whether the level was complete before this stream."""
        return self._accepted is not None and level in self._accepted.levels and level not in self._missing
