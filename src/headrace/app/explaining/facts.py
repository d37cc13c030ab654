"""What an explanation rests on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, structs

from headrace.app.catalogue import find_tasks
from headrace.engine.registry import WorkerRecord, list_workers
from headrace.model.catalogue import TaskRecord
from headrace.model.durations import format_duration
from headrace.model.job import Attempt, Job, JobState
from headrace.model.limits import Blocked
from headrace.model.queue import QueueSettings
from headrace.storage.backend import Backend

WINDOW = timedelta(minutes=1)
"""How far back rates are taken: long enough to be steady, short enough to be about now."""


class Facts(Struct, frozen=True, kw_only=True):
    """A job, its queue, its task's entry in the catalogue and the workers there are, at one moment.

    ``running``: of its queue, those that are claimed ahead as well. ``lease_left``: of a running job.
    """

    job: Job
    now: datetime
    queue: QueueSettings
    queued: int
    running: int
    begun_per_s: float
    workers: Sequence[WorkerRecord]
    attempts: Sequence[Attempt]
    blocked: Sequence[Blocked] = ()
    record: TaskRecord | None = None
    lease_left: timedelta | None = None

    @property
    def serving(self) -> list[WorkerRecord]:
        """The workers that take jobs of the queue."""
        return [worker for worker in self.workers if self.job.queue in worker.queues]

    @property
    def knowing(self) -> list[WorkerRecord]:
        """The workers that know its task, whatever queues they serve."""
        return [worker for worker in self.workers if self.job.task in worker.tasks]

    @property
    def error(self) -> dict[str, Any] | None:
        """The last error as evidence."""
        error = self.job.error
        if error is None:
            return None
        return {"type": error.type, "message": error.message, "fingerprint": error.fingerprint}


async def gather(backend: Backend, job: Job) -> Facts:
    """Read the facts, as they are now."""
    [facts] = await gather_many(backend, [job])
    return structs.replace(facts, attempts=await backend.reader.attempts(job.id))


async def gather_many(backend: Backend, jobs: Sequence[Job]) -> list[Facts]:
    """Read the facts of many jobs, but for their attempts: what they share is read once."""
    settings = {queue.name: queue for queue in await backend.queues.all()}
    counts = await backend.reader.counts(queues=sorted({job.queue for job in jobs}))
    many = {(each.queue, each.state): each.count for each in counts}
    rates = {rate.queue: rate for rate in await backend.reader.rates(window=WINDOW)}
    blocked = await backend.reader.blocking([job.id for job in jobs])
    running = [job.id for job in jobs if job.state is JobState.RUNNING]
    left = dict(zip(running, await backend.reader.lease_left(running) if running else [], strict=True))
    told = await find_tasks(backend.kv, sorted({job.task for job in jobs}))
    workers, now = await list_workers(backend.kv), backend.clock.now()
    return [
        Facts(
            job=job,
            now=now,
            queue=settings.get(job.queue, QueueSettings(name=job.queue)),
            queued=many.get((job.queue, JobState.QUEUED), 0),
            running=many.get((job.queue, JobState.RUNNING), 0),
            begun_per_s=rates[job.queue].per_second("claimed") if job.queue in rates else 0.0,
            workers=workers,
            attempts=(),
            blocked=by,
            record=told.get(job.task),
            lease_left=left.get(job.id),
        )
        for job, by in zip(jobs, blocked, strict=True)
    ]


def at(instant: datetime) -> str:
    """An instant in a sentence.

    >>> from datetime import UTC
    >>> at(datetime(2025, 1, 31, 9, 0, 5, tzinfo=UTC))
    '2025-01-31 09:00:05 UTC'
    """
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"


def span(duration: timedelta) -> str:
    """A duration in a sentence, never negative."""
    return format_duration(max(timedelta(0), duration))
