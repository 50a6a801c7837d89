"""Requests of several threads put together into one network call."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lodestream_server import checkpoint
from lodestream_server.encoders.engines.base import Array, Session
from lodestream_server.errors import AbandonedError, NetworkError
from lodestream_server.metrics import Metrics

TOKENS = frozenset({"input_ids", "attention_mask", "token_states"})
"""Inputs and outputs whose axis 1 counts tokens: rows of a batch are padded with zeros there, and cut back."""

Outputs = dict[str, NDArray[np.float32]]


class _Ticket:
    """One request on its way through a batcher. All but ``woken`` belongs to the batcher's lock."""

    def __init__(self, feeds: Mapping[str, Array], gone: Callable[[], bool]) -> None:
        self.feeds = feeds
        self.rows = _rows(feeds)
        self.gone = gone
        self.since = time.monotonic()
        self.waiting = True
        self.alone = False
        self.outputs: Outputs | None = None
        self.error: BaseException | None = None
        self.woken = threading.Event()

    @property
    def settled(self) -> bool:
        return self.alone or self.outputs is not None or self.error is not None


class Batcher:
    """A session around another one. Thread-safe.

    A request that finds nothing under way is run at once, on its own thread. Others wait until what is under way has
    ended, until they fill a batch, or until the oldest has waited ``wait`` seconds; then one of the waiting threads
    runs the oldest of them as one batch, which may go beside the one under way.
    """

    def __init__(self, session: Session, model: str, limit: int, wait: float, metrics: Metrics) -> None:
        """Puts at most ``limit`` rows together; 1 never makes anyone wait."""
        self.inputs = session.inputs
        self.outputs = session.outputs
        self._session = session
        self._model = model
        self._limit = limit
        self._wait = wait
        self._sizes = metrics.batch_size.labels(model)
        self._lock = threading.Lock()
        self._queue: deque[_Ticket] = deque()
        self._under_way = 0

    def run(self, feeds: Mapping[str, Array], gone: Callable[[], bool] | None = None) -> Outputs:
        """Output arrays by name for input arrays by name.

        Args:
            feeds: Arrays of the same number of rows.
            gone: Says whether the caller has given up; asked, from any thread, before it would be computed. By
                default, whether the calling thread's work is wanted no more.

        Raises:
            AbandonedError: The caller had given up.
            NetworkError: The network failed on this very request; those that shared a batch with it do not notice.
        """
        gone = gone or checkpoint.gone()
        if self._limit == 1:
            if gone():
                raise AbandonedError
            return self._alone(feeds)
        ticket = _Ticket(feeds, gone)
        with self._lock:
            self._queue.append(ticket)
            batch = self._take(ticket)
        while True:
            if batch:
                self._compute(batch)
            else:
                ticket.woken.wait(max(ticket.since + self._wait - time.monotonic(), 0.0) if ticket.waiting else None)
            with self._lock:
                if ticket.settled:
                    break
                ticket.woken.clear()
                batch = self._take(ticket)
        if ticket.outputs is not None:
            return ticket.outputs
        if ticket.error is not None:
            raise ticket.error
        return self._alone(feeds)

    def _take(self, ticket: _Ticket) -> list[_Ticket]:
        """The oldest tickets that make a batch, if ``ticket`` still waits and its time has come. Needs the lock."""
        if not ticket.waiting:
            return []
        full = sum(t.rows for t in self._queue) >= self._limit
        due = not self._under_way or full or time.monotonic() - ticket.since >= self._wait
        batch: list[_Ticket] = []
        rows = 0
        while self._queue and due:
            first = self._queue[0]
            if first.gone():
                first.error = AbandonedError()
                first.woken.set()
            elif batch and rows + first.rows > self._limit:
                break
            else:
                batch.append(first)
                rows += first.rows
                first.woken.clear()
            self._queue.popleft()
            first.waiting = False
        self._under_way += bool(batch)
        return batch

    def _compute(self, batch: Sequence[_Ticket]) -> None:
        """Runs a batch and settles its tickets. A failed batch is left to its requests, each by itself."""
        outputs: list[Outputs] = []
        try:
            if len(batch) > 1:
                together = self._session.run(_joined([ticket.feeds for ticket in batch]))
                outputs = _parted(together, [ticket.feeds for ticket in batch])
                self._sizes.observe(sum(ticket.rows for ticket in batch))
            else:
                outputs = [self._alone(batch[0].feeds)]
        except NetworkError as error:
            batch[0].error = error
        except Exception:  # noqa: BLE001 (comes again to the request that is to blame)
            outputs = []
        finally:
            with self._lock:
                self._under_way -= 1
                for index, ticket in enumerate(batch):
                    ticket.outputs = outputs[index] if outputs else None
                    ticket.alone = ticket.outputs is None and ticket.error is None
                    ticket.woken.set()
                if self._queue:
                    self._queue[0].woken.set()

    def _alone(self, feeds: Mapping[str, Array]) -> Outputs:
        self._sizes.observe(_rows(feeds))
        try:
            return self._session.run(feeds)
        except Exception as error:  # engines raise what their libraries do
            raise NetworkError(self._model) from error


def _rows(feeds: Mapping[str, Array]) -> int:
    return len(next(iter(feeds.values())))


def _joined(requests: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    return {name: _stack(name, [feeds[name] for feeds in requests]) for name in requests[0]}


def _stack(name: str, parts: Sequence[Array]) -> Array:
    if name not in TOKENS:
        return np.concatenate(parts)
    length = max(part.shape[1] for part in parts)
    rest: list[Any] = [(0, 0)] * (parts[0].ndim - 2)
    return np.concatenate([np.pad(part, [(0, 0), (0, length - part.shape[1]), *rest]) for part in parts])


def _parted(outputs: Mapping[str, NDArray[np.float32]], requests: Sequence[Mapping[str, Array]]) -> list[Outputs]:
    """Every request's rows, copied, so that none keeps the batch in memory."""
    out: list[Outputs] = []
    at = 0
    for feeds in requests:
        rows = slice(at, at + _rows(feeds))
        tokens = slice(max((feeds[name].shape[1] for name in TOKENS & feeds.keys()), default=None))
        out.append({name: v[rows, tokens].copy() if name in TOKENS else v[rows].copy() for name, v in outputs.items()})
        at = rows.stop
    return out
