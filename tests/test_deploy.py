"""What is deployed next to the worker speaks of metrics and options that the worker has."""

import json
import re
from pathlib import Path

import pytest

from lodestream_server.config import Config
from lodestream_server.metrics import Metrics

DEPLOY = Path(__file__).parents[1] / "server" / "deploy"
RULES = (DEPLOY / "prometheus" / "lodestream.rules.yml").read_text()
DASHBOARD = json.loads((DEPLOY / "grafana" / "lodestream.json").read_text())


@pytest.fixture(scope="module")
def known():
    """Every series name that the worker can expose."""
    names = set()
    for metric in Metrics().registry.collect():
        suffixes = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",), "gauge": ("",)}[metric.type]
        names |= {metric.name + suffix for suffix in suffixes}
    return names


def test_rules_and_dashboard_name_real_metrics(known):
    expressions = RULES + json.dumps(DASHBOARD)
    named = set(re.findall(r"\blodestream_[a-z_]+", expressions))

    assert named
    assert named <= known


def test_panels_do_not_share_ids_or_places():
    panels = DASHBOARD["panels"]

    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)
    assert all(panel["targets"] for panel in panels)


def test_kubernetes_sets_real_options():
    text = (DEPLOY / "kubernetes" / "lodestream.yaml").read_text()
    options = {name.lower() for name in re.findall(r"name: LODESTREAM_([A-Z_]+)", text)}

    assert options
    assert options <= set(Config.__dataclass_fields__)
