"""ONNX Runtime on the CPU, matrix products in eight bits."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import logging
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import onnxruntime

from lodestream_server.encoders.engines import graph, onnx_session
from lodestream_server.encoders.engines.cache import EngineCache, Facts
from lodestream_server.encoders.engines.onnx_session import OnnxRuntimeSession
from lodestream_server.errors import EngineError

_NAME = "onnxruntime-cpu"
_PRODUCTS = ["MatMul", "Gemm"]
_log = logging.getLogger(__name__)


class OnnxRuntimeInt8:
    """Rounds weights per column and activations per call; what it made of a network is kept in ``cache``.

    Activations are rounded over the whole batch: a prompt that shares a call comes out slightly differently.

    Raises:
        EngineError: The package ``onnx`` is missing.
    """

    name = _NAME
    precision = "int8"
    max_batch = onnx_session.MAX_BATCH

    def __init__(self, threads: int, cache: EngineCache) -> None:
        if importlib.util.find_spec("onnx") is None:
            raise EngineError(
                self.name, "package_missing", "int8 needs the Python package onnx (pip install 'lodestream[int8]')"
            )
        self._options = onnx_session.options(threads)
        self._cache = cache

    def load(self, path: Path) -> OnnxRuntimeSession:
        """Reads a network, and quantises it if that was not done before.

        Raises:
            EngineError: The file is no network.
        """
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        slot = f"{path.stem}-{digest[:8]}.{self.name}.int8"
        facts: Facts = {
            "graph": digest,
            "onnxruntime": onnxruntime.__version__,
            "recipe": "dynamic, per channel, QInt8",
        }
        model = self._cache.read(slot, facts)
        if model is None:
            model = self._quantised(path)
            try:
                self._cache.write(slot, facts, model)
            except OSError as error:
                _log.warning("engine not kept", extra={"folder": self._cache.folder, "problem": error.strerror})
        return onnx_session.open_session(self.name, model, self._options, "CPUExecutionProvider")

    def _quantised(self, path: Path) -> bytes:
        from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415 (imports onnx)

        try:
            model = graph.read(path)
        except ValueError as error:
            raise EngineError(self.name, "load_failed", str(error)) from error
        with tempfile.NamedTemporaryFile(suffix=".onnx") as file, _silence():
            quantize_dynamic(
                model, file.name, op_types_to_quantize=_PRODUCTS, per_channel=True, weight_type=QuantType.QInt8
            )
            return Path(file.name).read_bytes()


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keeps out of the log what is logged without a name: the quantiser reports on every node that way."""
    root = logging.getLogger()
    mute: Callable[[logging.LogRecord], bool] = lambda _: False  # noqa: E731 (to be found again)
    root.addFilter(mute)
    try:
        yield
    finally:
        root.removeFilter(mute)
