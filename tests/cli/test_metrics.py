"""Metrics and probes, from the command."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import apsw
from prometheus_client.parser import text_string_to_metric_families

from headrace import Headrace
from tests.cli.support import SAMPLE, Cli, Process, Spawn
from tests.promlint import problems


def get(url: str) -> tuple[int, str]:
    try:
        with urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def base_url(worker: Process) -> str:
    found = re.search(r"http://[\d.]+:\d+", worker.wait_for("are served on"))
    assert found is not None
    return found.group()


def test_a_store_can_be_shown_as_prometheus_reads_it(cli: Cli) -> None:
    for _ in range(3):
        cli.ok("job", "enqueue", "greet", "--queue", "mail")

    text = cli.ok("metrics", "show")

    assert problems(text) == []
    samples = {
        (sample.name, sample.labels.get("queue"), sample.labels.get("state")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["headrace_queue_jobs", "mail", "queued"] == 3
    assert samples["headrace_workers", None, None] == 0


def test_a_worker_serves_metrics_and_is_ready_until_its_store_fails(cli: Cli, spawn: Spawn, url: str) -> None:
    worker = spawn("worker", "sample:app", "--metrics-port", "0")
    base = base_url(worker)
    worker.wait_for("is ready")
    job_id = cli.ok("job", "enqueue", "greet", "--arg", "name=Ada", "--queue", "mail").strip()
    assert cli("job", "watch", job_id, "--timeout", "30s").exit_code == 0

    status, text = get(f"{base}/metrics")
    assert status == 200
    assert 'headrace_jobs_finished_total{outcome="completed",queue="mail",task="greet"} 1.0' in text
    assert 'headrace_queue_jobs{queue="mail",state="succeeded"} 1.0' in text
    assert "process_resident_memory_bytes" in text
    assert problems(text) == []
    assert get(f"{base}/health/ready") == (200, '{"ok":true,"problems":[]}')

    connection = apsw.Connection(url.removeprefix("sqlite:///"))
    connection.set_busy_timeout(10_000)
    connection.execute("ALTER TABLE headrace_jobs RENAME TO elsewhere")
    worker.wait_for("no jobs can be claimed")
    status, text = get(f"{base}/health/ready")
    assert (status, json.loads(text)["ok"]) == (503, False)
    assert "jobs cannot be claimed from the store" in json.loads(text)["problems"]
    assert get(f"{base}/health/live")[0] == 200

    connection.execute("ALTER TABLE elsewhere RENAME TO headrace_jobs")
    connection.close()
    worker.wait_for("jobs can be claimed again")
    assert get(f"{base}/health/ready")[0] == 200
    assert worker.stop() == 0


def test_a_port_that_is_taken_is_told_with_what_to_do(spawn: Spawn, app: Headrace, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        worker = spawn("worker", "sample:app", "--metrics-port", str(other.getsockname()[1]))
        _, stderr = worker.process.communicate()
    assert worker.process.returncode == 2
    assert "metrics cannot be served on 127.0.0.1:" in stderr
    assert "--metrics-port 0 takes a free one" in stderr


def test_an_app_that_counts_by_itself_is_served_as_it_is(folder: Path, spawn: Spawn) -> None:
    own = "\nfrom headrace.contrib.prometheus import PrometheusMetrics\nPrometheusMetrics(app)\n"
    (folder / "counting.py").write_text(SAMPLE + own)
    worker = spawn("worker", "counting", "--metrics-port", "0")
    base = base_url(worker)
    worker.wait_for("is ready")
    assert "headrace_store_up 1.0" in get(f"{base}/metrics")[1]
    assert worker.stop() == 0
