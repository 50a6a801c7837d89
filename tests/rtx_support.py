"""TensorRT-RTX builds plans without a GPU; tests that need it are skipped where it is not installed."""

import importlib.util

import pytest

INSTALLED = any(importlib.util.find_spec(name) for name in ("tensorrt_rtx", "tensorrt_rtx_bindings"))
needed = pytest.mark.skipif(not INSTALLED, reason="needs tensorrt-rtx-cu13-libs and tensorrt-rtx-cu13-bindings")
