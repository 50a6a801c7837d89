"""``lodestream-server``: the worker's command."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence

from lodestream_server import config as configuration
from lodestream_server import logs
from lodestream_server.errors import StartupError

# Each worker thread computes by itself; BLAS threads beside them only get in their way. Read when NumPy is imported.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main(argv: Sequence[str] | None = None) -> int:
    """Serves until told to stop.

    Returns:
        The exit code: 0, or 2 if an option, an address or the bundle is wrong.
    """
    began = time.perf_counter()
    try:
        config = configuration.load(argv)
        logs.configure(config.log_format, config.log_level)
        for name in _THREADS:
            os.environ.setdefault(name, "1")
        from lodestream_server.app import serve  # noqa: PLC0415 (imports NumPy)
        from lodestream_server.pipeline import neural  # noqa: PLC0415

        asyncio.run(serve(config, neural.load, began))
    except StartupError as error:
        print(f"lodestream-server: {error}", file=sys.stderr)  # noqa: T201 (this is a command)
        return error.exit_code
    return 0
