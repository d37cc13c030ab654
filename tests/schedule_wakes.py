"""What tests of each store ask of a scheduler that sleeps: to be woken by whoever makes or changes a schedule."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext

import pytest

from headrace import Headrace, hours, seconds
from headrace.engine import scheduler

PATIENCE_S = 60


async def expect_to_be_woken(url: str, monkeypatch: pytest.MonkeyPatch, *, beside: str | None = None) -> None:
    """Make and change a schedule, by another app with ``beside``; the scheduler looks by itself once an hour."""
    monkeypatch.setattr(scheduler, "LOOK_EVERY", hours(1))
    ran = asyncio.Queue[str]()
    app = Headrace(url)

    @app.task(name="report")
    async def report(region: str) -> None:
        await ran.put(region)

    async with app, app.worker(), Headrace(beside) if beside else nullcontext(app) as person:
        await person.schedules.create("report", seconds(1), report.call("eu"))
        async with asyncio.timeout(PATIENCE_S):
            assert await ran.get() == "eu"
            await person.schedules.update("report", call=report.call("asia"))
            while await ran.get() != "asia":
                pass
