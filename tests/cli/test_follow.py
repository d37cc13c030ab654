"""The log of a job that is running, line by line as its handler writes it: on the store, and over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace import Headrace
from tests.cli.support import Cli, Spawn
from tests.server.live import LiveServer

TALKATIVE = """
import asyncio
from pathlib import Path

from headrace import Headrace, current_job

app = Headrace("sqlite:///jobs.db")


@app.task(name="talk")
async def talk() -> None:
    current_job().log("first")
    while not Path("go-on").exists():
        await asyncio.sleep(0.01)
    current_job().log("second", level="warning")
    current_job().log("last")
"""


@pytest.fixture(params=["store", "server"])
def asked(request: pytest.FixtureRequest, url: str, app: Headrace) -> Iterator[str]:
    """What ``--store`` names."""
    if request.param == "store":
        yield url
        return
    with LiveServer(Headrace(url)) as server:
        yield server.url


def test_a_line_is_shown_while_the_job_runs_and_the_command_ends_with_it(
    folder: Path, cli: Cli, spawn: Spawn, asked: str
) -> None:
    (folder / "talkative.py").write_text(TALKATIVE)
    spawn("worker", "talkative:app").wait_for("is ready")
    job_id = cli.ok("job", "enqueue", "talk").strip()

    follower = spawn("job", "logs", job_id, "--follow", "-o", "ndjson", "--store", asked).process
    assert follower.stdout is not None
    assert told(follower.stdout.readline()) == "first"
    (folder / "go-on").touch()
    assert [told(line) for line in follower.stdout] == ["second", "last"]
    assert follower.wait() == 0


def told(line: str) -> str:
    """The message of a line."""
    message: str = json.loads(line)["message"]
    return message
