"""The jobs of schedules go the way of every enqueue, stay one job for each occurrence, and the ledger says what became
of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import structs

from headrace import Headrace, Middleware, Unique, current_job, minutes, seconds
from headrace.engine.middleware import EnqueueNext
from headrace.engine.scheduler import Scheduler
from headrace.model.ids import new_job_id
from headrace.model.job import NewJob
from headrace.model.schedule import Firing, KeyTaken, Outcome
from headrace.storage.jobs import Enqueued
from headrace.tasks.task import Task
from headrace.testing import AppHarness
from headrace.testing.clock import START, FrozenClock

Report = Task[[str], None]


class Stamp(Middleware):
    """Gives each job a tag, and takes from it what it is known by."""

    async def on_enqueue(self, jobs: Sequence[NewJob], next: EnqueueNext) -> list[Enqueued]:  # noqa: A002
        return await next(
            [structs.replace(job, id=new_job_id(), idempotency_key=None, tags=("stamped",)) for job in jobs]
        )


class Refuse(Middleware):
    """Refuses jobs for Asia, before they are stored or after."""

    def __init__(self, *, late: bool = False) -> None:
        self.late = late

    async def on_enqueue(self, jobs: Sequence[NewJob], next: EnqueueNext) -> list[Enqueued]:  # noqa: A002
        replies = await next(jobs) if self.late else []
        if any(b"asia" in job.payload for job in jobs):
            raise PermissionError("not in Asia")
        return replies or await next(jobs)


@pytest.fixture
def report(app: Headrace) -> Report:
    @app.task(name="report")
    def report(region: str) -> None: ...

    return report


@pytest.fixture
def scheduler(app: Headrace) -> Scheduler:
    return Scheduler(app.backend, leading=lambda: True, telemetry=app.telemetry, enqueue=app.enqueue_occurrences)


async def fire(app: Headrace, scheduler: Scheduler, clock: FrozenClock, name: str = "eu") -> Firing:
    """Let the next occurrence come; what the ledger says of it."""
    clock.advance(minutes(1))
    await scheduler.tick()
    [firing, *_] = await app.schedules.history(name)
    return firing


async def test_they_pass_the_middleware_and_are_told_to_the_listeners(
    app: Headrace, report: Report, scheduler: Scheduler, clock: FrozenClock
) -> None:
    told: list[dict[str, Any]] = []
    app.telemetry.attach(lambda name, attributes: told.append(attributes) if name == "job.enqueued" else None)
    app.middleware(Stamp)
    await app.schedules.create("eu", minutes(1), report.call("eu"), overlap="allow")
    await fire(app, scheduler, clock)
    await app.schedules.trigger("eu")
    await app.schedules.backfill("eu", START - minutes(2), START)
    assert [job.tags for job in (await app.find()).items] == [("stamped",)] * 4
    assert [(each["count"], each["queues"]) for each in told] == [(1, {"default": 1})] * 2 + [(2, {"default": 2})]


async def test_a_worker_and_a_harness_send_them_there() -> None:
    app = Headrace("memory://")
    app.middleware(Stamp)
    ran = asyncio.Event()

    @app.task(name="report")
    async def report() -> None:
        if current_job().tags == ("stamped",):
            ran.set()

    with AppHarness(app) as harness:
        async with app:
            await app.schedules.create("now", minutes(1), report.call())
            await harness.advance(minutes(1))
            assert ran.is_set()
    ran.clear()
    async with app:
        await app.schedules.create("now", app.backend.clock.now() + seconds(0.1), report.call())
        async with app.worker(), asyncio.timeout(20):
            await ran.wait()


async def test_an_occurrence_stays_one_job_whatever_middleware_makes_of_it(app: Headrace, report: Report) -> None:
    app.middleware(Stamp)
    occurrence = structs.replace(report.call("eu").new_job(), idempotency_key="schedule:1")
    [first] = await app.enqueue_occurrences([occurrence])
    [again] = await app.enqueue_occurrences([occurrence])
    assert (first.id, first.added, again.id, again.duplicate) == (occurrence.id, True, occurrence.id, True)
    [job] = (await app.find()).items
    assert (job.idempotency_key, job.tags) == ("schedule:1", ("stamped",))


async def test_what_middleware_adds_of_its_own_is_stored_beside_it(app: Headrace, report: Report) -> None:
    class Audit(Middleware):
        async def on_enqueue(self, jobs: Sequence[NewJob], next: EnqueueNext) -> list[Enqueued]:  # noqa: A002
            audits = [structs.replace(job, id=new_job_id(), task="audit", idempotency_key=None) for job in jobs]
            return (await next([*jobs, *audits]))[: len(jobs)]

    app.middleware(Audit)
    occurrence = structs.replace(report.call("eu").new_job(), idempotency_key="schedule:1")
    [reply] = await app.enqueue_occurrences([occurrence])
    assert reply.id == occurrence.id
    assert sorted((job.task, job.idempotency_key) for job in (await app.find()).items) == [
        ("audit", None),
        ("report", "schedule:1"),
    ]


async def test_what_middleware_refuses_has_failed_and_keeps_no_other_schedule_from_firing(
    app: Headrace, report: Report, scheduler: Scheduler, clock: FrozenClock
) -> None:
    app.middleware(Refuse())
    await app.schedules.create("asia", minutes(1), report.call("asia"))
    await app.schedules.create("eu", minutes(1), report.call("eu"))
    assert (await fire(app, scheduler, clock)).outcome is Outcome.FIRED
    [refused] = await app.schedules.history("asia")
    assert (refused.outcome, refused.reason) == (Outcome.FAILED, "PermissionError: not in Asia")
    with pytest.raises(PermissionError, match="not in Asia"):
        await app.schedules.trigger("asia")


async def test_an_error_of_middleware_after_the_job_was_stored_does_not_make_the_ledger_wrong(
    app: Headrace, report: Report, scheduler: Scheduler, clock: FrozenClock
) -> None:
    app.middleware(Refuse(late=True))
    await app.schedules.create("asia", minutes(1), report.call("asia"))
    firing = await fire(app, scheduler, clock, "asia")
    [job] = (await app.find()).items
    assert (firing.outcome, firing.job_id) == (Outcome.FIRED, job.id)


@pytest.mark.parametrize(
    ("policy", "outcome", "taken"),
    [
        ("drop", Outcome.SKIPPED, KeyTaken.DROPPED),
        ("return", Outcome.FIRED, KeyTaken.JOINED),
        ("replace", Outcome.FIRED, KeyTaken.REPLACED),
    ],
)
async def test_the_ledger_says_what_became_of_an_occurrence_whose_unique_key_was_taken(
    app: Headrace,
    report: Report,
    scheduler: Scheduler,
    clock: FrozenClock,
    policy: Any,
    outcome: Outcome,
    taken: KeyTaken,
) -> None:
    unique = report.options(unique=Unique(key="eu", on_conflict=policy))
    holder = await unique.enqueue("eu")
    await app.schedules.create("eu", minutes(1), unique.call("eu"), overlap="allow")
    firing = await fire(app, scheduler, clock)
    assert (firing.outcome, firing.key_taken, firing.job_id) == (outcome, taken, holder.id)
    assert firing.reason is not None
    assert firing.reason.startswith(f"{taken}: job {holder.id}")
    assert (await app.find()).items[0].id == holder.id
    triggered = await app.schedules.trigger("eu")
    assert (triggered.id, triggered.dropped, triggered.duplicate, triggered.replaced) == (
        holder.id,
        taken is KeyTaken.DROPPED,
        taken is KeyTaken.JOINED,
        taken is KeyTaken.REPLACED,
    )
