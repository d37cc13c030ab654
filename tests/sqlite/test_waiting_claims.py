"""Claims that wait in the store until there is something to claim."""

import asyncio
from datetime import timedelta

import pytest

from headrace.backends.sqlite import SqliteBackend
from headrace.model.job import JobState
from headrace.model.lease import Claim
from headrace.model.outcome import Finish, Released
from headrace.storage.jobs import ClaimRequest
from headrace.testing.conformance.builders import claim_one, job, state_of

LEASE = timedelta(seconds=30)
FOREVER = timedelta(hours=1)


def waiting(queue: str = "default", wanted: int = 1, wait: timedelta = FOREVER) -> ClaimRequest:
    return ClaimRequest(worker="w-1", demand={queue: wanted}, lease_for=LEASE, wait=wait)


async def parked(backend: SqliteBackend, request: ClaimRequest) -> asyncio.Task[list[Claim]]:
    """A claim that is under way and waits in the writer: whatever is handed over after it finds it there."""
    task = asyncio.create_task(backend.jobs.claim(request))
    await asyncio.sleep(0)
    await backend._writer.data_version()
    assert not backend._writer._parking.empty
    return task


async def test_a_claim_is_answered_by_the_enqueue_that_brings_a_job(backend: SqliteBackend) -> None:
    claim = await parked(backend, waiting(wanted=5))
    new = job()
    await backend.jobs.enqueue_many([new])
    [taken] = await claim
    assert taken.job.id == new.id
    assert await state_of(backend, new.id) is JobState.RUNNING


async def test_a_job_in_another_queue_answers_nobody(backend: SqliteBackend) -> None:
    claim = await parked(backend, waiting("mail"))
    await backend.jobs.enqueue_many([job(queue="other")])
    assert not claim.done()
    await backend.jobs.enqueue_many([job(queue="mail")])
    assert len(await claim) == 1


async def test_a_job_that_is_given_back_answers_a_claim(backend: SqliteBackend) -> None:
    [reply] = await backend.jobs.enqueue_many([job()])
    held = await claim_one(backend)
    claim = await parked(backend, waiting())
    await backend.jobs.finish_many([Finish(lease=held.lease, outcome=Released())])
    [taken] = await claim
    assert taken.job.id == reply.id


async def test_an_enqueue_of_another_backend_answers_a_claim(backend: SqliteBackend) -> None:
    other = backend.sibling()
    await other.open()
    async with backend.signals.subscribe(["work"]):
        claim = await parked(backend, waiting())
        await other.jobs.enqueue_many([job()])
        async with asyncio.timeout(10):
            assert len(await claim) == 1
    await other.close()


async def test_one_job_answers_one_of_two_claims(backend: SqliteBackend) -> None:
    shortly = waiting(wait=timedelta(milliseconds=50))
    first, second = await parked(backend, shortly), await parked(backend, shortly)
    await backend.jobs.enqueue_many([job()])
    answers = [await first, await second]
    assert sorted(len(answer) for answer in answers) == [0, 1]


async def test_a_claim_that_waited_in_vain_answers_nothing(backend: SqliteBackend) -> None:
    assert await backend.jobs.claim(waiting(wait=timedelta(milliseconds=1))) == []
    assert backend._writer._parking.empty


async def test_a_cancelled_claim_takes_nothing(backend: SqliteBackend) -> None:
    claim = await parked(backend, waiting())
    claim.cancel()
    with pytest.raises(asyncio.CancelledError):
        await claim
    await backend.jobs.settled()
    [reply] = await backend.jobs.enqueue_many([job()])
    assert await state_of(backend, reply.id) is JobState.QUEUED


async def test_a_claim_cancelled_as_it_is_answered_gives_back_what_it_took(backend: SqliteBackend) -> None:
    for _ in range(30):
        claim = await parked(backend, waiting())
        enqueue = asyncio.ensure_future(backend.jobs.enqueue_many([job()]))
        await asyncio.sleep(0)
        claim.cancel()
        [reply] = await enqueue
        await asyncio.wait([claim])
        await backend.jobs.settled()
        [stored] = await backend.reader.get_many([reply.id])
        assert stored is not None
        assert (stored.state, stored.attempt) == (JobState.QUEUED, 0)
        await backend.jobs.delete_many([reply.id])


async def test_a_claim_cancelled_before_it_has_come_to_wait_does_not_wait(backend: SqliteBackend) -> None:
    for _ in range(100):
        claim = asyncio.create_task(backend.jobs.claim(waiting()))
        await asyncio.sleep(0)
        claim.cancel()
        await asyncio.wait([claim])
        await backend.jobs.settled()
    assert backend._writer._parking.empty


async def test_closing_the_backend_answers_who_waits(backend: SqliteBackend) -> None:
    claim = await parked(backend, waiting())
    await backend.close()
    assert await claim == []


async def test_what_a_rolled_back_transaction_would_have_brought_answers_nobody(backend: SqliteBackend) -> None:
    claim = await parked(backend, waiting())

    def fail(transaction: object) -> None:
        raise RuntimeError("after the enqueue it shares a transaction with")

    new = job()
    results = await asyncio.gather(backend.jobs.enqueue_many([new]), backend._writer.run(fail), return_exceptions=True)
    assert isinstance(results[1], Exception)
    [taken] = await claim
    assert taken.job.id == new.id
    assert taken.job.claims == 1
