"""Carries out operations: a step of jobs at a time, under a lock, from where the last step ended."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import asdict, replace

from headrace.engine.items import Items, as_restore, left_alone
from headrace.engine.operation_store import OperationStore
from headrace.errors import OperationNotFound, StorageError, Unavailable
from headrace.model.ids import JobId, new_worker_id
from headrace.model.operation import (
    Operation,
    OperationId,
    OperationItem,
    OperationState,
    OperationVerb,
    seconds_for,
)
from headrace.model.page import JobQuery
from headrace.model.search import parse
from headrace.storage.backend import Backend
from headrace.storage.jobs import Changed, JobEdit

STEP_MAX = 200
"""Jobs changed in one transaction: few enough that claims between two steps are hardly held up."""

STEP_FOR = timedelta(seconds=0.5)
"""At a rate, as many jobs as fit into this are a step: pause and abort are heard within it."""

REST_MAX_S = 0.5
"""How long it rests between two looks at whether it was paused or aborted."""

LOCK_TTL = timedelta(seconds=15)
"""How long an operation rests after the process that carried it out died."""


class Operator:
    """Carries out operations on one backend. Several may try the same one: a lock lets one of them."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._store = OperationStore(backend.kv)
        self._items = Items(backend.kv)
        self._owner = new_worker_id()

    async def run(
        self,
        operation_id: OperationId,
        *,
        on_step: Callable[[Operation], None] = lambda operation: None,
        for_at_most: timedelta | None = None,
    ) -> Operation:
        """Carry the operation out until it has ended or was paused, or the time is over; as it is then.

        Answers at once when another process is at it. A store that is away is the caller's to wait for; any other
        error ends the operation as ``failed``.
        """
        lock = await self._backend.locks.acquire(_lock_name(operation_id), owner=self._owner, ttl=LOCK_TTL)
        if lock is None:
            return await self._store.get(operation_id)
        begun = self._backend.clock.monotonic()
        try:
            while True:
                operation = await self._store.get(operation_id)
                lock = await self._backend.locks.renew(lock, ttl=LOCK_TTL)
                spent = self._backend.clock.monotonic() - begun
                over = for_at_most is not None and spent >= for_at_most.total_seconds()
                if operation.state is not OperationState.RUNNING or lock is None or over:
                    return operation
                rest = _rest(operation, self._backend.clock.now())
                if rest <= 0:
                    on_step(await self._step(operation))
                # A store that answers without waiting would otherwise keep the event loop to itself.
                await asyncio.sleep(min(max(rest, 0.0), REST_MAX_S))
        finally:
            if lock is not None:
                await self._backend.locks.release(lock)

    async def _step(self, operation: Operation) -> Operation:
        """Change a step's jobs and note it."""
        try:
            done = await (self._put_back(operation) if operation.undoes else self._change_jobs(operation))
        except Unavailable:
            raise
        except (StorageError, OperationNotFound) as error:
            done = replace(operation, state=OperationState.FAILED, error=str(error))
        return await self._note(operation, done)

    async def _change_jobs(self, operation: Operation) -> Operation:
        query = JobQuery(where=parse(operation.where), as_of=operation.as_of)
        page = await self._backend.reader.find(query, cursor=operation.cursor, limit=_step_size(operation.rate))
        if not page.items:
            return _counted(operation, [], page.next_cursor)
        # What is deleted cannot be put back, so that nothing is written down about it.
        items = await self._items.keep(operation, page.items) if operation.verb is not OperationVerb.DELETE else []
        changes = await self._apply(operation, [job.id for job in page.items])
        await self._tell(operation, items, changes)
        return _counted(operation, changes, page.next_cursor)

    async def _put_back(self, operation: Operation) -> Operation:
        """A step of an undo: the jobs that the other operation changed, in the order in which it did."""
        undone = await self._store.get(operation.undoes or operation.id)
        page = await self._items.page(undone.id, cursor=operation.cursor, limit=_step_size(operation.rate))
        restores = [each for item in page.items if (each := as_restore(undone, item)) is not None]
        changes = await self._backend.jobs.restore_many(restores) if restores else []
        await self._tell(operation, [OperationItem(job_id=each.id) for each in changes], changes)
        return _counted(operation, changes, page.next_cursor)

    async def _tell(self, operation: Operation, items: Sequence[OperationItem], changes: Sequence[Changed]) -> None:
        """Write down what became of a step's jobs, unless that is what is written already."""
        reasons = {each.id: left_alone(each) for each in changes if not each.changed}
        if items and (reasons or operation.undoes):
            await self._items.settle(operation, items, reasons)

    async def _apply(self, operation: Operation, ids: Sequence[JobId]) -> list[Changed]:
        jobs = self._backend.jobs
        match operation.verb:
            case OperationVerb.RETRY:
                return await jobs.retry_many(ids, edits=_edits(operation, ids) if operation.changes else ())
            case OperationVerb.CANCEL:
                return await jobs.cancel_many(ids, reason=operation.why)
            case OperationVerb.DELETE:
                return await jobs.delete_many(ids)
            case OperationVerb.DISCARD:
                return await jobs.discard_many(ids, reason=operation.why)
            case _:  # an edit: an undo has no search, and does not come here
                return await jobs.edit_many(_edits(operation, ids))

    async def _note(self, before: Operation, done: Operation) -> Operation:
        """Write the step down. A pause or an abort that was asked for meanwhile stands."""
        now = self._backend.clock.now()
        next_at = now + seconds_for(done.matched - before.matched, done.rate)

        def change(stored: Operation) -> Operation:
            state = stored.state if stored.state is not before.state and not done.state.final else done.state
            return replace(done, state=state, updated_at=now, next_at=next_at)

        return await self._store.change(before.id, change)


def _step_size(rate: float | None) -> int:
    return STEP_MAX if rate is None else max(1, min(STEP_MAX, int(rate * STEP_FOR.total_seconds())))


def _rest(operation: Operation, now: datetime) -> float:
    """Seconds until the next step, by the operation's rate."""
    return 0.0 if operation.next_at is None else (operation.next_at - now).total_seconds()


def _edits(operation: Operation, ids: Sequence[JobId]) -> list[JobEdit]:
    values = asdict(operation.changes)
    return [JobEdit(id=job_id, **values) for job_id in ids]


def _counted(operation: Operation, changes: Sequence[Changed], next_cursor: str | None) -> Operation:
    """The operation after a step."""
    skipped = Counter(operation.skipped)
    skipped.update("gone" if each.state is None else each.state.value for each in changes if not each.changed)
    return replace(
        operation,
        cursor=next_cursor,
        state=OperationState.DONE if next_cursor is None else operation.state,
        matched=operation.matched + len(changes),
        changed=operation.changed + sum(each.changed for each in changes),
        skipped=dict(skipped),
    )


def _lock_name(operation_id: OperationId) -> str:
    return f"operation:{operation_id}"
