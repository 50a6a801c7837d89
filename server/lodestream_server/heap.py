"""The C library's heap, where networks and arrays live."""

from __future__ import annotations

import ctypes
import sys


def trim() -> None:
    """Gives memory that was freed back to the system, as far as the C library can (glibc, ``malloc_trim(3)``).

    Reading the bundle leaves some 150 MB of freed pieces, which would otherwise count as the worker's for good.
    """
    if not sys.platform.startswith("linux"):
        return
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # other C libraries have none
    if malloc_trim is not None:
        malloc_trim(0)
