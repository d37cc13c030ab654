"""What users do to schedules, in code and at run time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from headrace import Blueprint, Headrace, current_job, hours, minutes, seconds
from headrace.backends.memory import MemoryBackend
from headrace.engine.scheduler import LOOK_EVERY, Scheduler
from headrace.errors import ConfigError, InvalidArguments, UnknownSchedule, UsageError
from headrace.model.rules import CronRule, EveryRule
from headrace.model.schedule import Kind, Outcome
from headrace.tasks.task import Task
from headrace.telemetry import Telemetry
from headrace.testing.clock import START, FrozenClock

Report = Task[[str], None]


@pytest.fixture
def report(app: Headrace) -> Report:
    @app.task(name="report", queue="reports")
    def report(region: str) -> None: ...

    return report


@pytest.fixture
def scheduler(app: Headrace) -> Scheduler:
    return Scheduler(app.backend, leading=lambda: True, telemetry=Telemetry())


async def payloads(app: Headrace) -> list[bytes]:
    return [job.payload for job in reversed((await app.find()).items)]


async def test_a_schedule_runs_a_call_with_its_options(
    app: Headrace, report: Report, scheduler: Scheduler, clock: FrozenClock
) -> None:
    await app.schedules.create("eu", "every weekday at 9:00", report.call("eu").options(priority="high", tags=["r"]))
    clock.advance(hours(9))
    await scheduler.tick()
    (job,) = (await app.find()).items
    assert (job.task, job.payload, job.queue, job.priority, job.tags) == (
        "report",
        b'{"region":"eu"}',
        "reports",
        7,
        ("r",),
    )


async def test_when_takes_cron_english_an_interval_or_an_instant(app: Headrace, report: Report) -> None:
    call = report.call("eu")
    create = app.schedules.create
    assert (await create("a", "30 2 * * *", call, timezone="Europe/Paris", gap="skip")).rule == CronRule(
        expression="30 2 * * *", timezone="Europe/Paris", gap="skip"
    )
    assert (await create("b", "daily at 02:00", call)).rule == CronRule(expression="0 2 * * *")
    assert (await create("c", minutes(90), call)).rule == EveryRule(every=minutes(90))
    await create("d", START + hours(1), call)
    assert [schedule.name for schedule in await app.schedules.list()] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("when", "settings", "told"),
    [
        ("0 25 * * *", {}, r"'25' in field 2, hour: it goes from 0 to 23"),
        ("0 9 * *", {}, r"has 4 fields; write five"),
        ("*/0 * * * *", {}, r"'\*/0' in field 1, minute"),
        ("0 0 30 2 *", {}, r"never comes"),
        ("@reboot", {}, r"'@reboot' is not known"),
        ("every fortnight", {}, r"'fortnight' is not understood"),
        ("every weekday at 25", {}, r"'25' is not understood; it is no time of day"),
        (seconds(0), {}, r"an interval is from 100ms to 2928 days; got 0ms"),
        (timedelta(days=40_000), {}, r"an interval is from 100ms to 2928 days; got 40000d"),
        (datetime(2031, 1, 1), {}, r"when needs a time zone"),  # noqa: DTZ001
        (START - hours(1), {}, r"when is in the past"),
        (5, {}, r"when is a cron expression, simple English, a timedelta or an aware datetime; got 5"),
        ("@daily", {"timezone": "Europe/Pari"}, r"did you mean 'Europe/Paris'"),
        ("@daily", {"gap": "never"}, r"gap is one of skip, shift; got 'never'"),
        ("@daily", {"overlap": "wait"}, r"overlap is one of skip, queue, replace, allow; got 'wait'"),
        ("@daily", {"misfire": 3}, r"misfire is one of skip, once, all; got 3"),
        ("@daily", {"misfire_limit": 0}, r"misfire_limit is a whole number from 1 to 1000; got 0"),
        ("@daily", {"jitter": -seconds(1)}, r"jitter is a timedelta that is not negative"),
        ("@daily", {"jitter": timedelta(days=800_000)}, r"jitter is at most 2928 days; got 800000 days"),
        ("@daily", {"misfire_after": timedelta(days=3_000)}, r"misfire_after is at most 2928 days; got 3000 days"),
        ("@daily", {"tz": "UTC"}, r"a schedule has no setting 'tz'; there are: anchor, fold, gap"),
    ],
)
async def test_what_cannot_be_is_explained(
    app: Headrace, report: Report, when: Any, settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        await app.schedules.create("x", when, report.call("eu"), **settings)
    assert await app.schedules.list() == []


@pytest.mark.parametrize(
    "options", [{"idempotency_key": "k"}, {"delay": hours(1)}, {"job_id": "019a0b0c-0d0e-7123-bfff-ffffffffffff"}]
)
async def test_an_option_that_would_make_all_occurrences_one_is_refused(
    app: Headrace, report: Report, options: Any
) -> None:
    with pytest.raises(ConfigError, match=f"{next(iter(options))} cannot be given for a schedule"):
        await app.schedules.create("x", "@daily", report.call("eu").options(**options))


async def test_names_are_taken_once_and_near_ones_are_told(app: Headrace, report: Report) -> None:
    await app.schedules.create("nightly", "@daily", report.call("eu"))
    with pytest.raises(UsageError, match="there is a schedule named 'nightly' already"):
        await app.schedules.create("nightly", "@daily", report.call("eu"))
    for ask in (app.schedules.get, app.schedules.delete, app.schedules.pause, app.schedules.history):
        with pytest.raises(UnknownSchedule, match="no schedule is named 'nigthly'; near names: nightly"):
            await ask("nigthly")


async def test_an_update_changes_what_is_given_and_nothing_else(app: Headrace, report: Report) -> None:
    made = await app.schedules.create("eu", "0 9 * * *", report.call("eu"), timezone="Europe/Paris", overlap="queue")
    await app.schedules.update("eu", when="0 10 * * *")
    await app.schedules.update("eu", timezone="Asia/Tokyo")
    await app.schedules.update("eu", call=report.call("jp"), jitter=seconds(5))
    now = await app.schedules.get("eu")
    assert now.rule == CronRule(expression="0 10 * * *", timezone="Asia/Tokyo")
    assert (now.overlap, now.job.payload, now.jitter) == (made.overlap, b'{"region":"jp"}', seconds(5))


async def test_pause_holds_until_resume_and_then_the_past_can_be_forgotten(
    app: Headrace, report: Report, scheduler: Scheduler, clock: FrozenClock
) -> None:
    for name in ("kept", "forgotten"):
        await app.schedules.create(name, "@hourly", report.call(name))
        paused = await app.schedules.pause(name, reason="audit")
        assert (paused.paused, paused.pause_reason) == (True, "audit")
    clock.advance(hours(2.5))
    await scheduler.tick()
    assert await payloads(app) == []
    await app.schedules.resume("kept")
    await app.schedules.resume("forgotten", skip_missed=True)
    clock.advance(LOOK_EVERY)
    await scheduler.tick()
    assert await payloads(app) == [b'{"region":"kept"}']


async def test_trigger_runs_it_now_and_the_next_occurrence_does_not_overlap(
    app: Headrace, report: Report, scheduler: Scheduler, clock: FrozenClock
) -> None:
    await app.schedules.create("eu", "@hourly", report.call("eu"))
    handles = [await app.schedules.trigger("eu") for _ in range(2)]
    assert [(await handle.get()).payload for handle in handles] == [b'{"region":"eu"}'] * 2
    clock.advance(hours(1))
    await scheduler.tick()
    newest, *manual = await app.schedules.history("eu")
    assert newest.outcome is Outcome.SKIPPED
    assert [(each.kind, each.outcome) for each in manual] == [(Kind.MANUAL, Outcome.FIRED)] * 2


async def test_the_next_occurrence_can_be_left_out(
    app: Headrace, report: Report, scheduler: Scheduler, clock: FrozenClock
) -> None:
    await app.schedules.create("eu", "@hourly", report.call("eu"), overlap="allow")
    assert await app.schedules.skip_next("eu") == START + hours(1)
    assert await app.schedules.skip_next("eu", reason="holiday") == START + hours(2)
    assert [each.at for each in await app.schedules.next("eu", 2)] == [START + hours(3), START + hours(4)]
    for _ in range(3):
        clock.advance(hours(1))
        await scheduler.tick()
    history = await app.schedules.history("eu")
    assert [each.outcome for each in history] == [Outcome.FIRED, Outcome.SKIPPED, Outcome.SKIPPED]
    assert history[1].reason == "holiday"


async def test_however_many_are_left_out_the_preview_shows_those_behind(app: Headrace, report: Report) -> None:
    await app.schedules.create("eu", "@hourly", report.call("eu"))
    left_out = [await app.schedules.skip_next("eu") for _ in range(5)]

    (following,) = await app.schedules.next("eu", 1)

    assert following.at == left_out[-1] + hours(1)


async def test_the_preview_begins_where_it_is_told_also_in_the_past(
    app: Headrace, report: Report, scheduler: Scheduler, clock: FrozenClock
) -> None:
    await app.schedules.create("eu", "@hourly", report.call("eu"), overlap="allow")
    await scheduler.tick()
    clock.advance(hours(1))
    await scheduler.tick()
    await app.schedules.skip_next("eu")
    begun = [each.at for each in await app.schedules.next("eu", 3, start=START + hours(1))]

    assert begun == [START + hours(1), START + hours(3), START + hours(4)]
    with pytest.raises(ConfigError, match="start"):
        await app.schedules.next("eu", start=START.replace(tzinfo=None))


async def test_the_preview_tells_of_times_that_do_not_exist_or_come_twice(clock: FrozenClock) -> None:
    clock = FrozenClock(datetime(2027, 3, 27, 12, tzinfo=UTC))
    async with Headrace(backend=MemoryBackend(clock=clock)) as app:
        task = app.task(name="report")(_nothing)
        await app.schedules.create("spring", "30 2 * * *", task.call(), timezone="Europe/Paris")
        await app.schedules.create("skip", "30 2 * * *", task.call(), timezone="Europe/Paris", gap="skip")
        (first, _) = await app.schedules.next("spring", 2)
        assert first.remark == "02:30 does not exist on 2027-03-28: runs at 03:00"
        (first, _) = await app.schedules.next("skip", 2)
        assert (first.at.day, first.remark) == (29, "02:30 does not exist on 2027-03-28: skipped")
        clock.set_wall(datetime(2027, 10, 30, 12, tzinfo=UTC))
        (first, _) = await app.schedules.next("spring", 2)
        assert first.remark == "02:30 comes twice on 2027-10-31: the first counts"


async def test_history_tells_how_the_jobs_ended(
    app: Headrace, report: Report, scheduler: Scheduler, clock: FrozenClock
) -> None:
    await app.schedules.create("eu", "@hourly", report.call("eu"), overlap="allow")
    for _ in range(2):
        clock.advance(hours(1) + seconds(3))
        await scheduler.tick()
    second, first = await app.schedules.history("eu")
    assert second.job_id is not None
    await app.cancel([second.job_id])
    assert [each.job_state for each in await app.schedules.history("eu")] == ["cancelled", "queued"]
    assert first.delay == seconds(3)


async def test_a_backfill_shows_first_and_runs_only_what_has_not_run(
    app: Headrace, report: Report, scheduler: Scheduler, clock: FrozenClock
) -> None:
    await app.schedules.create("eu", "@hourly", report.call("eu"), overlap="allow", misfire="once")
    clock.advance(hours(3))
    await scheduler.tick()
    span = (START - hours(1), START + hours(4) - hours(1))
    missing = [START + hours(hour) for hour in (-1, 0, 1, 2)]
    assert await app.schedules.backfill("eu", *span, dry_run=True) == missing
    assert len(await payloads(app)) == 1
    assert await app.schedules.backfill("eu", *span) == missing
    assert len(await payloads(app)) == 5
    assert await app.schedules.backfill("eu", *span) == []
    assert len(await payloads(app)) == 5
    kinds = [each.kind for each in await app.schedules.history("eu")]
    assert kinds == [Kind.RULE] + [Kind.BACKFILL] * 4


@pytest.mark.parametrize(
    ("span", "told"),
    [
        ((START, START + hours(9)), "a backfill is of the past"),
        ((START - timedelta(days=90), START), "more than 1000 occurrences"),
    ],
)
async def test_a_backfill_that_is_too_much_is_refused(
    app: Headrace, report: Report, span: tuple[datetime, datetime], told: str
) -> None:
    await app.schedules.create("eu", "@hourly", report.call("eu"))
    with pytest.raises(UsageError, match=told):
        await app.schedules.backfill("eu", *span)


# -- in code ---------------------------------------------------------------------------------------------------------


def _nothing() -> None: ...


def test_a_declared_schedule_leaves_its_task_as_it_is(app: Headrace) -> None:
    task = app.task(name="nightly")(_nothing)
    assert app.cron("0 3 * * *", timezone="Europe/Paris")(task) is task


def _twice(app: Headrace) -> None:
    task = app.task(name="nightly")(_nothing)
    app.cron("@daily")(app.every(hours(1))(task))


@pytest.mark.parametrize(
    ("declare", "error", "told"),
    [
        (_twice, UsageError, "there is a schedule named 'nightly' already, .* name='...'"),
        (lambda app: app.cron("@daily")(_nothing), UsageError, "put @app.task between it and the function"),
        (lambda app: app.cron("@dayly")(app.task(_nothing)), ConfigError, "did you mean '@daily'"),
        (lambda app: app.cron("@daily")(app.task(_takes_one)), InvalidArguments, "region"),
    ],
)
def test_a_wrong_declaration_is_explained_where_it_stands(
    declare: Callable[[Headrace], None], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        declare(Headrace("memory://"))


def _takes_one(region: str) -> None: ...


def test_a_blueprint_brings_its_schedules_along() -> None:
    mail = Blueprint(prefix="mail.", queue="mail")
    task = mail.task(_nothing)
    assert mail.cron("@daily")(mail.every(minutes(5), name="often")(task)) is task
    with pytest.raises(ConfigError, match="did you mean '@daily'"):
        mail.cron("@dayly")
    app = Headrace("memory://")
    app.include(mail)
    app.include(mail)
    mail.cron("@hourly", name="late")(task)
    declared = {schedule.name: schedule.job.queue for schedule in app.declared_schedules()}
    assert declared == {"often": "mail", "mail._nothing": "mail", "late": "mail"}


async def test_a_worker_stores_what_the_code_declares_and_runs_it() -> None:
    app = Headrace("memory://")
    told: list[str] = []

    @app.every(seconds(0.1), name="eu", args=["eu"])
    @app.every(seconds(0.1), name="us", kwargs={"region": "us"})
    @app.task
    async def report(region: str) -> None:
        assert current_job().meta["headrace.schedule"] == region
        assert current_job().occurrence is not None
        told.append(region)

    ended: list[Any] = []
    async with app:
        assert await app.schedules.list() == []
        async with app.worker():
            for name in ("eu", "us"):
                while not (ended := [each for each in await app.schedules.history(name) if each.job_id]):
                    await app.job((await app.schedules.trigger(name)).id).result(10)
        assert ended
        with pytest.raises(UsageError, match="declared in code: change it there"):
            await app.schedules.update("eu", jitter=seconds(1))
    assert set(told) == {"eu", "us"}


def test_everything_works_without_a_loop() -> None:
    app = Headrace("memory://")
    task = app.task(name="nightly")(_nothing)
    with app.sync:
        schedules = app.sync.schedules
        assert schedules.create("n", "@daily", task.call()).name == "n"
        assert schedules.update("n", jitter=seconds(1)) == schedules.get("n") == schedules.list()[0]
        assert schedules.pause("n").paused
        assert not schedules.resume("n").paused
        assert schedules.trigger("n").state() == "queued"
        assert schedules.skip_next("n") < schedules.next("n", 1)[0].at
        assert len(schedules.history("n")) == 2
        now = datetime.now(UTC)
        assert len(schedules.backfill("n", now - timedelta(days=2), now, dry_run=True)) == 2
        schedules.delete("n")
        assert schedules.list() == []
