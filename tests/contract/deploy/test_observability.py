"""Scrape configuration, alerts and dashboard: every metric and label that they name is one of the code's."""

import importlib
import importlib.util
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from chassis.metrics import Counter, Gauge, Metrics, Seconds, definitions

REPO = Path(__file__).resolve().parents[3]
HERE = REPO / "deploy" / "observability"
PROMTOOL = shutil.which("promtool")
NAMED = re.compile(r"\btablewatch_([a-z_]+)(\{[^}]*\})?")
MATCHED = re.compile(r"(\w+)\s*(?:=~|!=|!~|=)")
GROUPED = re.compile(r"\b(?:by|on|without)\s*\(([^)]*)\)")
ADDED = {"le", "service", "job", "instance"}  # by Prometheus and its configuration


def alerts() -> list[dict[str, Any]]:
    """The rules of alerts.yml."""
    (group,) = yaml.safe_load((HERE / "alerts.yml").read_text())["groups"]
    return list(group["rules"])


def dashboard() -> dict[str, Any]:
    """The Grafana dashboard."""
    return dict(json.loads((HERE / "grafana" / "dashboards" / "tablewatch.json").read_text()))


def expressions() -> Iterator[str]:
    """Everything that asks Prometheus."""
    yield from (rule["expr"] for rule in alerts())
    yield from (target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", []))


def _load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR = _load(REPO / "docs" / "generate_metrics.py")
DEFINED = GENERATOR.definitions()


def spec_of(name: str) -> tuple[str, ...]:
    """Labels of a metric. Raises KeyError for one that nobody writes."""
    bare = re.sub(r"_(bucket|sum|count)$", "", name)
    labels: tuple[str, ...] = DEFINED[bare if bare in DEFINED else name].labels
    return labels


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_every_metric_and_label_is_one_of_the_code(expression: str) -> None:
    known: set[str] = set()
    for name, matchers in NAMED.findall(expression):
        labels = set(spec_of(name))
        known |= labels
        assert set(MATCHED.findall(re.sub(r'"[^"]*"', "", matchers))) <= labels | ADDED
    grouped = {label.strip() for found in GROUPED.findall(expression) for label in found.split(",") if label.strip()}
    assert grouped <= known | ADDED


def test_every_promise_has_its_alert() -> None:
    names = {rule["alert"] for rule in alerts()}
    assert {
        "LiveLag", "NoProgress", "JobsStuck", "OutboxOld", "DeadLetters", "FuseBlown", "LedgerImbalance", "ServiceDown",
    } <= names  # fmt: skip


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_every_alert_says_what_it_is_and_where_to_read_on(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (REPO / page).read_text(), re.MULTILINE)
    assert anchor == rule["alert"].lower()
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}


def test_the_dashboard_shows_every_metric_that_an_alert_is_about() -> None:
    shown = {name for p in dashboard()["panels"] for t in p.get("targets", []) for name, _ in NAMED.findall(t["expr"])}
    rung = {name for rule in alerts() for name, _ in NAMED.findall(rule["expr"])}
    assert rung <= shown
    idents = [panel["id"] for panel in dashboard()["panels"]]
    assert len(idents) == len(set(idents))


def test_what_compose_mounts_is_there_and_every_service_is_scraped() -> None:
    compose = yaml.safe_load((REPO / "docker-compose.yml").read_text())["services"]
    for service in ("prometheus", "grafana"):
        mounted = [volume.split(":")[0] for volume in compose[service]["volumes"] if volume.startswith("./")]
        assert mounted
        assert all((REPO / path).exists() for path in mounted)
    (job,) = yaml.safe_load((HERE / "prometheus.yml").read_text())["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert set(found["names"]) == {path.name for path in (REPO / "services").iterdir() if path.is_dir()}
    port = re.search(r"OPS_PORT=(\d+)", (REPO / "deploy" / "Dockerfile").read_text())
    assert port is not None
    assert found["port"] == int(port[1])


def metrics_page() -> bytes:
    """A page on which every metric has been touched."""
    metrics = Metrics()
    for definition in DEFINED.values():
        labels = dict.fromkeys(definition.labels, "x")
        match definition:
            case Counter():
                metrics.count(definition, **labels)
            case Gauge():
                metrics.set(definition, 1, **labels)
            case Seconds():
                metrics.observe(definition, 0.5, **labels)
    return metrics.exposition()


def test_a_name_is_defined_once() -> None:
    for module in GENERATOR.modules():
        assert all(DEFINED[each.name] is each for each in definitions(importlib.import_module(module)))


@pytest.mark.parametrize("service", sorted((REPO / "services").glob("*/src/*")), ids=lambda path: path.name)
def test_what_a_service_writes_it_declares_at_start(service: Path) -> None:
    """So that a counter is there, at zero or with its help, before it is first counted."""
    sources = [path.read_text() for path in service.rglob("*.py")]
    used = {module for module in GENERATOR.modules() for source in sources if f"from {module} import" in source}
    declared = set(re.findall(r"[a-z_]+\.metrics", " ".join(re.findall(r"\.declare\(([^)]*)\)", " ".join(sources)))))
    assert used - {"chassis.metrics", "objects.metrics"} == declared  # those declare themselves


@pytest.mark.parametrize(
    "words",
    [
        ("check", "config", str(HERE / "prometheus.yml")),
        ("check", "rules", "--lint-fatal", str(HERE / "alerts.yml")),
        ("test", "rules", str(HERE / "alerts_test.yml")),
        ("check", "metrics"),
    ],
    ids=["config", "rules", "tests of the rules", "metrics"],
)
def test_promtool_finds_nothing(words: tuple[str, ...]) -> None:
    if PROMTOOL is None:  # without it the other tests hold what can be held; yaml and names were read above
        assert (HERE / "alerts_test.yml").exists()
        return
    done = subprocess.run([PROMTOOL, *words], input=metrics_page(), capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
