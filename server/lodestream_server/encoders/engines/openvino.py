"""OpenVINO on the CPU."""

from __future__ import annotations

import importlib
import importlib.util
import queue
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_server.encoders.engines import graph
from lodestream_server.encoders.engines.base import Feeds
from lodestream_server.errors import EngineError

NAME = "openvino"
MAX_BATCH = 32


class OpenVinoSession:
    """One network in OpenVINO; ``streams`` calls may run at once, others wait."""

    def __init__(self, model: Any, streams: int) -> None:
        self.inputs = tuple(str(port.any_name) for port in model.inputs)
        self.outputs = tuple(str(port.any_name) for port in model.outputs)
        self.max_batch = 1 if any(port.partial_shape[0].is_static for port in model.inputs) else MAX_BATCH
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._count = streams
        for _ in range(streams):
            self._requests.put(model.create_infer_request())

    def run(self, feeds: Feeds) -> dict[str, NDArray[np.float32]]:
        """Output arrays by name for input arrays by name."""
        request = self._requests.get()
        try:
            request.infer(dict(feeds), share_inputs=True)
            return {name: request.get_tensor(name).data.copy() for name in self.outputs}
        finally:
            self._requests.put(request)

    def warm_up(self, feeds: Feeds) -> None:
        """Runs once on every request: OpenVINO compiles kernels for the shapes it sees."""
        for _ in range(self._count):
            self.run(feeds)

    def close(self) -> None:
        """Waits for running calls and lets go of the network."""
        for _ in range(self._count):
            self._requests.get()


class OpenVino:
    """Runs fp32 networks, ``streams`` calls at once with ``threads`` threads each.

    Raises:
        EngineError: The package is missing.
    """

    name = NAME
    precision = "fp32"
    max_batch = MAX_BATCH

    def __init__(self, threads: int, streams: int) -> None:
        absent = [package for package in ("openvino", "onnx") if importlib.util.find_spec(package) is None]
        if absent:
            lacks = "; ".join(f"the Python package {package} is missing" for package in absent)
            raise EngineError(self.name, "package_missing", f"{lacks} (pip install 'lodestream[openvino]')")
        self._core: Any = importlib.import_module("openvino").Core()
        self._streams = streams
        self._options = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": threads * streams,
            "NUM_STREAMS": streams,
        }

    def load(self, path: Path) -> OpenVinoSession:
        """Reads a network, with its weights unpacked: OpenVINO 2026.4 computes wrongly with those that bundles store.

        Raises:
            EngineError: OpenVINO cannot run it.
        """
        try:
            model = self._core.read_model(graph.read(path).SerializeToString())
            return OpenVinoSession(self._core.compile_model(model, "CPU", self._options), self._streams)
        except (RuntimeError, ValueError) as error:
            raise EngineError(self.name, "load_failed", f"{path} cannot be loaded: {error}") from error
