"""The seam between the worker and whatever runs its networks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Session(Protocol):
    """One network, ready to run. Thread-safe."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs."""

    def run(self, feeds: Mapping[str, Array]) -> dict[str, NDArray[np.float32]]:
        """Output arrays by name for input arrays by name."""


class Engine(Protocol):
    """Loads networks from ONNX files."""

    @property
    def name(self) -> str:
        """Such as ``onnxruntime-cpu``."""

    @property
    def precision(self) -> str:
        """Such as ``fp32``."""

    def load(self, path: Path) -> Session:
        """Reads a network.

        Raises:
            BundleError: The file is no network that this engine can run.
        """
