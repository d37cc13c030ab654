"""Requests that nobody would write, made from the document and sent to a live server: never a 500, and only what the
document says. ``HEADRACE_ROUNDS`` above 1, as in ``make soak``, adds some thousand cases at the edges of each field."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "unsupported_method",
)
ROUNDS = int(os.environ.get("HEADRACE_ROUNDS", "1"))
PATIENCE_S = 30.0

APP = """
from headrace import Headrace

app = Headrace("sqlite:///jobs.db")


@app.task(name="greet", queue="default")
async def greet(name: str, polite: bool = True) -> str:
    return name
"""
TOKEN = "whoever-makes-requests-up"
# With a token, because the first key that is made up would end all calls without. Waits are short, or most of the time
# would be spent in claims for which there is no job.
SETTINGS = f'[server]\nwait_max = "20ms"\nport = 0\ntoken = "{TOKEN}"\n'


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Of a server in a process of its own, whose log is in ``server.log``."""
    (tmp_path / "sample.py").write_text(APP)
    (tmp_path / "headrace.toml").write_text(SETTINGS)
    log = tmp_path / "server.log"
    with log.open("w") as stderr:
        server = subprocess.Popen(
            [sys.executable, "-m", "headrace.cli", "server", "sample"], cwd=tmp_path, stderr=stderr
        )
    try:
        over = time.monotonic() + PATIENCE_S
        while not (found := re.search(r"is ready: (http://[^;]+)", log.read_text())):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < over, log.read_text()
        yield found.group(1)
    finally:
        server.terminate()
        server.wait(PATIENCE_S)


@pytest.mark.timeout(1_200)
def test_no_request_is_answered_otherwise_than_the_document_says(address: str, tmp_path: Path) -> None:
    seed = random.randrange(1 << 16)
    phases, examples = ("examples,coverage,fuzzing,stateful", 100) if ROUNDS > 1 else ("examples,fuzzing,stateful", 8)

    done = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "schemathesis"), "run", f"{address}/openapi.json"),
            *("--checks", ",".join(CHECKS), "--phases", phases, "--max-examples", str(examples)),
            *("--header", f"Authorization: Bearer {TOKEN}"),
            *("--seed", str(seed), "--exclude-path", "/v1/events", "--no-color", "--warnings", "off"),
            *("--suppress-health-check", "all"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, f"seed {seed}:\n{done.stdout[-6000:]}{done.stderr[-2000:]}"
    assert " error " not in (tmp_path / "server.log").read_text()
