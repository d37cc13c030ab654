"""``headrace schedule``: made, looked at and changed from the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from headrace import Headrace, Unique, hours
from tests.cli.support import SAMPLE, Cli, Spawn


def create(cli: Cli, *more: str, when: str = "every weekday at 9:00", name: str = "report") -> None:
    cli.ok("schedule", "create", name, when, "greet", "--arg", "name=Ada", *more)


def test_a_schedule_is_made_and_shown_in_words(cli: Cli) -> None:
    create(cli, "--timezone", "Europe/Paris", "--overlap", "queue", "--jitter", "30s", "--queue", "mail")

    (item,) = cli.json("schedule", "list")["items"]

    assert item["when"] == "At 09:00 on Monday through Friday (Europe/Paris)"
    assert (item["task"], item["args"], item["queue"]) == ("greet", {"name": "Ada"}, "mail")
    assert (item["overlap"], item["misfire"], item["jitter_s"], item["origin"]) == ("queue", "once", 30.0, "api")
    assert item["next"]["local"][11:16] == "09:00"
    assert item["status"] == "no worker runs"
    assert "At 09:00 on Monday through Friday" in cli.ok("schedules", "ls")


def test_the_zone_in_which_times_are_shown_is_not_taken_for_the_schedules(cli: Cli) -> None:
    words = ("schedule", "create", "report", "daily at 9:00", "greet", "--tz", "Europe/Paris")
    refused = cli(*words)
    assert (refused.exit_code, "--timezone Europe/Paris" in refused.stderr) == (2, True)

    cli.ok(*words, "--timezone", "Europe/Paris")
    refused = cli("schedule", "edit", "report", "--when", "daily at 8:00", "--tz", "America/New_York")
    assert refused.exit_code == 2
    (item,) = cli.json("schedule", "list", "--tz", "UTC")["items"]
    assert item["when"] == "At 09:00 every day (Europe/Paris)"


def test_get_shows_all_and_the_next_five(cli: Cli) -> None:
    create(cli, "--timezone", "Europe/Paris")

    text = cli.ok("schedule", "get", "report")

    assert text.count("T09:00:00+0") == 5
    assert 'greet  {"name":"Ada"}' in text
    assert len(cli.json("schedule", "get", "report")["upcoming"]) == 5


def test_next_says_what_the_change_of_clocks_does(cli: Cli) -> None:
    create(cli, "--timezone", "Europe/Paris", when="30 2 * 3 *")

    assert "02:30 does not exist on" in cli.ok("schedule", "next", "report", "-n", "31")


def test_next_shows_any_time_when_told_from_when(cli: Cli) -> None:
    create(cli, "--timezone", "Europe/Paris", when="30 2 * * *")

    spring = cli.ok("schedule", "next", "report", "-n", "2", "--from", "2027-03-27T12:00:00Z")
    autumn = cli.json("schedule", "next", "report", "-n", "1", "--from", "2027-10-31T00:30:00Z")["items"]
    refused = cli("schedule", "next", "report", "--from", "soon")

    assert "02:30 does not exist on 2027-03-28: runs at 03:00" in spring
    assert [(each["at"], each["remark"]) for each in autumn] == [
        ("2027-10-31T00:30:00Z", "02:30 comes twice on 2027-10-31: the first counts")
    ]
    assert (refused.exit_code, "'soon' is no time" in refused.stderr) == (2, True)


def test_a_schedule_is_previewed_before_it_is_made(cli: Cli) -> None:
    words = ("schedule", "create", "payday", "last friday of the month at 17:00", "greet", "--arg", "name=Ada")

    shown = cli.ok(*words, "--timezone", "Europe/Paris", "--dry-run")
    refused = cli(*words, "--timezone", "Europe/Pariss", "--dry-run")

    assert shown.count("T17:00:00+0") == 5
    assert (refused.exit_code, "did you mean 'Europe/Paris'?" in refused.stderr) == (2, True)
    assert cli("schedule", "list").exit_code == 6, "the store is not even made"


def test_edit_changes_what_is_given(cli: Cli) -> None:
    create(cli, "--timezone", "Europe/Paris")

    cli.ok("schedule", "edit", "report", "--when", "daily at 4:30", "--queue", "slow")
    cli.ok("schedule", "edit", "report", "--arg", "name=Eve")

    item = cli.json("schedule", "get", "report")
    assert item["when"] == "At 04:30 every day (Europe/Paris)"
    assert (item["queue"], item["args"]) == ("slow", {"name": "Eve"})
    assert cli("schedule", "edit", "report").exit_code == 2


def test_pause_tells_why_and_by_whom_and_resume_ends_it(cli: Cli) -> None:
    create(cli)

    cli.ok("schedule", "pause", "report", "--reason", "audit")
    paused = cli.json("schedule", "get", "report")
    cli.ok("schedule", "resume", "report", "--skip-missed")

    assert (paused["status"], paused["pause_reason"][:9]) == ("paused", "audit (by")
    assert not cli.json("schedule", "get", "report")["paused"]


def test_trigger_prints_the_id_of_the_job_and_history_shows_it(cli: Cli) -> None:
    create(cli)

    job_id = cli.ok("schedule", "trigger", "report").strip()

    assert cli.json("job", "get", job_id)["args"] == {"name": "Ada"}
    (firing,) = cli.json("schedule", "history", "report")["items"]
    assert (firing["job_id"], firing["kind"], firing["job_state"]) == (job_id, "manual", "queued")
    assert "fired, manual" in cli.ok("schedule", "history", "report")


def test_history_says_that_another_job_held_the_key(cli: Cli, app: Headrace) -> None:
    @app.task(name="greet", unique=Unique(key="solo"))
    async def unique(name: str) -> None: ...

    app.sync.schedules.create("solo", hours(1), unique.call("Ada"))
    holder = app.sync.enqueue(unique.call("Bob")).id

    cli.ok("schedule", "trigger", "solo")

    (firing,) = cli.json("schedule", "history", "solo")["items"]
    assert (firing["job_id"], firing["key_taken"]) == (holder, "joined")
    header, line = cli.ok("schedule", "history", "solo").splitlines()
    assert line[header.index("KEY") :].startswith("joined")


def test_skip_leaves_the_next_one_out(cli: Cli) -> None:
    create(cli)
    before = [each["at"] for each in cli.json("schedule", "next", "report")["items"]]

    cli.ok("schedule", "skip", "report", "--reason", "holiday")

    assert [each["at"] for each in cli.json("schedule", "next", "report")["items"]][:4] == before[1:]
    assert cli.json("schedule", "get", "report")["latest"] is None


def test_backfill_shows_what_it_would_do_and_does_it_once(cli: Cli) -> None:
    create(cli, when="@hourly")

    shown = cli.json("schedule", "backfill", "report", "--since", "3h", "--dry-run")
    done = cli.json("schedule", "backfill", "report", "--since", "3h")

    assert shown["items"] == done["items"]
    assert (len(done["items"]), shown["dry_run"], done["dry_run"]) == (3, True, False)
    assert cli.json("schedule", "backfill", "report", "--since", "3h")["items"] == []
    assert len(cli.json("job", "list")["items"]) == 3


def test_what_the_task_redacts_is_not_shown(cli: Cli, url: str) -> None:
    cli.ok("schedule", "create", "login", "@daily", "login", "--arg", "user=ada", "--arg", "password=hunter2")

    assert cli.json("schedule", "get", "login")["args"] == {"user": "ada", "password": "[redacted]"}
    assert "hunter2" not in cli.ok("schedule", "get", "login") + cli.ok("schedule", "list", "-o", "wide")


def test_delete_removes_it(cli: Cli) -> None:
    create(cli)

    cli.ok("schedule", "delete", "report")

    assert cli.json("schedule", "list")["items"] == []


def test_once_at_an_instant(cli: Cli) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0).isoformat()
    create(cli, when=tomorrow)

    assert [each["at"] for each in cli.json("schedule", "next", "report")["items"]] == [tomorrow.replace("+00:00", "Z")]


@pytest.mark.parametrize(
    ("words", "exit_code", "told"),
    [
        (["get", "reprot"], 3, "near names: report"),
        (["pause", "report", "nothing"], 3, "no schedule is named 'nothing'"),
        (["create", "report", "@daily", "greet"], 2, "there is a schedule named 'report' already"),
        (["create", "x", "0 25 * * *", "greet"], 2, "'25' in field 2, hour"),
        (["create", "x", "every weekdya at 9", "greet"], 2, "did you mean 'weekday'?"),
        (["create", "x", "@daily", "greet", "--timezone", "Europe/Pari"], 2, "did you mean 'Europe/Paris'?"),
        (["create", "x", "2020-01-31T09:00:00Z", "greet"], 2, "when is in the past"),
        (["create", "x", "@daily", "greet", "--app", "sample:app"], 2, "name"),
        (["backfill", "report", "--since", "400d"], 2, "more than 1000 occurrences"),
    ],
)
def test_a_mistake_is_explained(cli: Cli, words: list[str], exit_code: int, told: str) -> None:
    create(cli, when="@hourly")

    result = cli("schedule", *words)

    assert result.exit_code == exit_code, result.output
    assert told in result.stderr
    assert cli.json("schedule", "list")["items"][0]["paused"] is False


DECLARED = (
    SAMPLE
    + """
from headrace import seconds

app.every(seconds(0.2), name="often", args=["Ada"], overlap="allow")(greet)
"""
)


def test_a_worker_runs_what_its_code_declares_and_later_it_is_orphaned(
    cli: Cli, spawn: Spawn, folder: Path, url: str
) -> None:
    (folder / "declared.py").write_text(DECLARED)
    worker = spawn("worker", "declared:app")
    worker.wait_for("is ready")
    item = cli.json("schedule", "get", "often")
    assert (item["origin"], item["status"], item["when"]) == ("code", "active", "Every 200ms")

    refused = cli("schedule", "edit", "often", "--overlap", "skip")
    assert "declared in code: change it there" in refused.stderr

    other = spawn("worker", "sample:app")
    other.wait_for("is ready")
    assert worker.stop() == 0
    assert cli.json("schedule", "get", "often")["status"] == "orphaned"
    with Headrace(url).sync as app:
        ran = {job.state for job in app.find(tasks=["greet"]).items}
    assert ran
    assert other.stop() == 0
    assert json.loads(cli.ok("schedule", "list", "--json"))["complete"]
