import json

import pytest

from headrace import Headrace
from tests.cli.support import Cli, run_jobs, unknown_id


def test_an_empty_list_is_an_empty_list_and_no_error(cli: Cli, app: Headrace) -> None:
    answer = cli.json("job", "list")

    assert answer == {"schema": "headrace.job.list/1", "items": [], "next_cursor": None, "complete": True}
    assert cli.ok("job", "list") == ""


def test_pages_follow_one_another(cli: Cli) -> None:
    ids = [cli.ok("job", "enqueue", "greet").strip() for _ in range(3)]

    first = cli.json("job", "list", "--limit", "2")
    second = cli.json("job", "list", "--limit", "2", "--cursor", first["next_cursor"])

    assert [first["complete"], second["complete"]] == [False, True]
    assert [job["id"] for job in first["items"] + second["items"]] == ids[::-1]


def test_the_table_in_a_pipe_is_whole_and_without_lines(cli: Cli) -> None:
    task = "a.very.long.name." * 12
    job_id = cli.ok("job", "enqueue", task, "--queue", "mail").strip()

    head, row = cli.ok("job", "list").splitlines()

    assert head.split() == ["ID", "TASK", "QUEUE", "STATE", "TRY", "WHEN", "NOTE"]
    assert row.split()[:5] == [job_id, task, "mail", "queued", "0/5"]


def test_names_and_lines_of_json_are_for_other_programs(cli: Cli) -> None:
    ids = [cli.ok("job", "enqueue", "greet").strip() for _ in range(2)]

    names = cli.ok("job", "list", "-o", "name").split()
    lines = cli.ok("job", "list", "-o", "ndjson").splitlines()

    assert names == ids[::-1]
    assert [json.loads(line)["id"] for line in lines] == names


def test_terms_and_options_choose_jobs_alike(cli: Cli) -> None:
    wanted = cli.ok("job", "enqueue", "greet", "--queue", "mail", "--tag", "eu").strip()
    cli.ok("job", "enqueue", "greet", "--queue", "other")

    for words in (["queue:mail"], ["--queue", "mail"], ["tag:eu"], ["--tag", "eu"], ["task:greet", "queue:mail"]):
        assert cli.ok("job", "list", *words, "-o", "name").split() == [wanted]
    assert len(cli.ok("job", "list", "state:queued,dead", "since:1h", "-o", "name").split()) == 2
    assert cli.ok("job", "list", "until:1h", "-o", "name") == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["stat:dead"], "'state'"),
        (["state:ded"], "'dead'"),
        (["--state", "ded"], "'dead'"),
        (["(dead"], "not closed"),
        (["since:yesterday"], "yesterday"),
        (["--since", "5"], "5"),
        (["--limit", "0"], "--limit"),
        (["--limit", "many"], "--limit"),
        (["--output", "xml"], "xml"),
        (["--quue", "mail"], "'--queue'"),
    ],
)
def test_a_wrong_query_is_refused_with_the_near_name(cli: Cli, app: Headrace, words: list[str], told: str) -> None:
    result = cli("job", "list", *words)

    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stdout == ""


def test_get_shows_every_attempt_with_its_traceback_and_the_decoded_result(cli: Cli, url: str) -> None:
    greeted = cli.ok("job", "enqueue", "greet", "--arg", "name=Ada", "--queue", "mail").strip()
    failed = cli.ok("job", "enqueue", "fail").strip()
    run_jobs(url, 2)

    good, bad = cli.json("job", "get", greeted), cli.json("job", "get", failed)

    assert (good["state"], good["result"]) == ("succeeded", "Hello, Ada!")
    assert good["progress"] == {"done": 1.0, "total": 2.0, "note": "half"}
    assert [line["message"] for line in good["logs"]] == ["greeting Ada"]
    assert (bad["state"], bad["error"]["type"]) == ("dead", "ValueError")
    assert [(attempt["number"], attempt["outcome"]) for attempt in bad["attempts"]] == [(1, "failed")]
    assert "no luck" in bad["attempts"][0]["error"]["traceback"]
    text = cli.ok("job", "get", failed)
    assert "ValueError: no luck" in text
    assert "Traceback (most recent call last)" in text


def test_a_discarded_jobs_reason_is_told_once(cli: Cli, url: str) -> None:
    cli.ok("job", "enqueue", "discard")
    run_jobs(url, 1)

    assert cli.ok("job", "list").splitlines()[-1].endswith("Discard: never to be")
    assert cli.ok("job", "list").count("never to be") == 1


def test_get_shows_what_an_attempt_used_where_it_is_known(cli: Cli, url: str) -> None:
    on_loop = cli.ok("job", "enqueue", "greet", "--arg", "name=Ada", "--queue", "mail").strip()
    in_thread = cli.ok("job", "enqueue", "blocking_greet", "--arg", "name=Ada").strip()
    run_jobs(url, 2)

    [unknown], [known] = (cli.json("job", "get", job_id)["attempts"] for job_id in (on_loop, in_thread))

    assert (unknown["cpu_s"], unknown["peak_rss_bytes"]) == (None, None)
    assert (known["cpu_s"] > 0, known["peak_rss_bytes"]) == (True, None)
    assert "used " not in cli.ok("job", "get", on_loop)
    assert f"used {known['cpu_s']:.3f} s of processor time\n" in cli.ok("job", "get", in_thread)


def test_status_tells_where_the_task_is(cli: Cli, url: str) -> None:
    job_id = cli.ok("job", "enqueue", "fail").strip()
    before = cli.ok("status", job_id)
    run_jobs(url, 1)

    assert "State      queued" in before
    assert "State      dead" in cli.ok("status", job_id)


@pytest.mark.parametrize("command", [["status"], ["job", "get"], ["job", "watch"]])
def test_an_unknown_id_exits_3_and_says_so(cli: Cli, app: Headrace, command: list[str]) -> None:
    job_id = unknown_id()

    result = cli(*command, job_id)

    assert result.exit_code == 3
    assert job_id in result.stderr


def test_the_beginning_of_an_id_is_enough_while_it_is_unique(cli: Cli) -> None:
    ids = [cli.ok("job", "enqueue", "greet").strip() for _ in range(2)]

    assert cli.json("job", "get", ids[0][:-4])["id"] == ids[0]
    several = cli("job", "get", ids[0][:8])
    assert several.exit_code == 2
    assert ids[1] in several.stderr
    assert cli("job", "get", "xyz").exit_code == 2
    assert cli("job", "get", "00000000").exit_code == 3


def test_an_error_in_json_mode_is_one_object_on_stderr(cli: Cli, app: Headrace) -> None:
    result = cli("job", "get", unknown_id(), "--json")

    assert result.stdout == ""
    fault = json.loads(result.stderr)
    assert set(fault) == {"code", "message", "hint", "fix", "docs", "retryable"}
    assert fault["code"] == "HR-E0301"
    assert json.loads(cli("job", "list", "--nonsense", "-o", "json").stderr)["code"].startswith("HR-E02")


def test_watch_ends_with_the_job_and_tells_by_its_exit_code_how(cli: Cli, url: str) -> None:
    good = cli.ok("job", "enqueue", "greet", "--arg", "name=Ada", "--queue", "mail").strip()
    bad = cli.ok("job", "enqueue", "fail").strip()
    run_jobs(url, 2)

    succeeded, died = cli("job", "watch", good), cli("job", "watch", bad, "-o", "ndjson")

    assert (succeeded.exit_code, died.exit_code) == (0, 9)
    assert 'succeeded: "Hello, Ada!"' in succeeded.stdout
    assert "greeting Ada" in succeeded.stdout
    assert json.loads(died.stdout.splitlines()[-1])["state"] == "dead"


def test_watch_gives_up_after_its_timeout(cli: Cli) -> None:
    job_id = cli.ok("job", "enqueue", "greet").strip()

    assert cli("job", "watch", job_id, "--timeout", "50ms").exit_code == 7


def test_jobs_are_listed_by_why_they_do_not_run(cli: Cli, app: Headrace) -> None:
    held = cli.ok("job", "enqueue", "greet", "--arg", "name=Ada", "--queue", "mail", "-o", "name")
    cli.ok("job", "enqueue", "greet", "--arg", "name=Bob", "-o", "name")
    cli.ok("queue", "pause", "mail")

    assert cli.ok("job", "list", "why:paused", "-o", "name") == held
    refused = cli("job", "cancel", "--where", "why:paused")
    assert refused.exit_code == 2
    assert "headrace job list why:paused -o name | headrace job cancel -" in refused.stderr
