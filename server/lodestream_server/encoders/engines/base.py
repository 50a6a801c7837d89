"""The seam between the worker and whatever runs its networks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Feeds = Mapping[str, Array]


class Session(Protocol):
    """One network, ready to run. Thread-safe."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs."""

    def run(self, feeds: Feeds) -> dict[str, NDArray[np.float32]]:
        """Output arrays by name for input arrays by name."""


class LoadedSession(Session, Protocol):
    """A session as an engine gives it."""

    @property
    def max_batch(self) -> int:
        """The largest batch that one call takes: 1 where the network fixes it."""

    def warm_up(self, feeds: Feeds) -> None:
        """Does now what the first call with arrays of such shapes would do."""

    def close(self) -> None:
        """Gives back what the session holds; it cannot run any more."""


class Engine(Protocol):
    """Loads networks from ONNX files."""

    @property
    def name(self) -> str:
        """Such as ``onnxruntime-cpu``."""

    @property
    def precision(self) -> str:
        """Of the matrix products: ``fp32 fp16 bf16 int8``."""

    @property
    def max_batch(self) -> int:
        """The largest batch that any of its sessions takes."""

    def load(self, path: Path) -> LoadedSession:
        """Reads a network.

        Raises:
            EngineError: This engine cannot run it.
        """
