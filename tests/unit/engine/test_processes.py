from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import psutil
import pytest
from tests.unit.engine import handlers
from tests.unit.engine.support import FakeTask, Rig

from headrace.model.durations import seconds
from headrace.model.job import AttemptOutcome, Job, JobState, LogLine, Progress


async def run(rig: Rig, task: FakeTask, *args: object, **config: object) -> Job:
    rig.tasks[task.name] = task
    job_id = await rig.enqueue(task, *args)
    if not rig.workers:
        await rig.worker(processes=1, **config)
    return await rig.finished(job_id)


async def test_a_handler_runs_in_a_child_that_is_kept_for_the_next_job(rig: Rig) -> None:
    first, second = await run(rig, handlers.pid_task), await run(rig, handlers.pid_task)
    assert first.state is JobState.SUCCEEDED
    assert first.result == second.result != str(os.getpid()).encode()


async def test_an_async_handler_runs_in_a_child(rig: Rig) -> None:
    assert (await run(rig, handlers.double_task, 21)).result == b"42"


async def test_an_error_in_a_child_keeps_its_type_message_and_traceback(rig: Rig) -> None:
    job = await run(rig, handlers.fail_task, "in here")
    assert job.error is not None
    assert (job.error.type, job.error.message) == ("ValueError", "in here")
    assert "raise ValueError(text)" in job.error.traceback
    assert "headrace/engine" not in job.error.traceback


async def test_a_control_exception_comes_back_from_a_child(rig: Rig) -> None:
    job = await run(rig, handlers.snooze_task)
    assert (job.state, job.attempt) == (JobState.SCHEDULED, 0)


async def test_a_child_that_exits_is_a_crash_and_the_next_job_gets_another(rig: Rig) -> None:
    job = await run(rig, handlers.exit_hard_task, 7)
    assert job.error is not None
    assert job.error.type == "WorkerCrashed"
    assert job.error.message == "the child process exited with code 7 while it ran the job"
    assert (await run(rig, handlers.double_task, 1)).result == b"2"


@pytest.mark.parametrize(("number", "name"), [(9, "SIGKILL"), (11, "SIGSEGV")])
async def test_a_child_that_is_killed_is_a_crash_that_names_the_signal(rig: Rig, number: int, name: str) -> None:
    job = await run(rig, handlers.kill_itself_task, number)
    assert job.error is not None
    assert name in job.error.message


async def test_a_child_leaves_interrupts_to_its_parent(rig: Rig) -> None:
    assert (await run(rig, handlers.ignore_terminate_task)).result == b'"still here"'


async def test_progress_and_log_lines_come_through(rig: Rig) -> None:
    job = await run(rig, handlers.tell_task)
    assert job.progress == Progress(done=1, total=2, note="half")
    (line,) = await rig.backend.reader.logs(job.id)
    assert isinstance(line, LogLine)
    assert line.message == "from the child"


async def test_a_job_out_of_time_is_killed_with_the_programs_it_started(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "pids"
    rig.tasks["hang"] = handlers.hang_task
    job_id = await rig.enqueue("hang", str(path), timeout=seconds(1), max_attempts=1)
    await rig.worker(processes=1)
    job = await rig.ended(job_id)
    assert job.error is not None
    (attempt,) = await rig.backend.reader.attempts(job_id)
    assert attempt.outcome is AttemptOutcome.TIMED_OUT
    await asyncio.to_thread(_wait_for_end, map(int, path.read_text().split()))


async def test_a_stopping_worker_kills_children_and_releases_their_jobs(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "pids"
    rig.tasks["hang"] = handlers.hang_task
    job_id = await rig.enqueue("hang", str(path))
    worker = await rig.worker(processes=1)
    await asyncio.to_thread(_wait_for_line, path)
    await worker.stop(now=True)
    job = await rig.job(job_id)
    assert (job.state, job.attempt) == (JobState.QUEUED, 0)
    await asyncio.to_thread(_wait_for_end, map(int, path.read_text().split()))
    assert worker._pools.processes.children == 0


async def test_a_child_dies_with_its_parent_in_the_middle_of_a_job(tmp_path: Path) -> None:
    path = tmp_path / "pids"
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.unit.engine.parent", str(path), cwd=Path(__file__).parents[3]
    )
    await asyncio.to_thread(_wait_for_line, path)
    child, program = map(int, path.read_text().split())
    family = [psutil.Process(child)]
    parent.kill()
    await parent.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, family, 10)
    psutil.Process(program).kill()
    assert not alive


async def test_a_child_is_replaced_after_so_many_jobs(rig: Rig) -> None:
    pids = [(await run(rig, handlers.pid_task, recycle_jobs=2)).result for _ in range(3)]
    assert pids[0] == pids[1] != pids[2]


async def test_a_child_that_holds_too_much_memory_is_replaced(rig: Rig) -> None:
    pids = [(await run(rig, handlers.pid_task, recycle_memory=1)).result for _ in range(2)]
    assert pids[0] != pids[1]


async def test_a_task_that_a_child_cannot_import_fails_with_the_reason(rig: Rig) -> None:
    task = FakeTask(handlers.pid, executor=handlers.pid_task.executor)
    task.reference = "tests.unit.engine.handlers:nothing_here"
    job = await run(rig, task)
    assert job.error is not None
    assert job.error.type == "TaskMissing"
    assert "nothing_here" in job.error.message


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait_for_end(pids: Iterable[int]) -> None:
    # A program that was killed is no child of this process, and takes a moment to be gone on a busy machine.
    remaining = set(pids)
    while remaining := {pid for pid in remaining if _lives(pid)}:
        os.sched_yield()


def _wait_for_line(path: Path) -> None:
    # Another process writes the file, so there is no event in this one to wait for.
    while not (path.exists() and path.read_text().endswith("\n")):
        os.sched_yield()
