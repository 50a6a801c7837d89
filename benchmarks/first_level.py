"""How long one user waits: one request after the other, warm. `python -m benchmarks.first_level`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import lodestream
from benchmarks import common


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints."""
    parser = common.parser(__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--warm-up", type=int, default=5)
    arguments = parser.parse_args(argv)
    levels = common.levels(arguments.levels)
    times: dict[int, list[float]] = {level: [] for level in levels}
    sizes: dict[int, list[float]] = {level: [] for level in levels}
    stages: dict[str, list[float]] = {}
    with common.server(arguments.address, arguments.server_option) as server:
        with lodestream.Client(server.address) as client:
            work = itertools.islice(common.requests(), arguments.warm_up + arguments.runs)
            for run, (prompt, seed) in enumerate(work):
                for event in client.generate(prompt, seed=seed, levels=levels):
                    if run < arguments.warm_up:
                        continue
                    if isinstance(event, lodestream.Level):
                        times[event.level].append(event.ms)
                        sizes[event.level].append(len(event.glb) / 1e3)
                    elif isinstance(event, lodestream.Done):
                        for stage, ms in event.stages_ms.items():
                            stages.setdefault(stage, []).append(ms)
        facts = server.facts()
    print(f"time to level in ms, {arguments.runs} runs, one client")
    common.table(
        [
            {"level": level, **common.summary(times[level]), "KB": round(common.percentile(sizes[level], 50), 1)}
            for level in levels
        ]
    )
    print("server stages in ms, p50")
    medians = {stage: round(common.percentile(values, 50), 2) for stage, values in stages.items()}
    common.table([{"stage": stage, "ms": ms} for stage, ms in sorted(medians.items())])
    result = {
        "runs": arguments.runs,
        "levels": {str(level): common.summary(times[level]) for level in levels},
        "kb": {str(level): common.summary(sizes[level]) for level in levels},
        "stages_ms": medians,
    }
    common.finish("first_level", {**facts, **result}, arguments.save)


if __name__ == "__main__":
    main()
