"""Which ids and idempotency keys are taken while a batch is stored: in the store before it, and earlier in the batch.

Settled by the memory store: the id is looked at before the key, and a key that is used again for another task or
another payload is a conflict.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from headrace.model.ids import JobId
from headrace.model.job import JobState, NewJob
from headrace.storage.jobs import Enqueued


def fingerprint(job: NewJob) -> str:
    """What two jobs under one idempotency key must have in common: task and payload."""
    return blake2b(job.task.encode() + b"\0" + job.payload, digest_size=16).hexdigest()


class Taken:
    """``ids`` are ids with the states of their jobs; ``keys``, keys with the id, fingerprint and state of their first.

    >>> taken = Taken([], [])
    >>> job = NewJob(id=JobId("1"), task="mail", payload=b"{}", idempotency_key="order-7")
    >>> taken.find(job)
    >>> taken.add(job, JobState.QUEUED)
    >>> taken.find(job).duplicate
    True
    """

    __slots__ = ("_by_id", "_by_key")

    def __init__(self, ids: Iterable[tuple[str, str]], keys: Iterable[tuple[str, str, str, str]]) -> None:
        self._by_id: dict[str, str] = dict(ids)
        self._by_key = {key: (job_id, mark, state) for key, job_id, mark, state in keys}

    def find(self, job: NewJob) -> Enqueued | None:
        """The answer for a job that is not new."""
        if (state := self._by_id.get(job.id)) is not None:
            return Enqueued(id=job.id, state=JobState(state), duplicate=True)
        if job.idempotency_key is None or (first := self._by_key.get(job.idempotency_key)) is None:
            return None
        job_id, mark, state = first
        same = mark == fingerprint(job)
        return Enqueued(id=JobId(job_id), state=JobState(state), duplicate=same, conflict=not same)

    def add(self, job: NewJob, state: JobState) -> None:
        """Note a job that is new."""
        self._by_id[job.id] = state
        if job.idempotency_key is not None:
            self._by_key[job.idempotency_key] = (job.id, fingerprint(job), state)

    def moved(self, job_id: JobId, state: JobState) -> None:
        """Note that a job of which something may be known is in another state now."""
        if job_id in self._by_id:
            self._by_id[job_id] = state
        for key, (first, mark, _) in self._by_key.items():
            if first == job_id:
                self._by_key[key] = (first, mark, state)
