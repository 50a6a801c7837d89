"""``lodestream-server``: the worker's command."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from collections.abc import Sequence
from functools import partial

from lodestream_server import config as configuration
from lodestream_server import logs, tracing
from lodestream_server.errors import StartupError

_log = logging.getLogger(__name__)
# Each worker thread computes by itself; BLAS threads beside them only get in their way. Read when NumPy is imported.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main(argv: Sequence[str] | None = None) -> int:
    """Serves until told to stop; ``compile …`` builds plans for TensorRT instead, ``token …`` makes tokens.

    With ``--check-config`` it only looks at the options and what they name.

    Returns:
        The exit code: 0, or 2 if an option, an address, the bundle or the engine is wrong.
    """
    began = time.perf_counter()
    argv = sys.argv[1:] if argv is None else argv
    try:
        if argv and argv[0] == "compile":
            from lodestream_server import compile as compiling  # noqa: PLC0415 (imports NumPy)

            compiling.main(argv[1:])
            return 0
        if argv and argv[0] == "token":
            from lodestream_server.security import command  # noqa: PLC0415 (one use)

            command.main(argv[1:])
            return 0
        config, sources = configuration.trace(argv)
        logs.configure(config.log_format, config.log_level)
        for name, meant in configuration.strays().items():
            _log.warning("unknown variable", extra={"variable": name} | ({"meant": meant} if meant else {}))
        if configuration.CHECK in argv:
            from lodestream_server import check  # noqa: PLC0415 (one use)

            check.main(argv)
            return 0
        tracing.configure(config)
        for name in _THREADS:
            os.environ.setdefault(name, "1")
        from lodestream_server.app import serve  # noqa: PLC0415 (imports NumPy)
        from lodestream_server.pipeline.loading import load  # noqa: PLC0415

        reread = partial(configuration.load, argv) if "config" in sources else None
        asyncio.run(serve(config, load, began, reread))
    except StartupError as error:
        print(f"lodestream-server: {error}", file=sys.stderr)  # noqa: T201 (this is a command)
        return error.exit_code
    return 0
