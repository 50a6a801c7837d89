"""ONNX Runtime on the CPU."""

from __future__ import annotations

from pathlib import Path

from lodestream_server.encoders.engines import onnx_session
from lodestream_server.encoders.engines.onnx_session import OnnxRuntimeSession

NAME = "onnxruntime-cpu"


class OnnxRuntimeCpu:
    """Runs fp32 networks; every worker thread calls by itself, ``threads`` more may help inside of a call."""

    name = NAME
    precision = "fp32"
    max_batch = onnx_session.MAX_BATCH

    def __init__(self, threads: int) -> None:
        self._options = onnx_session.options(threads)

    def load(self, path: Path) -> OnnxRuntimeSession:
        """Reads a network.

        Raises:
            EngineError: The file is no network.
        """
        return onnx_session.open_session(self.name, path, self._options, "CPUExecutionProvider")
