"""The dashboard that is shipped loads: by Grafana's own types, and by a parser of PromQL for each query of it.

The types are those of ``grafana-foundation-sdk``, which Grafana makes from its schemas.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import promql_parser
import pytest
import yaml
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client import CollectorRegistry

from headrace import Headrace
from headrace.contrib.prometheus import PrometheusMetrics
from tests.deploy.manifests import ROOT

DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "headrace.json").read_text("utf-8"))
RULES = yaml.safe_load((ROOT / "deploy" / "prometheus" / "headrace.rules.yml").read_text("utf-8"))

OF_PROMETHEUS = {"instance", "job", "le"}
"""Labels that a scrape adds, and those of histograms."""


def expressions(value: Any) -> Iterator[str]:
    """Every PromQL expression in a document."""
    if isinstance(value, dict):
        if isinstance(value.get("expr"), str):
            yield value["expr"]
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from expressions(inner)


QUERIES = [*expressions(DASHBOARD), *expressions(RULES)]


@pytest.fixture(scope="module")
def labels() -> Mapping[str, set[str]]:
    """The labels of each metric, by the name that queries know it by."""
    return asyncio.run(_labels())


async def _labels() -> Mapping[str, set[str]]:
    registry = CollectorRegistry()
    app = Headrace("memory://")
    nothing = app.task(name="nothing")(lambda: None)
    metrics = PrometheusMetrics(app, registry=registry)
    async with app, app.worker():
        await (await nothing.enqueue()).result(timeout=20)
        known = {sample.name: set(sample.labels) for family in registry.collect() for sample in family.samples}
    known |= dict(_declared(registry))
    await asyncio.to_thread(app.sync.close)
    metrics.close()
    return known


def _declared(registry: CollectorRegistry) -> Iterator[tuple[str, set[str]]]:
    """Metrics of which nothing has been counted yet have no sample, and their labels by declaration."""
    for name, collector in registry._names_to_collectors.items():
        declared = getattr(collector, "_labelnames", None)
        if declared is not None:
            yield name, set(declared)


@pytest.mark.parametrize("query", QUERIES)
def test_every_metric_of_a_query_has_the_labels_that_it_asks_for(query: str, labels: Mapping[str, set[str]]) -> None:
    names = set(re.findall(r"headrace_\w+", query))
    grouped = {word for words in re.findall(r"\bby \(([^)]*)\)", query) for word in re.findall(r"\w+", words)}
    for name in names:
        selectors = " ".join(re.findall(rf"{name}\{{([^}}]*)\}}", query))
        chosen = set(re.findall(r"(\w+)\s*[=!]", selectors))
        assert grouped | chosen <= labels[name] | OF_PROMETHEUS, name


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_is_promql(query: str) -> None:
    promql_parser.parse(query)


def test_grafanas_own_types_read_the_dashboard_and_lose_nothing_of_it() -> None:
    plugins.register_default_plugins()
    read = json.loads(JSONEncoder().encode(Dashboard.from_json(DASHBOARD)))
    assert list(_lost(DASHBOARD, read)) == []


def _lost(written: Any, read: Any, path: str = "") -> Iterator[str]:
    """The places that are gone or different; what the types add is theirs."""
    if isinstance(written, dict) and isinstance(read, dict):
        for name, value in written.items():
            yield from _lost(value, read.get(name), f"{path}/{name}")
    elif isinstance(written, list) and isinstance(read, list) and len(written) == len(read):
        for number, (one, other) in enumerate(zip(written, read, strict=True)):
            yield from _lost(one, other, f"{path}/{number}")
    elif written != read:
        yield f"{path}: {written!r} is {read!r}"


def test_every_panel_says_what_it_shows_and_where_from() -> None:
    panels = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
    assert panels
    assert all(panel["title"] and panel["targets"] and panel["datasource"]["uid"] for panel in panels)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
