"""The job store: each verb is one critical section around the function that is its specification."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from msgspec import UNSET

from headrace.backends.memory import changing, claiming, enqueueing, finishing, restoring, upkeep
from headrace.backends.memory.session import Session
from headrace.errors import TooLarge
from headrace.model.ids import JobId
from headrace.model.job import NewJob
from headrace.model.lease import Claim, Lease
from headrace.model.outcome import Completed, Finish
from headrace.model.queue import Retention
from headrace.storage.backend import Capabilities
from headrace.storage.jobs import (
    Changed,
    ClaimRequest,
    Enqueued,
    Expiration,
    Heartbeat,
    JobEdit,
    JobRestore,
    Promotion,
    Report,
    Rescued,
    Settled,
)


class MemoryJobStore:
    """No verb awaits anything, so a cancelled call has either not begun or is done (promise 8)."""

    def __init__(self, session: Session, capabilities: Capabilities) -> None:
        self._session = session
        self._capabilities = capabilities

    async def enqueue_many(self, jobs: Sequence[NewJob]) -> list[Enqueued]:
        limit = self._capabilities.max_batch
        if len(jobs) > limit:
            raise TooLarge(f"a batch of {len(jobs)} jobs is over the limit of {limit}: cut it into smaller ones")
        self._check_sizes((f"the payload of job {job.id}", job.payload) for job in jobs)
        with self._session.section() as state:
            return enqueueing.enqueue(state, jobs)

    async def claim(self, request: ClaimRequest) -> list[Claim]:
        with self._session.section() as state:
            return claiming.claim(state, request)

    async def heartbeat(self, leases: Sequence[Lease], *, extend: timedelta) -> list[Heartbeat]:
        with self._session.section() as state:
            return claiming.heartbeat(state, leases, extend)

    async def finish_many(self, finishes: Sequence[Finish]) -> list[Settled]:
        self._check_sizes(
            (f"the result of job {each.lease.job_id}", each.outcome.result)
            for each in finishes
            if isinstance(each.outcome, Completed) and each.outcome.result is not None
        )
        with self._session.section() as state:
            return finishing.finish(state, finishes)

    async def report_many(self, reports: Sequence[Report]) -> list[Settled]:
        with self._session.section() as state:
            return claiming.report(state, reports)

    async def cancel_many(self, ids: Sequence[JobId], *, reason: str) -> list[Changed]:
        with self._session.section() as state:
            return changing.cancel(state, ids, reason)

    async def retry_many(self, ids: Sequence[JobId], *, edits: Sequence[JobEdit] = ()) -> list[Changed]:
        self._check_edits(edits)
        with self._session.section() as state:
            return changing.retry(state, ids, edits)

    async def discard_many(self, ids: Sequence[JobId], *, reason: str) -> list[Changed]:
        with self._session.section() as state:
            return changing.discard(state, ids, reason)

    async def wake_many(self, ids: Sequence[JobId]) -> list[Changed]:
        with self._session.section() as state:
            return changing.wake(state, ids)

    async def edit_many(self, edits: Sequence[JobEdit]) -> list[Changed]:
        self._check_edits(edits)
        with self._session.section() as state:
            return changing.edit(state, edits)

    async def restore_many(self, restores: Sequence[JobRestore]) -> list[Changed]:
        with self._session.section() as state:
            return restoring.restore(state, restores)

    async def delete_many(self, ids: Sequence[JobId]) -> list[Changed]:
        with self._session.section() as state:
            return changing.delete(state, ids)

    async def promote(self, *, limit: int) -> Promotion:
        with self._session.section() as state:
            return upkeep.promote(state, limit)

    async def rescue(self, *, limit: int, quarantine_after: int | None = None) -> list[Rescued]:
        with self._session.section() as state:
            return upkeep.rescue(state, limit, quarantine_after)

    async def expire(self, *, limit: int) -> Expiration:
        with self._session.section() as state:
            return upkeep.expire(state, limit)

    async def prune(self, retention: Retention, *, limit: int) -> int:
        with self._session.section() as state:
            return upkeep.prune(state, retention, limit)

    def _check_edits(self, edits: Sequence[JobEdit]) -> None:
        self._check_sizes(
            (f"the payload of job {edit.id}", edit.payload) for edit in edits if edit.payload is not UNSET
        )

    def _check_sizes(self, named: Iterable[tuple[str, bytes]]) -> None:
        limit = self._capabilities.max_payload
        for name, data in named:
            if len(data) > limit:
                raise TooLarge(
                    f"{name} has {len(data)} bytes, over the limit of {limit}: store it elsewhere and pass its name"
                )
