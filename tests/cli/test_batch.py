"""Operations from a file: read and checked whole, then done in order."""

import json
from pathlib import Path

import pytest

from headrace import Headrace
from tests.cli.support import Cli, unknown_id

BATCH = """
- enqueue: {task: greet, args: {name: Ada}, queue: mail, delay: 5m, tags: [eu], metadata: {n: 1}, max_attempts: 3}
- enqueue: {task: greet, args: {name: Grace}, queue: mail, expires_in: 1h, partition: eu, unique: grace}
- cancel: "@last"
- pause: mail
"""


def test_a_file_is_carried_out_in_order(cli: Cli, folder: Path) -> None:
    (folder / "batch.yaml").write_text(BATCH)

    steps = cli.json("batch", "run", "batch.yaml")["items"]

    assert [(step["verb"], step["ok"]) for step in steps] == [
        ("enqueue", True),
        ("enqueue", True),
        ("cancel", True),
        ("pause", True),
    ]
    first = cli.json("job", "get", steps[0]["answer"])
    assert (first["args"], first["tags"], first["metadata"], first["max_attempts"]) == (
        {"name": "Ada"},
        ["eu"],
        {"n": 1},
        3,
    )
    assert first["state"] == "scheduled"
    second = cli.json("job", "get", steps[1]["answer"])
    assert (second["state"], second["partition"], second["expires_at"] is not None) == ("cancelled", "eu", True)
    assert cli.json("queue", "list")["items"][0]["paused"]


def test_lines_of_json_are_read_from_stdin(cli: Cli) -> None:
    lines = "\n".join(json.dumps({"enqueue": {"task": "greet", "args": {"name": name}}}) for name in "ab")

    assert len(cli.ok("batch", "run", "-", "-o", "name", stdin=lines).split()) == 2


def test_a_step_that_fails_stops_the_rest_unless_told_otherwise(cli: Cli, app: Headrace) -> None:
    text = "\n".join(json.dumps(step) for step in ({"cancel": unknown_id()}, {"enqueue": {"task": "greet"}}))

    stopped = cli("batch", "run", "-", stdin=text)
    assert (stopped.exit_code, "1 steps were not tried" in stopped.stderr) == (1, True)
    assert cli.json("job", "list")["items"] == []
    went_on = cli("batch", "run", "-", "--continue-on-error", stdin=text)
    assert (went_on.exit_code, "stdin:1" in went_on.stdout) == (8, True)
    assert len(cli.json("job", "list")["items"]) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- enqeue: {task: greet}", "did you mean 'enqueue'"),
        ("- enqueue: {task: greet, que: mail}", "did you mean 'queue'"),
        ("- enqueue: {args: {}}", "enqueue takes task"),
        ("- enqueue: {task: greet, priority: high}", "priority is of type int"),
        ("- cancel: 5", "takes a name or a list of names"),
        ("cancel: x", "holds no list of steps"),
        ("- [", "is not YAML"),
        ('{"cancel": "x"}\n{"cancel": ', "stdin:2 is not JSON"),
        ("- {cancel: a, retry: b}", "a step is one VERB"),
    ],
)
def test_a_wrong_file_is_refused_before_anything_is_done(cli: Cli, app: Headrace, text: str, told: str) -> None:
    result = cli("batch", "run", "-", stdin=f"- enqueue: {{task: greet}}\n{text}" if text.startswith("- ") else text)

    assert (result.exit_code, told in result.stderr) == (2, True), result.stderr
    assert cli.json("job", "list")["items"] == []


def test_a_dry_run_does_nothing(cli: Cli, app: Headrace, folder: Path) -> None:
    (folder / "batch.yaml").write_text(BATCH)

    assert "4 steps" in cli("batch", "run", "batch.yaml", "--dry-run").stderr
    assert cli.json("job", "list")["items"] == []
