# ruff: noqa: INP001 (a script, not a package)
"""Looks up the packages of this interpreter among known vulnerabilities: ``python audit.py pip-audit [OPTIONS]``.

Exit code 1 if there are any. Where pip-audit or its service cannot be reached it says so and ends with 0: a machine
without network has to be able to check everything else.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

_OURS = "lodestream"
_SECONDS = 300


def requirements() -> str:
    """The packages, a line each, without what a build adds to a version (``2.13.0+cpu``)."""
    packages = {found.name: found.version.partition("+")[0] for found in distributions() if found.name != _OURS}
    return "".join(f"{name}=={version}\n" for name, version in sorted(packages.items()))


def verdict(report: dict[str, Any]) -> tuple[int, list[str]]:
    """What a report of pip-audit (``--format json``) means.

    Returns:
        The exit code and lines that say why.
    """
    known = [package for package in report["dependencies"] if "vulns" in package]
    lines = [
        f"audit: {package['name']} {package['version']} has {found['id']}; "
        f"mended in {', '.join(found['fix_versions']) or 'no version yet'}"
        for package in known
        for found in package["vulns"]
    ]
    if lines:
        return 1, lines
    if not known:
        return 0, ["audit: the vulnerability service knows none of the packages, so nothing was looked up"]
    unknown = len(report["dependencies"]) - len(known)
    return 0, [f"audit: nothing is known against {len(known)} packages; {unknown} could not be looked up"]


def main(command: Sequence[str]) -> int:
    """Runs pip-audit.

    Returns:
        The exit code.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requirements.txt"
        file.write_text(requirements(), encoding="utf-8")
        options = ["--format", "json", "--progress-spinner", "off", "--no-deps", "--disable-pip", "-r", str(file)]
        try:
            done = subprocess.run(  # noqa: S603 (the Makefile's command)
                [*command, *options], capture_output=True, text=True, timeout=_SECONDS, check=False
            )
            report = json.loads(done.stdout)
        except (OSError, ValueError, subprocess.TimeoutExpired):
            code, lines = 0, ["audit: no vulnerability service can be reached, so nothing was looked up"]
        else:
            code, lines = verdict(report)
    sys.stderr.write("\n".join(lines) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
