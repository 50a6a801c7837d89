"""What SIGHUP takes up: tokens, certificates and limits."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial

from lodestream_server.config import Config
from lodestream_server.errors import ConfigError
from lodestream_server.metrics import Metrics
from lodestream_server.pipeline.workers import Workers
from lodestream_server.security.policy import Policy

LIMITS = ("rate", "burst", "streams", "queue", "drain")
"""Options that are taken up while the worker runs; all others need a restart."""
_log = logging.getLogger(__name__)


class Reload:
    """Called on SIGHUP, on the event loop.

    Args:
        config: What the worker was started with.
        reread: Reads the options anew; ``None`` if they cannot change.
        policy: Tokens, certificates, and calls by caller.
        workers: Whose queue is limited.
        metrics: Say whether what was read last could be used.

    Attributes:
        config: The options with the limits that hold now.
        useful: Whether there is anything to reload.
    """

    def __init__(
        self, config: Config, reread: Callable[[], Config] | None, policy: Policy, workers: Workers, metrics: Metrics
    ) -> None:
        self.config = config
        self._reread = reread
        self._policy = policy
        self._workers = workers
        self._failed = False
        failed: dict[str, Callable[[], bool]] = {}
        if policy.tokens is not None:
            failed["tokens"] = partial(getattr, policy.tokens, "failed")
        if policy.certificates is not None:
            failed["certificates"] = partial(getattr, policy.certificates, "failed")
            metrics.certificate_expiry.set_function(policy.certificates.expires)
        if reread is not None:
            failed["options"] = partial(getattr, self, "_failed")
        self.useful = bool(failed)
        for name, last in failed.items():
            metrics.reload_failed.labels(name).set_function(last)

    def __call__(self) -> None:
        """Reads everything now. What makes no sense changes nothing and is logged."""
        self._policy.reload()
        if self._reread is None:
            return
        try:
            found = self._reread()
        except ConfigError as error:
            self._failed = True
            _log.error("not reloaded", extra={"problem": str(error)})
            return
        self._failed = False
        differ = [f.name for f in fields(Config) if getattr(found, f.name) != getattr(self.config, f.name)]
        limits = {name: getattr(found, name) for name in differ if name in LIMITS}
        self.config = replace(self.config, **limits)
        self._policy.limits.change(self.config.rate, self.config.burst, self.config.streams)
        self._workers.limit = self.config.queue
        _log.info("reloaded", extra=limits)
        if others := [name for name in differ if name not in LIMITS]:
            _log.warning("a restart is needed", extra={"options": others})
