"""Runs TensorRT plans: a pool of execution contexts, each with its stream, pinned host and device buffers."""

from __future__ import annotations

import ctypes
import importlib
import math
import queue
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_server.encoders.engines.base import Array, Feeds
from lodestream_server.errors import EngineError


@dataclass(slots=True)
class _Buffer:
    """Page-locked memory of the host and memory of the device, both of ``size`` bytes."""

    size: int
    host: int
    device: int


class _Cuda:
    """The calls of the CUDA runtime that are needed, with errors raised."""

    def __init__(self, engine: str) -> None:
        self.api: Any = importlib.import_module("cuda.bindings.runtime")
        self._engine = engine

    def __call__(self, function: str, *arguments: Any) -> Any:
        """Calls ``cuda…`` and returns what it gives.

        Raises:
            EngineError: It failed.
        """
        code, *out = getattr(self.api, f"cuda{function}")(*arguments)
        if int(code):
            raise EngineError(self._engine, "cuda_failed", f"cuda{function}: {code.name}")
        return out[0] if out else None


class _Lane:
    """One execution context with its stream; one call at a time. Buffers grow to the largest call seen."""

    def __init__(self, cuda: _Cuda, trt: Any, name: str, engine: Any) -> None:
        self._cuda = cuda
        self._trt = trt
        self._name = name
        self._context = engine.create_execution_context()
        if self._context is None:
            raise EngineError(name, "context_failed", "no execution context: the GPU's memory is full")
        self._stream = cuda("StreamCreate")
        self._buffers: dict[str, _Buffer] = {}

    def run(self, feeds: Mapping[str, Array], outputs: tuple[str, ...]) -> dict[str, NDArray[np.float32]]:
        """Copies in, computes, copies out, on the lane's own stream."""
        kinds = self._cuda.api.cudaMemcpyKind
        for name, array in feeds.items():
            if not self._context.set_input_shape(name, array.shape):
                raise EngineError(self._name, "shape", f"{name} of shape {array.shape} does not fit the profile")
            buffer = self._buffer(name, array.nbytes)
            ctypes.memmove(buffer.host, array.ctypes.data, array.nbytes)
            self._cuda(
                "MemcpyAsync", buffer.device, buffer.host, array.nbytes, kinds.cudaMemcpyHostToDevice, self._stream
            )
        shapes = {name: tuple(self._context.get_tensor_shape(name)) for name in outputs}
        for name, shape in shapes.items():
            self._buffer(name, 4 * math.prod(shape))
        if not self._context.execute_async_v3(int(self._stream)):
            raise EngineError(self._name, "execute_failed", "the network could not be queued")
        for name, shape in shapes.items():
            buffer, size = self._buffers[name], 4 * math.prod(shape)
            self._cuda("MemcpyAsync", buffer.host, buffer.device, size, kinds.cudaMemcpyDeviceToHost, self._stream)
        self._cuda("StreamSynchronize", self._stream)
        return {name: self._read(name, shape) for name, shape in shapes.items()}

    def close(self) -> None:
        """Frees the buffers and the stream."""
        for buffer in self._buffers.values():
            self._free(buffer)
        self._buffers.clear()
        self._cuda("StreamDestroy", self._stream)
        del self._context

    def _buffer(self, name: str, size: int) -> _Buffer:
        """A buffer of at least ``size`` bytes, at the context's address for ``name``."""
        found = self._buffers.get(name)
        if found is None or found.size < size:
            if found is not None:
                self._free(found)
            found = _Buffer(size, int(self._cuda("MallocHost", size)), int(self._cuda("Malloc", size)))
            self._buffers[name] = found
            self._context.set_tensor_address(name, found.device)
        return found

    def _free(self, buffer: _Buffer) -> None:
        self._cuda("FreeHost", buffer.host)
        self._cuda("Free", buffer.device)

    def _read(self, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        out = np.empty(shape, np.float32)
        ctypes.memmove(out.ctypes.data, self._buffers[name].host, out.nbytes)
        return out


class TensorRtSession:
    """One network; ``lanes`` calls run at once, others wait. Inputs and outputs keep the types of the ONNX graph.

    Raises:
        EngineError: The GPU's memory does not suffice.
    """

    def __init__(self, trt: Any, name: str, engine: Any, lanes: int) -> None:
        names = [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)]
        self.inputs = tuple(n for n in names if engine.get_tensor_mode(n) == trt.TensorIOMode.INPUT)
        self.outputs = tuple(n for n in names if n not in self.inputs)
        self.max_batch = min(int(engine.get_tensor_profile_shape(n, 0)[2][0]) for n in self.inputs)
        self._types = {n: trt.nptype(engine.get_tensor_dtype(n)) for n in self.inputs}
        self._engine = engine  # contexts need it
        cuda = _Cuda(name)
        self._lanes: queue.SimpleQueue[_Lane] = queue.SimpleQueue()
        self._count = lanes
        for _ in range(lanes):
            self._lanes.put(_Lane(cuda, trt, name, engine))

    def run(self, feeds: Feeds) -> dict[str, NDArray[np.float32]]:
        """Output arrays by name for input arrays by name."""
        arrays = {name: np.ascontiguousarray(feeds[name], self._types[name]) for name in self.inputs}
        lane = self._lanes.get()
        try:
            return lane.run(arrays, self.outputs)
        finally:
            self._lanes.put(lane)

    def warm_up(self, feeds: Feeds) -> None:
        """Runs once in every lane: kernels are loaded and buffers allocated on first use."""
        for _ in range(self._count):
            self.run(feeds)

    def close(self) -> None:
        """Waits for running calls and frees the GPU's memory."""
        for _ in range(self._count):
            self._lanes.get().close()
        del self._engine
