"""Queues that are drained and purged, and workers that are told what to do, from the command line."""

import json
from pathlib import Path

from headrace import Headrace
from tests.cli.support import Cli, Spawn, run_jobs


def enqueue(cli: Cli, *more: str) -> str:
    return cli.ok("job", "enqueue", "greet", "--arg", "name=Ada", "--queue", "mail", *more).strip()


def test_a_queue_is_drained_when_its_jobs_are_done(cli: Cli, url: str) -> None:
    enqueue(cli)
    enqueue(cli, "--delay", "1h")
    late = cli("queue", "drain", "mail", "--timeout", "10ms")
    assert (late.exit_code, "1 queued" in late.output) == (7, True)

    run_jobs(url, 1)

    assert cli.ok("queue", "drain", "mail") == "mail  drained, with 1 scheduled\n"
    assert cli("queue", "drain", "mial").exit_code == 3


def test_a_purge_deletes_what_waits_and_asks_before(cli: Cli, app: Headrace) -> None:
    enqueue(cli)
    enqueue(cli, "--delay", "1h")
    enqueue(cli, "--queue", "other")

    assert cli("queue", "purge", "mail").exit_code == 2
    assert json.loads(cli.ok("queue", "purge", "mail", "--dry-run", "-o", "json"))["matched"] == 2
    cli.ok("queue", "purge", "mail", "--state", "scheduled", "--yes")
    assert {count.queue: count.count for count in app.sync.counts()} == {"mail": 1, "other": 1}
    assert cli("queue", "purge", "mail", "--state", "late").exit_code == 2


def test_a_worker_is_quiet_works_again_and_stops_as_it_is_told(cli: Cli, spawn: Spawn, folder: Path) -> None:
    worker = spawn("worker", "sample:app")
    worker.wait_for("is ready")
    [listed] = cli.json("worker", "list")["items"]

    assert "claims nothing more" in cli.ok("worker", "quiet", "all")
    worker.wait_for("told to claim nothing more")
    job_id = enqueue(cli)
    assert "works" in cli.ok("worker", "resume", listed["id"])
    assert cli("job", "watch", job_id, "--timeout", "30s").exit_code == 0
    cli.ok("worker", "stop", listed["id"])
    worker.wait_for("has stopped")

    assert worker.process.wait(30) == 0
    assert cli("worker", "stop", listed["id"]).exit_code == 3


def test_a_worker_logs_more_once_it_is_told(cli: Cli, spawn: Spawn, folder: Path) -> None:
    (folder / "loud.py").write_text(
        "import logging\nfrom headrace import Headrace\napp = Headrace()\n\n\n"
        "@app.task(name='tell')\nasync def tell(text: str) -> None:\n    logging.getLogger('shop').debug(text)\n"
    )
    worker = spawn("worker", "loud:app")
    worker.wait_for("is ready")

    before = cli.ok("job", "enqueue", "tell", "--arg", "text=unheard").strip()
    assert cli("job", "watch", before, "--timeout", "30s").exit_code == 0
    assert "logs shop=debug" in cli.ok("worker", "log-level", "all", "shop=debug")
    worker.wait_for("told to log shop=debug")
    cli.ok("job", "enqueue", "tell", "--arg", "text=heard")

    assert "unheard" not in worker.wait_for("heard")
    wrong = cli("worker", "log-level", "all", "loud")
    assert (wrong.exit_code, "'loud'" in wrong.stderr) == (2, True)
    assert cli("worker", "log-level", "w-000000000000", "debug").exit_code == 3
    assert worker.stop() == 0
