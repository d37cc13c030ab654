"""Commands that are given the address of a server do there what they do on a store."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from headrace import Headrace, Never
from headrace.app.catalogue import publish
from headrace.config.server import ServerSettings
from headrace.model.durations import ZERO
from headrace.server.operations import jobs
from tests.cli.support import TIME_LIMIT_S, Cli
from tests.server.live import LiveServer
from tests.transports.tasks import make_app

TOKEN = "correct-horse-battery"


@pytest.fixture
def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/jobs.db"


@pytest.fixture
def server(store: str) -> Iterator[LiveServer]:
    with LiveServer(make_app(store), ServerSettings(token=TOKEN)) as server:
        yield server


@pytest.fixture
def cli(server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.setenv("HEADRACE_TOKEN", TOKEN)
    return Cli(server.url)


def test_jobs_are_enqueued_listed_shown_and_changed(cli: Cli) -> None:
    job = cli.ok("job", "enqueue", "greet", "--arg", "name=Ada", "--delay", "1h", "--priority", "7").strip()

    listed = cli.json("job", "list", "--state", "scheduled", "--queue", "mail", "args.name:Ada")
    assert [(each["id"], each["priority"]) for each in listed["items"]] == [(job, 7)]
    whole = cli.json("job", "get", job[:13])
    assert (whole["args"], whole["state"], whole["attempts"], whole["logs"]) == ({"name": "Ada"}, "scheduled", [], [])
    assert "scheduled" in cli.ok("job", "get", "@last")
    assert cli.ok("job", "edit", job, "--priority", "9").split() == [job, "scheduled"]
    assert cli.ok("job", "cancel", job).split() == [job, "cancelled"]
    assert cli.ok("job", "retry", job, "--args", '{"name": "Bob"}').split() == [job, "queued"]
    assert "no worker" in cli.ok("job", "explain", job).lower()
    assert cli("job", "wait", job, "--timeout", "100ms").exit_code == 7
    assert cli("job", "retry", job).exit_code == 5
    assert "would" in cli.ok("job", "delete", job, "--dry-run")
    assert "1 of 1 jobs changed" in cli.ok("job", "cancel", "--where", "task:greet", "--yes")
    assert "cancel" in cli.ok("operation", "list")
    [operation] = cli.json("operation", "list")["items"]
    assert cli.ok("operation", "items", operation["id"], "-o", "name").split() == [job]
    assert "would undo 1 job" in cli.ok("operation", "undo", operation["id"], "--dry-run")
    assert "undo is done: 1 of 1 jobs changed" in cli.ok("operation", "undo", operation["id"], "--yes")
    assert cli.ok("job", "delete", job).split() == [job, "deleted"]
    assert cli("job", "get", job).exit_code == 3


def test_queues_and_schedules_are_looked_at_and_changed(cli: Cli) -> None:
    cli.ok("job", "enqueue", "greet", "--arg", "name=Ada")

    [queue] = cli.json("queue", "list")["items"]
    assert (queue["name"], queue["counts"]["queued"], queue["enqueued_per_s"] > 0) == ("mail", 1, True)
    assert cli.ok("queue", "set", "mail", "--concurrency", "3", "--fair") == "mail  concurrency 3; fair\n"
    assert cli.ok("queue", "pause", "mail") == "mail  paused\n"
    assert "did you mean 'mail'" in cli("queue", "pause", "mial").stderr
    assert cli.ok("queue", "resume", "mail") == "mail  active\n"

    cli.ok("schedule", "create", "nightly", "every weekday at 9:00", "greet", "--arg", "name=Ada", "--timezone", "UTC")
    cli.ok("schedule", "edit", "nightly", "--arg", "name=Bob")
    [schedule] = cli.json("schedule", "list")["items"]
    assert (schedule["name"], schedule["args"], schedule["task"]) == ("nightly", {"name": "Bob"}, "greet")
    assert "paused" in cli.ok("schedule", "pause", "nightly")
    assert "active" in cli.ok("schedule", "resume", "nightly")
    assert len(cli.json("schedule", "next", "nightly")["items"]) == 5
    job = cli.ok("schedule", "trigger", "nightly").strip()
    assert [each["job_id"] for each in cli.json("schedule", "history", "nightly")["items"]] == [job]
    assert cli.ok("schedule", "delete", "nightly") == "nightly  deleted\n"
    assert cli("schedule", "get", "nightly").exit_code == 3
    assert cli.json("worker", "list")["items"] == []
    stats = cli.json("store", "stats")
    assert (stats["queues"], stats["counts"]["queued"], stats["url"].startswith("http://")) == (1, 2, True)


def test_a_search_goes_on_where_the_server_has_no_time(
    server: LiveServer, cli: Cli, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PATIENCE", ZERO)
    app = make_app(store)
    with app.sync as desk:
        first, *_ = desk.enqueue_many([app.find_task("greet").call(f"n{number}") for number in range(600)])
    with httpx2.Client(base_url=server.url, headers={"authorization": f"Bearer {TOKEN}"}) as client:
        page = client.get("/v1/jobs", params={"query": "args.name:n0"}).json()
    assert (page["items"], page["complete"], page["next_cursor"] is None) == ([], False, False)
    assert datetime.fromisoformat(page["reached"]) <= datetime.now(UTC)

    found = cli.json("job", "list", "args.name:n0")
    assert ([each["id"] for each in found["items"]], found["next_cursor"]) == ([first.id], None)


def test_limits_are_set_shown_and_removed(cli: Cli) -> None:
    cli.ok("job", "enqueue", "greet", "--arg", "name=Ada")

    assert cli.ok("limit", "set", "task:greet", "--concurrency", "3", "--rate", "5/10s") == (
        "task:greet  concurrency 3, rate 5/10s\n"
    )
    limit = cli.json("limit", "get", "task:greet")
    assert (limit["concurrency"], limit["rate"], limit["waiting"], limit["tokens"]) == (3, "5/10s", 1, 5)
    assert cli.ok("limit", "set", "task:greet", "--rate", "none") == "task:greet  concurrency 3\n"
    assert cli.ok("limit", "list", "-o", "name") == "task:greet\n"
    assert cli.ok("limit", "remove", "task:greet") == "task:greet  removed\n"
    assert cli("limit", "get", "task:greet").exit_code == 3
    assert cli("limit", "get", "greet").exit_code == 2


def test_keys_are_made_listed_and_revoked(cli: Cli) -> None:
    token = cli.ok("key", "create", "shop", "--scope", "submit", "--queue", "mail").strip()
    assert token.startswith("hr_")
    [key] = cli.json("key", "list")["items"]
    assert (key["name"], key["scopes"], key["queues"], key["state"]) == ("shop", ["submit"], ["mail"], "in use")
    cli.ok("job", "enqueue", "greet", "--arg", "name=Ada", "--token", token)
    assert "revoked" in cli.ok("key", "revoke", "shop")
    assert cli("key", "get", "shpo").exit_code == 3


def test_an_unknown_task_is_refused_by_the_server_that_knows_the_tasks(cli: Cli) -> None:
    refused = cli("job", "enqueue", "gret", "--arg", "name=Ada")
    assert (refused.exit_code, "near names: greet" in refused.stderr) == (3, True)


def test_tasks_are_listed_and_shown_with_what_the_store_tells_of_them(cli: Cli, store: str) -> None:
    app = make_app(store)
    with app.sync:
        app.sync._run(lambda desk: publish(desk.backend.kv, app.tasks.values(), datetime.now(UTC)))

    here, there = Cli(store), cli
    assert there.ok("task", "list") == here.ok("task", "list")
    assert there.json("task", "get", "greet") == here.json("task", "get", "greet")
    assert there.ok("task", "schema", "greet") == here.ok("task", "schema", "greet")
    assert "did you mean 'greet'" in there("task", "get", "gret").stderr


def test_errors_are_listed_and_the_message_does_not_tell_what_a_task_redacts(store: str) -> None:
    app = make_app(store)

    @app.task(name="login", queue="mail", retry=Never(), redact=["password"])
    async def login(password: str) -> None:
        raise ValueError(f"{password} is wrong")

    job = app.sync.enqueue(login.call("correct-horse"))
    run_worker_until_ended(app, job.id)
    app.sync.close()
    with LiveServer(app) as server:
        cli = Cli(server.url)
        [group] = cli.json("error", "list")["items"]
        assert cli.ok("error", "resolve", group["fingerprint"], "--note", "mended").endswith("resolved\n")
        assert cli.json("error", "list")["items"] == []
        found = cli.json("error", "get", group["fingerprint"])
        assert (found["status"], found["note"]) == ("resolved", "mended")
        cli.ok("error", "ignore", group["fingerprint"])
        assert cli.ok("error", "reopen", group["fingerprint"]).endswith("open\n")
        assert len(cli.json("error", "list")["items"]) == 1
    assert (group["type"], group["dead"], "is wrong" in group["message"]) == ("ValueError", 1, True)
    assert "correct-horse" not in group["message"]


def run_worker_until_ended(app: Headrace, job_id: str) -> None:
    """Run jobs in this process until that one has ended."""

    async def main() -> None:
        async with app, app.worker(queues=["mail"]):
            await app.settled(job_id, TIME_LIMIT_S)

    asyncio.run(main())


def test_a_profile_can_name_a_server_and_its_token(
    server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles = tmp_path / "config" / "headrace" / "config.toml"
    profiles.parent.mkdir(parents=True)
    profiles.write_text(f'[profile.far]\nstore = "{server.url}"\ntoken = "{TOKEN}"\nread_only = true\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    cli = Cli("")
    assert cli.json("job", "list", "--profile", "far")["items"] == []
    refused = cli("job", "enqueue", "greet", "--arg", "name=Ada", "--profile", "far")
    assert (refused.exit_code, "is read-only" in refused.stderr) == (4, True)
    assert TOKEN not in cli.ok("profile", "show", "far")


def test_who_may_not_is_told_so(server: LiveServer, cli: Cli, store: str) -> None:
    refused = cli("job", "list", "--token", "hr_nonsense")
    assert (refused.exit_code, "HR-E0410" in refused.stderr) == (4, True)

    with Headrace(store).sync as desk:
        made = desk._run(lambda desk: desk.keys.create("board", scopes=["read"]))
    assert cli.ok("job", "list", "--token", made.token) is not None
    refused = cli("queue", "pause", "mail", "--token", made.token, "--url", server.url)
    assert refused.exit_code in (3, 4)


@pytest.mark.parametrize(
    "line",
    [
        ["store", "check"],
        ["metrics", "show"],
        ["event", "status"],
        ["job", "export", "state:dead", "--to", "-"],
        ["job", "import", "-"],
        ["job", "import", "--dry-run", "-"],
    ],
)
def test_what_needs_the_store_itself_says_so(cli: Cli, line: list[str]) -> None:
    refused = cli(*line)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "needs the store itself" in refused.stderr


def test_a_server_that_is_not_there_is_told(cli: Cli, server: LiveServer) -> None:
    server.stop()
    refused = cli("job", "list", "--json")
    fault = json.loads(refused.stderr)
    assert (refused.exit_code, fault["retryable"], server.url in fault["message"]) == (6, True, True)
