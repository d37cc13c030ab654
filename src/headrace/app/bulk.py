"""Changing many jobs by a search: previewed, at a rate, with pause and abort, and carried on when its process dies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from headrace.app.edits import job_changes
from headrace.engine.ledger import Ledger
from headrace.engine.operator import Operator
from headrace.errors import ConfigError, UsageError
from headrace.model.operation import (
    JobChanges,
    Operation,
    OperationId,
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

PREVIEW_MAX = 10_000
"""Jobs that a preview counts: beyond it "more than 10,000" says enough, and counting would cost as much as acting."""

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
        self._ledger = Ledger(backend.kv)
        self._operator = Operator(backend)

    async def preview(self, where: str, *, as_of: datetime | None = None) -> Preview:
        """Count the jobs that match now, or as of then, by state, queue and task. Changes nothing."""
        query = JobQuery(where=parse(where), as_of=as_of or self._backend.clock.now())
        states, queues, tasks = Counter[str](), Counter[str](), Counter[str]()
        cursor: str | None = None
        for _ in range(PREVIEW_PAGES_MAX):
            page = await self._backend.reader.find(query, cursor=cursor, limit=PAGE_LIMIT_MAX)
            for job in page.items[: PREVIEW_MAX - states.total()]:
                states[job.state.value] += 1
                queues[job.queue] += 1
                tasks[job.task] += 1
            cursor = page.next_cursor
            if cursor is None or states.total() >= PREVIEW_MAX:
                break
        return Preview(
            matched=states.total(),
            complete=cursor is None,
            states=dict(states.most_common()),
            queues=dict(queues.most_common()),
            tasks=dict(tasks.most_common()),
        )

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
        await self._ledger.add(operation)
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
        return await self._ledger.get(OperationId(operation_id))

    async def list(self, *, cursor: str | None = None, limit: int = 100) -> Page[Operation]:
        """The operations, the oldest first. Those that ended are kept for 30 days."""
        return await self._ledger.page(cursor=cursor, limit=limit)

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

    async def _move(self, operation_id: str, state: OperationState) -> Operation:
        now = self._backend.clock.now()

        def change(operation: Operation) -> Operation:
            if operation.state.final:
                message = f"operation {operation.id} is {operation.state} already; begin another one"
                raise UsageError(message)
            return operation if operation.state is state else replace(operation, state=state, updated_at=now)

        return await self._ledger.change(OperationId(operation_id), change)


def _verb(verb: str) -> OperationVerb:
    try:
        return OperationVerb(verb)
    except ValueError:
        message = f"{verb!r} is not an operation; there are: {', '.join(OperationVerb)}"
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
