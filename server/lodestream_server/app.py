"""Puts the worker together and runs it until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Callable
from typing import Any

from lodestream_server import heap
from lodestream_server.config import Config
from lodestream_server.errors import AbandonedError, WarmUpError
from lodestream_server.metrics import Metrics
from lodestream_server.pipeline.base import AvatarPipeline
from lodestream_server.pipeline.making import FIRST_LEVEL, urgency
from lodestream_server.pipeline.request import AvatarRequest
from lodestream_server.pipeline.studio import Studio
from lodestream_server.pipeline.workers import Workers
from lodestream_server.reload import Reload
from lodestream_server.rpc.guard import Guard
from lodestream_server.rpc.server import RpcServer
from lodestream_server.rpc.service import AvatarService
from lodestream_server.security import policy as security
from lodestream_server.store.level_store import LevelStore
from lodestream_server.store.opening import open_storage
from lodestream_server.web.server import WebServer

#: Wears something on every shell: an open coat is a top and a skirt, over trousers.
WARM_UP = AvatarRequest("a tall woman with short brown hair in a beige trench coat over blue jeans and boots", seed=1)
_log = logging.getLogger(__name__)

LoadPipeline = Callable[[Config, Metrics], AvatarPipeline[Any]]


async def serve(
    config: Config, load_pipeline: LoadPipeline, began: float, reread: Callable[[], Config] | None = None
) -> None:
    """Serves until SIGTERM or SIGINT, then drains; a second signal ends at once. SIGHUP reloads.

    Args:
        config: The options.
        load_pipeline: Makes what computes.
        began: When starting began, by ``time.perf_counter``.
        reread: Reads the options anew, for SIGHUP; ``None`` if they cannot change.

    Raises:
        StartupError: An address is taken or open to others, the bundle is broken, or the warm-up failed.
    """
    metrics = Metrics()
    policy = security.load(config)
    workers = Workers(config.workers, config.queue, metrics, pressing=FIRST_LEVEL)
    reload = Reload(config, reread, policy, workers, metrics)
    if reload.useful:  # else SIGHUP says that the terminal is gone, and ends the worker
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)
    guard = Guard(metrics, policy.gate)
    ready = asyncio.Event()
    rpc = RpcServer(config.listen, guard, policy)
    healthy = lambda: ready.is_set() and not guard.draining  # noqa: E731 (one use)
    web = None if config.http == "off" else WebServer(config.http, metrics, healthy, policy)
    pipeline = await asyncio.to_thread(load_pipeline, config, metrics)
    finish = await asyncio.to_thread(warm_up, pipeline)
    place = await asyncio.to_thread(open_storage, config.store or config.data_dir / "avatars")
    store = await asyncio.to_thread(LevelStore, place, config.store_mb * 10**6, metrics)
    studio = Studio(pipeline, workers, store, metrics)
    signals = _signals()
    await rpc.start(AvatarService(studio, guard, metrics, config.stall))
    await rpc.serving(True)
    ready.set()
    if web is not None:
        web.start()
    milliseconds = round((time.perf_counter() - began) * 1e3)
    print(  # noqa: T201 (whoever started us waits for this line)
        f"lodestream ready grpc={rpc.address} http={web.address if web else 'off'} engine={pipeline.engine} "
        f"bundle={pipeline.bundle} in {milliseconds} ms",
        flush=True,
    )
    finishing = asyncio.create_task(workers.run(urgency(WARM_UP.levels[-1]), finish, admitted=True))
    del finish  # it holds an avatar
    await signals.get()
    _log.info("draining", extra={"seconds": reload.config.drain})
    await rpc.serving(False)
    draining = asyncio.create_task(guard.drain(reload.config.drain))
    again = asyncio.create_task(signals.get())
    await asyncio.wait((draining, again), return_when=asyncio.FIRST_COMPLETED)
    drained = draining.done() and draining.result()
    again.cancel()
    await rpc.stop(1.0 if drained else 0.0)
    finishing.cancel()
    await asyncio.to_thread(studio.close)
    if web is not None:
        web.stop()


def warm_up(pipeline: AvatarPipeline[Any]) -> Callable[[], None]:
    """Makes one avatar, so that the first user does not wait for what is done once.

    Returns:
        What makes its finest level, which takes longest: the first coarse levels need not wait for that.

    Raises:
        WarmUpError: A coarser level failed.
    """
    *coarse, finest = WARM_UP.levels
    try:
        job = pipeline.begin(WARM_UP)
        heap.trim()
        for level in coarse:
            pipeline.level(job, level)
    except Exception as error:
        raise WarmUpError(f"the warm-up avatar failed: {type(error).__name__}: {error}") from error

    def finish() -> None:
        try:
            pipeline.level(job, finest)
            heap.trim()
        except AbandonedError:  # the worker ends
            raise
        except Exception:  # noqa: BLE001 (logged; whoever asks for that level sees the error)
            _log.exception("the warm-up avatar's finest level failed", extra={"level": finest})

    return finish


def _signals() -> asyncio.Queue[int]:
    """Every SIGTERM and SIGINT from now on."""
    queue: asyncio.Queue[int] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, queue.put_nowait, number)
    return queue
