"""Queues that are drained and purged, on stores in memory and in a file."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from headrace import Headrace, seconds
from headrace.errors import ConfigError, UsageError
from headrace.model.job import JobState


@pytest.fixture(params=["memory", "sqlite"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Headrace:
    app = Headrace("memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/jobs.db")

    @app.task(name="greet", queue="the-mail")
    async def greet(name: str) -> None: ...

    return app


async def test_a_drain_waits_for_what_is_queued_and_running(app: Headrace) -> None:
    greet = app.find_task("greet")
    async with app:
        await app.enqueue_many([greet.call("Ada") for _ in range(5)])
        await greet.options(delay=seconds(3_600)).enqueue("Bob")
        with pytest.raises(TimeoutError, match="5 queued"):
            await app.drain("the-mail", timeout=0.05)
        waiting = asyncio.ensure_future(app.drain("the-mail", timeout=seconds(30)))
        async with app.worker(queues=["the-mail"]):
            left = await waiting
    assert left == {JobState.SCHEDULED: 1, JobState.SUCCEEDED: 5}


async def test_a_purge_deletes_what_waits_in_one_queue(app: Headrace) -> None:
    greet = app.find_task("greet")
    async with app:
        await app.enqueue_many([greet.call("Ada") for _ in range(5)])
        await greet.options(delay=seconds(3_600)).enqueue("Bob")
        await greet.options(queue='the-mail"x').enqueue("Bob")

        done = await app.purge('the-mail"x')
        assert (done.state, done.changed) == ("done", 1)
        done = await app.purge("the-mail", states=["queued"], author="ada")
        assert (done.changed, done.author) == (5, "ada")
        assert [(each.queue, each.state, each.count) for each in await app.counts()] == [
            ("the-mail", JobState.SCHEDULED, 1)
        ]
        with pytest.raises(ConfigError, match="not a state"):
            await app.purge("the-mail", states=["late"])


async def test_a_worker_that_nobody_heard_of_gets_no_orders(app: Headrace) -> None:
    async with app:
        with pytest.raises(UsageError, match="no worker 'w-1'"):
            await app.order_worker("w-1", "quiet")
        with pytest.raises(ConfigError, match="work, quiet, stop"):
            await app.order_worker("w-1", "rest")
