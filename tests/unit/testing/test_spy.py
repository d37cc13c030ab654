"""Spies hear events, and wait for them."""

from __future__ import annotations

import asyncio

import pytest

from headrace import Headrace
from headrace.testing import AppHarness, Spy


async def test_a_spy_waits_for_an_event_without_sleeping(app: Headrace, harness: AppHarness) -> None:
    @app.task
    async def greet(name: str) -> str:
        return name

    with harness.spy() as spy:
        await greet.enqueue("Ada")
        await greet.enqueue("Bob")
        draining = asyncio.create_task(harness.drain())
        event = await spy.wait_for("job.finished", task=greet, count=2)
        assert event.attributes["outcome"] == "completed"
        await draining
    assert len(spy.seen("job.started")) == 2
    await greet.enqueue("after")
    assert len(spy.seen("job.enqueued")) == 2


async def test_a_spy_on_a_real_worker_hears_it_from_its_threads() -> None:
    async with Headrace("memory://") as app:
        app.task(name="note")(lambda: None)
        with Spy(app.telemetry) as spy:
            async with app.worker():
                await app.enqueue(app.find_task("note").call())
                await spy.wait_for("job.finished", task="note", outcome="completed")
            await spy.wait_for("worker.stopped")


async def test_what_did_not_come_is_told_with_what_did(harness: AppHarness) -> None:
    with harness.spy() as spy:
        harness.app.telemetry.emit("worker.started", worker="w")
        with pytest.raises(
            AssertionError, match=r"(?s)job.finished with task=x came 0 times in 0.01 s.*worker.started"
        ):
            await spy.wait_for("job.finished", task="x", timeout=0.01)
