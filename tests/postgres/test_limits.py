"""Limits and order where claimers of several stores, enqueuers in open transactions and changes of the rules meet."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from headrace.backends.postgres import PostgresBackend
from headrace.backends.postgres.verbs import limited, settings
from headrace.errors import Unavailable
from headrace.model.lease import Claim
from headrace.model.limits import Limit, LimitTarget, Rate
from headrace.model.outcome import Completed, Finish
from headrace.model.queue import QueueSettings, Retention
from headrace.storage.jobs import ClaimRequest
from headrace.storage.signals import WORK
from headrace.testing.conformance.builders import LEASE, claim, enqueue, job
from headrace.testing.conformance.limiting import configure, keyed, limit
from tests.postgres.waiting import until_blocked_by

CLAIMERS = 4
PATIENCE_S = 30
USED = ("limits", "layouts", "lanes", "marks", "buckets", "openings")


@pytest.fixture
async def stores(database: str) -> AsyncIterator[list[Any]]:
    """Stores as in so many processes, by the server's clock."""
    stores = [PostgresBackend(database) for _ in range(CLAIMERS)]
    for each in stores:
        await each.open()
    yield stores
    for each in stores:
        await each.close()


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


class Watch:
    """What runs, as all claimers see it together; a job is taken off before its finish is sent."""

    def __init__(self) -> None:
        self.running: Counter[tuple[str, str]] = Counter()
        self.most: Counter[tuple[str, str]] = Counter()
        self.order: defaultdict[str | None, list[str]] = defaultdict(list)

    def begun(self, claims: Sequence[Claim]) -> None:
        for each in claims:
            self.order[each.job.partition].append(each.job.id)
            for place in _places(each):
                self.running[place] += 1
                self.most[place] = max(self.most[place], self.running[place])

    def over(self, claims: Sequence[Claim]) -> None:
        for each in claims:
            self.running.subtract(_places(each))


def _places(claim: Claim) -> list[tuple[str, str]]:
    job = claim.job
    return [("store", ""), ("queue", job.queue), ("task", job.task), ("key", f"{job.queue}:{job.partition}")]


async def work_off(stores: Sequence[Any], count: int, watch: Watch) -> None:
    """Claim and finish so many jobs, as quickly as the claimers can, of both queues."""
    left = count

    async def run(store: Any) -> None:
        nonlocal left
        while left:
            claims = await store.jobs.claim(
                ClaimRequest(worker="w", demand={"default": 3, "other": 2}, lease_for=LEASE)
            )
            watch.begun(claims)
            left -= len(claims)
            await asyncio.sleep(0)  # let others claim while these run
            watch.over(claims)
            await store.jobs.finish_many([Finish(lease=each.lease, outcome=Completed()) for each in claims])

    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*map(run, stores))


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("store", ("store", "")),
        ("queue:default", ("queue", "default")),
        ("task:t", ("task", "t")),
        ("key:default:a", ("key", "default:a")),
    ],
)
async def test_claimers_of_several_stores_never_exceed_a_limit(
    stores: list[Any], target: str, place: tuple[str, str]
) -> None:
    await limit(stores[0], target, concurrency=2)
    jobs = [each for key in "abc" for each in keyed(key, 10)] + [job(queue="other") for _ in range(10)]
    await enqueue(stores[0], *jobs)
    watch = Watch()
    await work_off(stores, len(jobs), watch)
    assert watch.most[place] == 2


async def test_the_jobs_of_a_key_keep_their_order_whoever_claims_them(stores: list[Any]) -> None:
    await configure(stores[0], "default", ordered=True)
    jobs = [each for key in "abc" for each in keyed(key, 12)]
    ids = await enqueue(stores[0], *jobs)
    watch = Watch()
    await work_off(stores, len(jobs), watch)
    for number, key in enumerate("abc"):
        assert watch.order[key] == ids[number * 12 : number * 12 + 12]
        assert watch.most["key", f"default:{key}"] == 1


async def test_claimers_of_several_stores_draw_no_more_tokens_than_there_are(stores: list[Any]) -> None:
    await stores[0].limits.set_many(
        [Limit(target=LimitTarget.parse("queue:default"), rate=Rate(7, per=timedelta(hours=1)))]
    )
    await enqueue(stores[0], *keyed("a", 30))
    replies = await asyncio.gather(*(claim(each, 3) for each in stores for _ in range(3)))
    assert sum(map(len, replies)) == 7


async def test_whoever_waits_for_room_is_called_whenever_it_comes(stores: list[Any]) -> None:
    """Claimers that never look but when they are called: a call that is lost leaves jobs behind."""
    await limit(stores[0], "queue:default", concurrency=1)
    await enqueue(stores[0], *keyed("a", 40))
    left = 40

    async def run(store: Any) -> None:
        nonlocal left
        async with store.signals.subscribe([WORK]) as calls:
            while left > 0:
                claims = await claim(store, 1)
                left -= len(claims)
                await store.jobs.finish_many([Finish(lease=each.lease, outcome=Completed()) for each in claims])
                if not claims:
                    await anext(calls)

    running = [asyncio.create_task(run(each)) for each in stores]
    try:
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        assert left == 0
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def test_room_that_comes_while_a_claim_notes_that_there_is_none_is_found(
    stores: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who finishes then finds no note by which to call, so the claim has to look again itself."""
    await limit(stores[0], "queue:default", concurrency=1)
    first, second = await enqueue(stores[0], *keyed("a", 2))
    [held] = await claim(stores[0], 1)
    assert held.job.id == first
    note = limited._Claiming._note_opening

    async def finish_then_note(claiming: Any) -> None:
        monkeypatch.undo()
        await stores[1].jobs.finish_many([Finish(lease=held.lease, outcome=Completed())])
        await note(claiming)

    monkeypatch.setattr(limited._Claiming, "_note_opening", finish_then_note)
    assert [each.job.id for each in await claim(stores[2], 1)] == [second]


async def test_a_change_of_order_waits_for_enqueues_under_way_and_finds_their_jobs(
    stores: list[Any], connection: Any
) -> None:
    store = stores[0]
    async with connection.transaction():
        await store.jobs.within(connection).enqueue_many(keyed("a", 3))
        change = asyncio.create_task(configure(store, "default", ordered=True))
        await until_blocked_by(connection)
    await change
    assert len(await claim(store, 3)) == 1


async def test_jobs_of_a_bulk_enqueue_come_under_the_order_of_their_queue(stores: list[Any]) -> None:
    await configure(stores[0], "default", ordered=True)
    await enqueue(stores[0], *(each for key in "ab" for each in keyed(key, 150)))
    assert len(await claim(stores[0], 10)) == 2


async def test_a_change_of_order_gives_up_on_a_transaction_that_stays_open(
    stores: list[Any], connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "LOCK_WAIT_MS", 50)
    async with connection.transaction():
        await stores[0].jobs.within(connection).enqueue_many(keyed("a", 1))
        with pytest.raises(Unavailable, match="lock_timeout"):
            await configure(stores[0], "default", ordered=True)
    assert [each.ordered for each in await stores[0].queues.all()] == [False]


async def test_figures_and_pauses_change_while_a_transaction_that_enqueued_is_open(
    stores: list[Any], connection: Any
) -> None:
    await limit(stores[0], "queue:default", concurrency=1)
    async with connection.transaction():
        await stores[0].jobs.within(connection).enqueue_many(keyed("a", 1))
        await limit(stores[0], "queue:default", concurrency=5)
        await stores[0].queues.configure_many([QueueSettings(name="default", paused=True)])
        await stores[0].queues.configure_many([QueueSettings(name="default")])
    assert len(await claim(stores[0], 5)) == 1


async def test_a_job_that_another_transaction_works_on_is_passed_over_and_keeps_its_key_in_order(
    stores: list[Any], connection: Any
) -> None:
    await configure(stores[0], "default", ordered=True)
    first, *_ = await enqueue(stores[0], *keyed("a", 2), *keyed("b", 1))
    async with connection.transaction():
        await stores[0].jobs.within(connection).cancel_many([first], reason="no")
        assert [each.job.partition for each in await claim(stores[0], 3)] == ["b"]
    assert [each.job.partition for each in await claim(stores[0], 3)] == ["a"]


async def test_a_job_enqueued_by_plain_sql_lies_in_the_lane_of_its_key(stores: list[Any], connection: Any) -> None:
    await configure(stores[0], "default", ordered=True)
    for _ in range(2):
        await connection.execute("SELECT headrace.enqueue('t', partition => 'a')")
    assert [each.job.partition for each in await claim(stores[0], 2)] == ["a"]


async def test_without_limits_and_order_nothing_is_written_for_them(stores: list[Any], connection: Any) -> None:
    await enqueue(stores[0], *keyed("a", 300), *keyed("b", 3), job(delay=timedelta(microseconds=1)))
    claims = await claim(stores[0], 400)
    await stores[0].jobs.promote(limit=10)
    await stores[0].jobs.finish_many([Finish(lease=each.lease, outcome=Completed()) for each in claims])
    for table in USED:
        assert await connection.fetchval(f"SELECT count(*) FROM headrace.{table}") == 0
        assert await connection.fetchval(f"SELECT pg_relation_size('headrace.{table}')") == 0
    for index in ("jobs_laned", "jobs_strict", "jobs_running_keys", "jobs_running_tasks"):
        assert await connection.fetchval(f"SELECT pg_relation_size('headrace.{index}')") <= 8192


async def test_lanes_without_jobs_are_forgotten(stores: list[Any], connection: Any) -> None:
    await configure(stores[0], "default", fair=True)
    await enqueue(stores[0], *(each for key in "abcdef" for each in keyed(key, 2)))
    await work_off(stores, 12, Watch())
    await stores[0].jobs.prune(Retention(), limit=10)
    assert await connection.fetchval("SELECT count(*) FROM headrace.lanes") == 0


async def test_a_queue_that_nobody_claims_from_keeps_one_mark_for_each_lane(stores: list[Any], connection: Any) -> None:
    await configure(stores[0], "default", ordered=True)
    for _ in range(5):
        await enqueue(stores[0], *keyed("a", 1), *keyed("b", 1))
    await stores[0].jobs.prune(Retention(), limit=10)
    assert await connection.fetchval("SELECT count(*) FROM headrace.marks") == 2
    assert [each.job.partition for each in await claim(stores[0], 9)] == ["a", "b"]
