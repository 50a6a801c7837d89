"""What each part drags in: the SDK next to nothing, the server nothing of training."""

import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from rpc_support import environ

import lodestream

HEAVY = ("torch", "torchvision", "transformers", "timm", "anny")


def loaded(code):
    """Top-level modules that are loaded after running `code` in a fresh interpreter."""
    script = f"{code}\nimport sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environ(), check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_importing_the_sdk_is_quick():
    code = "import time; t = time.perf_counter(); import lodestream; print(time.perf_counter() - t)"
    times = []
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environ(), check=True)
        times.append(float(done.stdout))
        time.sleep(0.05)
    assert min(times) < 0.3


def test_the_sdk_needs_no_networks():
    code = "import lodestream, lodestream.cli; [getattr(lodestream, name) for name in lodestream.__all__]"
    assert not loaded(code) & {*HEAVY, "onnxruntime", "lodestream_server", "PIL", "prometheus_client"}


@pytest.mark.parametrize("module", ["cli", "app", "pipeline.loading", "rpc.server", "web.server"])
def test_the_server_needs_no_training(module):
    assert not loaded(f"import lodestream_server.{module}") & {*HEAVY, "lodestream_training"}


def test_every_public_name_is_there_and_documented():
    assert lodestream.__all__ == sorted(lodestream.__all__)
    for name in lodestream.__all__:
        assert getattr(lodestream, name) is not None
    assert set(lodestream._HOMES) | {"__version__"} == set(lodestream.__all__)
    assert set(lodestream.__all__) <= set(dir(lodestream))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = lodestream.nonsense


def test_the_version_is_the_distributions():
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text()
    assert tomllib.loads(text)["project"]["version"] == lodestream.__version__
