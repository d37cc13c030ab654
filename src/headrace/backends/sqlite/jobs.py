"""The job store: each verb handed to the writing thread, or to the caller's connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Protocol, TypeVar

from headrace.backends.sqlite.connection_thread import Errand
from headrace.backends.sqlite.liveness import Liveness
from headrace.backends.sqlite.transaction import Transaction
from headrace.backends.sqlite.verbs import changes, claim, enqueue, finish, heartbeat, report, restore, upkeep
from headrace.backends.sqlite.writer import Writer
from headrace.errors import StorageError, TooLarge
from headrace.model.durations import ZERO
from headrace.model.ids import JobId
from headrace.model.job import NewJob
from headrace.model.lease import Claim, Lease
from headrace.model.outcome import Completed, Finish, Released
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
    JobStore,
    Promotion,
    Report,
    Rescued,
    Settled,
)

T = TypeVar("T")


class Runner(Protocol):
    """What runs verbs: the writing thread, or the caller's connection."""

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
        self._giving_back: set[asyncio.Future[None]] = set()

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
        def verb(transaction: Transaction) -> list[Claim]:
            return claim.claim(transaction, request)

        def shortcut(transaction: Transaction) -> list[Claim] | None:
            return claim.nothing_queued(transaction, request)

        if request.wait > ZERO and isinstance(self._runner, Writer):
            return await self._claim_waiting(self._runner, self._runner.park(verb, shortcut=shortcut), request.wait)
        return await self._runner.run(verb, durable=False, shortcut=shortcut)

    async def _claim_waiting(self, writer: Writer, parked: Errand[list[Claim]], wait: timedelta) -> list[Claim]:
        timer = asyncio.get_running_loop().call_later(wait.total_seconds(), self._unpark, writer, parked)
        try:
            return await parked.future
        except asyncio.CancelledError:
            giving_back = asyncio.ensure_future(self._give_back(writer, parked))
            self._giving_back.add(giving_back)
            giving_back.add_done_callback(self._giving_back.discard)
            raise
        finally:
            timer.cancel()

    def _unpark(self, writer: Writer, parked: Errand[list[Claim]]) -> None:
        """The wait is over. A store that was closed meanwhile has answered already."""
        with suppress(StorageError):
            writer.unpark(parked).add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _give_back(self, writer: Writer, parked: Errand[list[Claim]]) -> None:
        """Whoever asked is gone: jobs that were taken for it go back, their attempt uncounted."""
        with suppress(StorageError):
            await writer.unpark(parked)  # whatever it is answered with, it has been by then
            if parked.reply:
                await self.finish_many([Finish(lease=each.lease, outcome=Released()) for each in parked.reply])

    async def settled(self) -> None:
        """Wait until what was being given back is back."""
        if self._giving_back:
            await asyncio.wait(self._giving_back)

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

    async def retry_many(self, ids: Sequence[JobId], *, edits: Sequence[JobEdit] = ()) -> list[Changed]:
        self._check_edits(edits)
        return await self._runner.run(lambda transaction: changes.retry_many(transaction, ids, edits))

    async def discard_many(self, ids: Sequence[JobId], *, reason: str) -> list[Changed]:
        return await self._runner.run(lambda transaction: changes.discard_many(transaction, ids, reason))

    async def wake_many(self, ids: Sequence[JobId]) -> list[Changed]:
        return await self._runner.run(lambda transaction: changes.wake_many(transaction, ids))

    async def edit_many(self, edits: Sequence[JobEdit]) -> list[Changed]:
        self._check_edits(edits)
        return await self._runner.run(lambda transaction: changes.edit_many(transaction, edits))

    async def restore_many(self, restores: Sequence[JobRestore]) -> list[Changed]:
        return await self._runner.run(lambda transaction: restore.restore_many(transaction, restores))

    async def delete_many(self, ids: Sequence[JobId]) -> list[Changed]:
        return await self._runner.run(lambda transaction: changes.delete_many(transaction, ids))

    async def promote(self, *, limit: int) -> Promotion:
        return await self._runner.run(
            lambda transaction: upkeep.promote(transaction, limit), shortcut=upkeep.nothing_due
        )

    async def rescue(self, *, limit: int, quarantine_after: int | None = None) -> list[Rescued]:
        return await self._runner.run(
            lambda transaction: upkeep.rescue(transaction, limit, self._liveness, quarantine_after),
            shortcut=lambda transaction: upkeep.nothing_lost(transaction, self._liveness),
        )

    async def expire(self, *, limit: int) -> Expiration:
        return await self._runner.run(
            lambda transaction: upkeep.expire(transaction, limit), shortcut=upkeep.nothing_expired
        )

    async def prune(self, retention: Retention, *, limit: int) -> int:
        return await self._runner.run(lambda transaction: upkeep.prune(transaction, retention, limit))

    def _check_edits(self, edits: Sequence[JobEdit]) -> None:
        max_payload = self._capabilities.max_payload
        for edit in edits:
            if isinstance(edit.payload, bytes) and len(edit.payload) > max_payload:
                raise too_large("payload", edit.id, edit.payload, max_payload)


def too_large(what: str, job_id: str, data: bytes, limit: int) -> TooLarge:
    """The error for a payload or a result over the limit."""
    return TooLarge(
        f"the {what} of job {job_id} has {len(data)} bytes, over the limit of {limit}: "
        "store it elsewhere and pass its name"
    )
