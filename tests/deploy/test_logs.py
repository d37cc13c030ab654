"""What headrace logs arrives where logs are searched, by the configuration that is shipped for it."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from headrace.logs.formatters import JsonFormatter
from tests.cli.support import SAMPLE, Cli, Process
from tests.deploy.manifests import ROOT, unknown_settings
from tests.deploy.search_store import SearchStore

LOGS = ROOT / "deploy" / "logs"
TEMPLATE = json.loads((LOGS / "index-template.json").read_text("utf-8"))
RSYSLOGD = os.environ.get("HEADRACE_RSYSLOGD") or shutil.which("rsyslogd")
"""Debian's packages rsyslog and rsyslog-elasticsearch. HEADRACE_RSYSLOGD names one that is not on the path; where its
modules are elsewhere, HEADRACE_RSYSLOG_MODULES does that."""
MODULES = os.environ.get("HEADRACE_RSYSLOG_MODULES")
TIME_LIMIT_S = 60.0
ROTATED_ONCE = 15_000
"""Bytes: more than half of what the worker of the test logs. Of a file that is renamed twice while nobody reads it, a
shipper misses the end."""
needs_rsyslog = pytest.mark.skipif(RSYSLOGD is None, reason="no rsyslogd here")


def test_every_part_of_a_line_has_a_type_in_the_index() -> None:
    try:
        raise ValueError("no")
    except ValueError:
        record = logging.makeLogRecord({"name": "headrace", "msg": "said", "job_id": "1", "exc_info": sys.exc_info()})
    line = json.loads(JsonFormatter().format(record))
    assert line.keys() == TEMPLATE["template"]["mappings"]["properties"].keys()
    assert TEMPLATE["template"]["mappings"]["properties"]["fields"]["type"] == "flat_object"


def test_the_compose_file_lets_every_container_log_where_the_shipper_reads() -> None:
    services = yaml.safe_load((ROOT / "deploy" / "compose" / "logs.yml").read_text("utf-8"))["services"]
    dockerfile = (LOGS / "Dockerfile").read_text("utf-8")
    for name in ("server", "worker"):
        environment = services[name]["environment"]
        assert not unknown_settings(environment)
        assert f"HEADRACE_LOG_FILE={environment['HEADRACE_LOG_FILE']} " in dockerfile
        assert (environment["HEADRACE_LOG_FORMAT"], environment["HEADRACE_LOG_TARGET"]) == ("json", "both")
    copied = {each for line in re.findall(r"^COPY (.+) \S+$", dockerfile, re.MULTILINE) for each in line.split()}
    assert copied == {path.name for path in LOGS.iterdir()} - {"Dockerfile"}


def test_hadolint_finds_nothing_in_the_shipper() -> None:
    hadolint = Path(sysconfig.get_path("scripts")) / "hadolint"
    found = subprocess.run([hadolint, "--no-color", LOGS / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


@contextmanager
def shipping(folder: Path, log: Path, store: SearchStore) -> Iterator[None]:
    """rsyslog with the shipped configuration."""
    state = folder / "rsyslog"
    state.mkdir(exist_ok=True)
    configuration = folder / "rsyslog.conf"
    configuration.write_text((LOGS / "rsyslog.conf").read_text("utf-8").replace("/var/lib/rsyslog", str(state)))
    environment = {"HEADRACE_LOG_FILE": str(log), "SEARCH_HOST": "127.0.0.1", "SEARCH_PORT": str(store.port)}
    modules = ["-M", MODULES] if MODULES else []
    assert RSYSLOGD is not None
    process = subprocess.Popen(
        [RSYSLOGD, "-n", "-f", configuration, "-i", state / "pid", *modules],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(TIME_LIMIT_S)


@needs_rsyslog
def test_what_a_worker_logs_of_a_job_is_found_by_the_jobs_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "logs" / "headrace.log"
    (tmp_path / "sample.py").write_text(SAMPLE)
    url = f"sqlite:///{tmp_path}/jobs.db"
    settings = {"FORMAT": "json", "TARGET": "both", "FILE": str(log), "MAX_BYTES": str(ROTATED_ONCE)}
    for name, value in settings.items():
        monkeypatch.setenv(f"HEADRACE_LOG_{name}", value)
    cli = Cli(url)
    ids = [cli.ok("job", "enqueue", "greet", "--arg", "name=Ada", "--queue", "mail").strip() for _ in range(30)]
    ids.append(cli.ok("job", "enqueue", "fail").strip())

    with SearchStore(TEMPLATE) as store:
        with shipping(tmp_path, log, store):
            worker = Process("worker", "sample:app", "-v", folder=tmp_path, url=url)
            try:
                assert cli("job", "wait", *ids, "--timeout", "30s").exit_code == 9
                assert worker.stop() == 0
            finally:
                worker.end()
            written = read(log)
            store.wait_for(len(written), timeout_s=TIME_LIMIT_S)

        assert store.refused == []
        assert [path.name for path in log.parent.glob("headrace.log.[0-9]")] == ["headrace.log.1"]
        assert {name for name, _ in store.documents} == {f"headrace-{line['ts'][:10]}" for line in written}
        for job_id in ids:
            of_job = [line for line in written if line["fields"].get("job_id") == job_id]
            assert sorted(store.search("fields.job_id", job_id), key=str) == sorted(of_job, key=str)
            assert len(of_job) >= 2
        [failed] = [each for each in store.search("fields.job_id", ids[-1]) if each["level"] == "warning"]
        assert "no luck" in failed["message"]


def read(log: Path) -> list[dict[str, Any]]:
    """All lines, of the rotated files too."""
    files = [path for path in log.parent.glob(f"{log.name}*") if path.suffix != ".lock"]
    return [json.loads(line) for path in files for line in path.read_text("utf-8").splitlines()]
