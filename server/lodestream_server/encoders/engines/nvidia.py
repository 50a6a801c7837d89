"""What the NVIDIA driver says about this machine, asked through its C library alone: no package needed."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache

_LIBRARY = "libcuda.so.1"
_MAJOR, _MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, …_MINOR


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that an engine needs and this machine lacks: a short reason for counters, a sentence for people."""

    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Device:
    """The first GPU: compute capability such as ``SM120``, and the newest CUDA version that the driver supports."""

    compute_capability: str
    driver: str


def lacks() -> list[Lack]:
    """What is missing for CUDA: nothing, the driver, or a GPU. Takes a millisecond where there is no driver."""
    found = _probe()
    return [found] if isinstance(found, Lack) else []


def device() -> Device | None:
    """The first GPU, None if there is none."""
    found = _probe()
    return None if isinstance(found, Lack) else found


@cache
def _probe() -> Device | Lack:
    try:
        cuda = ctypes.CDLL(_LIBRARY)
    except OSError:
        return Lack("driver_missing", f"no NVIDIA driver ({_LIBRARY} cannot be loaded)")
    if code := cuda.cuInit(0):
        return Lack("gpu_missing", f"the NVIDIA driver finds no GPU (cuInit gave error {code})")
    count, version, number, major, minor = (ctypes.c_int() for _ in range(5))
    cuda.cuDeviceGetCount(ctypes.byref(count))
    if not count.value:
        return Lack("gpu_missing", "the NVIDIA driver finds no GPU")
    cuda.cuDriverGetVersion(ctypes.byref(version))
    cuda.cuDeviceGet(ctypes.byref(number), 0)
    cuda.cuDeviceGetAttribute(ctypes.byref(major), _MAJOR, number)
    cuda.cuDeviceGetAttribute(ctypes.byref(minor), _MINOR, number)
    return Device(f"SM{major.value}{minor.value}", f"{version.value // 1000}.{version.value % 1000 // 10}")
