"""What `make check` does with the answers of pip-audit."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "server" / "deploy" / "audit.py"
GOOD = {"name": "numpy", "version": "1.0", "vulns": []}
BAD = {"name": "pillow", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1", "2.0"]}]}
UNKNOWN = {"name": "torch", "skip_reason": "not found"}


def run(tmp_path, answer):
    """Lets a stand-in for pip-audit print `answer`, or fail if there is none."""
    tool = tmp_path / "tool.py"
    tool.write_text(
        "import sys\n"
        "assert open(sys.argv[sys.argv.index('-r') + 1]).read().count('==') > 3\n"
        + (f"print({json.dumps(answer)!r})\nsys.exit(1)\n" if answer else "sys.exit('ConnectionError')\n")
    )
    done = subprocess.run(
        [sys.executable, str(SCRIPT), sys.executable, str(tool)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ({"dependencies": [GOOD, BAD, UNKNOWN]}, 1, "pillow 1.0 has PYSEC-1; mended in 1.1, 2.0"),
        ({"dependencies": [GOOD, UNKNOWN]}, 0, "nothing is known against 1 packages; 1 could not be looked up"),
        (
            {"dependencies": [UNKNOWN]},
            0,
            "the vulnerability service knows none of the packages, so nothing was looked up",
        ),
        (None, 0, "no vulnerability service can be reached, so nothing was looked up"),
    ],
)
def test_verdicts(tmp_path, answer, code, said):
    assert run(tmp_path, answer) == (code, f"audit: {said}\n")


def test_without_the_tool_it_says_so():
    done = subprocess.run([sys.executable, str(SCRIPT), "/no/such"], capture_output=True, text=True, check=False)
    assert (done.returncode, "nothing was looked up" in done.stderr) == (0, True)


def test_requirements_are_versions_without_what_builds_add():
    spec = importlib.util.spec_from_file_location("audit", SCRIPT)
    audit = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(audit)
    lines = audit.requirements().splitlines()
    assert any(line.startswith("grpcio==") for line in lines)
    assert not any("+" in line or line.startswith("lodestream==") for line in lines)
