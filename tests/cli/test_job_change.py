from tests.cli.support import Cli, run_jobs, unknown_id


def test_dead_jobs_are_queued_again_by_ids_from_stdin(cli: Cli, url: str) -> None:
    ids = [cli.ok("job", "enqueue", "fail").strip() for _ in range(2)]
    run_jobs(url, 2)

    names = cli.ok("job", "list", "state:dead", "-o", "name")
    cli.ok("job", "retry", "-", stdin=names)

    assert {cli.json("job", "get", job_id)["state"] for job_id in ids} == {"queued"}


def test_a_job_in_another_state_is_not_retried_and_exits_5(cli: Cli) -> None:
    job_id = cli.ok("job", "enqueue", "greet").strip()

    result = cli("job", "retry", job_id)

    assert result.exit_code == 5
    assert "queued" in result.stderr


def test_cancelling_keeps_the_reason(cli: Cli) -> None:
    job_id = cli.ok("job", "enqueue", "greet").strip()

    cli.ok("job", "cancel", job_id, "--reason", "wrong customer")

    job = cli.json("job", "get", job_id)
    assert (job["state"], job["reason"]) == ("cancelled", "wrong customer")


def test_what_is_partly_done_exits_8_and_what_is_not_there_3(cli: Cli) -> None:
    job_id = cli.ok("job", "enqueue", "greet").strip()

    assert cli("job", "cancel", unknown_id()).exit_code == 3
    assert cli("job", "cancel", job_id, unknown_id()).exit_code == 8


def test_the_answer_as_json_tells_each_job(cli: Cli) -> None:
    job_id = cli.ok("job", "enqueue", "greet").strip()

    answer = cli.json("job", "cancel", job_id)

    assert answer["items"] == [{"id": job_id, "changed": True, "state": "cancelled"}]


def test_no_id_is_wrong_usage_and_an_empty_stdin_is_nothing_to_do(cli: Cli) -> None:
    cli.ok("job", "enqueue", "greet")

    assert cli("job", "retry").exit_code == 2
    assert cli("job", "retry", "-", stdin="").exit_code == 0
