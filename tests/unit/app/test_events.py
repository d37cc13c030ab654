"""Watching jobs change, with an event loop and without one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path

import pytest

from headrace import Headrace, hours
from headrace.errors import ConfigError, EventsLost, UsageError
from headrace.model.event import EventKind, EventRetention
from headrace.tasks.task import Task

Greet = Task[[str], str]
PATIENCE_S = 10.0


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Headrace]:
    async with Headrace(f"sqlite:///{tmp_path}/jobs.db?synchronous=normal") as app:
        yield app


@pytest.fixture
def greet(app: Headrace) -> Greet:
    @app.task(name="greet", queue="mail")
    async def greet(name: str) -> str:
        return f"Hello, {name}!"

    return greet


async def test_a_watcher_sees_a_job_from_its_enqueue_to_its_end(app: Headrace, greet: Greet) -> None:
    await app.events.enable()
    begin = await app.events.newest()
    async with app.worker(queues=["mail"]):
        job = await greet.enqueue("Ada")
        async with asyncio.timeout(PATIENCE_S), aclosing(app.events.watch(job=job.id, after=begin)) as events:
            seen = [await anext(events) for _ in range(3)]
    assert [each.kind for each in seen] == [EventKind.ENQUEUED, EventKind.STARTED, EventKind.SUCCEEDED]


async def test_a_watcher_is_given_what_it_asked_for_alone(app: Headrace, greet: Greet) -> None:
    await app.events.enable()
    jobs = [await app.enqueue(greet.options(tags=[name], queue=f"of-{name}").call("Ada")) for name in ("a", "b")]
    for job in jobs:
        await job.cancel()
    async with asyncio.timeout(PATIENCE_S):
        async with aclosing(app.events.watch(tag="b", kind="cancelled", queue=["of-a", "of-b"], after=0)) as events:
            event = await anext(events)
    assert (event.job_id, event.sequence) == (jobs[1].id, 4)


async def test_without_a_place_to_begin_only_what_comes_is_told(app: Headrace, greet: Greet) -> None:
    await app.events.enable()
    await greet.enqueue("before")
    async with asyncio.timeout(PATIENCE_S), aclosing(app.events.watch()) as events:
        coming = asyncio.ensure_future(anext(events))
        while not coming.done():
            await greet.enqueue("after")
        assert coming.result().sequence >= 2


async def test_watching_a_journal_that_is_off_says_how_to_switch_it_on(app: Headrace) -> None:
    with pytest.raises(UsageError, match=r"app\.events\.enable"):
        await anext(app.events.watch())


async def test_a_watcher_that_was_away_too_long_is_told_where_to_go_on(app: Headrace, greet: Greet) -> None:
    await app.events.enable(keep_max=2)
    await app.enqueue_many(greet.call(str(n)) for n in range(5))
    await app.backend.events.prune(limit=100)
    with pytest.raises(EventsLost, match="the journal holds 4 to 5") as caught:
        await anext(app.events.watch(after=1))
    async with aclosing(app.events.watch(after=caught.value.last)) as events:
        assert (await anext(events)).sequence == 4


async def test_a_reader_of_another_journal_begins_anew(app: Headrace, greet: Greet) -> None:
    await app.events.enable()
    await greet.enqueue("Ada")
    with pytest.raises(EventsLost) as caught:
        await anext(app.events.watch(after=7))
    assert caught.value.last == 0


async def test_enabling_again_keeps_what_is_not_given(app: Headrace) -> None:
    assert await app.events.enable(keep=hours(2)) == EventRetention(keep=timedelta(hours=2))
    assert await app.events.enable(keep_max=9) == EventRetention(keep=timedelta(hours=2), keep_max=9)
    assert await app.events.enable() == EventRetention(keep=timedelta(hours=2), keep_max=9)


async def test_what_cannot_be_is_refused_by_name(app: Headrace) -> None:
    with pytest.raises(ConfigError, match="'deed' is no kind of event; there are: enqueued,"):
        await anext(app.events.watch(kind="deed"))
    for after in (-1, 2**63):
        with pytest.raises(ConfigError, match="after is the sequence"):
            await app.events.read(after=after)
    with pytest.raises(ConfigError, match="keep_max"):
        await app.events.enable(keep_max=0)


async def test_a_read_waits_for_the_first_event_to_come(app: Headrace, greet: Greet) -> None:
    await app.events.enable()
    assert (await app.events.read(wait=timedelta(milliseconds=1))).events == []
    waiting = asyncio.ensure_future(app.events.read(wait=timedelta(seconds=PATIENCE_S)))
    await asyncio.sleep(0)
    await greet.enqueue("Ada")
    assert [each.kind for each in (await waiting).events] == [EventKind.ENQUEUED]


async def test_closing_the_app_ends_its_watchers(app: Headrace, greet: Greet) -> None:
    await app.events.enable()
    await greet.enqueue("Ada")
    events = app.events.watch(after=0)
    assert (await anext(events)).sequence == 1
    waiting = asyncio.ensure_future(anext(events, None))
    await asyncio.sleep(0)
    await app.close()
    assert await waiting is None


def test_a_thread_watches_what_another_enqueues(tmp_path: Path) -> None:
    app = Headrace(f"sqlite:///{tmp_path}/jobs.db?synchronous=normal")
    greet = app.task(name="greet")(lambda: None)
    with app.sync:
        app.sync.events.enable()
        threading.Timer(0, lambda: app.sync.enqueue(greet.call())).start()
        event = next(app.sync.events.watch(task="greet", after=0))
        assert (event.kind, app.sync.events.status().newest) == (EventKind.ENQUEUED, 1)
        assert app.sync.events.read().last == 1
        app.sync.events.disable()
