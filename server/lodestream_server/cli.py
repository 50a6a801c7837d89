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
    """Serves until told to stop; ``compile …`` builds plans for TensorRT instead, ``token …`` makes tokens.

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
