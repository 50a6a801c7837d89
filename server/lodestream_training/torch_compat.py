"""The one place that makes timm importable beside a CPU build of torch.

timm imports torchvision, whose published wheels are built for CUDA: beside a CPU torch their compiled operators do
not load, and registering fake versions of those operators then raises. Nothing here uses them, so the module that
registers them is left out.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

import torch


def import_timm() -> ModuleType:
    """timm, with torchvision's operator registrations left out where they cannot work."""
    name = "torchvision._meta_registrations"
    if not torch.cuda.is_available() and "torchvision" not in sys.modules:
        sys.modules[name] = ModuleType(name)
    return importlib.import_module("timm")
