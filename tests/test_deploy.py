"""What is deployed next to the worker speaks of metrics and options that the worker has."""

import json
import math
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

import lodestream
from lodestream_server.config import Config
from lodestream_server.metrics import Metrics

DEPLOY = Path(__file__).parents[1] / "server" / "deploy"
RULES = DEPLOY / "prometheus" / "lodestream.rules.yml"
DASHBOARD = json.loads((DEPLOY / "grafana" / "lodestream.json").read_text())
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
NAME = re.compile(r"\blodestream_[a-z0-9_]+")
PROMTOOL = shutil.which("promtool")
PROMETHEUS = shutil.which("prometheus")


@pytest.fixture(scope="module")
def known():
    """Every series name that the worker can expose."""
    names = set()
    for metric in Metrics().registry.collect():
        suffixes = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",), "gauge": ("",)}[metric.type]
        names |= {metric.name + suffix for suffix in suffixes}
    return names


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    """A worker that has something to reload, after one avatar."""
    options = tmp_path_factory.mktemp("options") / "options.toml"
    options.write_text("rate = 0\n")
    with (
        lodestream.LocalServer("--config", str(options), data_dir=tmp_path_factory.mktemp("deploy")) as worker,
        lodestream.Client(worker.address) as client,
    ):
        make(client, 0)
        yield worker, client


def make(client, number):
    return list(client.generate(f"a man in a blue suit, number {number}"))


def get(address, path):
    with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
        return answer.read().decode()


def test_rules_name_real_metrics(known):
    named = set(NAME.findall(RULES.read_text()))

    assert named
    assert named <= known


def test_every_panel_shows_what_a_real_worker_exposes(worker):
    exposed = set(re.findall(r"^(lodestream_\w+)", get(worker[0].http, "/metrics"), re.MULTILINE))

    for expression in EXPRESSIONS:
        named = set(NAME.findall(expression))
        assert named, expression
        assert named <= exposed, expression


def test_the_dashboard_is_what_its_script_writes(tmp_path):
    subprocess.run([sys.executable, str(DEPLOY / "grafana" / "dashboard.py"), str(tmp_path / "new.json")], check=True)

    assert (tmp_path / "new.json").read_text() == (DEPLOY / "grafana" / "lodestream.json").read_text()


def test_panels_do_not_share_ids_or_places():
    panels = DASHBOARD["panels"]

    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)
    assert all(panel["targets"] for panel in panels)


@pytest.mark.skipif(PROMTOOL is None, reason="needs promtool (Debian's package prometheus)")
def test_alerts_fire_when_they_should_and_only_then():
    done = subprocess.run(
        [PROMTOOL, "test", "rules", str(RULES.with_name("lodestream.test.yml"))],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested_to_fire():
    tests = RULES.with_name("lodestream.test.yml").read_text()
    alerts = set(re.findall(r"alert: (\w+)", RULES.read_text()))
    fired = set(re.findall(r"alertname: (\w+)\n\s+eval_time: \w+\n\s+exp_alerts:\n", tests))

    assert alerts
    assert fired == alerts


class Prometheus:
    def __init__(self, address):
        self.address = address

    def get(self, path):
        return get(self.address, path)

    def ask(self, expression):
        """What the expression's series are now."""
        path = "/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        return [float(sample["value"][1]) for sample in json.loads(self.get(path))["data"]["result"]]


@pytest.fixture
def prometheus(worker, tmp_path):
    """A Prometheus that watches the worker."""
    if PROMETHEUS is None:
        pytest.skip("needs prometheus (Debian's package)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    config = {
        "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms"},
        "rule_files": [str(RULES)],
        "scrape_configs": [{"job_name": "lodestream", "static_configs": [{"targets": [worker[0].http]}]}],
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps(config))
    command = [PROMETHEUS, f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([*command, f"--web.listen-address={address}"], stdout=log, stderr=log)

    running = Prometheus(address)
    try:
        end = time.monotonic() + 20
        while True:
            try:
                if running.ask('up{job="lodestream"}') == [1]:
                    break
            except urllib.error.URLError:
                pass
            assert time.monotonic() < end, (tmp_path / "log").read_text()
            time.sleep(0.1)
        yield running
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.slow
def test_every_expression_has_something_to_show_after_a_short_load(worker, prometheus):
    for number in (1, 2, 2):
        make(worker[1], number)
    time.sleep(1.2)  # two more scrapes

    groups = json.loads(prometheus.get("/api/v1/rules"))["data"]["groups"]
    recorded = [rule["query"] for group in groups for rule in group["rules"] if rule["type"] == "recording"]
    assert len(recorded) >= 5
    for expression in (*EXPRESSIONS, *recorded):
        shown = prometheus.ask(expression.replace("$__rate_interval", "10s").replace("[5m]", "[10s]"))
        if "INTERNAL" in expression:
            continue  # nothing went wrong
        assert any(math.isfinite(value) for value in shown), expression


def test_kubernetes_sets_real_options():
    text = (DEPLOY / "kubernetes" / "lodestream.yaml").read_text()
    options = {name.lower() for name in re.findall(r"name: LODESTREAM_([A-Z_]+)", text)}

    assert options
    assert options <= set(Config.__dataclass_fields__)
