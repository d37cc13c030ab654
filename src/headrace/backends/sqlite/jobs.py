"""The job store: each verb handed to the writing lane, or to the caller's connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol, TypeVar

from headrace.backends.sqlite.liveness import Liveness
from headrace.backends.sqlite.transaction import Transaction
from headrace.backends.sqlite.verbs import changes, claim, enqueue, finish, heartbeat, report, upkeep
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
    Heartbeat,
    JobEdit,
    JobStore,
    Promotion,
    Report,
    Rescued,
    Settled,
)

T = TypeVar("T")


class Runner(Protocol):
    """What runs verbs: the writing lane, or the caller's connection."""

    async def run(
        self,
        verb: Callable[[Transaction], T],
        *,
        durable: bool = True,
        shortcut: Callable[[Transaction], T | None] | None = None,
    ) -> T: ...


class SqliteJobStore:
    """Every verb is one transaction, or a part of one that concurrent verbs share.

    Claims, heartbeats and reports do not wait for the disk: what a power cut undoes of them it has ended anyway.
    """

    def __init__(
        self,
        runner: Runner,
        capabilities: Capabilities,
        liveness: Liveness,
        within: Callable[[object], Runner],
    ) -> None:
        self._runner = runner
        self._capabilities = capabilities
        self._liveness = liveness
        self._within = within

    def within(self, connection: object) -> JobStore:
        """The same verbs in the caller's transaction: a ``sqlite3`` or ``apsw`` connection on the same file."""
        return SqliteJobStore(self._within(connection), self._capabilities, self._liveness, self._within)

    async def enqueue_many(self, jobs: Sequence[NewJob]) -> list[Enqueued]:
        max_batch, max_payload = self._capabilities.max_batch, self._capabilities.max_payload
        if len(jobs) > max_batch:
            raise TooLarge(f"a batch of {len(jobs)} jobs is over the limit of {max_batch}: cut it into smaller ones")
        for job in jobs:
            if len(job.payload) > max_payload:
                raise too_large("payload", job.id, job.payload, max_payload)
        return await self._runner.run(lambda transaction: enqueue.enqueue_many(transaction, jobs))

    async def claim(self, request: ClaimRequest) -> list[Claim]:
        return await self._runner.run(
            lambda transaction: claim.claim(transaction, request),
            durable=False,
            shortcut=lambda transaction: claim.nothing_queued(transaction, request),
        )

    async def heartbeat(self, leases: Sequence[Lease], *, extend: timedelta) -> list[Heartbeat]:
        return await self._runner.run(
            lambda transaction: heartbeat.heartbeat(transaction, leases, extend), durable=False
        )

    async def finish_many(self, finishes: Sequence[Finish]) -> list[Settled]:
        max_payload = self._capabilities.max_payload
        for finish_ in finishes:
            result = finish_.outcome.result if type(finish_.outcome) is Completed else None
            if result is not None and len(result) > max_payload:
                raise too_large("result", finish_.lease.job_id, result, max_payload)
        return await self._runner.run(lambda transaction: finish.finish_many(transaction, finishes))

    async def report_many(self, reports: Sequence[Report]) -> list[Settled]:
        return await self._runner.run(lambda transaction: report.report_many(transaction, reports), durable=False)

    async def cancel_many(self, ids: Sequence[JobId], *, reason: str) -> list[Changed]:
        return await self._runner.run(lambda transaction: changes.cancel_many(transaction, ids, reason))

    async def retry_many(self, ids: Sequence[JobId]) -> list[Changed]:
        return await self._runner.run(lambda transaction: changes.retry_many(transaction, ids))

    async def wake_many(self, ids: Sequence[JobId]) -> list[Changed]:
        return await self._runner.run(lambda transaction: changes.wake_many(transaction, ids))

    async def edit_many(self, edits: Sequence[JobEdit]) -> list[Changed]:
        max_payload = self._capabilities.max_payload
        for edit in edits:
            if isinstance(edit.payload, bytes) and len(edit.payload) > max_payload:
                raise too_large("payload", edit.id, edit.payload, max_payload)
        return await self._runner.run(lambda transaction: changes.edit_many(transaction, edits))

    async def delete_many(self, ids: Sequence[JobId]) -> list[Changed]:
        return await self._runner.run(lambda transaction: changes.delete_many(transaction, ids))

    async def promote(self, *, limit: int) -> Promotion:
        return await self._runner.run(
            lambda transaction: upkeep.promote(transaction, limit), shortcut=upkeep.nothing_due
        )

    async def rescue(self, *, limit: int) -> list[Rescued]:
        return await self._runner.run(
            lambda transaction: upkeep.rescue(transaction, limit, self._liveness),
            shortcut=lambda transaction: upkeep.nothing_lost(transaction, self._liveness),
        )

    async def expire(self, *, limit: int) -> list[JobId]:
        return await self._runner.run(
            lambda transaction: upkeep.expire(transaction, limit), shortcut=upkeep.nothing_expired
        )

    async def prune(self, retention: Retention, *, limit: int) -> int:
        return await self._runner.run(lambda transaction: upkeep.prune(transaction, retention, limit))


def too_large(what: str, job_id: str, data: bytes, limit: int) -> TooLarge:
    """The error for a payload or a result over the limit."""
    return TooLarge(
        f"the {what} of job {job_id} has {len(data)} bytes, over the limit of {limit}: "
        "store it elsewhere and pass its name"
    )
