"""The Khronos glTF validator, where Node and its npm package are there (`make test` installs both)."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

HOME = Path(os.environ.get("GLTF_VALIDATOR_HOME", Path(__file__).parents[1] / ".cache" / "node"))
SCRIPT = Path(__file__).with_name("validate_glb.mjs")


def validate(files):
    """One report a file; skips the test if the validator is not here."""
    if not (HOME / "node_modules" / "gltf-validator").is_dir() or shutil.which("node") is None:
        pytest.skip("NO GLB WAS VALIDATED: npm's gltf-validator is not here; `make .venv/.validator` installs it")
    done = subprocess.run(
        ["node", str(SCRIPT), *map(str, files)],
        env=os.environ | {"GLTF_VALIDATOR_HOME": str(HOME)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def assert_clean(files):
    files = list(files)
    reports = validate(files)
    assert len(reports) == len(files)
    found = {report["file"]: report["messages"] for report in reports if report["messages"]}
    assert not found, json.dumps(found, indent=1)[:4000]
