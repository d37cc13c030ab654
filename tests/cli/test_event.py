"""The journal by the command."""

import asyncio
import json
from pathlib import Path

import pytest

from headrace import Headrace
from headrace.testing.conformance.builders import enqueue, job
from tests.cli.support import Cli


@pytest.fixture
def jobs(cli: Cli, url: str) -> list[str]:
    """A journal that is on, and two jobs."""
    cli.ok("job", "enqueue", "first")
    cli.ok("event", "enable")

    async def make() -> list[str]:
        async with Headrace(url) as app:
            ids = await enqueue(app.backend, job("greet", queue="mail", tags=("a",)), job("greet", queue="sms"))
            await app.cancel([ids[1]])
            return list(ids)

    return asyncio.run(make())


def test_the_journal_is_switched_on_and_off(cli: Cli, jobs: list[str]) -> None:
    assert "keeps events for 1:00:00, and 500,000 at most" in cli.ok("event", "enable")
    assert "2:00:00" in cli.ok("event", "enable", "--keep", "2h")
    assert "events 1 to 3 are kept" in cli.ok("event", "status")
    assert cli.ok("event", "disable") == "the journal is off\n"
    assert json.loads(cli.ok("event", "status", "--json"))["on"] is False


def test_events_are_listed_by_what_is_wanted(cli: Cli, jobs: list[str]) -> None:
    found = json.loads(cli.ok("event", "list", "--json"))
    assert [each["kind"] for each in found["items"]] == ["job.enqueued", "job.enqueued", "job.cancelled"]
    assert found["last"] == 3
    assert jobs[1] in cli.ok("events", "ls", "--kind", "cancelled")
    assert jobs[1] not in cli.ok("event", "list", "--tag", "a")
    assert cli("event", "list", "--after", "9").stderr.startswith("the events after 9 are not kept any more")


def test_tail_prints_events_as_they_come(cli: Cli, jobs: list[str]) -> None:
    lines = cli.ok("event", "tail", "--after", "0", "--count", "3", "-o", "ndjson").splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == [1, 2, 3]
    assert "greet in sms, attempt 0" in cli.ok("event", "tail", "--after", "0", "--count", "1", "--queue", "sms")


def test_tail_goes_on_with_what_is_kept(cli: Cli, jobs: list[str]) -> None:
    result = cli("event", "tail", "--after", "77", "--count", "1", "--queue", "mail")
    assert (result.exit_code, "not kept any more" in result.stderr) == (0, True)


def test_tail_of_a_journal_that_is_off_says_how_to_switch_it_on(cli: Cli, folder: Path) -> None:
    cli.ok("job", "enqueue", "greet")
    result = cli("event", "tail")
    assert result.exit_code == 2
    assert "headrace event enable" in result.stderr


def test_a_kind_that_is_none_is_refused_with_those_there_are(cli: Cli, jobs: list[str]) -> None:
    result = cli("event", "list", "--kind", "died")
    assert result.exit_code == 2
    assert "'died' is no kind of event; there are: enqueued" in result.stderr
