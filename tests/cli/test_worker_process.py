import json
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from headrace import Headrace
from tests.cli.support import Cli, Spawn


def test_a_worker_runs_what_the_command_enqueued_and_sigterm_exits_0(cli: Cli, spawn: Spawn) -> None:
    job_id = cli.ok("job", "enqueue", "greet", "--arg", "name=Ada", "--queue", "mail").strip()
    worker = spawn("worker", "sample:app")
    ready = worker.wait_for("is ready")

    watched = cli("job", "watch", job_id, "--timeout", "30s")

    assert watched.exit_code == 0, watched.output
    assert "greet" in ready
    assert "mail=10" in ready
    assert "default=10" in ready
    assert worker.stop(signal.SIGTERM) == 0


def test_interrupting_a_worker_is_a_graceful_stop_too(spawn: Spawn) -> None:
    worker = spawn("worker", "sample", "--queue", "mail=2", "--lease", "5s", "--grace", "1s", "--no-upkeep")
    assert "queues mail=2" in worker.wait_for("is ready")

    assert worker.stop(signal.SIGINT) == 0


def test_what_a_worker_has_loaded_is_out_of_the_garbage_collectors_sight(folder: Path, cli: Cli, spawn: Spawn) -> None:
    (folder / "kept.py").write_text(
        "import gc\nfrom headrace import Headrace\napp = Headrace()\n\n\n"
        "@app.task(name='kept')\nasync def kept() -> bool:\n    return gc.get_freeze_count() > 10_000\n"
    )
    job_id = cli.ok("job", "enqueue", "kept").strip()
    worker = spawn("worker", "kept")
    worker.wait_for("is ready")
    assert cli("job", "watch", job_id, "--timeout", "30s").exit_code == 0
    assert cli.json("job", "get", job_id)["result"] is True


def test_a_second_signal_stops_at_once(folder: Path, cli: Cli, spawn: Spawn) -> None:
    (folder / "slow.py").write_text(
        "import asyncio\nfrom headrace import Headrace\napp = Headrace()\n\n\n"
        "@app.task(name='slow')\nasync def slow() -> None:\n    await asyncio.Event().wait()\n"
    )
    job_id = cli.ok("job", "enqueue", "slow").strip()
    worker = spawn("worker", "slow", "-v", "--grace", "1h")
    worker.wait_for("begins attempt 1")
    worker.process.send_signal(signal.SIGTERM)
    worker.wait_for("SIGTERM")

    assert worker.stop(signal.SIGTERM) == 0
    job = cli.json("job", "get", job_id)
    assert (job["state"], job["attempt"], job["attempts"]) == ("queued", 0, [])


def test_a_worker_is_listed_while_it_lives(cli: Cli, spawn: Spawn) -> None:
    worker = spawn("worker", "sample:app", "--concurrency", "3")
    worker.wait_for("is ready")

    listed = cli.json("worker", "list")["items"]

    assert listed[0]["memory_bytes"] > 1 << 20
    assert listed[0]["problems"] == []
    assert "HEALTH" in cli.ok("worker", "list")
    assert [(each["pid"], each["queues"]) for each in listed] == [(worker.process.pid, {"default": 3, "mail": 3})]
    assert worker.stop() == 0
    assert cli.json("worker", "list")["items"] == []


def test_logs_can_be_json(spawn: Spawn) -> None:
    worker = spawn("worker", "sample:app", "--log-format", "json")

    line = json.loads(worker.wait_for("is ready"))

    assert (line["level"], line["logger"]) == ("info", "headrace.worker")


NOISY = """
import logging, warnings
from headrace import Headrace
app = Headrace("sqlite:///jobs.db")
log = logging.getLogger("shop")


@app.task(name="first", executor="process")
def first() -> None:
    log.info("in a child", extra={"odd": {1j: object()}})
    app.sync.enqueue(second.call())


@app.task(name="second")
async def second() -> None:
    log.info("on the loop")
    warnings.warn("careful")
    raise ValueError("no\\nluck")
"""


def test_every_line_is_json_and_one_id_runs_through_processes_and_jobs(
    folder: Path, cli: Cli, spawn: Spawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_LOG_LEVEL", "debug")
    monkeypatch.setenv("HEADRACE_LOG_TARGET", "both")
    (folder / "noisy.py").write_text(NOISY)
    worker = spawn("worker", "noisy", "-v", "--log-format", "json", "--log-file", "logs/worker.log")
    log = folder / "logs" / "worker.log"

    job_id = cli.ok("job", "enqueue", "first").strip()
    worker.wait_for("of second failed after")
    assert worker.stop() == 0

    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert all(list(line)[:5] == ["ts", "level", "logger", "message", "fields"] for line in lines)
    told = {line["message"]: line["fields"] for line in lines if line["logger"] == "shop"}
    assert told["in a child"]["job_id"] == job_id
    assert told["in a child"]["pid"] != told["on the loop"]["pid"] == worker.process.pid
    assert {each["correlation_id"] for each in told.values()} == {job_id}
    ends = {line["fields"]["task"]: line["fields"] for line in lines if "run_s" in line["fields"]}
    assert set(ends) == {"first", "second"}
    assert ends["first"].keys() >= {"job_id", "queue", "attempt", "wait_s", "run_s", "cpu_s", "memory_bytes"}
    assert ends["second"]["correlation_id"] == job_id


def test_sigusr1_logs_everything_until_the_next_one(spawn: Spawn) -> None:
    worker = spawn("worker", "sample:app")
    worker.wait_for("is ready")
    for level in ("debug", "info"):
        worker.process.send_signal(signal.SIGUSR1)
        worker.wait_for(f"headrace logs from {level} on")


def test_a_wrong_level_is_told_before_the_worker_begins(cli: Cli) -> None:
    result = cli("worker", "sample:app", "--log-level", "loud")
    assert result.exit_code == 2
    assert "the level in 'loud' is one of debug, info, warning, error, critical; got 'loud'" in result.stderr


def test_a_worker_that_cannot_fetch_leaves_with_1(folder: Path, url: str, spawn: Spawn) -> None:
    (folder / "brief.py").write_text(
        "from headrace import Headrace, WorkerConfig, seconds\n"
        "app = Headrace(worker=WorkerConfig(fetch_failure_limit=seconds(0.2)))\n\n\n"
        "@app.task(name='greet')\nasync def greet() -> None: ...\n"
    )
    worker = spawn("worker", "brief")
    worker.wait_for("is ready")
    connection = apsw.Connection(url.removeprefix("sqlite:///"))
    connection.set_busy_timeout(10_000)
    connection.execute("ALTER TABLE headrace_jobs RENAME TO elsewhere")
    connection.close()

    assert "cannot be fetched" in worker.wait_for("left")
    worker.process.communicate()
    assert worker.process.returncode == 1


WRONG = [
    (["sampel:app"], "'sample'"),
    (["sample:ap"], "'app'"),
    (["sample.py:app"], "sample:app"),
    (["sample:greet"], "no Headrace"),
    (["not a module"], "module:attribute"),
    (["json"], "no Headrace"),
    (["two"], "headrace worker two:one"),
    (["empty"], "no tasks"),
    (["broken"], "ZeroDivisionError"),
    (["imports_missing"], "nowhere_to_be_found"),
    (["lst"], "'list'"),
    (["sample", "--queue", "mail=x"], "--queue"),
    (["sample", "--queue", "mail=0"], "--queue"),
    (["sample", "--queue", "two words=1"], "queue name"),
    (["sample", "--lease", "5"], "--lease"),
    (["sample", "--lease", "1ms"], "lease"),
    (["sample", "--concurrency", "0"], "--concurrency"),
    (["sample", "--graec", "5s"], "'--grace'"),
]


@pytest.mark.parametrize(("words", "told"), WRONG)
def test_wrong_input_is_explained_without_a_traceback(cli: Cli, folder: Path, words: list[str], told: str) -> None:
    (folder / "two.py").write_text("from headrace import Headrace\none, other = Headrace(), Headrace()\n")
    (folder / "empty.py").write_text("from headrace import Headrace\napp = Headrace()\n")
    (folder / "broken.py").write_text("1 / 0\n")
    (folder / "imports_missing.py").write_text("import nowhere_to_be_found\n")

    result = cli("worker", *words)

    assert result.exit_code == 2
    assert told in result.stderr
    assert "Traceback" not in result.stderr


def test_debug_shows_the_traceback(folder: Path) -> None:
    (folder / "broken.py").write_text("1 / 0\n")

    done = subprocess.run(
        [sys.executable, "-m", "headrace.cli", "worker", "broken", "--debug"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "Traceback" in done.stderr
    assert "broken.py" in done.stderr


def test_a_closed_pipe_is_silent(cli: Cli, app: Headrace, spawn: Spawn) -> None:
    @app.task(name="filler")
    def filler(text: str) -> None: ...

    app.sync.enqueue_many([filler.call("x") for _ in range(1000)])
    process = spawn("job", "list", "--limit", "1000", "-o", "ndjson").process
    assert process.stdout is not None
    assert process.stderr is not None

    assert "filler" in process.stdout.readline()
    process.stdout.close()

    assert process.stderr.read() == ""
    assert process.wait() == 141


def test_interrupting_a_watch_exits_130(cli: Cli, spawn: Spawn) -> None:
    job_id = cli.ok("job", "enqueue", "greet").strip()
    watch = spawn("job", "watch", job_id)
    assert watch.process.stdout is not None
    assert watch.process.stdout.readline() == "queued\n"

    assert watch.stop(signal.SIGINT) == 130
