"""Short ways to say what most tests need: a job, a claim of it, its state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from headrace.model.ids import JobId, new_job_id
from headrace.model.job import Attempt, ErrorInfo, Job, JobState, NewJob
from headrace.model.lease import Claim
from headrace.model.outcome import Completed, Failed, Finish, Outcome, Waiting
from headrace.storage.backend import Backend
from headrace.storage.jobs import Changed, ClaimRequest, Settled

LEASE = timedelta(seconds=30)
HOUR = timedelta(hours=1)
INSTANT = timedelta(milliseconds=1)
"""Less than anything a test waits for, and not less than what any store can tell apart."""

ERROR = ErrorInfo(type="ValueError", message="no", traceback="Traceback (most recent call last): no")
LIMIT = 1_000


def job(task: str = "t", **values: Any) -> NewJob:
    """A new job with a fresh id and a small payload.

    >>> job("greet", priority=7).task
    'greet'
    """
    values.setdefault("payload", b"{}")
    return NewJob(id=values.pop("id", None) or new_job_id(), task=task, **values)


async def enqueue(backend: Backend, *jobs: NewJob) -> list[JobId]:
    """Store jobs, which must all be new, and answer their ids."""
    answers = await backend.jobs.enqueue_many(jobs)
    assert not any(answer.duplicate or answer.conflict for answer in answers)
    return [answer.id for answer in answers]


async def claim(
    backend: Backend, count: int = 1, *, queue: str = "default", worker: str = "w-1", lease: timedelta = LEASE
) -> list[Claim]:
    """Claim up to ``count`` jobs of one queue."""
    return await backend.jobs.claim(ClaimRequest(worker=worker, demand={queue: count}, lease_for=lease))


async def claim_one(
    backend: Backend, *, queue: str = "default", worker: str = "w-1", lease: timedelta = LEASE
) -> Claim:
    """Claim the one job that must be there."""
    claims = await claim(backend, queue=queue, worker=worker, lease=lease)
    assert len(claims) == 1
    return claims[0]


async def begin(backend: Backend, **values: Any) -> Claim:
    """Enqueue a job into an empty queue and claim it."""
    new = job(**values)
    await enqueue(backend, new)
    claimed = await claim_one(backend, queue=new.queue)
    assert claimed.job.id == new.id
    return claimed


async def finish(backend: Backend, claimed: Claim, outcome: Outcome) -> Settled:
    """Finish one claim."""
    [settled] = await backend.jobs.finish_many([Finish(lease=claimed.lease, outcome=outcome)])
    return settled


async def read(backend: Backend, job_id: JobId) -> Job:
    """The job, which must be there."""
    [found] = await backend.reader.get_many([job_id])
    assert found is not None
    return found


async def state_of(backend: Backend, job_id: JobId) -> JobState:
    """The job's state."""
    return (await read(backend, job_id)).state


async def history(backend: Backend, job_id: JobId) -> list[Attempt]:
    """The job's ended attempts."""
    return await backend.reader.attempts(job_id)


async def put_in(backend: Backend, state: JobState, **values: Any) -> JobId:
    """A new job brought into ``state``, in a queue of its own unless one is given."""
    new = job(**{"queue": f"of-{state}", "run_at": None, **values})
    if state is JobState.SCHEDULED:
        await enqueue(backend, job(**_fields(new, delay=HOUR)))
    elif state is JobState.EXPIRED:
        await enqueue(backend, job(**_fields(new, expires_in=timedelta(0))))
        assert new.id in (await backend.jobs.expire(limit=LIMIT)).ids
    else:
        await enqueue(backend, new)
    if state is JobState.CANCELLED:
        await backend.jobs.cancel_many([new.id], reason="not wanted")
    if state in _OUTCOMES or state is JobState.RUNNING:
        claimed = await claim_one(backend, queue=new.queue)
        if state in _OUTCOMES:
            await finish(backend, claimed, _OUTCOMES[state])
    assert await state_of(backend, new.id) is state
    return new.id


_OUTCOMES: dict[JobState, Outcome] = {
    JobState.SUCCEEDED: Completed(result=b"1"),
    JobState.DEAD: Failed(error=ERROR),
    JobState.WAITING: Waiting(seen=0),
}


def _fields(new: NewJob, **values: Any) -> dict[str, Any]:
    return {name: getattr(new, name) for name in new.__struct_fields__} | values


def ids_of(claims: Sequence[Claim]) -> list[JobId]:
    """The ids of claimed jobs, in the order of the claims."""
    return [each.job.id for each in claims]


def answers(changes: Sequence[Changed]) -> list[tuple[JobState | None, bool]]:
    """What a verb of people answered, without the ids."""
    return [(each.state, each.changed) for each in changes]
