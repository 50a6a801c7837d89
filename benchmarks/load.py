"""How many users a server bears: many clients in several processes, some of them slow, some of them fickle.

`python -m benchmarks.load --clients 64 --processes 4 --duration 20` starts a server of its own;
`--address HOST:PORT` takes any other, with `--token-file`, `--tls` and certificates as the deployment wants.
"""

from __future__ import annotations

import argparse
import collections
import json
import multiprocessing
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks import common
from benchmarks.load_clients import Outcome, Plan, run


def measure(plan: Plan, processes: int) -> list[Outcome]:
    """Divides the plan among processes and plays it.

    Args:
        plan: Clients and rate are those of all processes together.
        processes: At least 1; no more are started than there are clients.

    Returns:
        All requests.
    """
    parts = [
        replace(
            plan,
            clients=_share(plan.clients, n, processes),
            slow=_share(plan.slow, n, processes),
            stalled=_share(plan.stalled, n, processes),
            rate=plan.rate / processes,
            seed=plan.seed + n,
        )
        for n in range(processes)
    ]
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        return [outcome for outcomes in pool.map(run, parts) for outcome in outcomes]


def report(outcomes: Sequence[Outcome], levels: Sequence[int], seconds: float, warm_up: float = 0.0) -> dict[str, Any]:
    """Percentiles of the readers' levels in ms, errors by class with the time they took, slow readers by outcome.

    Args:
        outcomes: All requests. levels: Levels asked for.
        seconds: How long it took until all were over.
        warm_up: Seconds of the beginning whose requests are not counted.
    """
    outcomes = [outcome for outcome in outcomes if outcome.at >= warm_up]
    readers = [outcome for outcome in outcomes if outcome.kind == "reader"]
    times = {level: [outcome.levels[level] for outcome in readers if level in outcome.levels] for level in levels}
    failed: dict[str, list[float]] = collections.defaultdict(list)
    for outcome in readers:
        if outcome.error not in ("", "cancelled"):
            failed[outcome.error].append(outcome.ms)
    finished = sum(not outcome.error for outcome in readers)
    slow = collections.Counter(f"{o.kind} {o.error or 'finished'}" for o in outcomes if o.kind != "reader")
    return {
        "requests": len(readers),
        "finished": finished,
        "cancelled": sum(outcome.error == "cancelled" for outcome in readers),
        "avatars_per_second": round(finished / seconds, 2),
        "levels": {str(n): {"count": len(ms), **common.summary(ms)} for n, ms in times.items() if ms},
        "errors": {name: {"count": len(ms), **common.summary(ms)} for name, ms in sorted(failed.items())},
        "slow_readers": dict(slow),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    arguments = _parser().parse_args(argv)
    levels = common.levels(arguments.levels)
    connect = _connect(arguments)
    with common.server(arguments.address, arguments.server_option, connect) as server:
        plan = Plan(
            server.address,
            connect,
            arguments.clients,
            arguments.open_rate,
            arguments.duration,
            levels,
            slow=arguments.slow_readers,
            stalled=arguments.stalled_readers,
            cancel=arguments.cancel,
            timeout=arguments.timeout,
            seed=time.time_ns() >> 10,
            ramp=arguments.ramp,
        )
        run(replace(plan, clients=1, rate=0.0, seconds=min(1.0, plan.seconds), slow=0, stalled=0, cancel=0.0))  # warm
        began = time.perf_counter()
        outcomes = measure(plan, max(1, min(arguments.processes, arguments.clients)))
        result = report(outcomes, levels, time.perf_counter() - began, arguments.warm_up)
        facts = server.facts()
    loop = f"{arguments.open_rate:g} requests/s" if arguments.open_rate else f"{arguments.clients} clients"
    print(
        f"time to level in ms, {loop}, {plan.seconds:g} s: {result['finished']} of {result['requests']} finished, "
        f"{result['cancelled']} cancelled, {result['avatars_per_second']} avatars/s"
    )
    common.table([{"level": level, **row} for level, row in result["levels"].items()])
    common.table([{"error": name, **row} for name, row in result["errors"].items()])
    if result["slow_readers"]:
        print(", ".join(f"{name}: {count}" for name, count in result["slow_readers"].items()))
    if arguments.log is not None:
        arguments.log.write_text("".join(json.dumps(asdict(o)) + "\n" for o in outcomes), encoding="utf-8")
    how = {
        name: getattr(arguments, name)
        for name in ("clients", "processes", "open_rate", "ramp", "warm_up", "duration", "cancel")
    }
    common.finish("load", {**facts, **how, **result}, arguments.save)


def _parser() -> argparse.ArgumentParser:
    parser = common.parser(__doc__)
    parser.add_argument("--clients", type=int, default=16, help="connections, among the processes")
    parser.add_argument("--processes", type=int, default=1)
    loop = parser.add_mutually_exclusive_group()
    loop.add_argument("--open-rate", type=float, default=0.0, metavar="R", help="R requests a second, come what may")
    loop.add_argument(
        "--closed", action="store_true", help="each client sends its next request when the last is over (default)"
    )
    parser.add_argument("--ramp", type=float, default=0.0, metavar="SECONDS", help="over which --closed clients come")
    parser.add_argument("--warm-up", type=float, default=0.0, metavar="SECONDS", help="whose requests do not count")
    parser.add_argument("--duration", type=float, default=20.0, metavar="SECONDS")
    parser.add_argument("--timeout", type=float, default=120.0, metavar="SECONDS", help="of one request")
    parser.add_argument("--slow-readers", type=int, default=0, metavar="N", help="further clients that read 1 KiB/s")
    parser.add_argument("--stalled-readers", type=int, default=0, metavar="N", help="further clients that do not read")
    parser.add_argument("--cancel", type=float, default=0.0, metavar="SHARE", help="cancelled after 0 to 1 s, 0 to 1")
    parser.add_argument("--log", type=Path, metavar="FILE", help="write a line of JSON per request")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="default: the variable LODESTREAM_TOKEN")
    parser.add_argument("--tls", action=argparse.BooleanOptionalAction, help="default: if there are certificates")
    parser.add_argument("--ca", metavar="FILE", help="PEM that the server's certificate is checked against")
    parser.add_argument("--certificate", nargs=2, metavar=("FILE", "KEY"), help="PEM of your own, if asked for")
    return parser


def _connect(arguments: argparse.Namespace) -> dict[str, Any]:
    if arguments.address is None:  # our own asks for nothing
        return {}
    file, pair = arguments.token_file, arguments.certificate
    return {
        "token": file.read_text(encoding="ascii").strip() if file else os.environ.get("LODESTREAM_TOKEN"),
        "tls": arguments.tls,
        "root_certificates": arguments.ca,
        "client_certificate": pair and tuple(pair),
    }


def _share(whole: int, n: int, parts: int) -> int:
    """The n-th part of a whole that cannot be divided evenly."""
    return whole // parts + (n < whole % parts)


if __name__ == "__main__":
    main()
