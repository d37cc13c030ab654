"""Schedules of an app under test fire as its clock is moved."""

from __future__ import annotations

from datetime import datetime

from headrace import Headrace, current_job, days, hours, minutes
from headrace.testing import AppHarness


async def test_what_the_code_declares_fires_at_its_instants(app: Headrace, harness: AppHarness) -> None:
    ran: list[datetime | None] = []

    @app.cron("every day at 9:00")
    @app.task
    async def report() -> None:
        ran.append(current_job().occurrence)

    await harness.drain()
    assert ran == []
    report_of = await harness.advance(days(3))
    assert [each.hour for each in ran if each] == [9, 9, 9]
    assert report_of.succeeded == 3


async def test_a_schedule_made_at_run_time_fires_too(app: Headrace, harness: AppHarness) -> None:
    task = app.task(name="tick")(_nothing)
    async with app:
        await app.schedules.create("tick", minutes(10), task.call())
        assert (await harness.advance(hours(1))).succeeded == 6
        await app.schedules.pause("tick")
        assert (await harness.advance(hours(1))).succeeded == 0


def _nothing() -> None: ...
