"""``headrace task``: the catalogue without the code, and stored jobs against a build."""

import json
from pathlib import Path

import pytest

from headrace import Headrace
from headrace.app.catalogue import publish
from tests.cli.support import Cli, run_jobs

NEXT = """
from headrace import Headrace
from headrace.app.catalogue import publish

app = Headrace("sqlite:///jobs.db")


@app.task(queue="mail", name="greet", version=2)
async def greet(names: list[str]) -> str:
    '''Greet them all.'''
    return " ".join(names)


@greet.upcast(from_version=1, deprecated="one name is not enough")
def several(args: dict) -> dict:
    return {"names": [args["name"]]}


@app.task(name="fail")
async def fail() -> None: ...


@app.task(name="show_meta")
async def show_meta() -> None: ...
"""


@pytest.fixture
def next_build(folder: Path) -> str:
    (folder / "next.py").write_text(NEXT)
    return "next:app"


def test_tasks_are_listed_once_a_worker_has_told_of_them(cli: Cli, app: Headrace, url: str) -> None:
    assert cli.json("task", "list")["items"] == []

    run_jobs(url, 0)

    names = [task["name"] for task in cli.json("task", "list")["items"]]
    assert names == ["blocking_greet", "discard", "fail", "greet", "show_meta"]
    assert cli.ok("task", "list").splitlines()[0].split()[:3] == ["NAME", "VERSION", "QUEUE"]
    shown = cli.ok("task", "get", "greet")
    assert "Task       greet  version 1\nQueue      mail\n" in shown
    assert cli.json("task", "get", "greet")["executor"] == "loop"


def test_schemas_are_those_of_json(cli: Cli, app: Headrace, url: str) -> None:
    run_jobs(url, 0)

    arguments = json.loads(cli.ok("task", "schema", "greet"))
    assert arguments["$defs"]["Arguments"]["required"] == ["name"]
    assert json.loads(cli.ok("task", "schema", "greet", "--result")) == {"type": "string"}
    missing = cli("task", "schema", "greet", "--of-version", "7")
    assert missing.exit_code == 3
    assert "no schema of version 7 of greet is known" in missing.stderr


def test_an_unknown_task_exits_3_with_the_near_name(cli: Cli, app: Headrace, url: str) -> None:
    run_jobs(url, 0)

    result = cli("task", "get", "greeet")

    assert result.exit_code == 3
    assert "did you mean 'greet'?" in result.stderr


def test_who_enqueues_without_the_code_writes_for_the_newest_version(cli: Cli, app: Headrace, next_build: str) -> None:
    from headrace.cli.loading import load_app

    first = cli.ok("job", "enqueue", "greet", "--arg", "name=Ada").strip()
    task = load_app(next_build).find_task("greet")
    app.sync._run(lambda desk: publish(desk.backend.kv, [task], desk.backend.clock.now()))

    second = cli.ok("job", "enqueue", "greet", "--args", '{"names": ["Ada"]}').strip()
    third = cli.ok("job", "enqueue", "greet", "--arg", "name=Ada", "--task-version", "1").strip()
    cli.ok("schedule", "create", "daily", "@daily", "greet", "--args", '{"names": ["Ada"]}')

    assert [cli.json("job", "get", each)["task_version"] for each in (first, second, third)] == [1, 2, 1]
    assert app.sync._run(lambda desk: desk.schedules.get("daily")).job.task_version == 2
    assert cli("task", "check", next_build).exit_code == 0


def test_a_build_is_checked_against_what_is_stored(cli: Cli, app: Headrace, next_build: str) -> None:
    cli.ok("job", "enqueue", "greet", "--arg", "name=Ada")
    assert cli("task", "check", next_build).exit_code == 0

    strange = cli.ok("job", "enqueue", "greet", "--arg", "nam=Ada").strip()
    unknown = cli.ok("job", "enqueue", "nobody").strip()

    result = cli("task", "check", next_build, "--json")
    assert result.exit_code == 9
    listed = json.loads(result.stdout)["items"]
    assert [(each["task"], each["count"], each["examples"]) for each in listed] == [
        ("greet", 1, [strange]),
        ("nobody", 1, [unknown]),
    ]
    assert "KeyError: 'name'" in listed[0]["reason"]


def test_jobs_of_older_versions_are_rewritten(cli: Cli, app: Headrace, next_build: str) -> None:
    ids = [cli.ok("job", "enqueue", "greet", "--arg", f"name={name}").strip() for name in ("Ada", "Bea")]

    assert cli.ok("task", "migrate", next_build, "--dry-run") == "2 jobs would be rewritten\n"
    assert cli.json("job", "get", ids[0])["task_version"] == 1
    assert cli.ok("task", "migrate", next_build) == "2 jobs rewritten\n"

    job = cli.json("job", "get", ids[0])
    assert (job["task_version"], job["args"]) == (2, {"names": ["Ada"]})
    assert cli.ok("task", "migrate", next_build) == "0 jobs rewritten\n"


def test_what_cannot_be_rewritten_is_told_and_left(cli: Cli, app: Headrace, next_build: str) -> None:
    job_id = cli.ok("job", "enqueue", "greet", "--arg", "nam=Ada").strip()

    result = cli("task", "migrate", next_build)

    assert result.exit_code == 9
    assert result.stdout == "0 jobs rewritten\n1 of greet version 1 cannot be: KeyError: 'name'\n"
    assert cli.json("job", "get", job_id)["args"] == {"nam": "Ada"}
