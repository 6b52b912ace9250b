"""Alert rules and dashboard: they are sound, each alert fires when it should, and every metric is one that exists."""

import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.case import FIXTURES
from tests.host.units import files
from tests.needs import need
from tests.serve import Site, load, replay

TESTS = Path(__file__).with_name("alerts_test.yaml")
HOOKS = Path(__file__).parents[2] / "hooks" / "egc_host"
PLATFORM = FIXTURES / "whole" / "platform"

_METRIC = re.compile(r"\b(?:envoy|egc|node)_[a-z0-9_]+\b(?=[\s{)\[]|$)")
_LABELS = re.compile(r"\b(?:by|on|ignoring|without) \([^)]*\)|\{[^}]*\}")
_RUNBOOK = re.compile(r"`(?:egc-site|systemctl|journalctl) [^`]+`")


@cache
def rules() -> list[dict[str, Any]]:
    """Every alert."""
    groups = yaml.safe_load(files("monitoring")["alerts.yaml"])["groups"]
    return [rule for group in groups for rule in group["rules"]]


@cache
def dashboard() -> dict[str, Any]:
    """The dashboard."""
    found: dict[str, Any] = json.loads(files("monitoring")["dashboard.json"])
    return found


def expressions() -> Iterator[str]:
    """Every query of the alerts and the dashboard."""
    yield from (rule["expr"] for rule in rules())
    yield from (target["expr"] for panel in dashboard()["panels"] for target in panel["targets"])
    yield from (annotation["expr"] for annotation in dashboard()["annotations"]["list"])


def metrics(prefix: str) -> set[str]:
    """The metrics of all queries whose names begin so."""
    bare = (_LABELS.sub(" ", expression) for expression in expressions())
    return {name for expression in bare for name in _METRIC.findall(expression) if name.startswith(prefix)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The alerts with their tests beside them, as promtool wants it."""
    (tmp_path / "alerts.yaml").write_text(files("monitoring")["alerts.yaml"], encoding="utf-8")
    (tmp_path / TESTS.name).write_bytes(TESTS.read_bytes())
    return tmp_path


@pytest.mark.parametrize("command", [["check", "rules", "alerts.yaml"], ["test", "rules", TESTS.name]])
def test_promtool(command: list[str], folder: Path) -> None:
    """The rules are sound, and do what alerts_test.yaml says."""
    done = subprocess.run(
        [need("promtool"), *command], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested() -> None:
    """alerts_test.yaml makes each fire, and nearly."""
    fires, nearly = set(), set()
    for case in yaml.safe_load(TESTS.read_text(encoding="utf-8"))["tests"]:
        (test,) = case["promql_expr_test"]
        alert = case["name"].partition(",")[0]
        assert f'alertname="{alert}"' in test["expr"]
        if test["exp_samples"]:
            fires.add(alert)
        if any('instance="nearly"' in series["series"] for series in case["input_series"]):
            nearly.add(alert)
            assert not any('instance="nearly"' in sample["labels"] for sample in test["exp_samples"])
    assert fires == nearly == {rule["alert"] for rule in rules()}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_to_do(rule: dict[str, Any]) -> None:
    """How bad it is, what is so, and a command to begin with."""
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert set(rule["annotations"]) == {"summary", "description"}
    assert _RUNBOOK.search(rule["annotations"]["description"])


def test_metrics_of_envoy_exist() -> None:
    """A real Envoy has them, with the labels that tell one's own listeners and clusters from the site's."""
    with Site(PLATFORM / "bundle" / "prod") as site:
        replay(site, load(PLATFORM / "requests.yaml"))
        said = site.admin("/stats/prometheus")
    found = set(re.findall(r"^(envoy_\w+)[{ ]", said, re.MULTILINE))
    assert len(metrics("envoy_")) > 9
    assert not metrics("envoy_") - found
    for label in (
        'http_conn_manager_prefix="egc-metrics"',
        'http_conn_manager_prefix="admin"',
        'response_code_class="5"',
    ):
        assert label in said
    assert 'envoy_cluster_name="prometheus_stats"' in said


def test_metrics_of_the_host_exist() -> None:
    """The programs of the bundle write them."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in HOOKS.rglob("*.py"))
    assert len(metrics("egc_")) > 9
    assert not {name for name in metrics("egc_") if name not in source}


def test_what_the_head_of_the_alerts_says() -> None:
    """What Prometheus must scrape, and that it has nothing of Envoy if the site has no listener for it."""
    assert "127.0.0.1:19001/stats/prometheus" in files("monitoring")["alerts.yaml"]
    without = files("monitoring", metrics_port=None)["alerts.yaml"]
    assert "/stats/prometheus" not in without
    assert len(yaml.safe_load(without)["groups"]) == 3


def test_dashboard() -> None:
    """Panels do not overlap, each asks the datasource that the reader chose, and the site gives it its name."""
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not taken & cells
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in dashboard()["panels"]}) == len(dashboard()["panels"])
    assert [variable["type"] for variable in dashboard()["templating"]["list"]] == ["datasource"]
    long = json.loads(files("monitoring", site="a" * 63)["dashboard.json"])
    assert len(long["uid"]) == 40  # more, Grafana refuses


def test_queries_of_the_dashboard(tmp_path: Path) -> None:
    """Prometheus understands them."""
    recorded = [
        {"record": f"panel:{index}", "expr": expression.replace("$__rate_interval", "5m")}
        for index, expression in enumerate(expressions())
    ]
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}), encoding="utf-8")
    done = subprocess.run(
        [need("promtool"), "check", "rules", path], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
