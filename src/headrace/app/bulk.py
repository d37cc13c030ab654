"""Changing many jobs by a search: previewed, at a rate, with pause and abort, and carried on when its process dies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from headrace.app.edits import job_changes
from headrace.app.previewing import Tally
from headrace.app.undoing import check_can_be_undone
from headrace.engine.items import Items, as_left
from headrace.engine.operation_store import OperationStore
from headrace.engine.operator import Operator
from headrace.errors import ConfigError, UsageError
from headrace.model.operation import (
    JobChanges,
    Operation,
    OperationId,
    OperationItem,
    OperationState,
    OperationVerb,
    Preview,
    check_rate,
    new_operation_id,
)
from headrace.model.page import PAGE_LIMIT_MAX, JobQuery, Page
from headrace.model.search import format_query, parse

if TYPE_CHECKING:
    from headrace.storage.backend import Backend

PREVIEW_PAGES_MAX = 50
"""Pages a preview goes through when few of the jobs it looks at match."""


class Bulk:
    """What ``app.bulk`` is: operations on all jobs that match a search.

    >>> import asyncio
    >>> from headrace import Headrace
    >>> app = Headrace("memory://")
    >>> @app.task(name="greet")
    ... def greet(name: str) -> None: ...
    >>> async def main() -> None:
    ...     async with app:
    ...         await app.enqueue_many([greet.call("Ada"), greet.call("Bob")])
    ...         done = await app.bulk.run("cancel", where="args.name:Ada", reason="moved away")
    ...         print(done.state, done.changed, "of", done.matched)
    >>> asyncio.run(main())
    done 1 of 1
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._store = OperationStore(backend.kv)
        self._items = Items(backend.kv)
        self._operator = Operator(backend)

    async def preview(self, where: str, *, as_of: datetime | None = None) -> Preview:
        """Count the jobs that match now, or as of then, by state, queue and task. Changes nothing."""
        query = JobQuery(where=parse(where), as_of=as_of or self._backend.clock.now())
        tally = Tally()
        cursor: str | None = None
        for _ in range(PREVIEW_PAGES_MAX):
            page = await self._backend.reader.find(query, cursor=cursor, limit=PAGE_LIMIT_MAX)
            tally.count(page.items)
            cursor = page.next_cursor
            if cursor is None or tally.full:
                break
        return tally.preview(complete=cursor is None)

    async def start(
        self,
        verb: str,
        *,
        where: str,
        as_of: datetime | None = None,
        rate: float | None = None,
        reason: str = "",
        author: str = "",
        **changes: Any,
    ) -> Operation:
        """Note an operation, to be carried out by ``resume`` here or by any worker within seconds.

        verb: ``retry``, ``cancel``, ``delete``, ``discard`` or ``edit``.
        where: the search; empty text is refused, because it would be everything.
        as_of: jobs that were enqueued, claimed or ended later are left alone. Default: now.
        rate: jobs a second at most. Default: as fast as the store takes it.
        changes: for ``edit``, and for ``retry`` to edit what is retried: ``queue``, ``priority``, ``run_at``,
            ``expires_at``, ``max_attempts``, ``tags``.

        Raises QueryError for a search that cannot be read, and ConfigError for anything else that cannot be.
        """
        now = self._backend.clock.now()
        operation = Operation(
            id=new_operation_id(),
            verb=_verb(verb),
            where=_search(where),
            as_of=as_of or now,
            author=author,
            reason=reason,
            rate=None if rate is None else check_rate(rate),
            changes=_changes(verb, changes),
            created_at=now,
            updated_at=now,
        )
        await self._store.add(operation)
        return operation

    async def run(
        self,
        verb: str,
        *,
        where: str,
        as_of: datetime | None = None,
        rate: float | None = None,
        reason: str = "",
        author: str = "",
        on_step: Callable[[Operation], None] = lambda operation: None,
        **changes: Any,
    ) -> Operation:
        """``start`` an operation and carry it out; should this process die, a worker goes on.

        ``on_step`` hears of each step. Answers the operation when it has ended or was paused.
        """
        begun = await self.start(
            verb, where=where, as_of=as_of, rate=rate, reason=reason, author=author, **changes
        )  # fmt: skip
        return await self._operator.run(begun.id, on_step=on_step)

    async def get(self, operation_id: str) -> Operation:
        """The operation as it is now. Raises OperationNotFound."""
        return await self._store.get(OperationId(operation_id))

    async def list(self, *, cursor: str | None = None, limit: int = 100) -> Page[Operation]:
        """The operations, the oldest first. Those that ended are kept for 30 days."""
        return await self._store.page(cursor=cursor, limit=limit)

    async def pause(self, operation_id: str) -> Operation:
        """Let it rest after the step under way. Raises UsageError when it has ended."""
        return await self._move(operation_id, OperationState.PAUSED)

    async def let_run(self, operation_id: str) -> Operation:
        """Let it go on, carried out by whichever worker leads, within seconds. Raises UsageError when it has ended."""
        return await self._move(operation_id, OperationState.RUNNING)

    async def resume(
        self, operation_id: str, *, on_step: Callable[[Operation], None] = lambda operation: None
    ) -> Operation:
        """Let it go on, and carry it out here unless another process does. Raises UsageError when it has ended."""
        await self._move(operation_id, OperationState.RUNNING)
        return await self._operator.run(OperationId(operation_id), on_step=on_step)

    async def abort(self, operation_id: str) -> Operation:
        """End it after the step under way; what it has changed stays changed. Raises UsageError when it has ended."""
        return await self._move(operation_id, OperationState.ABORTED)

    async def undo(
        self,
        operation_id: str,
        *,
        rate: float | None = None,
        reason: str = "",
        author: str = "",
        on_step: Callable[[Operation], None] = lambda operation: None,
    ) -> Operation:
        """Take back what an operation has changed: each of its jobs goes to where it stood before.

        A job of which anything else became since stays as it is: one that has begun, was deleted, or was changed by
        somebody, and one whose unique key another job holds by now. An undo is an operation itself, and its ``items``
        say so job by job. What a delete took away cannot be brought back, nor can a worker be told not to stop.

        Raises OperationNotFound, and UsageError for an operation that has not ended, that deleted, that is an undo, or
        that began over a week ago.
        """
        begun = await self.start_undo(operation_id, rate=rate, reason=reason, author=author)
        return await self._operator.run(begun.id, on_step=on_step)

    async def start_undo(
        self, operation_id: str, *, rate: float | None = None, reason: str = "", author: str = ""
    ) -> Operation:
        """Note an undo, to be carried out by ``resume`` here or by any worker within seconds. See ``undo``."""
        now = self._backend.clock.now()
        undone = await self.get(operation_id)
        check_can_be_undone(undone, now)
        operation = Operation(
            id=new_operation_id(),
            verb=OperationVerb.UNDO,
            where=f"caused-by:{undone.id}",
            undoes=undone.id,
            as_of=now,
            author=author,
            reason=reason,
            rate=None if rate is None else check_rate(rate),
            created_at=now,
            updated_at=now,
        )
        await self._store.add(operation)
        return operation

    async def preview_undo(self, operation_id: str) -> Preview:
        """Count the jobs that an undo would put back now, by state, queue and task. Changes nothing.

        Raises as ``undo`` does.
        """
        undone = await self.get(operation_id)
        check_can_be_undone(undone, self._backend.clock.now())
        tally = Tally()
        cursor: str | None = None
        while not tally.full:
            page = await self._items.page(undone.id, cursor=cursor)
            jobs = await self._backend.reader.get_many([each.job_id for each in page.items])
            tally.count(job for item, job in zip(page.items, jobs, strict=True) if job and as_left(undone, item, job))
            cursor = page.next_cursor
            if cursor is None:
                break
        return tally.preview(complete=cursor is None)

    async def items(self, operation_id: str, *, cursor: str | None = None, limit: int = 200) -> Page[OperationItem]:
        """The jobs that an operation looked at, and what became of each: up to ``limit``, and fewer where a step ends.

        They are kept for a week, and of a delete not at all. Raises OperationNotFound.
        """
        found = await self.get(operation_id)
        return await self._items.page(found.id, cursor=cursor, limit=limit)

    async def _move(self, operation_id: str, state: OperationState) -> Operation:
        now = self._backend.clock.now()

        def change(operation: Operation) -> Operation:
            if operation.state.final:
                message = f"operation {operation.id} is {operation.state} already; begin another one"
                raise UsageError(message)
            return operation if operation.state is state else replace(operation, state=state, updated_at=now)

        return await self._store.change(OperationId(operation_id), change)


def _verb(verb: str) -> OperationVerb:
    if verb == OperationVerb.UNDO:
        raise ConfigError("an undo is of an operation, not of a search: app.bulk.undo(operation_id)")
    try:
        return OperationVerb(verb)
    except ValueError:
        known = ", ".join(each for each in OperationVerb if each is not OperationVerb.UNDO)
        message = f"{verb!r} is not an operation; there are: {known}"
        raise ConfigError(message) from None


def _search(where: str) -> str:
    """The search in one way of writing it. Relative times stay relative: they count from ``as_of``."""
    text = format_query(parse(where))
    if not text:
        raise ConfigError("an operation without a search would change every job; say which, such as state:dead")
    return text


def _changes(verb: str, changes: dict[str, Any]) -> JobChanges:
    made = job_changes(changes)
    if made and verb not in ("edit", "retry"):
        message = f"only edit and retry change values; {verb} got {', '.join(changes)}"
        raise ConfigError(message)
    if verb == "edit" and not made:
        message = f"edit what? Give one of {', '.join(JobChanges.__struct_fields__)}"
        raise ConfigError(message)
    return made
