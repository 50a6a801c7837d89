"""The seam between the service and the work: what every pipeline offers. Implementations are synchronous."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

from lodestream_server.pipeline.asset import LevelAsset, Match
from lodestream_server.pipeline.request import AvatarRequest


class Job(Protocol):
    """One avatar under way. A job belongs to one thread at a time."""

    @property
    def request(self) -> AvatarRequest:
        """The request that the job answers."""

    @property
    def avatar_id(self) -> str:
        """32 lower-case hex digits; the same request and bundle give the same id."""

    @property
    def match(self) -> Match | None:
        """The gallery picture used, ``None`` where the request's own picture took its place."""

    @property
    def stages_ms(self) -> dict[str, float]:
        """Milliseconds spent in every stage so far, in order."""


J = TypeVar("J", bound=Job)


class AvatarPipeline(Protocol[J]):
    """Turns requests into levels. Calls may come from several threads at once, but one thread per job."""

    @property
    def bundle(self) -> str:
        """Name and version of the weights."""

    @property
    def engine(self) -> str:
        """The engine that runs the networks."""

    @property
    def gallery_size(self) -> int:
        """Pictures in the gallery."""

    @property
    def morph_targets(self) -> Mapping[str, tuple[str, ...]]:
        """What a request may ask for, groups first: a group stands for many morph targets, a name for itself."""

    def avatar_id(self, request: AvatarRequest) -> str:
        """The id that ``begin`` would give, without doing the work."""

    def begin(self, request: AvatarRequest) -> J:
        """Encode, retrieve, fuse.

        Raises:
            InvalidRequestError: The picture cannot be read.
        """

    def level(self, job: J, level: int) -> LevelAsset:
        """Decode, extract, texture and write one level. Ask from coarse to fine."""

    def preview(self, job: J, width: int, height: int, azimuth: float) -> bytes:
        """Volume-render the field from ``azimuth`` degrees (0 the front): a PNG of ``width`` by ``height`` pixels."""
