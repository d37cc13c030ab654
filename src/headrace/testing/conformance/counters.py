"""Counters: always equal to a recount, however the jobs moved."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest

from headrace.model.ids import JobId
from headrace.model.job import JobState
from headrace.model.outcome import Completed, Discarded, Failed, Finish, Outcome, Released, Snoozed, Waiting
from headrace.model.page import JobQuery
from headrace.model.queue import RATE_BUCKET, QueueRate, Retention, counted_window
from headrace.storage.backend import Backend
from headrace.storage.jobs import ClaimRequest, JobEdit
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import (
    ERROR,
    HOUR,
    INSTANT,
    LEASE,
    LIMIT,
    begin,
    claim,
    enqueue,
    finish,
    job,
    put_in,
)

QUEUES = ("a", "b")
KEYS = (None, "k1", "k2")
MINUTE = timedelta(minutes=1)
OUTCOMES: tuple[Outcome, ...] = (
    Completed(result=b"1"),
    Failed(error=ERROR),
    Failed(error=ERROR, retry_in=MINUTE),
    Snoozed(delay=MINUTE),
    Discarded(reason="no"),
    Waiting(seen=0),
    Released(),
)


async def expect_true_counts(backend: Backend) -> None:
    """Compare the counters with the jobs themselves."""
    recount: Counter[tuple[str, JobState]] = Counter()
    cursor: str | None = None
    while True:
        page = await backend.reader.find(JobQuery(), cursor=cursor, limit=LIMIT)
        recount.update((each.queue, each.state) for each in page.items)
        cursor = page.next_cursor
        if cursor is None:
            break
    assert {(each.queue, each.state): each.count for each in await backend.reader.counts()} == dict(recount)


async def wander(backend: Backend, clock: FrozenClock, dice: random.Random, known: list[JobId]) -> None:
    """One random step of a crowd of jobs."""
    chosen = dice.sample(known, min(4, len(known)))
    match dice.randrange(10):
        case 0:
            delays = [dice.choice([None, MINUTE]) for _ in range(dice.randrange(6))]
            fresh = [
                job(queue=dice.choice(QUEUES), delay=delay, expires_in=5 * MINUTE, partition=dice.choice(KEYS))
                for delay in delays
            ]
            known += [each.id for each in await backend.jobs.enqueue_many([*fresh, *fresh[:1]])][: len(fresh)]
        case 1 | 2:
            request = ClaimRequest(worker="w", demand=dict.fromkeys(QUEUES, 3), lease_for=LEASE)
            claims = await backend.jobs.claim(request)
            settled = [Finish(lease=each.lease, outcome=dice.choice(OUTCOMES)) for each in claims[1:]]
            await backend.jobs.finish_many([*settled, *settled[:1]])
        case 3:
            await backend.jobs.cancel_many(chosen, reason="")
        case 4:
            await backend.jobs.retry_many(chosen)
        case 5:
            await backend.jobs.wake_many(chosen)
        case 6:
            await backend.jobs.delete_many(chosen[:2])
        case 7:
            await backend.jobs.edit_many([JobEdit(id=each, queue=dice.choice(QUEUES)) for each in chosen])
        case 8:
            clock.advance(MINUTE)
            await backend.jobs.promote(limit=3)
            await backend.jobs.rescue(limit=3)
        case _:
            await backend.jobs.expire(limit=3)
            await backend.jobs.prune(Retention(succeeded=MINUTE, dead=10 * MINUTE), limit=3)


class CounterPromises:
    async def test_each_state_of_each_queue_is_counted_and_no_zero(self, backend: Backend) -> None:
        await enqueue(backend, job(queue="a"), job(queue="a"), job(queue="a", delay=HOUR), job(queue="b"))
        counts = {(each.queue, each.state): each.count for each in await backend.reader.counts()}
        assert counts == {
            ("a", JobState.QUEUED): 2,
            ("a", JobState.SCHEDULED): 1,
            ("b", JobState.QUEUED): 1,
        }

    async def test_counts_can_be_of_some_queues(self, backend: Backend) -> None:
        await enqueue(backend, job(queue="a"), job(queue="b"), job(queue="c"))
        counts = await backend.reader.counts(queues=["a", "c", "x"])
        assert sorted((each.queue, each.count) for each in counts) == [("a", 1), ("c", 1)]

    async def test_every_state_is_counted(self, backend: Backend) -> None:
        for state in JobState:
            await put_in(backend, state, queue="all" if state is not JobState.QUEUED else "queued")
        await expect_true_counts(backend)

    @pytest.mark.parametrize("seed", range(5))
    async def test_counts_equal_a_recount_after_a_random_walk(
        self, backend: Backend, clock: FrozenClock, seed: int
    ) -> None:
        dice = random.Random(seed)
        known: list[JobId] = []
        for step in range(150):
            await wander(backend, clock, dice, known)
            if step % 10 == 9:
                await expect_true_counts(backend)

    async def test_rates_tell_what_happened_lately(self, backend: Backend, clock: FrozenClock) -> None:
        await enqueue(backend, *(job(max_attempts=1) for _ in range(6)))
        first, second, third, fourth, _ = await claim(backend, 5)
        await finish(backend, first, Completed())
        await finish(backend, second, Failed(error=ERROR, retry_in=HOUR))
        await finish(backend, third, Failed(error=ERROR))
        await finish(backend, fourth, Released())
        clock.advance(LEASE + INSTANT)
        await backend.jobs.rescue(limit=LIMIT)
        [rate] = await backend.reader.rates(window=10 * MINUTE)
        assert rate == QueueRate(
            queue="default",
            window=counted_window(10 * MINUTE, clock.now()),
            enqueued=6,
            claimed=5,
            succeeded=1,
            failed=2,
            lost=1,
            dead=2,
        )

    async def test_a_steady_pace_is_told_as_it_is_whenever_somebody_looks(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        for second in range(100):
            await enqueue(backend, job(), job())
            clock.advance(timedelta(seconds=1))
            if second >= 80:
                [rate] = await backend.reader.rates(window=MINUTE)
                assert MINUTE <= rate.window < MINUTE + RATE_BUCKET
                assert rate.per_second("enqueued") == pytest.approx(2, rel=0.05)

    async def test_rates_forget_what_is_past_the_window(self, backend: Backend, clock: FrozenClock) -> None:
        await enqueue(backend, job(queue="old"))
        clock.advance(5 * MINUTE)
        await enqueue(backend, job(queue="new"))
        rates = await backend.reader.rates(window=MINUTE)
        assert [(each.queue, each.enqueued) for each in rates if each.enqueued] == [("new", 1)]

    async def test_duplicates_and_empty_claims_are_not_counted(self, backend: Backend) -> None:
        new = job()
        await backend.jobs.enqueue_many([new, new])
        await begin(backend, queue="other")
        await claim(backend, 10, queue="other")
        rates = {each.queue: (each.enqueued, each.claimed) for each in await backend.reader.rates(window=MINUTE)}
        assert rates == {"default": (1, 0), "other": (1, 1)}

    async def test_the_oldest_queued_job_tells_how_long_a_queue_waits(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        start = clock.now()
        await enqueue(backend, job(queue="a", priority=0))
        clock.advance(HOUR)
        await enqueue(
            backend, job(queue="a", priority=9), job(queue="b", run_at=start - HOUR), job(queue="c", delay=HOUR)
        )
        assert await backend.reader.oldest_queued() == {"a": start, "b": start - HOUR}
        await claim(backend, 5, queue="b")
        await claim(backend, 1, queue="a")
        assert await backend.reader.oldest_queued() == {"a": start}
