"""Workers that are told to stop: in order, at once, and ten times in a row under load."""

from __future__ import annotations

import signal
import time

from headrace.model.job import AttemptOutcome, JobState
from tests.acceptance.harness import Programs, acknowledged, opened, read_jobs, wait_until_all_ended
from tests.acceptance.programs.common import Orders, make_app

SLOTS = 4


async def test_sigterm_lets_running_jobs_finish_and_gives_the_rest_back_uncounted(programs: Programs) -> None:
    app = make_app(Orders(url=programs.url))
    async with app:
        handles = await app.enqueue_many([app.find_task("nap").call(0.4) for _ in range(100)])
        worker = programs.worker(slots=SLOTS)
        worker.wait_for("nap", count=3 * SLOTS)
        worker.send(signal.SIGTERM)
        worker.wait_for("stopping")
        begun_by_then = len(worker.saw("nap"))
        assert worker.wait() == 0, worker.told()
        begun = {event["job"] for event in worker.saw("nap")}
        assert len(begun) <= begun_by_then + SLOTS
        for job in await read_jobs(app.backend, [handle.id for handle in handles]):  # type: ignore[arg-type]
            attempts = [each.outcome for each in await app.attempts(job.id)]
            if job.id in begun:
                assert (job.state, job.attempt, attempts) == (JobState.SUCCEEDED, 1, [AttemptOutcome.SUCCEEDED])
            else:
                assert (job.state, job.attempt, attempts) == (JobState.QUEUED, 0, [])
        assert await app.workers() == []


async def test_a_second_sigterm_means_now_and_costs_no_attempt(programs: Programs) -> None:
    app = make_app(Orders(url=programs.url))
    async with app:
        handle = await app.find_task("nap").enqueue(60.0)
        worker = programs.worker(grace_s=60.0)
        worker.wait_for("nap")
        worker.send(signal.SIGTERM)
        worker.wait_for("stopping", now=False)
        begun = time.monotonic()
        worker.send(signal.SIGTERM)
        assert worker.wait() == 0, worker.told()
        assert time.monotonic() - begun < 10
        job = await handle.get()
        assert (job.state, job.attempt) == (JobState.QUEUED, 0)
        assert await app.attempts(job.id) == []


async def test_ten_rolling_restarts_under_load_lose_nothing_and_count_nothing(programs: Programs) -> None:
    app = make_app(Orders(url=programs.url))
    async with app:
        # Longer than the grace, so that some are running at every restart and have to be released.
        naps = await app.enqueue_many([app.find_task("nap").options(priority=9).call(1.0) for _ in range(12)])
    enqueuer = programs.start("enqueuer", batch=20)
    serving = [programs.worker(slots=SLOTS, grace_s=0.3, tell=["job.stale"]) for _ in range(2)]
    for _ in range(10):
        serving.append(programs.worker(slots=SLOTS, grace_s=0.3, tell=["job.stale"]))
        leaving = serving.pop(0)
        leaving.send(signal.SIGTERM)
        assert leaving.wait() == 0, leaving.told()
    enqueuer.send(signal.SIGTERM)
    assert enqueuer.wait() == 0, enqueuer.told()
    async with opened(programs.url) as backend:
        await wait_until_all_ended(backend, timeout=30)
        ids = [*acknowledged([enqueuer]), *(handle.id for handle in naps)]
        jobs = await read_jobs(backend, ids)
        for job in jobs:
            outcomes = [each.outcome for each in await backend.reader.attempts(job.id)]
            assert (job.state, job.attempt, outcomes) == (JobState.SUCCEEDED, 1, [AttemptOutcome.SUCCEEDED]), job
    assert any(job.claims > 1 for job in jobs), "no job was released by any restart: this proves nothing"
    assert [event for program in programs.started for event in program.saw("job.stale")] == []
