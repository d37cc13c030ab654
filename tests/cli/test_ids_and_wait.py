"""Jobs by the names that people have for them, and waiting for several."""

import json

import pytest

from headrace import Headrace
from tests.cli.support import Cli, run_jobs, unknown_id


def test_the_newest_jobs_have_names(cli: Cli, url: str) -> None:
    cli.ok("job", "enqueue", "fail")
    run_jobs(url, 1)
    ids = [cli.ok("job", "enqueue", "greet", "--arg", "name=A").strip() for _ in range(3)]

    assert cli.json("job", "get", "@last")["id"] == ids[2]
    assert cli.json("job", "get", "@-1")["id"] == ids[2]
    assert cli.json("job", "get", "@-3")["id"] == ids[0]
    assert cli.json("job", "get", "@failed")["task"] == "fail"
    assert cli.ok("job", "cancel", "@last", "@-2").count("cancelled") == 2


@pytest.mark.parametrize(("name", "code"), [("@last", 3), ("@-9", 3), ("@failed", 3), ("@newest", 2), ("@-0", 2)])
def test_a_name_without_a_job_is_told(cli: Cli, app: Headrace, name: str, code: int) -> None:
    result = cli("job", "get", name)

    assert result.exit_code == code
    assert name in result.stderr


def test_waiting_ends_when_all_have_ended_and_tells_how(cli: Cli, url: str) -> None:
    good = [cli.ok("job", "enqueue", "greet", "--arg", f"name={n}", "--queue", "mail").strip() for n in "ab"]
    run_jobs(url, 2)

    answer = cli("job", "wait", "-", "--json", stdin="\n".join(good))

    assert answer.exit_code == 0
    assert [(job["id"], job["state"]) for job in json.loads(answer.stdout)["items"]] == [(i, "succeeded") for i in good]


def test_waiting_for_a_job_that_fails_exits_9(cli: Cli, url: str) -> None:
    ids = [cli.ok("job", "enqueue", name, "--queue", "mail", "--arg", "name=A").strip() for name in ("greet", "fail")]
    run_jobs(url, 2)

    assert cli("job", "wait", *ids).exit_code == 9


def test_waiting_gives_up_with_exit_7_and_shows_what_has_not_ended(cli: Cli) -> None:
    job_id = cli.ok("job", "enqueue", "greet").strip()

    result = cli("job", "wait", job_id, "--timeout", "50ms")

    assert (result.exit_code, "1 of 1 jobs have not ended" in result.stderr) == (7, True)
    assert "queued" in result.stdout


def test_waiting_for_any_ends_with_the_first(cli: Cli, url: str) -> None:
    done = cli.ok("job", "enqueue", "greet", "--arg", "name=A", "--queue", "mail").strip()
    run_jobs(url, 1)
    waiting = cli.ok("job", "enqueue", "greet", "--arg", "name=B").strip()

    assert cli("job", "wait", "--any", waiting, done).exit_code == 0


def test_waiting_for_a_job_that_is_not_there_exits_3(cli: Cli, app: Headrace) -> None:
    assert cli("job", "wait", unknown_id(), "--timeout", "5s").exit_code == 3
