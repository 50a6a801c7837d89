"""Which engine runs which network: the fastest one that works and agrees with the reference."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from lodestream_server.config import Config
from lodestream_server.encoders.engines import quality, rehearsal
from lodestream_server.encoders.engines.base import Engine, Feeds, LoadedSession, Session
from lodestream_server.encoders.engines.cache import EngineCache
from lodestream_server.encoders.engines.onnxruntime_cpu import OnnxRuntimeCpu
from lodestream_server.encoders.engines.quality import GATES, Search
from lodestream_server.encoders.tokenize import MAX_TOKENS
from lodestream_server.errors import BundleError, EngineError
from lodestream_server.metrics import Metrics

AUTO = "auto"
ORDER = ("tensorrt", "onnxruntime-cuda", "onnxruntime-cpu")
PRECISIONS: Mapping[str, tuple[str, ...]] = {
    "tensorrt": ("fp16", "bf16", "fp32"),
    "onnxruntime-cuda": ("fp32",),
    "onnxruntime-cpu": ("fp32", "int8"),
    "openvino": ("fp32",),
}
"""What each engine can do; the first is what it does unless told."""
TOWERS = ("text_tower", "picture_tower")
"""What int8 is for: everything behind them stays exact."""

Rehearse = Callable[[Mapping[str, Session]], None]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Networks:
    """Sessions by model, and the engines that run them, such as ``tensorrt+onnxruntime-cpu``."""

    sessions: Mapping[str, LoadedSession]
    engine: str


class Selection:
    """Tries engines, and says in log and metrics which were refused and why.

    Raises:
        EngineError: The engine that the options name cannot be used, or none can.
    """

    def __init__(
        self, config: Config, metrics: Metrics, models: Mapping[str, Path], max_tokens: int = MAX_TOKENS
    ) -> None:
        self._config = config
        self._max_tokens = max_tokens
        self._metrics = metrics
        self._models = models
        self._forced = config.engine != AUTO
        self._engines = self._open_engines()
        self._references: Mapping[str, LoadedSession] = {}

    def read(self) -> None:
        """Reads all networks into the reference.

        Raises:
            BundleError: A file is no network.
        """
        reference = OnnxRuntimeCpu(self._config.threads)
        try:
            with ThreadPoolExecutor() as pool:
                sessions = list(pool.map(reference.load, self._models.values()))
        except EngineError as error:
            raise BundleError(str(error)) from error
        self._references = dict(zip(self._models, sessions, strict=True))

    def choose(self, rehearse: Rehearse, search: Search) -> Networks:
        """An engine for every network, after ``read``.

        Args:
            rehearse: Uses the networks as requests do; called only if another engine than the reference is there.
            search: The gallery's, for the recall of embeddings.

        Raises:
            EngineError: The engine that the options name cannot run a network, or runs it wrongly.
        """
        feeds: Mapping[str, Sequence[Feeds]] = {}
        if not all(_is_reference(engine) for engine in self._engines):
            feeds = rehearsal.overhear(self._references, rehearse)
        sessions: dict[str, LoadedSession] = {}
        used: dict[str, None] = {}
        for model in self._models:
            engine, sessions[model] = self._first(model, feeds.get(model, ()), search)
            self._metrics.engine_info.labels(model, engine.name, engine.precision).set(1)
            used[engine.name] = None
        return Networks(sessions, "+".join(used))

    def _open_engines(self) -> list[Engine]:
        """Those that can run here, best first."""
        out: list[Engine] = []
        for name in (self._config.engine,) if self._forced else ORDER:
            try:
                out += open_engine(name, self._config, self._max_tokens, self._metrics.engine_corrupt.inc)
            except EngineError as error:
                if self._forced:
                    raise
                _log.info("engine refused", extra={"engine": name, "reason": error.reason, "problem": str(error)})
                self._count(error)
        if not out:
            raise EngineError(AUTO, "precision", f"none here can do {self._config.precision}")
        return out

    def _count(self, error: EngineError, *models: str) -> None:
        for model in models or self._models:
            self._metrics.engine_fallback.labels(model, f"{error.engine}_{error.reason}".replace("-", "_")).inc()

    def _first(self, model: str, feeds: Sequence[Feeds], search: Search) -> tuple[Engine, LoadedSession]:
        """The first engine that takes the model and agrees with the reference."""
        reference = self._references[model]
        refusal: EngineError | None = None
        for engine in self._engines:
            if engine.precision == "int8" and model not in TOWERS:
                continue
            if _is_reference(engine):
                return engine, reference
            try:
                session = engine.load(self._models[model])
                _judge(engine, model, session, reference, feeds, search)
            except EngineError as error:
                _log.warning(
                    "engine refused", extra={"model": model, "engine": engine.name, "precision": engine.precision,
                                             "reason": error.reason, "problem": str(error)},
                )  # fmt: skip
                self._count(error, model)
                refusal = error
            else:
                reference.close()
                return engine, session
        assert refusal is not None, "only int8 skips a model, and fp32 stands behind it"
        raise refusal


def _judge(
    engine: Engine,
    model: str,
    session: LoadedSession,
    reference: LoadedSession,
    feeds: Sequence[Feeds],
    search: Search,
) -> None:
    """Lets a session pass that agrees with the reference on what the rehearsal asked.

    Raises:
        EngineError: It does not.
    """
    try:
        session.warm_up(feeds[0])
        found = quality.agreement(reference, session, feeds, search)
    except EngineError:
        raise
    except Exception as error:  # engines raise whatever a network leads them to
        raise EngineError(engine.name, "run_failed", f"{model}: {type(error).__name__}: {error}") from error
    said: dict[str, object] = {
        "cosine": round(found.cosine, 5),
        "recall": round(found.recall, 3),
        "difference": found.difference,
    }
    if not GATES[engine.precision].passes(found):
        session.close()
        raise EngineError(engine.name, f"{engine.precision}_differs", f"{model} differs from the reference: {said}")
    _log.info("engine agrees", extra=said | {"model": model, "engine": engine.name, "precision": engine.precision})


def _is_reference(engine: Engine) -> bool:
    return isinstance(engine, OnnxRuntimeCpu)


def open_engine(name: str, config: Config, max_tokens: int, damaged: Callable[[], None] = lambda: None) -> list[Engine]:
    """The engine, and what stands behind it in the same place; ``damaged`` is called for every damaged file of its.

    Raises:
        EngineError: It cannot run here; the message says what is missing.
    """
    precision = PRECISIONS[name][0] if config.precision == AUTO else config.precision
    if precision not in PRECISIONS[name]:
        raise EngineError(name, "precision", f"it runs {' or '.join(PRECISIONS[name])}, not {precision}")
    cache = EngineCache(config.engines_dir, damaged)
    match name:
        case "tensorrt":
            from lodestream_server.encoders.engines.tensorrt import TensorRt  # noqa: PLC0415
            from lodestream_server.encoders.engines.tensorrt_build import Profile  # noqa: PLC0415

            return [TensorRt(precision, config.workers, cache, Profile.up_to(max_tokens))]
        case "onnxruntime-cuda":
            from lodestream_server.encoders.engines.onnxruntime_cuda import OnnxRuntimeCuda  # noqa: PLC0415

            return [OnnxRuntimeCuda(config.threads)]
        case "openvino":
            from lodestream_server.encoders.engines.openvino import OpenVino  # noqa: PLC0415

            return [OpenVino(config.threads, config.workers)]
    behind: list[Engine] = [OnnxRuntimeCpu(config.threads)]
    if precision == "int8":
        from lodestream_server.encoders.engines.onnxruntime_int8 import OnnxRuntimeInt8  # noqa: PLC0415

        return [OnnxRuntimeInt8(config.threads, cache), *behind]
    return behind
