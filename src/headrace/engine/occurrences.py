"""Enqueueing the jobs of occurrences: each by itself where not all of them can be stored, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import structs

from headrace.engine.middleware import EnqueueNext
from headrace.errors import StorageError, Unavailable
from headrace.model.ids import JobId
from headrace.model.job import NewJob
from headrace.model.schedule import Firing, KeyTaken, Outcome
from headrace.storage.backend import Backend
from headrace.storage.jobs import Enqueued


class Enqueues(NamedTuple):
    """What became of jobs: by the id each was given, the store's reply, or what refused it."""

    replies: dict[JobId, Enqueued]
    refused: dict[JobId, Exception]


async def enqueue_each(backend: Backend, enqueue: EnqueueNext, jobs: Sequence[NewJob]) -> Enqueues:
    """Enqueue jobs in the store's batches; where one is refused, by the store or by middleware, all others are stored.

    Raises Unavailable alone. A job that is there already, and a key that is taken because the schedule was changed
    since, are replies like others.
    """
    done = Enqueues({}, {})
    most = backend.capabilities.max_batch
    for start in range(0, len(jobs), most):
        batch = jobs[start : start + most]
        try:
            await _enqueue_batch(enqueue, batch, done)
        except Unavailable:
            raise
        except Exception:
            await _enqueue_one_by_one(backend, enqueue, batch, done)
    return done


async def _enqueue_one_by_one(backend: Backend, enqueue: EnqueueNext, jobs: Sequence[NewJob], done: Enqueues) -> None:
    for job in jobs:
        try:
            await _enqueue_batch(enqueue, [job], done)
        except Unavailable:
            raise
        except Exception as error:
            # Middleware may raise once the job is stored; what the ledger says must be what is so.
            [stored] = await backend.reader.get_many([job.id])
            if stored is not None:
                done.replies[job.id] = Enqueued(id=job.id, state=stored.state, duplicate=True)
            else:
                done.refused[job.id] = error


async def _enqueue_batch(enqueue: EnqueueNext, jobs: Sequence[NewJob], done: Enqueues) -> None:
    replies = await enqueue(jobs)
    done.replies.update((job.id, reply) for job, reply in zip(jobs, replies, strict=True))


def settled(firing: Firing, job: NewJob, done: Enqueues, now: datetime) -> Firing:
    """The occurrence as the ledger is to have it, once its job was enqueued, or could not be."""
    reply = done.replies.get(job.id)
    if reply is None:
        return structs.replace(firing, outcome=Outcome.FAILED, reason=_told(done.refused[job.id]))
    fired = structs.replace(firing, outcome=Outcome.FIRED, fired_at=now, job_id=reply.id)
    if reply.dropped:
        reason = f"dropped: job {reply.id} holds its unique key"
        return structs.replace(fired, outcome=Outcome.SKIPPED, fired_at=None, reason=reason, key_taken=KeyTaken.DROPPED)
    if reply.replaced:
        reason = f"replaced: job {reply.id}, which holds its unique key, has its arguments now"
        return structs.replace(fired, reason=reason, key_taken=KeyTaken.REPLACED)
    if reply.duplicate and reply.id != job.id:
        reason = f"joined: job {reply.id}, which holds its unique key, stands for it"
        return structs.replace(fired, reason=reason, key_taken=KeyTaken.JOINED)
    return fired


def _told(error: Exception) -> str:
    """Why in words. The errors of middleware are other people's, and may say little without their type."""
    return str(error) if isinstance(error, StorageError) else f"{type(error).__name__}: {error}"
