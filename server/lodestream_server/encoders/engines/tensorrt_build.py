"""Builds TensorRT plans from ONNX networks: TensorRT and TensorRT-RTX share this API, and this code."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lodestream_server.encoders.engines import graph
from lodestream_server.encoders.engines.cache import EngineCache, Facts
from lodestream_server.encoders.engines.cache import key as key_of
from lodestream_server.encoders.engines.nvidia import Device
from lodestream_server.errors import EngineError

PACKAGES: Mapping[str, tuple[str, ...]] = {
    "tensorrt": ("tensorrt",),
    "tensorrt-rtx": ("tensorrt_rtx", "tensorrt_rtx_bindings"),
}
"""Modules that bring each flavour's API, in order of preference."""
WORKSPACE = 1 << 30  # bytes
AHEAD = "ahead of time"
"""Stands for the driver in plans that were built without one."""

_log = logging.getLogger(__name__)

Range = tuple[int, int, int]
Progress = Callable[[str, float], None]
"""Told a phase of the build and the share of it that is done."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Least, usual and largest size of what the graphs leave open: requests a call, tokens a request."""

    batch: Range = (1, 8, 32)
    length: Range = (2, 24, 64)

    @staticmethod
    def up_to(max_tokens: int) -> Profile:
        """For a text tower that reads at most ``max_tokens``."""
        return Profile(length=(2, min(24, max_tokens), max_tokens))

    def sizes(self, axis: int) -> Range:
        """Of an input's open axis: the first one counts requests, others tokens."""
        return self.batch if axis == 0 else self.length


@dataclass(frozen=True, slots=True)
class Plan:
    """A built network.

    ``layers`` are those of the parsed graph, None if the plan came from the cache; ``kept`` whether it is in there.
    """

    data: bytes
    key: str
    layers: int | None
    cached: bool
    kept: bool


class Builder:
    """Builds for one GPU architecture and keeps what it built.

    Args:
        flavour: A key of ``PACKAGES``.
        precision: ``fp32``, ``fp16`` or ``bf16``.
        profile: What the plans must take.
        cache: Where plans and timings are kept.
        target: Compute capability such as ``SM120``. None builds for the GPU of this machine.
        device: The GPU of this machine, None without one.

    Raises:
        EngineError: The package is missing, there is no GPU to build for, or the flavour cannot build for that one.
    """

    def __init__(
        self,
        flavour: str,
        precision: str,
        profile: Profile,
        cache: EngineCache,
        target: str | None = None,
        device: Device | None = None,
    ) -> None:
        self.flavour = flavour
        self.precision = precision
        self.profile = profile
        self.trt = api(flavour)
        self._cache = cache
        self._ahead = target is not None
        if target is None and device is None:
            raise EngineError(flavour, "gpu_missing", "no GPU to build for; name one with --compute-capability")
        self.target = target or (device.compute_capability if device else "")
        self._driver = AHEAD if target or not device else device.driver
        known = getattr(getattr(self.trt, "ComputeCapability", None), "__members__", {})
        if self._ahead and self.target not in known:
            can = ", ".join(name for name in known if name.startswith("SM")) or "this machine's GPU only"
            raise EngineError(flavour, "target", f"it cannot build for {self.target}; it builds for {can}")
        self._logger = _logger(self.trt)

    def plan(self, path: Path, progress: Progress | None = None) -> Plan:
        """The plan of a network: from the cache if it is whole and made from the same graph, tools and profile.

        Raises:
            EngineError: The file is no graph, or TensorRT does not take it; the message lists what it said.
        """
        slot, digest = self._slot(path)
        drivers = [self._driver] if self._ahead else [self._driver, AHEAD]
        for driver in drivers:
            facts = self._facts(digest, driver)
            found = self._cache.read(f"{slot}.ahead" if driver == AHEAD else slot, facts)
            if found is not None:
                return Plan(found, key_of(facts), None, cached=True, kept=True)
        return self._keep(f"{slot}.ahead" if self._ahead else slot, self._facts(digest, drivers[0]), path, progress)

    def rebuild(self, path: Path) -> Plan:
        """A new plan, for one that the runtime did not take."""
        slot, digest = self._slot(path)
        return self._keep(slot, self._facts(digest, self._driver), path, None)

    def _slot(self, path: Path) -> tuple[str, str]:
        """Where the plan is kept, and the SHA-256 of the graph."""
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return f"{path.stem}-{digest[:8]}.{self.flavour}.{self.precision}.{self.target.lower()}", digest

    def _keep(self, slot: str, facts: Facts, path: Path, progress: Progress | None) -> Plan:
        data, layers = self._build(path, progress)
        try:
            self._cache.write(slot, facts, data)
        except OSError as error:
            _log.warning("plan not kept", extra={"folder": self._cache.folder, "problem": error.strerror})
            return Plan(data, key_of(facts), layers, cached=False, kept=False)
        return Plan(data, key_of(facts), layers, cached=False, kept=True)

    def _facts(self, digest: str, driver: str) -> Facts:
        return {
            "tool": f"{self.flavour} {self.trt.__version__}",
            "target": self.target,
            "driver": driver,
            "graph": digest,
            "precision": self.precision,
            "profile": [list(self.profile.batch), list(self.profile.length)],
            "flags": f"strongly typed, workspace {WORKSPACE}",
        }

    def _build(self, path: Path, progress: Progress | None) -> tuple[bytes, int]:
        """The plan, and how many layers the network has."""
        trt = self.trt
        builder = trt.Builder(self._logger)
        typed = getattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)  # TensorRT 11 knows no other
        network = builder.create_network(0 if typed is None else 1 << int(typed))
        self._parse(network, path)
        config = builder.create_builder_config()
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, WORKSPACE)
        if self._ahead:
            config.num_compute_capabilities = 1
            config.set_compute_capability(trt.ComputeCapability.__members__[self.target], 0)
        config.add_optimization_profile(self._optimization_profile(builder, network))
        if progress is not None:
            config.progress_monitor = _monitor(trt, progress)
        timings = _Timings(self.trt, self._cache, self.flavour, self.target, self._driver)
        timings.start(config)
        layers = int(network.num_layers)
        data = builder.build_serialized_network(network, config)
        if data is None:
            raise EngineError(self.flavour, "build_failed", f"{path.name} cannot be built: {self._logger.said()}")
        timings.keep(config)
        return bytes(data), layers

    def _parse(self, network: Any, path: Path) -> None:
        try:
            model = graph.read(path)
        except ValueError as error:
            raise EngineError(self.flavour, "graph_rejected", str(error)) from error
        if self.precision in graph.HALF:
            model = graph.in_half(model, self.precision)
        parser = self.trt.OnnxParser(network, self._logger)
        if not parser.parse(model.SerializeToString()):
            said = "; ".join(parser.get_error(i).desc() for i in range(parser.num_errors))
            raise EngineError(self.flavour, "graph_rejected", f"{path.name} is not understood: {said}")

    def _optimization_profile(self, builder: Any, network: Any) -> Any:
        profile = builder.create_optimization_profile()
        for index in range(network.num_inputs):
            tensor = network.get_input(index)
            ranges = [self.profile.sizes(axis) if n < 0 else (n, n, n) for axis, n in enumerate(tensor.shape)]
            profile.set_shape(tensor.name, *(tuple(sizes) for sizes in zip(*ranges, strict=True)))
        return profile


class _Timings:
    """What TensorRT measured of its kernels, kept between builds. TensorRT-RTX measures none."""

    def __init__(self, trt: Any, cache: EngineCache, flavour: str, target: str, driver: str) -> None:
        self._measured = flavour == "tensorrt"
        self._cache = cache
        self._slot = f"timings.{flavour}.{target.lower()}"
        self._facts: Facts = {"tool": f"{flavour} {trt.__version__}", "target": target, "driver": driver}

    def start(self, config: Any) -> None:
        """Tells a build what was measured before."""
        if self._measured:
            known = self._cache.read(self._slot, self._facts) or b""
            config.set_timing_cache(config.create_timing_cache(known), ignore_mismatch=False)

    def keep(self, config: Any) -> None:
        """Keeps what a build measured; without it the next one takes longer, no more."""
        if self._measured and (measured := config.get_timing_cache()) is not None:
            with contextlib.suppress(OSError):
                self._cache.write(self._slot, self._facts, bytes(measured.serialize()))


def api(flavour: str) -> Any:
    """The module of a flavour.

    Raises:
        EngineError: Its package is missing or broken.
    """
    for name in PACKAGES[flavour]:
        if importlib.util.find_spec(name) is not None:
            try:
                return importlib.import_module(name)
            except (ImportError, OSError) as error:
                raise EngineError(flavour, "package_broken", f"the Python package {name}: {error}") from error
    raise EngineError(flavour, "package_missing", missing(flavour))


def missing(flavour: str) -> str:
    """A sentence on how to get a flavour's package."""
    return f"the Python package {PACKAGES[flavour][0]} is missing (pip install 'lodestream[{flavour}]')"


def _logger(trt: Any) -> Any:
    class Logger(trt.ILogger):  # type: ignore[misc]
        """Keeps errors for the message of what is raised."""

        def __init__(self) -> None:
            super().__init__()
            self._errors: list[str] = []

        def log(self, severity: Any, message: str) -> None:
            """Called by TensorRT."""
            if severity in {trt.ILogger.Severity.ERROR, trt.ILogger.Severity.INTERNAL_ERROR}:
                self._errors.append(message)

        def said(self) -> str:
            """All errors since the last call."""
            out, self._errors = "; ".join(self._errors), []
            return out

    return Logger()


def _monitor(trt: Any, progress: Progress) -> Any:
    class Monitor(trt.IProgressMonitor):  # type: ignore[misc]
        """Passes on how far the outermost phases are."""

        def __init__(self) -> None:
            super().__init__()
            self._steps: dict[str, int] = {}

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            """Called by TensorRT."""
            if parent_phase is None:
                self._steps[phase_name] = num_steps

        def step_complete(self, phase_name: str, step: int) -> bool:
            """Called by TensorRT; goes on."""
            if phase_name in self._steps:
                progress(phase_name, (step + 1) / max(self._steps[phase_name], 1))
            return True

        def phase_finish(self, phase_name: str) -> None:
            """Called by TensorRT."""
            if self._steps.pop(phase_name, None) is not None:
                progress(phase_name, 1.0)

    return Monitor()
