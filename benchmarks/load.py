"""How many users a server bears: N clients, each sending its next request when the last is done, for a while.

`python -m benchmarks.load --clients 16 --seconds 20`
"""

from __future__ import annotations

import asyncio
import collections
import time
from collections.abc import Iterator, Sequence

import lodestream
from benchmarks import common

Times = dict[int, list[float]]


async def measure(
    address: str, clients: int, seconds: float, levels: tuple[int, ...]
) -> tuple[Times, int, dict[str, int]]:
    """Runs the load.

    Returns:
        Milliseconds by level, finished avatars, and failed requests by class of error.
    """
    times: Times = {level: [] for level in levels}
    errors: collections.Counter[str] = collections.Counter()
    finished = 0
    work = common.requests()
    end = time.perf_counter() + seconds

    async def client(requests: Iterator[tuple[str, int]]) -> None:
        nonlocal finished
        async with lodestream.AsyncClient(address, retry=lodestream.Retry(attempts=1)) as connection:
            while time.perf_counter() < end:
                prompt, seed = next(requests)
                try:
                    async for event in connection.generate(prompt, seed=seed, levels=levels):
                        if isinstance(event, lodestream.Level):
                            times[event.level].append(event.ms)
                    finished += 1
                except lodestream.LodestreamError as error:
                    errors[type(error).__name__] += 1
                    await asyncio.sleep(0.05)

    await asyncio.gather(*(client(work) for _ in range(clients)))
    return times, finished, dict(errors)


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = common.parser(__doc__)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=20.0)
    arguments = parser.parse_args(argv)
    levels = common.levels(arguments.levels)
    with common.server(arguments.address, arguments.server_option) as server:
        asyncio.run(measure(server.address, 1, min(arguments.seconds, 1.0), levels))  # warm
        began = time.perf_counter()
        times, finished, errors = asyncio.run(measure(server.address, arguments.clients, arguments.seconds, levels))
        seconds = time.perf_counter() - began
        facts = server.facts()
    rate = round(finished / seconds, 2)
    print(f"time to level in ms, {arguments.clients} clients, {seconds:.0f} s, {rate} avatars/s, errors {errors}")
    rows = [
        {"level": level, "count": len(times[level]), **common.summary(times[level])} for level in levels if times[level]
    ]
    common.table(rows)
    result = {
        "clients": arguments.clients,
        "seconds": round(seconds, 1),
        "avatars_per_second": rate,
        "levels": {str(row["level"]): {key: row[key] for key in ("p50", "p90", "p99", "max")} for row in rows},
        "errors": errors,
    }
    common.finish("load", {**facts, **result}, arguments.save)


if __name__ == "__main__":
    main()
