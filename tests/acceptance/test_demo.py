"""The demo: the main job on real input, with a worker killed in the middle, checked against a plain loop."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from headrace import Headrace
from headrace.model.job import Attempt, AttemptOutcome, Job


def run_demo(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "headrace.cli", "demo", *args], capture_output=True, text=True, check=False, timeout=280
    )


def read_back(folder: Path) -> list[tuple[Job, list[Attempt]]]:
    async def main() -> list[tuple[Job, list[Attempt]]]:
        async with Headrace(f"sqlite:///{folder}/demo.db") as app:
            page = await app.find(limit=1000)
            return [(job, await app.attempts(job.id)) for job in page.items]

    return asyncio.run(main())


def test_killed_work_finishes_elsewhere_and_every_figure_agrees(tmp_path: Path) -> None:
    done = run_demo("--limit", "400", "--dir", str(tmp_path / "demo"))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every figure agrees" in done.stdout
    jobs = read_back(tmp_path / "demo")
    assert len(jobs) == 401
    assert all(job.state.final for job, _ in jobs)
    lost = [(job, made) for job, made in jobs if AttemptOutcome.LOST in [attempt.outcome for attempt in made]]
    assert lost
    for _, made in lost:
        assert made[-1].outcome is not AttemptOutcome.LOST
        assert made[-1].worker != made[0].worker
    dead = [job for job, _ in jobs if job.state == "dead"]
    assert dead
    assert {job.error.type for job in dead if job.error} == {"SyntaxError"}
    for job, made in jobs:
        if job.state == "dead":
            assert [attempt.outcome for attempt in made].count(AttemptOutcome.FAILED) == 1


def test_without_keep_nothing_is_left_behind(tmp_path: Path) -> None:
    done = run_demo("--limit", "40", "--no-kill", "--no-keep", "--workers", "1", "--dir", str(tmp_path / "demo"))

    assert done.returncode == 0, done.stdout + done.stderr
    assert list((tmp_path / "demo").iterdir()) == []


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    done = run_demo("--dir", str(tmp_path))

    assert done.returncode == 2
    assert "overwrites nothing" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("line", ["headrace demo", "headrace demo --limit 300 --no-keep"])
def test_an_example_of_the_help_runs(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "--limit" not in line and "HEADRACE_ROUNDS" not in os.environ:
        pytest.skip("indexing everything takes half a minute: make soak does it")
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    done = run_demo(*line.split()[2:])

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_same_runs_on_a_postgresql_server_that_is_started_for_it(tmp_path: Path) -> None:
    done = run_demo("--limit", "300", "--store", "postgresql", "--dir", str(tmp_path / "demo"))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every figure agrees" in done.stdout
    assert "were recovered, and their jobs ended on another worker" in done.stdout
    assert "The server has ended" in done.stdout


def test_a_store_that_holds_jobs_is_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'mine.db'}"
    subprocess.run([sys.executable, "-m", "headrace.cli", "job", "enqueue", "mine", "--store", url], check=True)
    done = run_demo("--limit", "10", "--store", url)

    assert done.returncode == 2
    assert "there are jobs in" in done.stderr
