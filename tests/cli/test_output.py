"""One list, in every format, with the same data in each."""

import csv
import io
import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from headrace import Headrace
from headrace.cli.output.documents import exact, pick
from tests.cli.support import Cli


@pytest.fixture
def ids(cli: Cli) -> list[str]:
    """Two jobs, the newest first."""
    return [cli.ok("job", "enqueue", "greet", "--arg", f"name={name}").strip() for name in ("Ada", "Grace")][::-1]


def test_every_format_holds_the_same_jobs(cli: Cli, ids: list[str]) -> None:
    def listed(form: str) -> str:
        return cli.ok("job", "list", "-o", form)

    document = json.loads(listed("json"))
    assert [job["id"] for job in document["items"]] == ids
    assert yaml.safe_load(listed("yaml")) == document
    assert [json.loads(line) for line in listed("ndjson").splitlines()] == document["items"]
    assert [row["id"] for row in csv.DictReader(io.StringIO(listed("csv")))] == ids
    assert listed("name").split() == ids
    assert [row.split()[0] for row in listed("table").splitlines()[1:]] == ids


def test_wide_adds_columns_and_changes_none(cli: Cli, ids: list[str]) -> None:
    narrow = cli.ok("job", "list", "-o", "table").splitlines()[0].split()
    wide = cli.ok("job", "list", "-o", "wide").splitlines()[0].split()

    assert wide[: len(narrow)] == narrow
    assert {"PRIORITY", "WORKER", "TAGS"} <= set(wide)


@pytest.mark.parametrize("noun", [("queue", "list"), ("worker", "list"), ("job", "list")])
def test_an_empty_list_is_empty_in_every_format(cli: Cli, app: Headrace, noun: tuple[str, str]) -> None:
    assert cli.json(*noun)["items"] == []
    assert yaml.safe_load(cli.ok(*noun, "-o", "yaml"))["items"] == []
    for form in ("ndjson", "csv", "name", "table", "wide"):
        assert cli.ok(*noun, "-o", form) == ""


def test_fields_are_picked_and_reach_into_what_is_inside(cli: Cli, ids: list[str]) -> None:
    items = json.loads(cli.ok("job", "list", "--json", "id,state,error.type"))["items"]

    assert items == [{"id": job_id, "state": "queued", "error.type": None} for job_id in ids]
    assert json.loads(cli.ok("job", "get", ids[0], "--json=args")) == {
        "schema": "headrace.job.get/1",
        "args": {"name": "Grace"},
    }


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--json", "id,stat"], "'state'"),
        (["--json", "state:dead"], "in front of --json"),
        (["--json", "id", "-o", "csv"], "two formats"),
    ],
)
def test_wrong_fields_are_told_with_the_near_ones(cli: Cli, ids: list[str], words: list[str], told: str) -> None:
    result = cli("job", "list", *words)

    assert result.exit_code == 2
    assert told in result.stderr


def test_an_item_can_be_had_as_yaml(cli: Cli, ids: list[str]) -> None:
    job = yaml.safe_load(cli.ok("job", "get", ids[0], "-o", "yaml"))

    assert job["args"] == {"name": "Grace"}
    assert datetime.fromisoformat(job["enqueued_at"]).utcoffset() is not None


def test_integers_that_readers_would_round_are_text() -> None:
    assert exact({"at": [2**53, -(2**53) - 1], "yes": True}) == {"at": [2**53, str(-(2**53) - 1)], "yes": True}


def test_picking_what_is_not_there_inside_gives_null() -> None:
    assert pick({"error": None}, ["error.type.name"]) == {"error.type.name": None}


def test_times_are_instants_in_the_zone_that_is_asked_for(cli: Cli, ids: list[str]) -> None:
    assert "Z" in cli.ok("job", "list", "--utc").splitlines()[1]
    assert "+09:00" in cli.ok("job", "list", "--tz", "Asia/Tokyo").splitlines()[1]
    assert "+09:00" in cli.ok("--tz", "Asia/Tokyo", "job", "get", ids[0])
    refused = cli("job", "list", "--tz", "Asia/Tokio")
    assert (refused.exit_code, "Asia/Tokyo" in refused.stderr) == (2, True)


def test_quiet_leaves_the_answer_only(cli: Cli, app: Headrace) -> None:
    assert cli("job", "list").stderr == "no job matches\n"
    assert cli("job", "list", "-q").stderr == ""


@pytest.mark.parametrize(
    ("words", "env", "colored"),
    [
        ([], {}, False),
        (["--color", "always"], {}, True),
        ([], {"CLICOLOR_FORCE": "1"}, True),
        ([], {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {"CLICOLOR_FORCE": "1"}, False),
    ],
)
def test_a_pipe_has_colour_only_when_it_is_asked_for(
    folder: Path, url: str, ids: list[str], words: list[str], env: dict[str, str], colored: bool
) -> None:
    clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "CLICOLOR_FORCE")}
    done = subprocess.run(
        [sys.executable, "-m", "headrace.cli", "job", "list", *words],
        env={**clean, "HEADRACE_STORE": url, **env},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )

    assert ("\x1b[33mqueued" in done.stdout) is colored
