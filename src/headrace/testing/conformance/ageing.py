"""Ageing: a job that waits gains priority, so that a stream of urgent work starves nobody."""

from __future__ import annotations

from headrace.storage.backend import Backend
from headrace.storage.jobs import JobEdit
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import HOUR, INSTANT, claim, enqueue, ids_of, job
from headrace.testing.conformance.limiting import configure, keyed, limit


class AgeingPromises:
    async def test_a_job_gains_a_level_for_each_span_it_waits(self, backend: Backend, clock: FrozenClock) -> None:
        await configure(backend, ageing=HOUR)
        [old] = await enqueue(backend, job(priority=3))
        clock.advance(2 * HOUR)
        ids = await enqueue(backend, job(priority=4), job(priority=5), job(priority=6))
        assert ids_of(await claim(backend, 5)) == [ids[2], old, ids[1], ids[0]]

    async def test_a_stream_of_urgent_jobs_starves_nobody(self, backend: Backend, clock: FrozenClock) -> None:
        await configure(backend, ageing=HOUR / 60)
        [patient] = await enqueue(backend, job(priority=0))
        for _ in range(9):
            await enqueue(backend, job(priority=9))
            assert ids_of(await claim(backend, 1)) != [patient]
            clock.advance(HOUR / 60)
        await enqueue(backend, job(priority=9))
        assert ids_of(await claim(backend, 1)) == [patient]

    async def test_without_ageing_priority_is_strict(self, backend: Backend, clock: FrozenClock) -> None:
        [old] = await enqueue(backend, job(priority=0))
        clock.advance(1_000 * HOUR)
        [new] = await enqueue(backend, job(priority=1))
        assert ids_of(await claim(backend, 2)) == [new, old]

    async def test_jobs_of_one_priority_stay_in_their_order(self, backend: Backend, clock: FrozenClock) -> None:
        await configure(backend, ageing=INSTANT)
        ids = await enqueue(backend, *(job() for _ in range(5)))
        clock.advance(HOUR)
        ids += await enqueue(backend, job())
        assert ids_of(await claim(backend, 9)) == ids

    async def test_ageing_can_be_changed_while_jobs_are_queued(self, backend: Backend, clock: FrozenClock) -> None:
        [old] = await enqueue(backend, job(priority=0))
        clock.advance(HOUR)
        ids = await enqueue(backend, job(priority=1), job(priority=2), job(priority=3))
        await configure(backend, ageing=HOUR * 0.9)
        assert ids_of(await claim(backend, 2)) == [ids[2], ids[1]]
        await configure(backend, ageing=2 * HOUR)
        assert ids_of(await claim(backend, 1)) == [ids[0]]
        await configure(backend)
        assert ids_of(await claim(backend, 1)) == [old]

    async def test_an_edited_priority_counts_from_when_the_job_could_run(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        await configure(backend, ageing=HOUR)
        [first] = await enqueue(backend, job(priority=0))
        clock.advance(HOUR)
        [second] = await enqueue(backend, job(priority=5))
        await backend.jobs.edit_many([JobEdit(id=first, priority=5)])
        assert ids_of(await claim(backend, 2)) == [first, second]

    async def test_where_keys_take_turns_priority_decides_within_a_key(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        await configure(backend, ageing=HOUR, fair=True)
        ids = await enqueue(backend, *keyed("a", priority=0), *keyed("a", priority=9), *keyed("b", priority=0))
        assert ids_of(await claim(backend, 9)) == [ids[1], ids[2], ids[0]]

    async def test_ageing_and_limits_go_together(self, backend: Backend, clock: FrozenClock) -> None:
        await configure(backend, ageing=HOUR)
        await limit(backend, "keys:default", concurrency=1)
        await limit(backend, "task:u", concurrency=1)
        old = await enqueue(backend, *keyed("a", priority=3), *keyed("b", priority=3, task="u"))
        clock.advance(2 * HOUR)
        new = await enqueue(backend, *keyed("a", priority=4), *keyed("c", priority=9), *keyed("d", task="u"))
        assert ids_of(await claim(backend, 9)) == [new[1], *old]
