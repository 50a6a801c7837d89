"""What every engine on top of ONNX Runtime shares: options and sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from lodestream_server.encoders.engines.base import Feeds
from lodestream_server.errors import EngineError

MAX_BATCH = 32


def options(threads: int) -> onnxruntime.SessionOptions:
    """Options for ``threads`` threads within a call."""
    out = onnxruntime.SessionOptions()
    out.intra_op_num_threads = threads
    out.inter_op_num_threads = 1
    # spinning threads halve the speed of a machine that is shared
    out.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # an arena of each network's own keeps 130 MB that are in use for some milliseconds, and saves no time
    out.enable_cpu_mem_arena = False
    out.log_severity_level = 3
    return out


class OnnxRuntimeSession:
    """One network in ONNX Runtime."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session: Any = session
        nodes = self._session.get_inputs()
        self.inputs = tuple(str(node.name) for node in nodes)
        self.outputs = tuple(str(node.name) for node in self._session.get_outputs())
        self.max_batch = 1 if any(isinstance(node.shape[0], int) for node in nodes) else MAX_BATCH

    def run(self, feeds: Feeds) -> dict[str, NDArray[np.float32]]:
        """Output arrays by name for input arrays by name."""
        return dict(zip(self.outputs, self._session.run(None, dict(feeds)), strict=True))

    def warm_up(self, feeds: Feeds) -> None:
        """Runs once: ONNX Runtime plans its memory for the shapes it sees."""
        self.run(feeds)

    def close(self) -> None:
        """Lets go of the network."""
        del self._session


def open_session(
    engine: str, model: Path | bytes, session_options: onnxruntime.SessionOptions, provider: str
) -> OnnxRuntimeSession:
    """Reads a network for one execution provider.

    Raises:
        EngineError: It is no network, or the provider did not take it (ONNX Runtime would take the CPU in silence).
    """
    name = str(model) if isinstance(model, Path) else "the network"
    try:
        session = onnxruntime.InferenceSession(
            model if isinstance(model, bytes) else str(model), session_options, providers=[provider]
        )
    except Exception as error:  # ONNX Runtime's own exceptions share no base of its own
        raise EngineError(engine, "load_failed", f"{name} cannot be loaded: {error}") from error
    if session.get_providers()[0] != provider:
        raise EngineError(engine, "provider_failed", f"ONNX Runtime could not start its {provider} (see its log)")
    return OnnxRuntimeSession(session)
