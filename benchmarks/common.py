"""What the measurements share: prompts, a server, percentiles, tables."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import lodestream

PROMPTS = (
    "a tall bald man in a red t-shirt and blue jeans",
    "a young woman with long blonde hair in a green dress",
    "an old man with a white beard in a dark grey suit and a red tie",
    "a muscular man in a black tank top and white shorts",
    "a heavy woman in a purple jumper and a long brown skirt",
    "a boy in a yellow hoodie, grey leggings and trainers",
    "a slim woman with a black bob, a white blouse and a navy pencil skirt",
    "a man in a plaid shirt, brown trousers and leather boots",
)


class Server:
    """The server that is measured; facts about its process only if it is our own."""

    def __init__(
        self, address: str, own: lodestream.LocalServer | None, connect: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        self.address = address
        self._connect = connect
        self._own = own

    def facts(self) -> dict[str, Any]:
        """Engine, bundle, and for an own server its start-up time and memory."""
        with lodestream.Client(self.address, **self._connect) as client:
            info = client.info()
        facts: dict[str, Any] = {"engine": info.engine, "bundle": info.bundle, "version": info.version}
        if self._own is not None:
            facts["ready_ms"] = int(self._own.ready_line.split()[-2])
            facts["peak_rss_mb"] = _peak_rss_mb(self._own.pid)
        return facts


@contextlib.contextmanager
def server(
    address: str | None, options: Sequence[str], connect: Mapping[str, Any] = MappingProxyType({})
) -> Iterator[Server]:
    """A running server, reached with the SDK's options ``connect``, or one of our own for the time being."""
    if address:
        yield Server(address, None, connect)
        return
    with lodestream.LocalServer(*options, startup_timeout=120) as own:
        yield Server(own.address, own)


def parser(description: str | None) -> argparse.ArgumentParser:
    """The options that every measurement has."""
    out = argparse.ArgumentParser(description=description, allow_abbrev=False)
    out.add_argument("--address", metavar="HOST:PORT", help="a running server (default: start one)")
    out.add_argument("--server-option", action="append", default=[], metavar="OPTION", help="for the own server")
    out.add_argument("--levels", default="3,2,1,0", metavar="3,2,1,0")
    out.add_argument("--save", type=Path, metavar="FILE", help="append the line of JSON to this file")
    return out


def levels(text: str) -> tuple[int, ...]:
    """The levels named on the command line, coarse to fine."""
    return tuple(sorted((int(part) for part in text.split(",")), reverse=True))


def requests() -> Iterator[tuple[str, int]]:
    """Prompts with seeds that were never used before, so that nothing comes from the store."""
    seeds = itertools.count(int(datetime.now(UTC).timestamp() * 1e6))
    return (
        (f"{prompt}, aged {18 + seed % 60}", seed)
        for prompt, seed in zip(itertools.cycle(PROMPTS), seeds, strict=False)
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """Nearest rank: the smallest value that at least ``percent`` % of all do not exceed."""
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(int(rank), 1) - 1]


def summary(values: Sequence[float]) -> dict[str, float]:
    """p50, p90, p99 and the largest, in the unit of the values."""
    return {f"p{p}": round(percentile(values, p), 1) for p in (50, 90, 99)} | {"max": round(max(values), 1)}


def table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Prints rows under their keys."""
    if not rows:
        return
    columns = list(rows[0])
    widths = [max(len(column), *(len(str(row[column])) for row in rows)) for column in columns]
    for line in (columns, *([str(row[column]) for column in columns] for row in rows)):
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))


def finish(name: str, result: Mapping[str, Any], save: Path | None) -> None:
    """Prints the line of JSON, with what it takes to compare it to another."""
    line = json.dumps(
        {"benchmark": name, "time": datetime.now(UTC).isoformat(timespec="seconds"), **_machine(), **result}
    )
    print(line, flush=True)
    if save is not None:
        save.parent.mkdir(parents=True, exist_ok=True)
        with save.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def _machine() -> dict[str, Any]:
    cpu = platform.machine()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        cpu = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), cpu)
    load = round(os.getloadavg()[0], 1)  # well above 1 means that others were at work, too
    return {"cpu": cpu, "cores": os.cpu_count(), "load_average": load, "python": platform.python_version()}


def _peak_rss_mb(pid: int) -> float | None:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 1024, 1)
    return None
