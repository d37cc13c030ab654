"""Promise 12, first half: how many jobs run at once, of a store, a queue, a task, each key of a queue, or one key."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from headrace.model.ids import JobId
from headrace.model.job import JobState
from headrace.model.limits import BlockedBy, Limit, LimitTarget
from headrace.model.outcome import Completed, Failed, Finish, Released, Snoozed, Waiting
from headrace.storage.backend import Backend
from headrace.storage.jobs import ClaimRequest, JobEdit, Settled
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import (
    ERROR,
    HOUR,
    INSTANT,
    LEASE,
    LIMIT,
    claim,
    claim_one,
    enqueue,
    finish,
    ids_of,
    job,
)
from headrace.testing.conformance.counters import wander
from headrace.testing.conformance.limiting import configure, keyed, keys_claimed, limit, usage


class ConcurrencyPromises:
    async def test_a_queue_runs_no_more_jobs_than_its_limit(self, backend: Backend) -> None:
        await limit(backend, "queue:default", concurrency=3)
        await enqueue(backend, *(job() for _ in range(10)))
        claims = [*await claim(backend, 2), *await claim(backend, 5)]
        assert len(claims) == 3
        assert await claim(backend) == []

    async def test_an_end_of_any_kind_makes_room(self, backend: Backend) -> None:
        await limit(backend, "queue:default", concurrency=1)
        await enqueue(backend, *(job(max_attempts=1) for _ in range(8)))
        ends = (
            Completed(),
            Failed(error=ERROR),
            Failed(error=ERROR, retry_in=HOUR),
            Snoozed(delay=HOUR),
            Waiting(seen=0),
        )
        for outcome in ends:
            claimed = await claim_one(backend)
            assert await claim(backend) == []
            await finish(backend, claimed, outcome)
        claimed = await claim_one(backend)
        await finish(backend, claimed, Released())
        assert (await claim_one(backend)).job.id == claimed.job.id

    async def test_a_late_finish_does_not_make_room_twice(self, backend: Backend, clock: FrozenClock) -> None:
        await limit(backend, "queue:default", concurrency=1)
        await limit(backend, "keys:default", concurrency=1)
        await enqueue(backend, *keyed("a", 3))
        lost = await claim_one(backend)
        clock.advance(LEASE)
        await backend.jobs.rescue(limit=LIMIT)
        await claim_one(backend)
        assert await finish(backend, lost, Completed()) is Settled.STALE
        assert await claim(backend, 5) == []

    async def test_a_lost_lease_makes_room_once_it_is_rescued(self, backend: Backend, clock: FrozenClock) -> None:
        await limit(backend, "task:t", concurrency=1)
        await enqueue(backend, job(max_attempts=1), job())
        await claim_one(backend)
        clock.advance(LEASE + INSTANT)
        assert await claim(backend) == []
        await backend.jobs.rescue(limit=LIMIT)
        assert len(await claim(backend, 5)) == 1

    async def test_the_limit_of_a_store_holds_over_all_its_queues(self, backend: Backend) -> None:
        await limit(backend, "store", concurrency=3)
        await enqueue(backend, *(job(queue=queue) for queue in ("a", "b") for _ in range(3)))
        request = ClaimRequest(worker="w", demand={"a": 2, "b": 2}, lease_for=LEASE)
        first = await backend.jobs.claim(request)
        assert [each.job.queue for each in first] == ["a", "a", "b"]
        assert await backend.jobs.claim(request) == []
        await finish(backend, first[0], Completed())
        assert len(await backend.jobs.claim(request)) == 1

    async def test_the_limit_of_a_task_holds_in_every_queue_and_lets_others_pass(self, backend: Backend) -> None:
        await limit(backend, "task:heavy", concurrency=2)
        await enqueue(backend, *(job("heavy", queue=queue) for queue in ("a", "b") for _ in range(3)))
        light = await enqueue(backend, *(job("light", queue="a") for _ in range(2)))
        first = await claim(backend, 10, queue="a")
        assert Counter(each.job.task for each in first) == {"heavy": 2, "light": 2}
        assert ids_of(first)[2:] == light
        assert await claim(backend, 10, queue="b") == []
        await finish(backend, first[0], Completed())
        assert len(await claim(backend, 10, queue="b")) == 1

    async def test_each_key_runs_no_more_jobs_than_the_limit_of_keys(self, backend: Backend) -> None:
        await limit(backend, "keys:default", concurrency=2)
        await enqueue(backend, *keyed("a", 5), *keyed("b", 5), *keyed(None, 4))
        claims = await claim(backend, 20)
        assert Counter(each.job.partition for each in claims) == {"a": 2, "b": 2, None: 4}
        await finish(backend, claims[0], Completed())
        assert await keys_claimed(backend, 20) == ["a"]

    async def test_a_key_of_its_own_limit_is_not_under_that_of_each(self, backend: Backend) -> None:
        await limit(backend, "keys:default", concurrency=1)
        await limit(backend, "key:default:big", concurrency=3)
        await limit(backend, "key:default:exempt")
        await enqueue(backend, *keyed("big", 5), *keyed("small", 5), *keyed("exempt", 5))
        assert Counter(await keys_claimed(backend, 20)) == {"big": 3, "small": 1, "exempt": 5}

    async def test_the_same_key_in_another_queue_is_another_key(self, backend: Backend) -> None:
        for queue in ("a", "b"):
            await limit(backend, f"keys:{queue}", concurrency=1)
            await enqueue(backend, *keyed("k", 2, queue=queue))
        assert len(await claim(backend, 5, queue="a")) == 1
        assert len(await claim(backend, 5, queue="b")) == 1

    async def test_all_limits_that_a_job_is_under_hold_at_once(self, backend: Backend) -> None:
        await limit(backend, "store", concurrency=6)
        await limit(backend, "queue:default", concurrency=5)
        await limit(backend, "task:t", concurrency=4)
        await limit(backend, "keys:default", concurrency=3)
        await enqueue(backend, *keyed("a", 5), *keyed("b", 5), *keyed("b", 5, task="u"), *keyed("b", 5, queue="other"))
        claims = await claim(backend, 20)
        assert Counter((each.job.partition, each.job.task) for each in claims) == {
            ("a", "t"): 3,
            ("b", "t"): 1,
            ("b", "u"): 1,
        }
        assert len(await claim(backend, 20, queue="other")) == 0
        await finish(backend, claims[0], Completed())
        assert len(await claim(backend, 20, queue="other")) == 1

    async def test_a_limited_queue_keeps_its_order(self, backend: Backend) -> None:
        await limit(backend, "keys:default", concurrency=2)
        await limit(backend, "task:u", concurrency=1)
        mixed = [
            *keyed("a", 2, priority=5), *keyed("b", priority=9), *keyed(None, priority=5),
            *keyed("a", priority=9), *keyed("b", priority=0, task="u"), *keyed("c", priority=7),
        ]  # fmt: skip
        ids = await enqueue(backend, *mixed)
        claimed = ids_of(await claim(backend, 10))
        assert [ids.index(each) for each in claimed] == [2, 4, 6, 0, 3, 5]

    async def test_a_key_with_very_many_jobs_does_not_hide_another(self, backend: Backend) -> None:
        await limit(backend, "keys:default", concurrency=1)
        for _ in range(3):
            await enqueue(backend, *keyed("crowd", 500, priority=9))
        [alone] = await enqueue(backend, *keyed("alone", priority=0))
        assert len(await claim(backend, 1)) == 1
        assert ids_of(await claim(backend, 1)) == [alone]

    async def test_a_limit_takes_effect_on_what_is_queued_and_runs(self, backend: Backend) -> None:
        await enqueue(backend, *keyed("a", 3), *keyed("b", 3))
        assert await keys_claimed(backend, 2) == ["a", "a"]
        await limit(backend, "keys:default", concurrency=2)
        assert await keys_claimed(backend, 10) == ["b", "b"]

    async def test_a_lowered_limit_lets_nothing_begin_until_fewer_run(self, backend: Backend) -> None:
        await limit(backend, "queue:default", concurrency=4)
        await enqueue(backend, *(job() for _ in range(9)))
        claims = await claim(backend, 9)
        await limit(backend, "queue:default", concurrency=2)
        for claimed in claims[:2]:
            await finish(backend, claimed, Completed())
            assert await claim(backend, 9) == []
        await finish(backend, claims[2], Completed())
        assert len(await claim(backend, 9)) == 1

    async def test_a_limit_of_zero_holds_everything(self, backend: Backend) -> None:
        await limit(backend, "task:t", concurrency=0)
        _, other = await enqueue(backend, job(), job("u"))
        assert ids_of(await claim(backend, 5)) == [other]

    async def test_without_its_limit_a_queue_is_free_again(self, backend: Backend) -> None:
        targets = [LimitTarget.parse(text) for text in ("queue:default", "keys:default", "task:t", "store")]
        for target in targets:
            await limit(backend, target, concurrency=1)
        await enqueue(backend, *keyed("a", 5))
        assert len(await claim(backend, 9)) == 1
        assert await backend.limits.remove_many(targets) == [True] * 4
        assert await backend.limits.remove_many(targets[:1]) == [False]
        assert len(await claim(backend, 9)) == 4

    async def test_limits_are_read_back_as_set(self, backend: Backend) -> None:
        limits = [
            Limit(target=LimitTarget.parse(text), concurrency=n)
            for n, text in enumerate(["key:mail:tenant ł", "keys:mail", "queue:mail", "store", "task:a.b"])
        ]
        await backend.limits.set_many(limits)
        assert await backend.limits.all() == limits
        await backend.limits.set_many([Limit(target=limits[2].target)])
        assert await backend.limits.all() == [*limits[:2], *limits[3:]]

    async def test_a_limit_tells_what_is_in_use_and_by_whom(self, backend: Backend, clock: FrozenClock) -> None:
        await limit(backend, "keys:default", concurrency=2)
        await limit(backend, "queue:default", concurrency=3)
        await limit(backend, "task:t", concurrency=9)
        ids = await enqueue(backend, *keyed("a", 5))
        [first] = await claim(backend, 1)
        clock.advance(INSTANT)
        [second] = await claim(backend, 5)
        of_key = await usage(backend, "key:default:a")
        assert (of_key.in_use, of_key.waiting, of_key.holders) == (2, 3, (first.job.id, second.job.id))
        assert of_key.limit.target == LimitTarget.parse("keys:default")
        of_queue = await usage(backend, "queue:default")
        assert (of_queue.in_use, of_queue.waiting, of_queue.holders) == (2, 3, tuple(ids[:2]))
        of_task = await usage(backend, "task:t")
        assert (of_task.in_use, of_task.waiting, of_task.tokens, of_task.next_token) == (2, 3, None, None)
        assert await backend.limits.usage([LimitTarget.parse("queue:other")]) == [None]

    async def test_a_job_that_a_limit_holds_back_can_say_which_and_who_holds_it(self, backend: Backend) -> None:
        await limit(backend, "keys:default", concurrency=1)
        await limit(backend, "task:u", concurrency=1)
        held, _, free, of_task = await enqueue(backend, *keyed("a", 2), *keyed("b"), *keyed("c", task="u"))
        assert await keys_claimed(backend, 1) == ["a"]
        [none, [blocked], nothing] = await backend.reader.blocking([held, _, free])
        assert (none, nothing) == ((), ())
        assert (blocked.by, str(blocked.target), blocked.in_use) == (BlockedBy.CONCURRENCY, "key:default:a", 1)
        assert (blocked.limit and blocked.limit.concurrency, blocked.holders) == (1, (held,))
        assert await backend.reader.blocking([of_task, JobId("nobody")]) == [(), ()]

    async def test_edited_and_retried_jobs_come_under_the_limits_of_where_they_go(self, backend: Backend) -> None:
        [dead] = await enqueue(backend, *keyed("a", max_attempts=1))
        await finish(backend, await claim_one(backend), Failed(error=ERROR))
        await limit(backend, "keys:default", concurrency=1)
        [moved] = await enqueue(backend, *keyed("a", queue="other"))
        await backend.jobs.edit_many([JobEdit(id=moved, queue="default")])
        await backend.jobs.retry_many([dead])
        assert len(await claim(backend, 5)) == 1
        await backend.jobs.edit_many([JobEdit(id=moved, queue="other"), JobEdit(id=dead, queue="other")])
        assert len(await claim(backend, 5, queue="other")) == 1

    async def test_concurrent_claims_through_siblings_never_exceed_a_limit(self, backend: Backend) -> None:
        await limit(backend, "keys:default", concurrency=2)
        await limit(backend, "queue:default", concurrency=5)
        await enqueue(backend, *(each for key in "abcd" for each in keyed(key, 20)))
        other = backend.sibling()
        await other.open()
        try:
            running: Counter[str | None] = Counter()
            for _ in range(20):
                replies = await asyncio.gather(*(claim(each, 3) for each in (backend, other, backend, other)))
                claims = [each for reply in replies for each in reply]
                running.update(each.job.partition for each in claims)
                assert running.total() <= 5
                assert max(running.values()) <= 2
                done = claims[::2]
                await backend.jobs.finish_many([Finish(lease=each.lease, outcome=Completed()) for each in done])
                running.subtract(each.job.partition for each in done)
        finally:
            await other.close()

    @pytest.mark.parametrize("seed", range(4))
    async def test_what_is_in_use_equals_what_runs_after_a_random_walk(
        self, backend: Backend, clock: FrozenClock, seed: int
    ) -> None:
        dice = random.Random(seed)
        targets = ["store", "queue:a", "queue:b", "task:t", "keys:a", "key:a:k1", "key:b:k2"]
        await configure(backend, "b", fair=True)
        for target in targets:
            await limit(backend, target, concurrency=dice.randint(2, 6))
        known: list[JobId] = []
        for _ in range(120):
            await wander(backend, clock, dice, known)
            jobs = [each for each in await backend.reader.get_many(known) if each is not None]
            running = [each for each in jobs if each.state is JobState.RUNNING]
            for found in await backend.limits.usage([LimitTarget.parse(each) for each in targets]):
                assert found is not None
                assert found.in_use == sum(_is_under(str(found.target), each.queue, each.partition) for each in running)
                if str(found.target) != "keys:a":
                    assert found.limit.concurrency is not None
                    assert found.in_use <= found.limit.concurrency


def _is_under(target: str, queue: str, key: str | None) -> bool:
    return target in ("store", "task:t", f"queue:{queue}", f"key:{queue}:{key}") or (
        target == f"keys:{queue}" and key is not None
    )
