"""Metrics: equal to what happened, valid by the reference parsers, bounded, and named right where others use them."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families
from tests.promlint import problems

from headrace import Fixed, Headrace, JobState, Snooze, hours
from headrace.backends.memory import MemoryBackend
from headrace.contrib.prometheus import MetricsServer, PrometheusMetrics, StoreCollector
from headrace.model.durations import ZERO
from headrace.model.ids import new_job_id
from headrace.model.job import NewJob
from headrace.testing.clock import FrozenClock

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"


def make_app(url: str = "memory://") -> Headrace:
    app = Headrace(url)

    @app.task(name="greet", queue="mail")
    async def greet() -> None: ...

    @app.task(name="fails", retry=Fixed(every=ZERO, attempts=3))
    async def fails() -> None:
        raise ValueError("always")

    @app.task(name="snoozes")
    async def snoozes() -> None:
        raise Snooze(hours(1))

    return app


async def run_known_jobs(app: Headrace) -> None:
    """20 greetings, 5 that fail three times each, 2 that snooze."""
    finished = asyncio.Semaphore(0)
    detach = app.telemetry.attach(lambda name, _: finished.release() if name == "job.finished" else None)
    calls = [
        app.find_task(name).call()
        for name, count in (("greet", 20), ("fails", 5), ("snoozes", 2))
        for _ in range(count)
    ]
    async with asyncio.timeout(20), app.worker(queues=["mail", "default"]):
        await app.enqueue_many(calls)
        for _ in range(20 + 15 + 2):
            await finished.acquire()
    detach()


Samples = dict[str, float]


def samples_of(text: str) -> Samples:
    """Each sample by its name and labels, as they are written."""
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[:1] != "#"}


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


async def scrape_after_known_jobs(registry: CollectorRegistry, url: str = "memory://") -> tuple[Headrace, str]:
    app = make_app(url)
    metrics = PrometheusMetrics(app, registry=registry)
    async with app:
        await run_known_jobs(app)
        text = generate_latest(registry).decode()
    app.sync.close()
    metrics.close()
    return app, text


@pytest.mark.parametrize("store", ["memory", "sqlite"])
async def test_values_equal_what_happened(registry: CollectorRegistry, store: str, tmp_path: Path) -> None:
    url = "memory://" if store == "memory" else f"sqlite:///{tmp_path}/jobs.db"
    app, text = await scrape_after_known_jobs(registry, url)
    samples = samples_of(text)
    expected = {
        'headrace_jobs_enqueued_total{queue="mail",task="greet"}': 20,
        'headrace_jobs_started_total{queue="default",task="fails"}': 15,
        'headrace_jobs_finished_total{outcome="completed",queue="mail",task="greet"}': 20,
        'headrace_jobs_finished_total{outcome="failed",queue="default",task="fails"}': 15,
        'headrace_jobs_finished_total{outcome="snoozed",queue="default",task="snoozes"}': 2,
        'headrace_job_retries_total{queue="default",task="fails"}': 10,
        'headrace_jobs_dead_total{queue="default",task="fails"}': 5,
        'headrace_job_run_seconds_count{task="greet"}': 20,
        'headrace_job_pickup_seconds_count{task="fails"}': 15,
        'headrace_queue_jobs{queue="mail",state="succeeded"}': 20,
        'headrace_queue_jobs{queue="default",state="dead"}': 5,
        'headrace_queue_jobs{queue="default",state="scheduled"}': 2,
        'headrace_queue_jobs{queue="default",state="queued"}': 0,
        'headrace_queue_oldest_seconds{queue="mail"}': 0,
        'headrace_queue_paused{queue="mail"}': 0,
        "headrace_store_up": 1,
        "headrace_workers": 0,
    }
    assert {name: samples.get(name) for name in expected} == expected
    assert samples['headrace_store_call_seconds_count{operation="finish_many"}'] >= 3
    assert samples["headrace_last_claim_timestamp_seconds"] > 1_700_000_000
    assert not app.telemetry.active


async def test_the_text_is_valid_by_the_reference_parsers_and_the_rules_of_promtool(
    registry: CollectorRegistry,
) -> None:
    app = make_app()
    metrics = PrometheusMetrics(app, registry=registry)
    async with app:
        await run_known_jobs(app)
        text, openmetrics = generate_latest(registry).decode(), generate_openmetrics(registry).decode()  # type: ignore[no-untyped-call]
    app.sync.close()
    metrics.close()
    families = list(text_string_to_metric_families(text))
    assert {family.name for family in families} >= {"headrace_jobs_finished", "headrace_queue_jobs"}
    assert all(family.documentation.endswith(".") for family in families)
    assert len(list(parse_openmetrics(openmetrics))) == len([f for f in families if not f.name.endswith("_created")])  # type: ignore[no-untyped-call]
    assert problems(text) == []


async def test_workers_have_gauges_until_they_stop(registry: CollectorRegistry) -> None:
    app = make_app()
    metrics = PrometheusMetrics(app, registry=registry, store=False)
    async with app:
        worker = app.worker(queues={"mail": 3, "default": 4})
        async with worker:
            samples = samples_of(generate_latest(registry).decode())
            assert samples[f'headrace_worker_slots{{worker="{worker.id}"}}'] == 7
            assert samples[f'headrace_worker_healthy{{worker="{worker.id}"}}'] == 1
        assert worker.id not in generate_latest(registry).decode()
    metrics.close()


async def test_the_oldest_job_and_a_paused_queue_are_seen_without_a_worker(registry: CollectorRegistry) -> None:
    app = make_app()
    registry.register(StoreCollector(app, fresh_s=0))
    async with app:
        await app.enqueue(app.find_task("greet").call())
        await app.pause("mail")
        samples = samples_of(generate_latest(registry).decode())
        assert samples['headrace_queue_jobs{queue="mail",state="queued"}'] == 1
        assert samples['headrace_queue_paused{queue="mail"}'] == 1
        assert 0 <= samples['headrace_queue_oldest_seconds{queue="mail"}'] < 20
    app.sync.close()


def test_a_store_that_does_not_answer_is_told_as_down(registry: CollectorRegistry, tmp_path: Path) -> None:
    app = Headrace(f"sqlite:///{tmp_path}/no/such/folder/jobs.db")
    registry.register(StoreCollector(app))
    assert samples_of(generate_latest(registry).decode()) == {"headrace_store_up": 0.0}


def test_a_thousand_queues_are_no_thousand_series(registry: CollectorRegistry) -> None:
    app = make_app()
    metrics = PrometheusMetrics(app, registry=registry, store=False, labels_max=3)
    for number in range(1000):
        app.telemetry.emit("job.enqueued", count=1, queues={}, tasks={"greet": {f"customer-{number}": 1}})
    samples = samples_of(generate_latest(registry).decode())
    counts = {name: value for name, value in samples.items() if name.startswith("headrace_jobs_enqueued_total")}
    assert len(counts) == 4
    assert counts['headrace_jobs_enqueued_total{queue="other",task="greet"}'] == 997
    metrics.close()


async def test_a_deprecated_version_of_which_jobs_came_is_counted_once(registry: CollectorRegistry) -> None:
    app = make_app()

    @app.task(name="pay", version=2)
    async def pay(cents: int) -> None: ...

    @pay.upcast(from_version=1, deprecated="euros are rounded")
    def in_cents(payload: dict[str, Any]) -> dict[str, Any]:
        return {"cents": 100 * payload["euros"]}

    metrics = PrometheusMetrics(app, registry=registry, store=False)
    old = [NewJob(id=new_job_id(), task="pay", payload=b'{"euros":5}', task_version=1) for _ in range(2)]
    async with app, app.worker():
        await app.backend.jobs.enqueue_many(old)
        for job in old:
            await app.job(job.id).result(timeout=20)
    assert samples_of(generate_latest(registry).decode())['headrace_deprecated_versions_total{task="pay"}'] == 1
    metrics.close()


async def test_stats_tell_depth_and_pace_of_each_queue() -> None:
    clock = FrozenClock()
    app = Headrace(backend=MemoryBackend(clock=clock))

    @app.task(name="greet", queue="mail")
    async def greet() -> None: ...

    async with app:
        for _ in range(50):
            await greet.enqueue()
        [stats] = await app.stats()
    assert (stats.queue, stats.paused, stats.counts) == ("mail", False, {JobState.QUEUED: 50})
    assert stats.oldest_queued_at == clock.now()
    assert stats.rate.enqueued == 50
    assert await asyncio.to_thread(app.sync.stats) == [stats]
    app.sync.close()


def fetch(url: str, **headers: str) -> tuple[int, str, str]:
    try:
        with urlopen(Request(url, headers=headers), timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read().decode()


def test_the_endpoint_serves_metrics_and_probes(registry: CollectorRegistry) -> None:
    problems: list[str] = []
    with MetricsServer(registry, port=0, ready=lambda: problems) as server:
        base = f"http://127.0.0.1:{server.port}"
        PrometheusMetrics(make_app(), registry=registry, store=False)
        status, kind, text = fetch(f"{base}/metrics")
        assert (status, kind.partition(";")[0]) == (200, "text/plain")
        assert "# TYPE headrace_jobs_finished_total counter" in text
        assert "openmetrics" in fetch(f"{base}/metrics", Accept="application/openmetrics-text; version=1.0.0")[1]
        assert fetch(f"{base}/health/ready")[0] == 200
        problems.append("jobs cannot be claimed from the store")
        status, kind, text = fetch(f"{base}/health/ready")
        assert (status, kind, json.loads(text)) == (503, "application/json", {"ok": False, "problems": problems})
        assert fetch(f"{base}/health/live")[0] == 200
        assert fetch(f"{base}/")[0] == 404
        with pytest.raises(OSError, match="in use"):
            MetricsServer(registry, port=server.port).start()


def expressions(value: Any) -> Iterator[str]:
    """Every PromQL expression in a document."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "expr":
                yield inner
            yield from expressions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from expressions(inner)


@pytest.mark.parametrize("path", ["grafana/headrace.json", "prometheus/headrace.rules.yml"])
async def test_what_is_shipped_names_metrics_and_labels_that_exist(path: str, registry: CollectorRegistry) -> None:
    app = make_app()
    metrics = PrometheusMetrics(app, registry=registry)
    async with app:
        families = {family.name: family for family in registry.collect()}
    app.sync.close()
    metrics.close()
    known = set(families) | {f"{name}_total" for name in families} | {f"{name}_bucket" for name in families}
    document = yaml.safe_load((DEPLOY / path).read_text("utf-8"))
    found = list(expressions(document))
    assert len(found) >= 7
    assert {name for text in found for name in re.findall(r"headrace_\w+", text)} <= known


def test_each_rule_says_what_is_wrong_and_what_to_do() -> None:
    path = DEPLOY / "prometheus" / "headrace.rules.yml"
    [group] = yaml.safe_load(path.read_text("utf-8"))["groups"]
    for rule in group["rules"]:
        assert set(rule) - {"for"} == {"alert", "expr", "labels", "annotations"}
        assert set(rule["annotations"]) == {"summary", "description"}
    if promtool := shutil.which("promtool"):
        subprocess.run([promtool, "check", "rules", str(path)], check=True)
