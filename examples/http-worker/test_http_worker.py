"""The two workers, as they are, against a real server."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

HERE = Path(__file__).parent
PATIENCE_S = 60.0


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """What it has written to stderr until a line holds these words."""
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return line
    raise AssertionError(f"it ended without saying {words!r}")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[httpx2.Client]:
    """A client of a server whose app defines no task."""
    (tmp_path / "empty.py").write_text('from headrace import Headrace\napp = Headrace("sqlite:///jobs.db")\n')
    command = [sys.executable, "-m", "headrace.cli", "server", "empty:app", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        try:
            found = re.search(r"http://[^;]+", read_until(process, "is ready"))
            assert found is not None
            with httpx2.Client(base_url=found.group(), timeout=PATIENCE_S) as client:
                yield client
        finally:
            process.terminate()


@pytest.fixture(params=["worker.sh", "worker.mjs"])
def worker(request: pytest.FixtureRequest, server: httpx2.Client) -> Iterator[subprocess.Popen[str]]:
    """One of the workers, ready."""
    program = {"worker.sh": "sh", "worker.mjs": "node"}[request.param]
    needed = {"worker.sh": "curl", "worker.mjs": "node"}[request.param]
    if shutil.which(needed) is None:
        pytest.skip(f"{needed} is not on this machine")
    environment = {**os.environ, "HEADRACE_URL": str(server.base_url).rstrip("/")}
    command = [program, str(HERE / request.param)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            read_until(process, "is ready")
            yield process
        finally:
            process.terminate()


def ended(server: httpx2.Client, task: str, args: dict[str, Any], **options: Any) -> dict[str, Any]:
    submitted = server.post("/v1/jobs", json={"task": task, "args": args, **options})
    assert submitted.status_code == 201, submitted.text
    answer: dict[str, Any] = server.get(f"/v1/jobs/{submitted.json()['id']}/result", params={"wait": "30s"}).json()
    return answer


def test_a_worker_runs_jobs_and_tells_how_they_ended(server: httpx2.Client, worker: subprocess.Popen[str]) -> None:
    shell = "sh" in str(worker.args).split("worker.")[1]
    task = "shell.greet" if shell else "node.shout"
    good, result = ({"name": "Ada"}, "Hello, Ada!") if shell else ({"text": "hello"}, "HELLO!")
    bad = {"name": "nobody"} if shell else {"text": ""}

    for _ in range(3):
        assert ended(server, task, good)["result"] == result
    failed = ended(server, task, bad, max_attempts=1)
    assert failed["state"] == "dead"
    assert "nobody" in failed["error"]["message"] or "nothing" in failed["error"]["message"]


def test_a_worker_leaves_when_it_is_told_to(server: httpx2.Client, worker: subprocess.Popen[str]) -> None:
    [known] = server.get("/v1/workers").json()["items"]
    worker.send_signal(signal.SIGTERM)

    assert worker.wait(PATIENCE_S) == 0
    assert server.get(f"/v1/workers/{known['id']}").status_code == 404
