"""ONNX Runtime on the CPU."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from lodestream_server.encoders.engines.base import Array
from lodestream_server.errors import BundleError


class OnnxRuntimeSession:
    """One network in ONNX Runtime."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session: Any = session
        self.inputs = tuple(str(node.name) for node in self._session.get_inputs())
        self.outputs = tuple(str(node.name) for node in self._session.get_outputs())

    def run(self, feeds: Mapping[str, Array]) -> dict[str, NDArray[np.float32]]:
        """Output arrays by name for input arrays by name."""
        return dict(zip(self.outputs, self._session.run(None, dict(feeds)), strict=True))


class OnnxRuntimeCpu:
    """Runs fp32 networks; every worker thread calls by itself, ``threads`` more may help inside of a call."""

    name = "onnxruntime-cpu"
    precision = "fp32"

    def __init__(self, threads: int) -> None:
        self._options = onnxruntime.SessionOptions()
        self._options.intra_op_num_threads = threads
        self._options.inter_op_num_threads = 1
        # spinning threads halve the speed of a machine that is shared
        self._options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._options.log_severity_level = 3

    def load(self, path: Path) -> OnnxRuntimeSession:
        """Reads a network."""
        try:
            return OnnxRuntimeSession(
                onnxruntime.InferenceSession(str(path), self._options, providers=["CPUExecutionProvider"])
            )
        except Exception as error:  # ONNX Runtime's own exceptions share no base of its own
            raise BundleError(f"{path} cannot be loaded by {self.name}: {error}") from error
