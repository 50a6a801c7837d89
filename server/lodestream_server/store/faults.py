"""What goes wrong with the storage: every time is counted, every cause is logged once."""

from __future__ import annotations

import errno
import logging
import threading
from enum import Enum

from lodestream_server.metrics import Metrics

_log = logging.getLogger(__name__)


class Cause(Enum):
    """Why the storage failed, as an operator would put it."""

    FULL = "full"
    READ_ONLY = "read-only"
    UNREADABLE = "unreadable"


_CAUSES = {
    errno.ENOSPC: Cause.FULL,
    errno.EDQUOT: Cause.FULL,
    errno.EROFS: Cause.READ_ONLY,
}
_REFUSED = (errno.EACCES, errno.EPERM)
_REMEDIES = {
    Cause.FULL: "make room on its disk, or lower --store-mb",
    Cause.READ_ONLY: "let the worker's user write to --data-dir",
    Cause.UNREADABLE: "look at its disk, or at the service of --store",
}


def cause_of(error: OSError, *, writing: bool) -> Cause:
    """The cause of an error; what has no name of its own counts as unreadable."""
    if error.errno in _REFUSED:
        return Cause.READ_ONLY if writing else Cause.UNREADABLE
    return _CAUSES.get(error.errno or 0, Cause.UNREADABLE)


class Faults:
    """The storage's failures; thread-safe. The log names a cause once, the counter goes on."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._lock = threading.Lock()
        self._known: set[tuple[bool, Cause]] = set()

    def note(self, error: OSError, *, writing: bool) -> None:
        """Reading or writing failed: avatars are made without the store."""
        self._metrics.store_errors.inc()
        fault = writing, cause_of(error, writing=writing)
        with self._lock:
            known = fault in self._known
            self._known.add(fault)
        if not known:
            doing = "written" if writing else "read"
            said = "the store is %s and cannot be %s, going on without: %s; %s"
            _log.error(said, fault[1].value, doing, error, _REMEDIES[fault[1]])
