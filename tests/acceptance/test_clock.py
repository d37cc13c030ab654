"""An administrator sets the clock back an hour while workers run."""

from __future__ import annotations

import signal
from datetime import timedelta

from headrace.model.job import AttemptOutcome, JobState
from tests.acceptance.harness import Programs, opened, read_jobs, wait_until_all_ended
from tests.acceptance.programs.common import Orders, make_app

HOUR_S = 3600.0


async def test_a_clock_set_back_an_hour_delays_nothing_and_repeats_nothing(programs: Programs) -> None:
    app = make_app(Orders(url=programs.url))
    workers = [programs.worker(slots=4, lease_s=2.0, step_back_s=HOUR_S) for _ in range(2)]
    effect, fails_once, nap = (app.find_task(name) for name in ("effect", "fails_once", "nap"))
    async with app:
        later = await app.enqueue_many([effect.options(delay=timedelta(seconds=2)).call(n) for n in range(5)])
        # As many as there are slots, so that each worker holds some of them when the clock steps.
        naps = await app.enqueue_many([nap.call(3.0) for _ in range(8)])
        for worker in workers:
            worker.wait_for("nap")
            worker.send(signal.SIGUSR1)
        failing = await app.enqueue_many([fails_once.call() for _ in range(5)])
        delayed = await app.enqueue_many([effect.options(delay=timedelta(seconds=1)).call(n) for n in range(5)])
        victim = workers[0]
        victim.kill()
        lost = {event["job"] for event in victim.saw("nap")}
    async with opened(programs.url) as backend:
        await wait_until_all_ended(backend, timeout=30)
        for job in await read_jobs(backend, [handle.id for handle in (*later, *naps, *failing, *delayed)]):
            assert job.state is JobState.SUCCEEDED
            outcomes = [each.outcome for each in await backend.reader.attempts(job.id)]
            first = [AttemptOutcome.LOST] * (job.id in lost)
            first += [AttemptOutcome.FAILED] * (job.task == "fails_once")
            assert outcomes == [*first, AttemptOutcome.SUCCEEDED], job
    assert set(programs.executions().values()) == {1}
