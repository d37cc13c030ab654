"""Promise 12, second half: how many jobs begin in a span of time."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from headrace.model.limits import BlockedBy, Limit, LimitTarget, Rate
from headrace.model.outcome import Completed, Failed, Released
from headrace.storage.backend import Backend
from headrace.storage.jobs import ClaimRequest
from headrace.storage.signals import DUE, WORK
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import ERROR, HOUR, LEASE, LIMIT, claim, claim_one, enqueue, finish, job
from headrace.testing.conformance.limiting import SECOND, keyed, keys_claimed, limit, usage

TENTH = SECOND / 10
TEN_A_SECOND = Rate(10, per=SECOND)


class RateLimitPromises:
    async def test_a_hundred_jobs_at_ten_a_second_take_nine_seconds(self, backend: Backend, clock: FrozenClock) -> None:
        await limit(backend, "queue:default", rate=TEN_A_SECOND)
        await enqueue(backend, *(job() for _ in range(100)))
        begun = 0
        for _ in range(90):
            begun += len(await claim(backend, 100))
            clock.advance(TENTH)
        assert begun == 99
        assert len(await claim(backend, 100)) == 1

    async def test_a_bucket_holds_no_more_than_its_burst(self, backend: Backend, clock: FrozenClock) -> None:
        await limit(backend, "queue:default", rate=Rate(10, per=SECOND, burst=3))
        await enqueue(backend, *(job() for _ in range(20)))
        assert len(await claim(backend, 20)) == 3
        clock.advance(HOUR)
        assert len(await claim(backend, 20)) == 3
        clock.advance(2 * TENTH)
        assert len(await claim(backend, 20)) == 2

    async def test_a_burst_of_one_spaces_jobs_evenly(self, backend: Backend, clock: FrozenClock) -> None:
        await limit(backend, "queue:default", rate=Rate(3, per=SECOND, burst=1))
        await enqueue(backend, *(job() for _ in range(5)))
        step = timedelta(microseconds=333_333)
        for _ in range(3):
            assert len(await claim(backend, 5)) == 1
            clock.advance(step)
            assert await claim(backend, 5) == []
            clock.advance(timedelta(microseconds=1))

    async def test_a_token_is_drawn_for_good_whatever_becomes_of_the_attempt(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        await limit(backend, "queue:default", rate=Rate(4, per=HOUR))
        await enqueue(backend, *(job() for _ in range(9)))
        for outcome in (Released(), Failed(error=ERROR), Completed()):
            await finish(backend, await claim_one(backend), outcome)
        await claim_one(backend)
        clock.advance(LEASE)
        await backend.jobs.rescue(limit=LIMIT)
        assert await claim(backend, 9) == []

    async def test_a_step_of_the_wall_clock_makes_no_token(self, backend: Backend, clock: FrozenClock) -> None:
        await limit(backend, "queue:default", rate=Rate(1, per=SECOND))
        await limit(backend, "keys:default", rate=Rate(1, per=SECOND))
        await enqueue(backend, *keyed("a", 5))
        await claim_one(backend)
        clock.set_wall(clock.now() + HOUR)
        assert await claim(backend, 5) == []
        clock.set_wall(clock.now() - 2 * HOUR)
        clock.advance(SECOND)
        assert len(await claim(backend, 5)) == 1

    async def test_each_key_has_a_bucket_of_its_own(self, backend: Backend, clock: FrozenClock) -> None:
        await limit(backend, "keys:default", rate=Rate(2, per=SECOND))
        await limit(backend, "key:default:vip", rate=Rate(4, per=SECOND))
        await enqueue(backend, *keyed("a", 9), *keyed("b", 1), *keyed("vip", 9), *keyed(None, 3))
        assert Counter(await keys_claimed(backend, 50)) == {"a": 2, "b": 1, "vip": 4, None: 3}
        clock.advance(SECOND / 2)
        assert Counter(await keys_claimed(backend, 50)) == {"a": 1, "vip": 2}

    async def test_a_key_out_of_tokens_does_not_hide_another(self, backend: Backend) -> None:
        await limit(backend, "keys:default", rate=Rate(1, per=HOUR))
        await enqueue(backend, *keyed("a", 300, priority=9), *keyed("b", priority=0))
        assert [await keys_claimed(backend, 1) for _ in range(3)] == [["a"], ["b"], []]

    async def test_the_rates_of_a_store_and_of_a_task_hold_over_all_queues(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        await limit(backend, "store", rate=Rate(4, per=SECOND))
        await limit(backend, "task:t", rate=Rate(3, per=SECOND))
        await enqueue(backend, *(job(queue=queue) for queue in ("a", "b") for _ in range(2)), job("u", queue="b"))
        both = ClaimRequest(worker="w", demand={"a": 9, "b": 9}, lease_for=LEASE)
        claims = await backend.jobs.claim(both)
        assert [(each.job.queue, each.job.task) for each in claims] == [("a", "t"), ("a", "t"), ("b", "t"), ("b", "u")]
        clock.advance(SECOND)
        assert len(await backend.jobs.claim(both)) == 1

    async def test_concurrency_and_rate_hold_together(self, backend: Backend, clock: FrozenClock) -> None:
        await limit(backend, "queue:default", concurrency=2, rate=Rate(3, per=HOUR))
        await enqueue(backend, *(job() for _ in range(9)))
        for claimed in await claim(backend, 9):
            await finish(backend, claimed, Completed())
        assert len(await claim(backend, 9)) == 1

    async def test_tokens_that_are_left_stay_left_when_other_figures_change(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        await limit(backend, "queue:default", rate=Rate(3, per=HOUR))
        await enqueue(backend, *(job() for _ in range(9)))
        assert len(await claim(backend, 2)) == 2
        await limit(backend, "queue:default", concurrency=99, rate=Rate(3, per=HOUR))
        assert len(await claim(backend, 9)) == 1

    async def test_a_raised_rate_does_not_wait_for_the_slow_one(self, backend: Backend, clock: FrozenClock) -> None:
        await limit(backend, "queue:default", rate=Rate(1, per=HOUR))
        await enqueue(backend, *(job() for _ in range(9)))
        await claim_one(backend)
        await limit(backend, "queue:default", rate=TEN_A_SECOND)
        assert await claim(backend, 9) == []
        clock.advance(TENTH)
        assert len(await claim(backend, 9)) == 1

    async def test_rates_are_read_back_as_set(self, backend: Backend) -> None:
        rates = [Rate(1, per=timedelta(microseconds=1)), Rate(1_000, per=timedelta(days=30), burst=7)]
        limits = [
            Limit(target=LimitTarget.parse(f"queue:q{n}"), rate=rate, concurrency=n) for n, rate in enumerate(rates)
        ]
        await backend.limits.set_many(limits)
        assert await backend.limits.all() == limits

    async def test_a_rate_tells_how_many_tokens_there_are_and_when_the_next_comes(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        await limit(backend, "queue:default", rate=Rate(2, per=SECOND))
        before = await usage(backend, "queue:default")
        assert (before.tokens, before.next_token) == (2, clock.now())
        ids = await enqueue(backend, *(job() for _ in range(3)))
        await claim(backend, 2)
        clock.advance(TENTH)
        after = await usage(backend, "queue:default")
        assert (after.tokens, after.next_token, after.waiting) == (0, clock.now() + 4 * TENTH, 1)
        [[blocked]] = await backend.reader.blocking(ids[2:])
        assert (blocked.by, str(blocked.target), blocked.next_token) == (
            BlockedBy.RATE,
            "queue:default",
            clock.now() + 4 * TENTH,
        )

    async def test_a_claim_that_a_rate_left_short_is_called_when_a_token_comes(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        for target in ("queue:a", "keys:b"):
            await limit(backend, target, rate=Rate(1, per=SECOND))
        await enqueue(backend, *(each for queue in ("a", "b") for each in keyed("k", 3, queue=queue)))
        async with backend.signals.subscribe([DUE]) as heard:
            assert len(await claim(backend, 5, queue="a")) == 1
            assert await anext(heard) == "due:a"
        assert len(await claim(backend, 5, queue="b")) == 1
        promotion = await backend.jobs.promote(limit=LIMIT)
        assert (promotion.count, promotion.queues, promotion.next_due) == (0, frozenset(), clock.now() + SECOND)
        clock.advance(SECOND)
        async with backend.signals.subscribe([WORK]) as heard:
            promotion = await backend.jobs.promote(limit=LIMIT)
            assert {await anext(heard), await anext(heard)} == {"work:a", "work:b"}
        assert (promotion.count, promotion.queues, promotion.next_due) == (0, frozenset({"a", "b"}), None)

    async def test_a_claim_that_found_all_it_wanted_waits_for_no_token(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        await limit(backend, "queue:default", rate=Rate(2, per=SECOND))
        await enqueue(backend, *(job() for _ in range(2)))
        assert len(await claim(backend, 2)) == 2
        assert len(await claim(backend, 2)) == 0
        assert (await backend.jobs.promote(limit=LIMIT)).next_due is None
