"""A handler that blocks the loop, or the interpreter, for three leases: reported with its stack, and run once."""

from __future__ import annotations

import pytest

from headrace.model.job import AttemptOutcome, JobState
from tests.acceptance.harness import Programs, opened, read_jobs, wait_until_all_ended
from tests.acceptance.programs.common import Orders, make_app


@pytest.mark.parametrize(
    ("task", "function", "gil"), [("block", "block_the_loop", False), ("hold_gil", "hold_the_interpreter", True)]
)
async def test_a_handler_that_blocks_for_three_leases_runs_once_and_is_named(
    programs: Programs, task: str, function: str, gil: bool
) -> None:
    app = make_app(Orders(url=programs.url))
    async with app:
        # The rescuer is the leader, since it was there first, and works on another queue.
        programs.worker(queue="another", lease_s=1.0)
        blocked = programs.worker(slots=1, lease_s=1.0, lag_s=0.5, tell=["loop.blocked", "job.stale"])
        job = await app.find_task(task).enqueue(3)
        blocked.wait_for("block")
    report = blocked.wait_for("loop.blocked")
    assert report["gil"] is gil
    assert function in report["stack"], report["stack"]
    assert report["blocked_s"] >= 0.5
    assert function in blocked.errors(), "the log names the handler as well"
    async with opened(programs.url) as backend:
        await wait_until_all_ended(backend, timeout=30)
        [found] = await read_jobs(backend, [job.id])
        assert found.state is JobState.SUCCEEDED
        [attempt] = await backend.reader.attempts(found.id)
        assert attempt.outcome is AttemptOutcome.SUCCEEDED
        assert attempt.worker == blocked.wait_for("ready")["worker"]
    assert set(programs.executions().values()) == {1}
    assert blocked.saw("job.stale") == []
