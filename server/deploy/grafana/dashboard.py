#!/usr/bin/env python3
"""Writes ``lodestream.json``, the dashboard for Grafana: ``server/deploy/grafana/dashboard.py [FILE]``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("lodestream.json")
WIDTH, HEIGHT, ACROSS = 8, 8, 3
"""Of a panel, in Grafana's grid of 24 columns, and how many stand side by side."""
# what is not installed, or cannot do the precision asked for, was not meant to run
FELL_BACK = 'lodestream_engine_fallback_total{reason!~".*_(missing|precision)"}'
SOURCE: Mapping[str, str] = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True, slots=True)
class Panel:
    """One graph: lines as (legend, expression), and the unit of all of them as Grafana calls it."""

    title: str
    unit: str
    lines: Sequence[tuple[str, str]]


def rate(metric: str, by: str = "") -> str:
    """How much a counter rises a second, summed ``by`` labels."""
    grouped = f"sum by ({by}) " if by else "sum"
    return f"{grouped}(rate(lodestream_{metric}[$__rate_interval]))"


def quantile(q: float, metric: str, by: str = "") -> str:
    """A quantile of a histogram."""
    return f"histogram_quantile({q}, {rate(f'{metric}_bucket', f'le, {by}' if by else 'le')})"


def mean(metric: str, by: str) -> str:
    """The mean of a histogram."""
    return f"{rate(f'{metric}_sum', by)} / {rate(f'{metric}_count', by)}"


def share(part: str, rest: str, by: str) -> str:
    """A counter's share of it and another."""
    return f"{rate(part, by)} / ({rate(part, by)} + {rate(rest, by)})"


PANELS = (
    Panel(
        "Time to the first level",
        "s",
        [(f"p{round(q * 100)}", quantile(q, "time_to_first_level_seconds")) for q in (0.5, 0.9, 0.99)],
    ),
    Panel("Time to each level, p50", "s", [("level {{level}}", quantile(0.5, "time_to_level_seconds", "level"))]),
    Panel("Time to each level, p99", "s", [("level {{level}}", quantile(0.99, "time_to_level_seconds", "level"))]),
    Panel("Calls by result", "reqps", [("{{method}} {{code}}", rate("requests_total", "method, code"))]),
    Panel("Streams under way", "short", [("{{instance}}", "sum by (instance) (lodestream_streams_active)")]),
    Panel("Waiting for a worker, p99", "s", [("{{instance}}", quantile(0.99, "queue_seconds", "instance"))]),
    Panel("Stages, mean", "s", [("{{stage}}", mean("stage_seconds", "stage"))]),
    Panel("Batch size, mean", "short", [("{{model}}", mean("batch_size", "model"))]),
    Panel("Gallery search, p99", "s", [("p99", quantile(0.99, "gallery_search_seconds"))]),
    Panel("Bytes sent", "Bps", [("level {{level}}", rate("bytes_sent_total", "level"))]),
    Panel(
        "Store",
        "ops",
        [(name, rate(f"store_{name}_total")) for name in ("hits", "misses", "evictions", "errors", "corrupt")],
    ),
    Panel("Store on disk", "bytes", [("{{instance}}", "sum by (instance) (lodestream_store_bytes)")]),
    Panel(
        "Results still known", "percentunit", [("{{cache}}", share("cache_hits_total", "cache_misses_total", "cache"))]
    ),
    Panel(
        "Engines",
        "short",
        [("{{model}}: {{engine}} {{precision}}", "sum by (model, engine, precision) (lodestream_engine_info)")],
    ),
    Panel(
        "What is amiss",
        "short",
        [
            ("models on a slower engine", f"count({FELL_BACK}) or vector(0)"),
            ("files that were not reloaded", "sum(lodestream_reload_failed) or vector(0)"),
        ],
    ),
)


def dashboard() -> Mapping[str, object]:
    """The dashboard as Grafana imports it."""
    return {
        "title": "lodestream",
        "uid": "lodestream",
        "schemaVersion": 39,
        "version": 2,
        "refresh": "30s",
        "tags": ["lodestream"],
        "time": {"from": "now-1h", "to": "now"},
        "templating": {
            "list": [{"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"}]
        },
        "panels": [_panel(at, panel) for at, panel in enumerate(PANELS)],
    }


def text() -> str:
    """The dashboard's file."""
    return json.dumps(dashboard(), indent=1) + "\n"


def _panel(at: int, panel: Panel) -> Mapping[str, object]:
    row, column = divmod(at, ACROSS)
    return {
        "id": at + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": SOURCE,
        "gridPos": {"x": column * WIDTH, "y": row * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"expr": expression, "legendFormat": legend, "refId": chr(ord("A") + number)}
            for number, (legend, expression) in enumerate(panel.lines)
        ],
    }


if __name__ == "__main__":
    (Path(sys.argv[1]) if len(sys.argv) > 1 else FILE).write_text(text(), encoding="utf-8")
