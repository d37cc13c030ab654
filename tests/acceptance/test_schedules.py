"""Schedules with real processes: whoever is killed, each occurrence becomes one job, and soon."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

from headrace import Headrace, seconds
from headrace.backends.sqlite import SqliteBackend
from headrace.model.job import OCCURRENCE_META, SCHEDULE_META
from headrace.model.schedule import Firing, Outcome
from tests.acceptance.harness import Programs, wait_until_all_ended
from tests.acceptance.programs.common import Orders, make_app

WORKERS = 3
SCHEDULES = 10
EVERY = seconds(0.1)
FIRINGS_BETWEEN_KILLS = 25
"""Of each schedule: four times this for ten schedules is a thousand firings."""

FAILOVER_MAX = timedelta(seconds=5)
PATIENCE_S = 60.0


async def test_each_of_a_thousand_firings_is_one_job_though_every_worker_is_killed_in_turn(programs: Programs) -> None:
    app = make_app(Orders(url=programs.url))
    effect = app.find_task("effect")
    workers = [programs.worker() for _ in range(WORKERS)]
    async with app:
        for number in range(SCHEDULES):
            await app.schedules.create(f"s{number}", EVERY, effect.call(number), overlap="allow", misfire="all")
        for round_number in range(1, WORKERS + 2):
            await _wait_for_firings(app, round_number * FIRINGS_BETWEEN_KILLS)
            if round_number <= WORKERS:
                # One of them is the leader, and its death is what matters; nobody knows which.
                workers[round_number - 1].kill()
                workers.append(programs.worker())
        for number in range(SCHEDULES):
            await app.schedules.pause(f"s{number}")
        await _wait_until_settled(app)
        histories = {f"s{n}": await app.schedules.history(f"s{n}", limit=1_000) for n in range(SCHEDULES)}
        jobs = await _jobs_by_occurrence(app)

    for name, history in histories.items():
        _check_that_no_occurrence_is_missing(history)
        for firing in history:
            assert jobs[name, firing.planned.isoformat()] == 1, (name, firing)
            assert firing.delay is not None
            assert firing.delay < FAILOVER_MAX, (name, firing)
    assert sum(jobs.values()) == sum(map(len, histories.values())) >= 1_000


async def test_a_change_takes_effect_on_a_running_worker_within_two_seconds(programs: Programs) -> None:
    app = make_app(Orders(url=programs.url))
    effect = app.find_task("effect")
    programs.worker()
    async with app:
        await app.schedules.create("s0", timedelta(days=365), effect.call(0))
        changed_at = (await app.schedules.update("s0", when=EVERY)).since
        await _wait_for_firings(app, 2, schedules=1)  # the one before is noted whole by then
        first = (await app.schedules.history("s0", limit=1_000))[-1]
    assert first.fired_at is not None
    assert first.fired_at - changed_at < seconds(2)


async def _wait_for_firings(app: Headrace, count: int, schedules: int = SCHEDULES) -> None:
    async with asyncio.timeout(PATIENCE_S), app.backend.signals.subscribe({"work", "done"}) as topics:
        for number in range(schedules):
            while len(await app.schedules.history(f"s{number}", limit=1_000)) < count:
                await _something(topics)


async def _wait_until_settled(app: Headrace) -> None:
    """A scheduler may be within a round while its schedule is paused; it ends with all noted."""
    assert isinstance(app.backend, SqliteBackend)
    for number in range(SCHEDULES):
        async with asyncio.timeout(PATIENCE_S), app.backend.signals.subscribe({"work", "done"}) as topics:
            while any(firing.outcome is Outcome.FIRING for firing in await app.schedules.history(f"s{number}")):
                await _something(topics)
    await wait_until_all_ended(app.backend, PATIENCE_S)


async def _something(topics: AsyncIterator[str]) -> None:
    """The next sign of the store, or a little while: not everything is told."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.2):
            await anext(topics)


async def _jobs_by_occurrence(app: Headrace) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    cursor: str | None = None
    while True:
        page = await app.find(limit=1_000, cursor=cursor)
        found.update((job.meta[SCHEDULE_META], job.meta[OCCURRENCE_META]) for job in page.items)
        cursor = page.next_cursor
        if cursor is None:
            return found


def _check_that_no_occurrence_is_missing(history: list[Firing]) -> None:
    """Without a gap from the first to the last, and all of them fired."""
    planned = [firing.planned for firing in reversed(history)]
    assert planned == [planned[0] + number * EVERY for number in range(len(planned))]
    assert {firing.outcome for firing in history} == {Outcome.FIRED}
