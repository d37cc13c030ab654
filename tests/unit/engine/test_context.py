from __future__ import annotations

import pytest
from tests.unit.engine.support import Rig

from headrace.engine.context import current_job
from headrace.errors import Unavailable, UsageError
from headrace.model.job import JobState, Progress


def test_there_is_no_current_job_outside_one() -> None:
    with pytest.raises(UsageError, match="only while a worker runs the job"):
        current_job()


async def test_a_handler_knows_its_job(rig: Rig) -> None:
    async def who() -> list[object]:
        job = current_job()
        return [job.id, job.task, job.queue, job.attempt, job.max_attempts, list(job.tags), dict(job.meta), job.wakes]

    job_id = await rig.enqueue(rig.task(who), tags=("red",), meta={"a": 1})
    await rig.worker()
    job = await rig.ended(job_id)
    assert job.result == f'["{job_id}", "who", "default", 1, 5, ["red"], {{"a": 1}}, 0]'.encode()


@pytest.mark.parametrize("in_thread", [False, True])
async def test_what_a_handler_tells_is_stored_before_its_end(rig: Rig, in_thread: bool) -> None:
    def tell() -> None:
        current_job().log("line one")
        current_job().log("line \0 two", level="warning")
        current_job().progress(1, 4)
        current_job().progress(2, 4, "half")

    async def tell_here() -> None:
        tell()

    job = await rig.run(tell if in_thread else tell_here)
    assert job.progress == Progress(done=2, total=4, note="half")
    lines = await rig.backend.reader.logs(job.id)
    assert [(line.level, line.message, line.attempt) for line in lines] == [
        ("info", "line one", 1),
        ("warning", "line \\x00 two", 1),
    ]


async def test_a_report_that_cannot_be_stored_does_not_fail_the_job(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    async def tell() -> None:
        current_job().log("lost")

    rig.jobs.faults["report_many"] = [Unavailable("away")]
    assert (await rig.run(tell)).state is JobState.SUCCEEDED
    assert "could not be stored" in caplog.text
