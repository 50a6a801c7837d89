"""TensorRT on an NVIDIA GPU; TensorRT-RTX stands in where only that is installed."""

from __future__ import annotations

import importlib.util
import logging
from pathlib import Path
from typing import Any

from lodestream_server.encoders.engines import nvidia
from lodestream_server.encoders.engines.cache import EngineCache
from lodestream_server.encoders.engines.tensorrt_build import PACKAGES, Builder, Profile, missing
from lodestream_server.encoders.engines.tensorrt_session import TensorRtSession
from lodestream_server.errors import EngineError

NAME = "tensorrt"
_log = logging.getLogger(__name__)


class TensorRt:
    """Builds plans on first use and keeps them; ``streams`` calls run at once.

    Raises:
        EngineError: A package, the driver or the GPU is missing; the message lists all that is.
    """

    def __init__(self, precision: str, streams: int, cache: EngineCache, profile: Profile) -> None:
        flavour = next((f for f, names in PACKAGES.items() if any(map(_installed, names))), NAME)
        lacks = [] if any(map(_installed, PACKAGES[flavour])) else [nvidia.Lack("package_missing", missing(flavour))]
        if not _installed("cuda.bindings"):
            what = "the Python package cuda-python is missing (pip install 'lodestream[tensorrt]')"
            lacks.append(nvidia.Lack("bindings_missing", what))
        if not _installed("onnx"):
            what = "the Python package onnx is missing (pip install 'lodestream[tensorrt]')"
            lacks.append(nvidia.Lack("onnx_missing", what))
        if lacks := lacks + nvidia.lacks():
            raise EngineError(NAME, lacks[0].reason, "; ".join(lack.text for lack in lacks))
        self.name = flavour
        self.precision = precision
        self.max_batch = profile.batch[2]
        self._builder = Builder(flavour, precision, profile, cache, device=nvidia.device())
        self._streams = streams
        self._runtime: Any = self._builder.trt.Runtime(self._builder.trt.Logger())

    def load(self, path: Path) -> TensorRtSession:
        """Takes the plan from the cache, or builds it: seconds to minutes, the first time.

        Raises:
            EngineError: TensorRT does not take the network, or does not run the plan it has just built.
        """
        plan = self._builder.plan(path)
        _log.info("plan", extra={"model": path.stem, "cached": plan.cached, "key": plan.key[:16]})
        engine = self._runtime.deserialize_cuda_engine(plan.data)
        if engine is None and plan.cached:
            _log.warning("plan refused", extra={"model": path.stem, "key": plan.key[:16]})
            engine = self._runtime.deserialize_cuda_engine(self._builder.rebuild(path).data)
        if engine is None:
            raise EngineError(self.name, "deserialize_failed", f"the plan of {path.name} does not load here")
        return TensorRtSession(self._builder.trt, self.name, engine, self._streams)


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # the package around it is not there
        return False
