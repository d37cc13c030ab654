"""The job store: each verb run on the pool, or on the caller's connection."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext, suppress
from datetime import timedelta
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from headrace.backends.postgres.floors import Floors, LeaseFloor
from headrace.backends.postgres.session import Runner, Session
from headrace.backends.postgres.verbs import changes, claim, enqueue, finish, limited, restore, upkeep
from headrace.backends.postgres.verbs.contended import Contended
from headrace.errors import TooLarge, Unavailable
from headrace.model.ids import JobId
from headrace.model.job import NewJob, PlainKind, kind_in_common
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
    JobStore,
    Promotion,
    Report,
    Rescued,
    Settled,
)

T = TypeVar("T")

LANED_S = 1.0
"""A store that has limits or orders is not asked for so long whether it still has."""

TRIES_MAX = 5
"""How often a batch is tried that meets another one with the same keys."""


class _Memory:
    """What is known from earlier calls, so that later ones ask less; a store in a caller's transaction shares it."""

    def __init__(self) -> None:
        self.floors = Floors()
        self.lease_floor = LeaseFloor()
        self.laned_until = 0.0


class PostgresJobStore:
    """A verb is one statement, or one transaction."""

    def __init__(
        self,
        runner: Runner,
        capabilities: Capabilities,
        within: Callable[[object], Runner],
        on_finished: Callable[[int], None] = lambda count: None,
        memory: _Memory | None = None,
    ) -> None:
        self._runner = runner
        self._on_finished = on_finished
        self._capabilities = capabilities
        self._within = within
        self._memory = memory or _Memory()

    def within(self, connection: object) -> JobStore:
        """The same verbs in the caller's transaction, on a connection of asyncpg, psycopg 3, SQLAlchemy or Django."""
        return PostgresJobStore(self._within(connection), self._capabilities, self._within, memory=self._memory)

    async def enqueue_many(self, jobs: Sequence[NewJob]) -> list[Enqueued]:
        max_batch, max_payload = self._capabilities.max_batch, self._capabilities.max_payload
        if len(jobs) > max_batch:
            raise TooLarge(f"a batch of {len(jobs)} jobs is over the limit of {max_batch}: cut it into smaller ones")
        for job in jobs:
            if len(job.payload) > max_payload:
                raise too_large("payload", job.id, job.payload, max_payload)
        kind = kind_in_common(jobs) if 0 < len(jobs) < enqueue.COPY_FROM else None
        return await self._enqueue_all(jobs) if kind is None else await self._enqueue_plain(jobs, kind)

    async def _enqueue_plain(self, jobs: Sequence[NewJob], kind: PlainKind) -> list[Enqueued]:
        """Most calls are for jobs of which nothing can be refused."""
        if time.monotonic() >= self._memory.laned_until:
            replies = await self._runner.run(lambda session: enqueue.enqueue_plain(session, jobs, kind), bare=True)
            if replies is not None:
                return replies
        replies = await self._enqueue_all(jobs)
        if all(reply.added for reply in replies):  # so it was probably for layouts that they were not stored at once
            self._memory.laned_until = time.monotonic() + LANED_S
        return replies

    async def _enqueue_all(self, jobs: Sequence[NewJob]) -> list[Enqueued]:
        whole = enqueue.needs_transaction(jobs)
        for _ in range(TRIES_MAX - 1):
            try:
                return await self._run(lambda session: enqueue.enqueue_many(session, jobs), transaction=whole)
            except Contended:
                whole = True
        return await self._run(lambda session: enqueue.enqueue_many(session, jobs), transaction=True)

    async def claim(self, request: ClaimRequest) -> list[Claim]:
        token = claim.new_token()
        claims, held_back = await self._run(lambda session: claim.claim(session, request, token, self._memory.floors))
        return await self._claim_in_turn(request, token, claims, held_back) if held_back else claims

    async def _claim_in_turn(
        self, request: ClaimRequest, token: str, claims: list[Claim], queues: Sequence[str]
    ) -> list[Claim]:
        """Add what queues with limits, or with an order of their own, let begin."""
        demand = dict(request.demand)
        with suppress(Unavailable) if claims else nullcontext():  # what was claimed must not be lost
            while queues:
                verb = partial(
                    limited.claim_in_turn, request=replace(request, demand=demand), queues=queues, token=token
                )
                taken = await self._run(verb, transaction=True)
                claims += claim.read_claims(taken.rows, token, request)
                demand = {queue: demand[queue] - taken.counts[queue] for queue in taken.starved}
                queues = taken.starved
        places = {queue: place for place, queue in enumerate(request.demand)}
        return sorted(claims, key=lambda each: places[each.job.queue])

    async def heartbeat(self, leases: Sequence[Lease], *, extend: timedelta) -> list[Heartbeat]:
        return await self._run(lambda session: claim.heartbeat(session, leases, extend))

    async def finish_many(self, finishes: Sequence[Finish]) -> list[Settled]:
        max_payload = self._capabilities.max_payload
        for each in finishes:
            result = each.outcome.result if type(each.outcome) is Completed else None
            if result is not None and len(result) > max_payload:
                raise too_large("result", each.lease.job_id, result, max_payload)
        settled = await self._run(
            lambda session: finish.finish_many(session, finishes), transaction=finish.needs_transaction(finishes)
        )
        self._on_finished(len(finishes))
        return settled

    async def report_many(self, reports: Sequence[Report]) -> list[Settled]:
        return await self._run(lambda session: claim.report_many(session, reports), transaction=True)

    async def cancel_many(self, ids: Sequence[JobId], *, reason: str) -> list[Changed]:
        return await self._run(lambda session: changes.cancel_many(session, ids, reason), transaction=True)

    async def retry_many(self, ids: Sequence[JobId], *, edits: Sequence[JobEdit] = ()) -> list[Changed]:
        return await self._run(lambda session: changes.retry_and_edit(session, ids, edits), transaction=True)

    async def discard_many(self, ids: Sequence[JobId], *, reason: str) -> list[Changed]:
        return await self._run(lambda session: changes.discard_many(session, ids, reason), transaction=True)

    async def wake_many(self, ids: Sequence[JobId]) -> list[Changed]:
        return await self._run(lambda session: changes.wake_many(session, ids), transaction=True)

    async def edit_many(self, edits: Sequence[JobEdit]) -> list[Changed]:
        max_payload = self._capabilities.max_payload
        for edit in edits:
            if isinstance(edit.payload, bytes) and len(edit.payload) > max_payload:
                raise too_large("payload", edit.id, edit.payload, max_payload)
        return await self._run(lambda session: changes.edit_many(session, edits), transaction=True)

    async def restore_many(self, restores: Sequence[JobRestore]) -> list[Changed]:
        return await self._run(lambda session: restore.restore_many(session, restores), transaction=True)

    async def delete_many(self, ids: Sequence[JobId]) -> list[Changed]:
        return await self._run(lambda session: changes.delete_many(session, ids), transaction=True)

    async def promote(self, *, limit: int) -> Promotion:
        return await self._run(lambda session: upkeep.promote(session, limit))

    async def rescue(self, *, limit: int, quarantine_after: int | None = None) -> list[Rescued]:
        if await self._run(lambda session: upkeep.nothing_lost(session, self._memory.lease_floor)):
            return []
        return await self._run(lambda session: upkeep.rescue(session, limit, quarantine_after), transaction=True)

    async def expire(self, *, limit: int) -> Expiration:
        nothing = await self._run(upkeep.nothing_expired)
        if nothing is not None:
            return nothing
        return await self._run(lambda session: upkeep.expire(session, limit), transaction=True)

    async def prune(self, retention: Retention, *, limit: int) -> int:
        dropped = 0
        with suppress(Unavailable):  # somebody holds a lock: the next round drops them
            dropped = await self._run(lambda session: upkeep.drop_days(session, retention), transaction=True)
        return dropped + await self._run(lambda session: upkeep.prune(session, retention, limit), transaction=True)

    async def _run(self, verb: Callable[[Session], Awaitable[T]], *, transaction: bool = False) -> T:
        return await self._runner.run(verb, transaction=transaction)


def too_large(what: str, job_id: str, data: bytes, limit: int) -> TooLarge:
    """The error for a payload or a result over the limit."""
    return TooLarge(
        f"the {what} of job {job_id} has {len(data)} bytes, over the limit of {limit}: "
        "store it elsewhere and pass its name"
    )
