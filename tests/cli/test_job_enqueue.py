import pytest

from headrace import Headrace
from headrace.app.catalogue import publish
from headrace.model.job import JobState
from tests.cli.support import Cli, run_jobs


def test_the_id_is_printed_and_the_job_is_stored(cli: Cli) -> None:
    job_id = cli.ok("job", "enqueue", "greet", "--arg", "name=Ada", "--queue", "mail").strip()

    job = cli.json("job", "get", job_id)

    assert (job["task"], job["queue"], job["state"]) == ("greet", "mail", "queued")
    assert job["args"] == {"name": "Ada"}


def test_a_value_is_json_where_it_parses_and_text_where_it_does_not(cli: Cli) -> None:
    values = ["n=1", "flag=true", "text=hello there", 'quoted="1"', 'many=["a", 2]', "nan=NaN", "empty="]
    args = [word for value in values for word in ("--arg", value)]

    job_id = cli.ok("job", "enqueue", "greet", *args).strip()

    assert cli.json("job", "get", job_id)["args"] == {
        "n": 1,
        "flag": True,
        "text": "hello there",
        "quoted": "1",
        "many": ["a", 2],
        "nan": "NaN",
        "empty": "",
    }


def test_whole_arguments_come_as_json_or_from_stdin_and_single_ones_win(cli: Cli) -> None:
    first = cli.ok("job", "enqueue", "greet", "--args", '{"name": "Ada", "n": 1}', "--arg", "n=2").strip()
    second = cli.ok("job", "enqueue", "greet", "--args", "-", stdin='{"name": "Eve"}').strip()

    assert cli.json("job", "get", first)["args"] == {"name": "Ada", "n": 2}
    assert cli.json("job", "get", second)["args"] == {"name": "Eve"}


def test_retry_5_stores_five_retries_after_the_first_attempt(cli: Cli) -> None:
    by_retries = cli.ok("job", "enqueue", "greet", "--retry", "5").strip()
    by_attempts = cli.ok("job", "enqueue", "greet", "--max-attempts", "6").strip()

    for job_id in (by_retries, by_attempts):
        job = cli.json("status", job_id)
        assert (job["max_retries"], job["max_attempts"]) == (5, 6)


@pytest.mark.parametrize("value", ["x", "-1", "1.5", ""])
def test_a_number_of_retries_that_is_none_is_refused_by_name(cli: Cli, value: str) -> None:
    result = cli("job", "enqueue", "greet", "--retry", value)

    assert result.exit_code == 2
    assert "--retry" in result.stderr
    assert result.stdout == ""


def test_options_of_the_job_are_stored(cli: Cli) -> None:
    job_id = cli.ok(
        *("job", "enqueue", "greet", "--priority", "9", "--delay", "1h", "--timeout", "30s"),
        *("--tag", "eu", "--tag", "vip", "--metadata", "k=v", "--metadata", '{"n": 1}', "--idempotency-key", "once"),
        *("--expires-in", "2h", "--partition", "tenant-7"),
    ).strip()

    job = cli.json("job", "get", job_id)

    assert (job["priority"], job["state"], job["timeout_s"], job["tags"]) == (9, "scheduled", 30, ["eu", "vip"])
    assert job["metadata"] == {"k": "v", "n": 1}
    assert (job["idempotency_key"], job["partition"]) == ("once", "tenant-7")
    assert job["expires_at"] > job["run_at"]


def test_the_handler_receives_the_metadata(cli: Cli, url: str) -> None:
    job_id = cli.ok("job", "enqueue", "show_meta", "--metadata", "k=v", "--metadata", '{"n":1}').strip()

    run_jobs(url, 1)

    assert cli.json("job", "get", job_id)["result"] == {"k": "v", "n": 1}


def test_the_same_key_answers_the_same_job_and_says_so(cli: Cli) -> None:
    first = cli.ok("job", "enqueue", "greet", "--idempotency-key", "once").strip()
    again = cli("job", "enqueue", "greet", "--idempotency-key", "once")
    other = cli("job", "enqueue", "greet", "--idempotency-key", "once", "--arg", "name=Eve")

    assert again.stdout.strip() == first
    assert "nothing new" in again.stderr
    assert other.exit_code == 5


def test_an_instant_to_run_at_is_kept(cli: Cli) -> None:
    job_id = cli.ok("job", "enqueue", "greet", "--run-at", "2999-01-31T09:00:00+01:00").strip()

    job = cli.json("job", "get", job_id)

    assert job["run_at"] == "2999-01-31T08:00:00Z"
    assert job["state"] == JobState.SCHEDULED


def test_with_the_app_arguments_are_checked_and_nothing_wrong_is_stored(cli: Cli) -> None:
    good = cli.ok("job", "enqueue", "greet", "--arg", "name=Ada", "--app", "sample").strip()
    wrong = cli("job", "enqueue", "greet", "--arg", "nmae=Ada", "--app", "sample:app")
    unknown = cli("job", "enqueue", "gret", "--app", "sample:app")

    assert cli.json("job", "get", good)["queue"] == "mail"
    assert (wrong.exit_code, unknown.exit_code) == (2, 3)
    assert "'name'" in wrong.stderr
    assert "greet" in unknown.stderr
    assert len(cli.json("job", "list")["items"]) == 1


def test_without_the_app_it_says_only_when_asked_that_nothing_was_checked(cli: Cli) -> None:
    quiet = cli("job", "enqueue", "greet")
    asked = cli("job", "enqueue", "greet", "-v")

    assert quiet.stderr == ""
    assert "not checked" in asked.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--args", "{broken"], "--args"),
        (["--args", "[1]"], "object"),
        (["--arg", "novalue"], "--arg"),
        (["--metadata", "{broken"], "--metadata"),
        (["--priority", "11"], "--priority"),
        (["--delay", "5"], "--delay"),
        (["--run-at", "2025-01-31T09:00:00"], "time zone"),
        (["--queue", "two words"], "queue name"),
        (["--delay", "5s", "--run-at", "2999-01-31T09:00:00Z"], "not both"),
        (["--retry", "1", "--max-attempts", "2"], "--max-attempts"),
        (["--tag", ""], "tag"),
    ],
)
def test_wrong_input_is_refused_and_named(cli: Cli, words: list[str], told: str) -> None:
    result = cli("job", "enqueue", "greet", *words)

    assert result.exit_code == 2
    assert told in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(("given", "stored"), [("high", 7), ("LOW", 1), ("9", 9), ("0", 0)])
def test_a_priority_is_a_number_or_a_word(cli: Cli, given: str, stored: int) -> None:
    job_id = cli.ok("job", "enqueue", "greet", "--arg", "name=Ada", "--priority", given).strip()
    assert cli.json("job", "get", job_id)["priority"] == stored
    cli.ok("job", "edit", job_id, "--priority", "critical")
    assert cli.json("job", "get", job_id)["priority"] == 9


@pytest.mark.parametrize("given", ["10", "-1", "urgent", "5.5", "\u0665"])
def test_another_priority_is_refused_with_what_there_is(cli: Cli, given: str) -> None:
    result = cli("job", "enqueue", "greet", "--priority", given)
    assert result.exit_code == 2
    assert "--priority" in result.stderr
    assert "low, normal, medium, high, critical" in result.stderr


def test_arguments_are_checked_by_what_workers_have_told_of_the_task(cli: Cli, app: Headrace) -> None:
    async def greet(name: str) -> None: ...

    task = app.task(name="greet")(greet)
    app.sync.ask(lambda desk: publish(desk.backend.kv, [task], desk.backend.clock.now()))

    result = cli("job", "enqueue", "greet", "--arg", "nam=Ada")

    assert result.exit_code == 2
    assert "greet: 'name' is missing" in result.stderr
    assert cli.ok("job", "list", "-o", "name") == ""
    cli.ok("job", "enqueue", "greet", "--arg", "nam=Ada", "--task-version", "2")
    cli.ok("job", "enqueue", "other", "--arg", "nam=Ada")
