"""Fairness: keys of a queue take turns, so that nobody waits for another's backlog."""

from __future__ import annotations

from collections import Counter

from headrace.model.limits import Rate
from headrace.model.outcome import Completed, Released
from headrace.storage.backend import Backend
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import HOUR, INSTANT, claim, claim_one, enqueue, finish, ids_of
from headrace.testing.conformance.limiting import SECOND, configure, keyed, keys_claimed, limit


class FairnessPromises:
    async def test_keys_take_turns_in_the_order_in_which_they_came(self, backend: Backend) -> None:
        await configure(backend, fair=True)
        await enqueue(backend, *keyed("a", 3), *keyed("b", 3), *keyed("c", 1))
        assert await keys_claimed(backend, 10) == ["a", "b", "c", "a", "b", "a", "b"]

    async def test_turns_go_on_from_claim_to_claim(self, backend: Backend) -> None:
        await configure(backend, fair=True)
        await enqueue(backend, *keyed("a", 9), *keyed("b", 9), *keyed("c", 9))
        assert await keys_claimed(backend, 2) == ["a", "b"]
        assert await keys_claimed(backend, 2) == ["c", "a"]
        assert await keys_claimed(backend, 5) == ["b", "c", "a", "b", "c"]

    async def test_a_tenant_with_very_many_jobs_delays_nobody(self, backend: Backend) -> None:
        await configure(backend, fair=True)
        for _ in range(5):
            await enqueue(backend, *keyed("crowd", 1_000))
        assert await keys_claimed(backend, 50) == ["crowd"] * 50
        await enqueue(backend, *keyed("small", 2))
        assert await keys_claimed(backend, 4) == ["crowd", "small", "crowd", "small"]

    async def test_a_key_that_comes_again_joins_at_the_end(self, backend: Backend) -> None:
        await configure(backend, fair=True)
        await enqueue(backend, *keyed("a", 5), *keyed("b", 5), *keyed("eager"))
        assert await keys_claimed(backend, 3) == ["a", "b", "eager"]
        assert await keys_claimed(backend, 1) == ["a"]
        await enqueue(backend, *keyed("eager"))
        assert await keys_claimed(backend, 3) == ["b", "a", "eager"]

    async def test_jobs_without_a_key_are_together_one_key(self, backend: Backend) -> None:
        await configure(backend, fair=True)
        await enqueue(backend, *keyed(None, 4), *keyed("a", 4), *keyed("b", 4))
        assert await keys_claimed(backend, 6) == [None, "a", "b", None, "a", "b"]

    async def test_keys_take_turns_within_a_priority(self, backend: Backend) -> None:
        await configure(backend, fair=True)
        await enqueue(backend, *keyed("a", 2, priority=5), *keyed("b", 2, priority=9), *keyed("c", 2, priority=9))
        await enqueue(backend, *keyed("a", 1, priority=0), *keyed("d", 1, priority=5))
        assert await keys_claimed(backend, 10) == ["b", "c", "b", "c", "a", "d", "a", "a"]

    async def test_within_a_key_the_order_is_by_priority_and_age(self, backend: Backend, clock: FrozenClock) -> None:
        await configure(backend, fair=True)
        ids = await enqueue(
            backend,
            *keyed("a", priority=5),
            *keyed("a", priority=9),
            *keyed("a", priority=5, run_at=clock.now() - HOUR),
        )
        assert ids_of(await claim(backend, 3)) == [ids[1], ids[2], ids[0]]

    async def test_a_key_at_its_limit_is_passed_over_and_keeps_its_turn(self, backend: Backend) -> None:
        await configure(backend, fair=True)
        await limit(backend, "keys:default", concurrency=1)
        await enqueue(backend, *keyed("a", 3), *keyed("b", 3))
        first, _ = await claim(backend, 10)
        await enqueue(backend, *keyed("c", 3))
        assert await keys_claimed(backend, 10) == ["c"]
        await finish(backend, first, Completed())
        assert await keys_claimed(backend, 10) == ["a"]

    async def test_turns_and_limits_by_key_and_task_go_together(self, backend: Backend) -> None:
        await configure(backend, fair=True)
        await limit(backend, "task:u", concurrency=2)
        await limit(backend, "keys:default", rate=Rate(3, per=HOUR))
        await enqueue(backend, *(each for key in "abc" for task in "ut" for each in keyed(key, 3, task=task)))
        claims = await claim(backend, 20)
        assert Counter(each.job.partition for each in claims) == {"a": 3, "b": 3, "c": 3}
        assert Counter(each.job.task for each in claims) == {"u": 2, "t": 7}
        assert [each.job.partition for each in claims][:3] == ["a", "b", "c"]

    async def test_a_released_job_goes_when_its_key_is_next(self, backend: Backend) -> None:
        await configure(backend, fair=True)
        await enqueue(backend, *keyed("a", 2), *keyed("b", 2))
        claimed = await claim_one(backend)
        await finish(backend, claimed, Released())
        claims = await claim(backend, 2)
        assert [each.job.partition for each in claims] == ["b", "a"]
        assert claims[1].job.id == claimed.job.id

    async def test_expired_jobs_do_not_cost_their_key_its_turn(self, backend: Backend, clock: FrozenClock) -> None:
        await configure(backend, fair=True)
        await enqueue(backend, *keyed("a", 3, expires_in=SECOND, priority=9), *keyed("b", 2), *keyed("a", 2))
        clock.advance(SECOND + INSTANT)
        assert await keys_claimed(backend, 3) == ["a", "b", "a"]

    async def test_fairness_can_be_turned_on_and_off(self, backend: Backend) -> None:
        await enqueue(backend, *keyed("a", 6), *keyed("b", 6))
        assert await keys_claimed(backend, 2) == ["a", "a"]
        await configure(backend, fair=True)
        assert await keys_claimed(backend, 4) == ["a", "b", "a", "b"]
        await configure(backend, fair=False)
        assert await keys_claimed(backend, 3) == ["a", "a", "b"]

    async def test_of_very_many_keys_each_is_served_once_in_a_round(self, backend: Backend) -> None:
        await configure(backend, fair=True)
        keys = [f"k{n}" for n in range(300)]
        await enqueue(backend, *(each for _ in range(2) for key in keys for each in keyed(key)))
        served = [key for _ in range(20) for key in await keys_claimed(backend, 30)]
        assert served == [*keys, *keys]
