"""Undoing a change to many jobs from the command line."""

from __future__ import annotations

import pytest

from headrace import Headrace
from headrace.testing.conformance.builders import enqueue, job
from tests.cli.support import Cli


@pytest.fixture
def cancelled(cli: Cli, app: Headrace) -> str:
    """The operation that cancelled three jobs."""
    app.sync.ask(lambda desk: enqueue(desk.backend, *(job("mail.send", queue="mail") for _ in range(3))))
    found: str = cli.json("job", "cancel", "--where", "queue:mail", "--yes")["id"]
    return found


def states(app: Headrace) -> dict[str, int]:
    return {count.state.value: count.count for count in app.sync.counts()}


def test_a_mistake_is_taken_back(cli: Cli, app: Headrace, cancelled: str) -> None:
    told = cli.ok("operation", "undo", cancelled, "--reason", "the wrong queue", "--yes")
    assert "undo is done: 3 of 3 jobs changed" in told
    assert states(app) == {"queued": 3}
    undo = cli.json("operation", "list")["items"][-1]
    assert (undo["verb"], undo["undoes"], undo["reason"]) == ("undo", cancelled, "the wrong queue")


def test_a_dry_run_tells_what_would_be_put_back(cli: Cli, app: Headrace, cancelled: str) -> None:
    told = cli.ok("operation", "undo", cancelled, "--dry-run")
    assert told.splitlines()[0] == "would undo 3 jobs"
    assert states(app) == {"cancelled": 3}


def test_it_is_confirmed(cli: Cli, app: Headrace, cancelled: str) -> None:
    result = cli("operation", "undo", cancelled)
    assert result.exit_code == 2
    assert "add --yes to go ahead" in result.stderr


def test_each_job_that_was_left_alone_says_why(cli: Cli, app: Headrace, cancelled: str) -> None:
    first, *_ = cli.json("operation", "items", cancelled)["items"]
    assert first == {"job": first["job"], "changed": True, "state_before": "queued", "left_alone": None}
    app.sync.edit([first["job"]], priority=9)
    result = cli("operation", "undo", cancelled, "--yes", "--json")
    assert result.exit_code == 8
    undo = cli.json("operation", "list")["items"][-1]["id"]
    lines = cli.ok("operation", "items", undo).splitlines()
    assert lines[0].split() == ["JOB", "WAS", "OUTCOME"]
    assert any(line.endswith("left alone: its priority changed meanwhile") for line in lines)


def test_a_delete_cannot_be_undone_and_says_so(cli: Cli, app: Headrace, cancelled: str) -> None:
    deleted = cli.json("job", "delete", "--where", "state:cancelled", "--yes")["id"]
    result = cli("operation", "undo", deleted)
    assert result.exit_code == 2
    assert "what was deleted cannot be brought back" in result.stderr
    assert cli("operation", "items", deleted).stderr == "nothing is kept of its jobs\n"
