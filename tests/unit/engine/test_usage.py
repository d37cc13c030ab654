"""What an attempt used, where the executor can tell."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest
from tests.unit.engine import handlers
from tests.unit.engine.support import FakeTask, Rig

from headrace.engine.runnable import ExecutorKind
from headrace.model.ids import JobId

BUSY_S = 0.2


async def finished(rig: Rig, task: FakeTask, *args: object) -> dict[str, Any]:
    """The attributes of the event that tells the end of a job; the attempt is stored with the same figures."""
    rig.tasks[task.name] = task
    job_id: JobId = await rig.enqueue(task, *args)
    if not rig.workers:
        await rig.worker(processes=1)
    await rig.finished(job_id)
    event = next(a for name, a in rig.events if name == "job.finished" and a["job_id"] == job_id)
    [attempt] = await rig.backend.reader.attempts(job_id)
    assert attempt.cpu_s == (None if event["cpu_s"] is None else round(event["cpu_s"], 6))
    assert attempt.peak_rss_bytes == event["peak_rss_bytes"]
    return event


def burn() -> None:
    begun = time.thread_time()
    while time.thread_time() - begun < BUSY_S:
        pass


async def test_a_thread_tells_its_processor_time_and_no_memory(rig: Rig) -> None:
    event = await finished(rig, FakeTask(burn))
    assert BUSY_S <= event["cpu_s"] < event["run_s"] + 0.05
    assert event["peak_rss_bytes"] is None


async def test_time_spent_waiting_is_no_processor_time(rig: Rig) -> None:
    event = await finished(rig, FakeTask(time.sleep), BUSY_S)
    assert event["run_s"] >= BUSY_S > event["cpu_s"] + 0.1


async def test_on_the_event_loop_nobody_knows_whose_time_it_was(rig: Rig) -> None:
    async def nothing() -> None: ...

    event = await finished(rig, FakeTask(nothing, executor=ExecutorKind.LOOP))
    assert (event["cpu_s"], event["peak_rss_bytes"]) == (None, None)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts a peak anew")
async def test_a_child_tells_both_and_counts_its_peak_anew_for_each_job(rig: Rig) -> None:
    large = await finished(rig, handlers.use_task, 100, BUSY_S)
    small = await finished(rig, handlers.use_task, 1, 0.0)
    assert BUSY_S <= large["cpu_s"] < BUSY_S + 0.5
    assert small["cpu_s"] < BUSY_S / 2
    assert large["peak_rss_bytes"] > 100 << 20
    assert small["peak_rss_bytes"] < large["peak_rss_bytes"] - (50 << 20)
