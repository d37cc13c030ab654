"""Strict order: jobs of a key one at a time, in the order of enqueuing, whatever happens to them."""

from __future__ import annotations

from datetime import timedelta

from headrace.model.limits import BlockedBy
from headrace.model.outcome import Completed, Failed, Released, Waiting
from headrace.storage.backend import Backend
from headrace.storage.jobs import JobEdit
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
)
from headrace.testing.conformance.limiting import configure, keyed, keys_claimed, limit


class OrderingPromises:
    async def test_a_key_runs_one_job_at_a_time_in_the_order_of_enqueuing(self, backend: Backend) -> None:
        await configure(backend, ordered=True)
        ids = await enqueue(backend, *(each for n in (0, 9, 5) for each in keyed("a", priority=n)))
        for expected in ids:
            claims = await claim(backend, 5)
            assert ids_of(claims) == [expected]
            await finish(backend, claims[0], Completed())

    async def test_keys_do_not_wait_for_one_another_and_jobs_without_one_for_none(self, backend: Backend) -> None:
        await configure(backend, ordered=True)
        await enqueue(backend, *keyed("a", 2), *keyed(None, 3), *keyed("b", 2, priority=9))
        assert await keys_claimed(backend, 10) == ["b", "a", None, None, None]

    async def test_a_retrying_job_holds_up_its_key(self, backend: Backend, clock: FrozenClock) -> None:
        await configure(backend, ordered=True)
        first, second = await enqueue(backend, *keyed("a", 2))
        await finish(backend, await claim_one(backend), Failed(error=ERROR, retry_in=HOUR))
        assert await claim(backend, 5) == []
        clock.advance(HOUR)
        await backend.jobs.promote(limit=LIMIT)
        claimed = await claim_one(backend)
        assert claimed.job.id == first
        await finish(backend, claimed, Completed())
        assert (await claim_one(backend)).job.id == second

    async def test_a_delayed_job_holds_up_those_behind_it(self, backend: Backend, clock: FrozenClock) -> None:
        await configure(backend, ordered=True)
        [before] = await enqueue(backend, *keyed("a"))
        [delayed] = await enqueue(backend, *keyed("a", delay=HOUR))
        await enqueue(backend, *keyed("a"))
        claimed = await claim_one(backend)
        assert claimed.job.id == before
        await finish(backend, claimed, Completed())
        assert await claim(backend, 5) == []
        clock.advance(HOUR)
        await backend.jobs.promote(limit=LIMIT)
        assert (await claim_one(backend)).job.id == delayed

    async def test_a_waiting_job_holds_up_its_key_until_it_has_ended(self, backend: Backend) -> None:
        await configure(backend, ordered=True)
        first, second = await enqueue(backend, *keyed("a", 2))
        await finish(backend, await claim_one(backend), Waiting(seen=0))
        assert await claim(backend, 5) == []
        await backend.jobs.cancel_many([first], reason="")
        assert (await claim_one(backend)).job.id == second

    async def test_a_dead_job_lets_the_next_go(self, backend: Backend) -> None:
        await configure(backend, ordered=True)
        _, second = await enqueue(backend, *keyed("a", 2))
        await finish(backend, await claim_one(backend), Failed(error=ERROR))
        assert (await claim_one(backend)).job.id == second

    async def test_a_job_that_a_person_retries_is_in_its_old_place(self, backend: Backend) -> None:
        await configure(backend, ordered=True)
        first, second, third = await enqueue(backend, *keyed("a", 3))
        await finish(backend, await claim_one(backend), Failed(error=ERROR))
        running = await claim_one(backend)
        await backend.jobs.retry_many([first])
        assert await claim(backend, 5) == []
        await finish(backend, running, Completed())
        again = await claim_one(backend)
        assert again.job.id == first
        await finish(backend, again, Completed())
        assert (await claim_one(backend)).job.id == third
        assert running.job.id == second

    async def test_a_lost_job_runs_again_before_the_next(self, backend: Backend, clock: FrozenClock) -> None:
        await configure(backend, ordered=True)
        first, _ = await enqueue(backend, *keyed("a", 2))
        await claim_one(backend)
        clock.advance(LEASE)
        await backend.jobs.rescue(limit=LIMIT)
        assert ids_of(await claim(backend, 5)) == [first]

    async def test_a_released_job_runs_again_before_the_next(self, backend: Backend) -> None:
        await configure(backend, ordered=True)
        first, _ = await enqueue(backend, *keyed("a", 2))
        await finish(backend, await claim_one(backend), Released())
        assert ids_of(await claim(backend, 5)) == [first]

    async def test_a_deleted_job_holds_nobody_up(self, backend: Backend) -> None:
        await configure(backend, ordered=True)
        first, second = await enqueue(backend, *keyed("a", 2, delay=HOUR)), await enqueue(backend, *keyed("a"))
        await backend.jobs.delete_many(first)
        assert ids_of(await claim(backend, 5)) == second

    async def test_an_expired_job_holds_up_its_key_until_expire_ends_it(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        await configure(backend, ordered=True)
        _, second = await enqueue(backend, *keyed("a", expires_in=timedelta(seconds=1)), *keyed("a"))
        clock.advance(timedelta(seconds=1) + INSTANT)
        assert await claim(backend, 5) == []
        await backend.jobs.expire(limit=LIMIT)
        assert ids_of(await claim(backend, 5)) == [second]

    async def test_a_job_moved_to_another_queue_leaves_its_place(self, backend: Backend) -> None:
        await configure(backend, ordered=True)
        first, second = await enqueue(backend, *keyed("a", 2))
        await backend.jobs.edit_many([JobEdit(id=first, queue="other")])
        assert ids_of(await claim(backend, 5)) == [second]
        assert ids_of(await claim(backend, 5, queue="other")) == [first]

    async def test_order_can_be_asked_for_and_given_up_while_jobs_are_queued(self, backend: Backend) -> None:
        await enqueue(backend, *keyed("a", 6))
        [running] = await claim(backend, 1)
        await configure(backend, ordered=True)
        assert await claim(backend, 9) == []
        await finish(backend, running, Completed())
        assert len(await claim(backend, 9)) == 1
        await configure(backend, ordered=False)
        assert len(await claim(backend, 9)) == 4

    async def test_order_turns_and_limits_go_together(self, backend: Backend) -> None:
        await backend.queues.configure_many([])
        await configure(backend, ordered=True, fair=True)
        await limit(backend, "task:u", concurrency=1)
        await enqueue(backend, *keyed("a", task="u"), *keyed("a"), *keyed("b", task="u"), *keyed("b"), *keyed("c", 2))
        claims = await claim(backend, 9)
        assert [(each.job.partition, each.job.task) for each in claims] == [("a", "u"), ("c", "t")]
        await finish(backend, claims[0], Completed())
        assert await keys_claimed(backend, 9) == ["b", "a"]

    async def test_a_job_that_waits_for_its_turn_can_say_for_which(self, backend: Backend, clock: FrozenClock) -> None:
        await configure(backend, ordered=True)
        first, second, third = await enqueue(backend, *keyed("a", 3))
        running = await claim_one(backend)
        [[blocked], [behind]] = await backend.reader.blocking([second, third])
        assert (blocked.by, str(blocked.target), blocked.holders) == (BlockedBy.ORDER, "key:default:a", (first,))
        assert blocked == behind
        await finish(backend, running, Failed(error=ERROR, retry_in=HOUR))
        [[blocked]] = await backend.reader.blocking([second])
        assert (blocked.holders, blocked.in_use) == ((first,), 0)
