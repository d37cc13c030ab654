"""Changing many jobs from the command line: previewed, confirmed, and told apart by exit codes."""

from __future__ import annotations

import asyncio

import pytest

from headrace import Headrace
from headrace.cli.job import bulk
from headrace.model.job import ErrorInfo
from headrace.model.outcome import Failed
from headrace.testing.conformance.builders import claim, enqueue, finish, job
from tests.cli.support import Cli, unknown_id

REFUSED = ErrorInfo(type="OSError", message="refused by 10.0.3.7")


@pytest.fixture
def dead(app: Headrace, url: str) -> list[str]:
    """Three dead jobs of ``mail``, and beside them one that is queued."""

    async def make() -> list[str]:
        async with Headrace(url) as other:
            ids = await enqueue(other.backend, *(job("mail.send", queue="mail") for _ in range(3)))
            for claimed in await claim(other.backend, 3, queue="mail"):
                await finish(other.backend, claimed, Failed(error=REFUSED))
            await enqueue(other.backend, job("mail.send", queue="mail"))
            return list(ids)

    return asyncio.run(make())


def states(app: Headrace) -> dict[str, int]:
    return {count.state.value: count.count for count in app.sync.counts()}


def test_all_that_match_are_changed(cli: Cli, app: Headrace, dead: list[str]) -> None:
    told = cli.ok("job", "retry", "--where", "state:dead task:mail.*", "--yes", "--reason", "it is up")
    assert "retry is done: 3 of 3 jobs changed" in told
    assert states(app) == {"queued": 4}
    [operation] = cli.json("operation", "list")["items"]
    assert (operation["verb"], operation["reason"], operation["changed"]) == ("retry", "it is up", 3)


def test_a_dry_run_tells_what_would_be_and_changes_nothing(cli: Cli, app: Headrace, dead: list[str]) -> None:
    told = cli.ok("job", "cancel", "--where", "queue:mail", "--dry-run")
    assert told.splitlines()[0] == "would cancel 4 jobs"
    assert "mail.send 4" in told
    assert "dead 3 · queued 1" in told
    assert states(app) == {"dead": 3, "queued": 1}
    preview = cli.json("job", "cancel", "--where", "queue:mail", "--dry-run")
    assert (preview["dry_run"], preview["matched"], preview["states"]) == (True, 4, {"dead": 3, "queued": 1})


def test_a_dry_run_of_named_jobs_looks_at_their_states(cli: Cli, app: Headrace, dead: list[str]) -> None:
    result = cli("job", "discard", dead[0], unknown_id(), "--dry-run")
    assert result.exit_code == 8
    assert result.stdout == f"{dead[0]}  dead, would discard\n"
    assert states(app)["dead"] == 3


def test_some_that_could_not_be_changed_are_told_with_exit_8(cli: Cli, app: Headrace, dead: list[str]) -> None:
    result = cli("job", "discard", "--where", "queue:mail", "--yes")
    assert result.exit_code == 8
    assert "3 of 4 jobs changed; left alone: 1 queued" in result.stdout


def test_none_that_could_be_changed_is_exit_5(cli: Cli, app: Headrace, dead: list[str]) -> None:
    assert cli("job", "retry", "--where", "state:queued", "--yes").exit_code == 5


def test_nothing_that_matches_is_no_error(cli: Cli, app: Headrace, dead: list[str]) -> None:
    result = cli("job", "retry", "--where", "queue:none")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "no job matches\n")


def test_without_anybody_to_ask_a_yes_is_needed(cli: Cli, app: Headrace, dead: list[str]) -> None:
    result = cli("job", "delete", "--where", "state:dead")
    assert result.exit_code == 2
    assert "add --yes to go ahead" in result.stderr
    assert states(app)["dead"] == 3


@pytest.mark.parametrize(("typed", "left"), [("3", 0), ("2", 3), ("", 3), ("y", 3)])
def test_what_cannot_be_undone_is_confirmed_by_typing_the_number(
    cli: Cli, app: Headrace, dead: list[str], monkeypatch: pytest.MonkeyPatch, typed: str, left: int
) -> None:
    monkeypatch.setattr(bulk, "can_ask", lambda: True)
    result = cli("job", "delete", "--where", "state:dead", stdin=f"{typed}\n")
    assert "This will delete 3 jobs in sqlite:///" in result.stderr
    assert "Type 3 to go on" in result.stderr
    assert states(app).get("dead", 0) == left
    assert result.exit_code == (130 if left else 0)


@pytest.mark.parametrize(("typed", "left"), [("y", 0), ("n", 3), ("", 3)])
def test_a_few_jobs_are_confirmed_with_a_letter(
    cli: Cli, app: Headrace, dead: list[str], monkeypatch: pytest.MonkeyPatch, typed: str, left: int
) -> None:
    monkeypatch.setattr(bulk, "can_ask", lambda: True)
    cli("job", "retry", "--where", "state:dead", stdin=f"{typed}\n")
    assert states(app).get("dead", 0) == left


def test_many_jobs_can_be_edited(cli: Cli, app: Headrace, dead: list[str]) -> None:
    cli.ok("job", "edit", "--where", "state:queued", "--queue", "slow", "--priority", "2", "--yes")
    [moved] = app.sync.find(queues=["slow"]).items
    assert (moved.priority, moved.state) == (2, "queued")


def test_a_job_is_retried_with_other_arguments(cli: Cli, app: Headrace, dead: list[str]) -> None:
    told = cli.ok("job", "retry", dead[0], "--args", '{"to": "ada"}', "--run-at", "1h")
    assert told == f"{dead[0]}  scheduled\n"
    assert app.sync.get(dead[0]).payload == b'{"to":"ada"}'


def test_a_job_is_brought_forward(cli: Cli, app: Headrace) -> None:
    job_id = cli.ok("job", "enqueue", "greet", "--delay", "1h", "-o", "name").strip()
    assert cli.ok("job", "edit", job_id, "--run-at", "now", "--expires", "never") == f"{job_id}  queued\n"


def test_a_deleted_job_is_gone(cli: Cli, app: Headrace, dead: list[str]) -> None:
    assert cli.ok("job", "delete", dead[0]) == f"{dead[0]}  deleted\n"
    assert cli("job", "get", dead[0]).exit_code == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["retry", "--where", "stat:dead"], "'state'"),
        (["retry", "--where", " ", "--yes"], "would change every job"),
        (["retry", "019a0b0c-0d0e-7123-bfff-ffffffffffff", "--where", "state:dead"], "not both"),
        (["retry", "019a0b0c-0d0e-7123-bfff-ffffffffffff", "--rate", "5/s"], "--rate goes with --where"),
        (["retry", "--where", "state:dead", "--rate", "5"], "is no rate"),
        (["retry", "--where", "state:dead", "--args", "{}", "--yes"], "for jobs that are named"),
        (["edit", "--where", "state:queued", "--yes"], "edit what?"),
        (["edit", "019a0b0c-0d0e-7123-bfff-ffffffffffff", "--run-at", "soon"], "soon"),
        (["cancel"], "no job id is given"),
    ],
)
def test_what_cannot_be_is_refused(cli: Cli, app: Headrace, dead: list[str], words: list[str], told: str) -> None:
    result = cli("job", *words)
    assert result.exit_code == 2
    assert told in result.stderr
    assert states(app) == {"dead": 3, "queued": 1}


def test_errors_are_grouped_shown_and_retried(cli: Cli, app: Headrace, dead: list[str]) -> None:
    fingerprint = cli.ok("error", "list", "-o", "name").strip()
    assert fingerprint == REFUSED.fingerprint
    [group] = cli.json("error", "list", "queue:mail")["items"]
    assert (group["dead"], group["retrying"], group["tasks"]) == (3, 0, ["mail.send"])
    assert "OSError: refused by 10.0.3.7" in cli.ok("error", "get", fingerprint)
    assert "1 of 1 jobs changed" in cli.ok("error", "retry", fingerprint, "--where", f"id:{dead[0]}", "--yes")
    assert "2 of 2 jobs changed" in cli.ok("error", "discard", fingerprint, "--yes", "--reason", "old")
    assert states(app) == {"queued": 2, "cancelled": 2}


def test_an_unknown_error_is_not_found(cli: Cli, app: Headrace) -> None:
    for verb in (["get"], ["retry", "--yes"]):
        result = cli("error", verb[0], "000000000000", *verb[1:])
        assert result.exit_code == 3
        assert "headrace error list" in result.stderr
    assert cli.json("error", "list")["items"] == []


def test_an_operation_is_paused_resumed_and_watched(cli: Cli, app: Headrace, url: str, dead: list[str]) -> None:
    async def begin() -> str:
        async with Headrace(url) as other:
            return (await other.bulk.start("retry", where="state:dead", author="ana", rate=1.0)).id

    operation = asyncio.run(begin())
    assert "jobs changed, of those it has come to so far" in cli.ok("operation", "pause", operation)
    assert cli("operation", "watch", operation).exit_code == 8
    assert "By         ana" in cli.ok("operation", "get", operation)
    assert "3 of 3 jobs changed" in cli.ok("operation", "resume", operation)
    assert "is done" in cli.ok("operation", "watch", operation)
    result = cli("operation", "abort", operation)
    assert result.exit_code == 2
    assert "is done already" in result.stderr
    assert cli("operation", "get", "op-none").exit_code == 3


def test_a_resolved_error_leaves_the_list_and_is_back_when_it_happens_again(
    cli: Cli, url: str, dead: list[str]
) -> None:
    [group] = cli.json("error", "list")["items"]
    fingerprint = group["fingerprint"]
    cli.ok("error", "resolve", fingerprint, "--note", "a new certificate")
    assert cli.json("error", "list")["items"] == []
    assert [each["status"] for each in cli.json("error", "list", "--all")["items"]] == ["resolved"]
    assert "resolved: a new certificate" in cli.ok("error", "get", fingerprint)

    async def fail_again() -> None:
        async with Headrace(url) as other:
            await enqueue(other.backend, job("mail.send", queue="again"))
            [claimed] = await claim(other.backend, 1, queue="again")
            await finish(other.backend, claimed, Failed(error=REFUSED))

    asyncio.run(fail_again())
    assert [each["status"] for each in cli.json("error", "list")["items"]] == ["regressed"]
    cli.ok("error", "ignore", fingerprint)
    assert cli.json("error", "list")["items"] == []
    cli.ok("error", "reopen", fingerprint)
    assert [each["status"] for each in cli.json("error", "list")["items"]] == ["open"]
