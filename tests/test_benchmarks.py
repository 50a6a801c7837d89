import json
import subprocess
import sys
from pathlib import Path

import pytest
from rpc_support import environ

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("first_level", ["--runs", "3", "--warm-up", "1"]),
        ("load", ["--clients", "3", "--processes", "2", "--duration", "0.5"]),
    ],
)
def test_each_prints_a_table_and_then_a_line_of_json(server, tmp_path, module, options):
    save = tmp_path / "deep" / "results.jsonl"
    command = [sys.executable, "-m", f"benchmarks.{module}", "--address", server.address, *options]
    command += ["--save", str(save)]
    done = subprocess.run(command, cwd=ROOT, env=environ(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    *_table, last = done.stdout.strip().splitlines()
    result = json.loads(last)
    assert result["benchmark"] == module
    assert set(result["levels"]) == {"3", "2", "1", "0"}
    for level in result["levels"].values():
        assert 0 < level["p50"] <= level["p90"] <= level["p99"] <= level["max"]
    assert json.loads(save.read_text()) == result
    if module == "load":
        assert result["avatars_per_second"] > 0
        assert result["errors"] == {}


def test_percentiles_are_nearest_rank(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import common

    assert common.summary([float(n) for n in range(1, 101)]) == {"p50": 50, "p90": 90, "p99": 99, "max": 100}
    assert common.percentile([7.0], 50) == 7


def test_the_load_tool_opens_the_loop_reads_slowly_and_cancels(server, tmp_path):
    log = tmp_path / "requests.jsonl"
    command = [sys.executable, "-m", "benchmarks.load", "--address", server.address, "--duration", "2", "--open-rate"]
    command += ["20", "--levels", "3,2", "--cancel", "0.5", "--slow-readers", "1", "--stalled-readers", "1"]
    command += ["--log", str(log)]
    done = subprocess.run(command, cwd=ROOT, env=environ(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.strip().splitlines()[-1])
    assert 15 <= result["requests"] <= 70, "40 on average"
    assert result["finished"] + result["cancelled"] == result["requests"]
    assert result["slow_readers"] == {"slow cancelled": 1, "stalled finished": 1}
    outcomes = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(outcomes) == result["requests"] + 2
