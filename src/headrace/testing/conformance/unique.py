"""Promises about unique keys: when one is taken, what then becomes of an enqueue, and when exactly it is free again."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from headrace.model.durations import days
from headrace.model.job import FINAL_STATES, LIVE_STATES, JobState, NewJob, UniqueKey
from headrace.model.outcome import Completed, Discarded, Failed, Released, Snoozed
from headrace.model.queue import Retention
from headrace.storage.backend import Backend
from headrace.storage.jobs import Changed, Enqueued, JobEdit
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import (
    ERROR,
    HOUR,
    INSTANT,
    LIMIT,
    begin,
    claim,
    claim_one,
    enqueue,
    finish,
    ids_of,
    job,
    put_in,
    read,
    state_of,
)

NONE_KEPT = Retention(succeeded=timedelta(0), cancelled=timedelta(0), expired=timedelta(0), dead=timedelta(0))
PENDING = (JobState.QUEUED, JobState.SCHEDULED)


def only(key: str = "k", **policy: Any) -> UniqueKey:
    """A policy with the key in question."""
    return UniqueKey(key=key, **policy)


async def ask(backend: Backend, **values: Any) -> Enqueued:
    """What enqueuing a job with the key answers."""
    [answer] = await backend.jobs.enqueue_many([job(**{"unique": only(), **values})])
    return answer


async def is_free(backend: Backend, **policy: Any) -> bool:
    """Whether a job could be enqueued under the key. Where it could, the store now holds it."""
    return (await ask(backend, unique=only(**policy), queue="probe")).added


class UniquePromises:
    """Two jobs are the same work when task and key are equal; queue, payload and all else do not matter."""

    async def test_an_enqueue_under_a_taken_key_answers_the_job_that_holds_it(self, backend: Backend) -> None:
        [first] = await enqueue(backend, job(unique=only()))
        second = job(unique=only(), payload=b"2", queue="other")
        [answer] = await backend.jobs.enqueue_many([second])
        assert answer == Enqueued(id=first, state=JobState.QUEUED, duplicate=True)
        assert await backend.reader.get_many([second.id]) == [None]

    async def test_a_job_tells_its_key(self, backend: Backend) -> None:
        [job_id] = await enqueue(backend, job(unique=only("welcome:7")))
        assert (await read(backend, job_id)).unique_key == "welcome:7"
        assert (await claim_one(backend)).job.unique_key == "welcome:7"

    async def test_keys_of_different_tasks_and_different_keys_never_meet(self, backend: Backend) -> None:
        jobs = [job("t", unique=only()), job("u", unique=only()), job("t", unique=only("l")), job("t")]
        await enqueue(backend, *jobs)
        assert len(await claim(backend, 10)) == 4

    async def test_a_dropped_job_is_not_stored_and_says_so(self, backend: Backend) -> None:
        [first] = await enqueue(backend, job(unique=only()))
        answer = await ask(backend, unique=only(on_conflict="drop"))
        assert answer == Enqueued(id=first, state=JobState.QUEUED, dropped=True)
        assert len(await claim(backend, 10)) == 1

    async def test_a_later_one_of_the_same_batch_sees_the_earlier(self, backend: Backend) -> None:
        first = job(unique=only())
        batch = [first, job(), job(unique=only()), job(unique=only(on_conflict="drop")), job(unique=only("l"))]
        answers = await backend.jobs.enqueue_many(batch)
        assert [(each.added, each.duplicate, each.dropped) for each in answers] == [
            (True, False, False),
            (True, False, False),
            (False, True, False),
            (False, False, True),
            (True, False, False),
        ]
        assert answers[2].id == answers[3].id == first.id
        assert len(await claim(backend, 10)) == 3

    async def test_fifty_concurrent_calls_make_one_job(self, backend: Backend) -> None:
        answers = await asyncio.gather(*(ask(backend) for _ in range(50)))
        assert sum(answer.added for answer in answers) == 1
        assert len({answer.id for answer in answers}) == 1
        assert len(await claim(backend, 100)) == 1

    async def test_a_key_is_taken_in_every_state_of_the_policy_and_free_in_every_other(self, backend: Backend) -> None:
        for state in JobState:
            held = await put_in(backend, state, unique=only(f"{state}"))
            for asked in JobState:
                answer = await ask(backend, unique=only(f"{state}", states=(asked,), on_conflict="drop"), queue="probe")
                assert answer.dropped == (asked is state), (state, asked)
                if answer.added:
                    await backend.jobs.delete_many([answer.id])
                else:
                    assert answer == Enqueued(id=held, state=state, dropped=True)

    async def test_the_default_policy_holds_the_key_until_the_job_has_ended(self, backend: Backend) -> None:
        for state in LIVE_STATES:
            await put_in(backend, state, unique=only(f"{state}"))
            assert not await is_free(backend, key=f"{state}"), state
        for state in FINAL_STATES:
            await put_in(backend, state, unique=only(f"{state}"))
            assert await is_free(backend, key=f"{state}"), state

    async def test_a_key_is_free_once_its_job_has_succeeded(self, backend: Backend) -> None:
        claimed = await begin(backend, unique=only())
        assert not await is_free(backend)
        await finish(backend, claimed, Completed())
        assert await is_free(backend)

    async def test_a_key_is_held_while_a_failed_job_waits_for_its_retry(self, backend: Backend) -> None:
        claimed = await begin(backend, unique=only())
        await finish(backend, claimed, Failed(error=ERROR, retry_in=HOUR))
        assert not await is_free(backend)

    async def test_a_key_is_free_once_its_job_is_dead_cancelled_or_expired(self, backend: Backend) -> None:
        await finish(backend, await begin(backend, unique=only("a")), Discarded(reason="bad"))
        await put_in(backend, JobState.CANCELLED, unique=only("b"))
        await put_in(backend, JobState.EXPIRED, unique=only("c"))
        assert [await is_free(backend, key=key) for key in "abc"] == [True] * 3

    async def test_a_key_is_held_by_a_rescued_job_and_free_once_rescue_makes_it_dead(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        await begin(backend, unique=only("again"), max_attempts=2)
        await begin(backend, unique=only("dead"), max_attempts=1)
        clock.advance(HOUR)
        await backend.jobs.rescue(limit=LIMIT)
        assert not await is_free(backend, key="again")
        assert await is_free(backend, key="dead")

    async def test_deleting_or_pruning_a_job_frees_its_key(self, backend: Backend, clock: FrozenClock) -> None:
        everywhere = tuple(JobState)
        [deleted] = await enqueue(backend, job(unique=only("a")))
        await backend.jobs.delete_many([deleted])
        await put_in(backend, JobState.SUCCEEDED, unique=only("b", states=everywhere))
        clock.advance(INSTANT + backend.capabilities.retention_slack)
        assert not await is_free(backend, key="b", states=everywhere)
        assert await backend.jobs.prune(NONE_KEPT, limit=LIMIT) == 1
        assert [await is_free(backend, key=key, states=everywhere) for key in "ab"] == [True] * 2

    async def test_the_period_counts_from_the_enqueue(self, backend: Backend, clock: FrozenClock) -> None:
        await enqueue(backend, job(unique=only(period=HOUR)))
        clock.advance(HOUR - INSTANT)
        assert not await is_free(backend, period=HOUR)
        clock.advance(INSTANT)
        assert await is_free(backend, period=HOUR)
        assert not await is_free(backend, period=HOUR)

    async def test_a_job_that_holds_its_key_for_a_period_is_not_pruned_before(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        period = HOUR + backend.capabilities.retention_slack
        policy: dict[str, Any] = {"states": tuple(JobState), "period": period}
        await put_in(backend, JobState.SUCCEEDED, unique=only(**policy))
        await put_in(backend, JobState.SUCCEEDED)
        clock.advance(period - INSTANT)
        assert await backend.jobs.prune(NONE_KEPT, limit=LIMIT) == 1
        assert not await is_free(backend, **policy)
        clock.advance(INSTANT)
        assert await backend.jobs.prune(NONE_KEPT, limit=LIMIT) == 1
        assert await is_free(backend, **policy)

    async def test_of_several_holders_the_one_enqueued_last_answers(self, backend: Backend, clock: FrozenClock) -> None:
        await put_in(backend, JobState.SUCCEEDED, unique=only())
        clock.advance(INSTANT)
        [second] = await enqueue(backend, job(unique=only()))
        assert (await ask(backend, unique=only(states=tuple(JobState)))).id == second

    async def test_the_id_and_the_idempotency_key_are_looked_at_first(self, backend: Backend) -> None:
        first = job(unique=only(), idempotency_key="i")
        await enqueue(backend, first)
        by_id = await ask(backend, id=first.id, unique=only(on_conflict="drop"))
        by_key = await ask(backend, idempotency_key="i", unique=only(on_conflict="drop"))
        assert by_id == by_key == Enqueued(id=first.id, state=JobState.QUEUED, duplicate=True)
        clash = await ask(backend, idempotency_key="i", payload=b"2", unique=only(on_conflict="drop"))
        assert clash == Enqueued(id=first.id, state=JobState.QUEUED, conflict=True)

    async def test_an_enqueue_that_adds_no_job_does_not_take_its_idempotency_key(self, backend: Backend) -> None:
        claimed = await begin(backend, unique=only())
        assert (await ask(backend, idempotency_key="i")).duplicate
        await finish(backend, claimed, Completed())
        assert (await ask(backend, idempotency_key="i")).added


class UniqueReplacePromises:
    """``replace``: a job that has not begun becomes what the new one would have been."""

    async def test_a_replaced_job_has_all_that_the_new_one_would_have(
        self, backend: Backend, clock: FrozenClock
    ) -> None:
        [first] = await enqueue(backend, job(unique=only(), tags=("old",), idempotency_key="i"))
        before = await read(backend, first)
        clock.advance(INSTANT)
        new = job(
            payload=b"2", queue="q", priority=9, delay=HOUR, expires_in=2 * HOUR, max_attempts=7, timeout=HOUR,
            tags=("new",), meta={"a": 1}, trace="t", task_version=3, unique=only(on_conflict="replace"),
        )  # fmt: skip
        [answer] = await backend.jobs.enqueue_many([new])
        assert answer == Enqueued(id=first, state=JobState.SCHEDULED, replaced=True)
        now = clock.now()
        after = await read(backend, first)
        assert (after.payload, after.queue, after.priority, after.max_attempts) == (b"2", "q", 9, 7)
        assert (after.state, after.run_at, after.expires_at) == (JobState.SCHEDULED, now + HOUR, now + 2 * HOUR)
        assert (after.timeout, after.tags, after.meta) == (HOUR, ("new",), {"a": 1})
        assert (after.trace, after.task_version) == ("t", 3)
        assert (after.enqueued_at, after.idempotency_key) == (before.enqueued_at, "i")
        assert {(each.queue, each.state): each.count for each in await backend.reader.counts()} == {
            ("q", JobState.SCHEDULED): 1
        }

    async def test_a_replaced_job_loses_what_the_new_one_does_not_have(self, backend: Backend) -> None:
        first = job(unique=only(), delay=HOUR, expires_in=HOUR, tags=("old",), meta={"a": 1}, timeout=HOUR, trace="t")
        await enqueue(backend, first)
        assert (await ask(backend, unique=only(on_conflict="replace"))).state is JobState.QUEUED
        after = await read(backend, first.id)
        assert (after.expires_at, after.tags, after.meta, after.timeout, after.trace) == (None, (), {}, None, None)
        assert ids_of(await claim(backend, 10)) == [first.id]

    async def test_a_job_that_has_begun_is_left_alone_and_answered(self, backend: Backend) -> None:
        for state in (JobState.RUNNING, JobState.WAITING):
            held = await put_in(backend, state, unique=only(f"{state}"))
            before = await read(backend, held)
            answer = await ask(backend, payload=b"2", unique=only(f"{state}", on_conflict="replace"))
            assert answer == Enqueued(id=held, state=state, duplicate=True)
            assert await read(backend, held) == before

    async def test_a_queued_job_that_is_replaced_keeps_its_place(self, backend: Backend, clock: FrozenClock) -> None:
        [first] = await enqueue(backend, job(unique=only()))
        clock.advance(INSTANT)
        [second] = await enqueue(backend, job())
        clock.advance(INSTANT)
        assert (await ask(backend, unique=only(on_conflict="replace"))).replaced
        assert ids_of(await claim(backend, 2)) == [first, second]

    async def test_a_job_between_two_attempts_is_replaced_and_has_all_its_attempts_again(
        self, backend: Backend
    ) -> None:
        claimed = await begin(backend, unique=only(), max_attempts=2)
        await finish(backend, claimed, Failed(error=ERROR, retry_in=HOUR))
        assert (await ask(backend, max_attempts=2, unique=only(on_conflict="replace"))).state is JobState.QUEUED
        again = await claim_one(backend)
        assert (again.job.id, again.job.attempt, again.job.claims) == (claimed.job.id, 1, 2)
        assert again.job.error == ERROR

    async def test_in_a_batch_the_last_one_wins(self, backend: Backend) -> None:
        batch: list[NewJob] = [job(payload=b"%d" % n, unique=only(on_conflict="replace")) for n in range(5)]
        answers = await backend.jobs.enqueue_many(batch)
        assert [each.replaced for each in answers] == [False, True, True, True, True]
        assert {each.id for each in answers} == {batch[0].id}
        [claimed] = await claim(backend, 10)
        assert claimed.job.payload == b"4"

    async def test_a_replaced_job_takes_the_newer_policy(self, backend: Backend, clock: FrozenClock) -> None:
        everywhere = tuple(JobState)
        await enqueue(backend, job(unique=only()))
        await ask(backend, unique=only(states=everywhere, period=HOUR, on_conflict="replace"))
        await finish(backend, await claim_one(backend), Completed())
        clock.advance(HOUR - INSTANT)
        assert await backend.jobs.prune(NONE_KEPT, limit=LIMIT) == 0


class UniqueReturnPromises:
    """What happens when a job comes back into the states in which it takes its key."""

    async def test_a_retry_beside_a_live_job_with_the_key_is_refused_and_names_it(self, backend: Backend) -> None:
        dead = await put_in(backend, JobState.DEAD, unique=only())
        [live] = await enqueue(backend, job(unique=only()))
        answers = await backend.jobs.retry_many([dead])
        assert answers == [Changed(id=dead, state=JobState.DEAD, changed=False, conflict=live)]
        assert await state_of(backend, dead) is JobState.DEAD

    async def test_a_retry_is_possible_again_once_the_other_has_ended(self, backend: Backend) -> None:
        dead = await put_in(backend, JobState.DEAD, unique=only())
        claimed = await begin(backend, unique=only())
        await finish(backend, claimed, Completed())
        assert await backend.jobs.retry_many([dead]) == [Changed(id=dead, state=JobState.QUEUED, changed=True)]
        assert not await is_free(backend)

    async def test_of_two_dead_jobs_with_one_key_a_retry_of_both_queues_the_first(self, backend: Backend) -> None:
        one = await put_in(backend, JobState.DEAD, unique=only())
        two = await put_in(backend, JobState.DEAD, unique=only())
        answers = await backend.jobs.retry_many([two, one])
        assert [(each.id, each.changed, each.conflict) for each in answers] == [(two, True, None), (one, False, two)]

    async def test_a_retry_asks_by_the_policy_of_the_job_itself(self, backend: Backend, clock: FrozenClock) -> None:
        dead = await put_in(backend, JobState.DEAD, unique=only(period=HOUR))
        await enqueue(backend, job(unique=only(period=HOUR)))
        assert [each.changed for each in await backend.jobs.retry_many([dead])] == [False]
        clock.advance(HOUR)
        assert [each.changed for each in await backend.jobs.retry_many([dead])] == [True]

    async def test_an_ended_job_with_the_key_does_not_stand_in_the_way_of_a_retry(self, backend: Backend) -> None:
        everywhere = tuple(JobState)
        dead = await put_in(backend, JobState.DEAD, unique=only(states=everywhere))
        await put_in(backend, JobState.SUCCEEDED, unique=only())
        assert [each.changed for each in await backend.jobs.retry_many([dead])] == [True]
        assert not await is_free(backend)

    async def test_a_job_that_comes_back_beside_a_younger_one_is_not_lost(self, backend: Backend) -> None:
        claimed = await begin(backend, unique=only(states=PENDING))
        [young] = await enqueue(backend, job(unique=only(states=PENDING)))
        for outcome in (Snoozed(delay=timedelta(0)), Released(), Failed(error=ERROR, retry_in=timedelta(0))):
            await finish(backend, claimed, outcome)
            assert await state_of(backend, claimed.job.id) is JobState.QUEUED
            both = await claim(backend, 2)
            assert set(ids_of(both)) == {claimed.job.id, young}
            for each in both:
                if each.job.id == young:
                    await finish(backend, each, Released())
                else:
                    claimed = each
        assert not await is_free(backend, states=PENDING)
        await backend.jobs.delete_many([young])
        await finish(backend, claimed, Released())
        assert not await is_free(backend, states=PENDING)
        await backend.jobs.cancel_many([claimed.job.id], reason="no")
        assert await is_free(backend, states=PENDING)

    async def test_an_edit_moves_the_key_with_the_state_of_its_job(self, backend: Backend, clock: FrozenClock) -> None:
        scheduled = (JobState.SCHEDULED,)
        [job_id] = await enqueue(backend, job(unique=only(states=scheduled)))
        await backend.jobs.edit_many([JobEdit(id=job_id, run_at=clock.now() + HOUR)])
        assert not await is_free(backend, states=scheduled)
        clock.advance(days(1))
        await backend.jobs.promote(limit=LIMIT)
        assert await is_free(backend, states=scheduled)
