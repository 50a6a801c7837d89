"""ONNX Runtime on an NVIDIA GPU."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

from lodestream_server.encoders.engines import nvidia, onnx_session
from lodestream_server.encoders.engines.onnx_session import OnnxRuntimeSession
from lodestream_server.errors import EngineError

NAME = "onnxruntime-cuda"
_PROVIDER = "CUDAExecutionProvider"


class OnnxRuntimeCuda:
    """Runs fp32 networks.

    Raises:
        EngineError: ONNX Runtime was built without CUDA, or there is no driver or no GPU.
    """

    name = NAME
    precision = "fp32"
    max_batch = onnx_session.MAX_BATCH

    def __init__(self, threads: int) -> None:
        lacks = []
        if _PROVIDER not in onnxruntime.get_available_providers():
            lacks.append(
                nvidia.Lack(
                    "package_missing",
                    "the installed onnxruntime has no CUDA provider (pip install onnxruntime-gpu in its place)",
                )
            )
        if lacks := lacks + nvidia.lacks():
            raise EngineError(self.name, lacks[0].reason, "; ".join(lack.text for lack in lacks))
        self._options = onnx_session.options(threads)

    def load(self, path: Path) -> OnnxRuntimeSession:
        """Reads a network.

        Raises:
            EngineError: The file is no network, or CUDA does not start.
        """
        return onnx_session.open_session(self.name, path, self._options, _PROVIDER)
