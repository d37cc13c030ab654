"""Real workers of an app: started, killed at a chosen event, and stopped."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from headrace import Headrace, seconds
from headrace.errors import UsageError
from headrace.testing import WorkerProcesses

APP = """
from headrace import Headrace
app = Headrace("sqlite:////nowhere/never-made.db")

@app.task(name="greet", queue="mail")
async def greet(name: str) -> str:
    return f"Hello, {name}!"
"""


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"app_of_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(APP)
    monkeypatch.syspath_prepend(str(tmp_path))
    return f"{name}:app"


@pytest.mark.parametrize("event", ["job.started", "job.finished"])
async def test_a_worker_killed_at_an_event_loses_an_attempt_and_no_job(target: str, tmp_path: Path, event: str) -> None:
    with WorkerProcesses(target, tmp_path) as workers:
        async with workers.app as app:
            job = await app.enqueue(app.find_task("greet").call("Ada"))
            victim = workers.start(die_at=event, ready=False)
            assert victim.wait() == -signal.SIGKILL
            assert len(victim.seen("job.finished")) == (event == "job.finished")
            survivor = workers.start()
            assert await job.result(timeout=30) == "Hello, Ada!"
            survivor.wait_for("job.finished", task="greet", outcome="completed")
            assert [attempt.outcome for attempt in await app.attempts(job.id)] == ["lost", "succeeded"]
        assert survivor.stop() == 0
    assert repr(workers.app) == "<Headrace sqlite:////nowhere/never-made.db with 1 tasks>"


def test_what_still_runs_is_killed_at_the_end(target: str, tmp_path: Path) -> None:
    with WorkerProcesses(target, tmp_path) as workers:
        worker = workers.start({"mail": 1})
        assert worker.running
    assert worker.wait() == -signal.SIGKILL


def test_what_did_not_happen_is_told_with_what_did(target: str, tmp_path: Path) -> None:
    with WorkerProcesses(target, tmp_path) as workers:
        worker = workers.start()
        with pytest.raises(AssertionError, match=r"(?s)did not tell job.finished.*worker.started.*stderr"):
            worker.wait_for("job.finished", timeout=seconds(0.01))
        with pytest.raises(AssertionError, match=r"has not ended in 0:00:00\.01"):
            worker.wait(seconds(0.01))


def test_an_app_without_tasks_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app_without_tasks.py").write_text("from headrace import Headrace\napp = Headrace('memory://')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with (
        WorkerProcesses("app_without_tasks:app", tmp_path) as workers,
        pytest.raises(UsageError, match="has no tasks"),
    ):
        workers.start()
    assert isinstance(workers.app, Headrace)
