"""``app.sync.bulk``: changes to all jobs that match a search, for code without an event loop."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from headrace.app.bulk import Bulk
from headrace.model.operation import Operation, OperationItem, Preview
from headrace.model.page import Page

if TYPE_CHECKING:
    from headrace.app.sync import SyncDesk

T = TypeVar("T")

OnStep = Callable[[Operation], None]


class SyncBulk:
    """The methods of :class:`~headrace.app.bulk.Bulk`; each blocks its thread until it is done.

    ``on_step`` is called on the thread of ``app.sync``, between two steps: it must be quick, and not call ``app.sync``.

    >>> from headrace import Headrace
    >>> app = Headrace("memory://")
    >>> @app.task(name="greet")
    ... def greet(name: str) -> None: ...
    >>> with app.sync as sync:
    ...     _ = sync.enqueue_many([greet.call("Ada"), greet.call("Bob")])
    ...     print(sync.bulk.preview("task:greet").matched)
    ...     done = sync.bulk.run("cancel", where="args.name:Ada", reason="moved away")
    ...     print(done.state, done.changed, "of", done.matched)
    2
    done 1 of 1
    """

    def __init__(self, desk: SyncDesk) -> None:
        self._desk = desk

    def preview(self, where: str, *, as_of: datetime | None = None) -> Preview:
        """Count the jobs that match. Changes nothing. See ``Bulk.preview``."""
        return self._run(lambda bulk: bulk.preview(where, as_of=as_of))

    def start(
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
        """Note an operation, to be carried out by any worker within seconds. See ``Bulk.start``."""
        return self._run(
            lambda bulk: bulk.start(verb, where=where, as_of=as_of, rate=rate, reason=reason, author=author, **changes)
        )

    def run(
        self,
        verb: str,
        *,
        where: str,
        as_of: datetime | None = None,
        rate: float | None = None,
        reason: str = "",
        author: str = "",
        on_step: OnStep = lambda operation: None,
        **changes: Any,
    ) -> Operation:
        """``start`` an operation and carry it out. See ``Bulk.run``."""
        return self._run(
            lambda bulk: bulk.run(
                verb, where=where, as_of=as_of, rate=rate, reason=reason, author=author, on_step=on_step, **changes
            )
        )

    def get(self, operation_id: str) -> Operation:
        """The operation as it is now. Raises OperationNotFound."""
        return self._run(lambda bulk: bulk.get(operation_id))

    def list(self, *, cursor: str | None = None, limit: int = 100) -> Page[Operation]:
        """The operations, the oldest first. See ``Bulk.list``."""
        return self._run(lambda bulk: bulk.list(cursor=cursor, limit=limit))

    def pause(self, operation_id: str) -> Operation:
        """Let it rest after the step under way. Raises UsageError when it has ended."""
        return self._run(lambda bulk: bulk.pause(operation_id))

    def let_run(self, operation_id: str) -> Operation:
        """Let it go on, carried out by a worker. Raises UsageError when it has ended."""
        return self._run(lambda bulk: bulk.let_run(operation_id))

    def resume(self, operation_id: str, *, on_step: OnStep = lambda operation: None) -> Operation:
        """Let it go on, and carry it out here unless another process does. Raises UsageError when it has ended."""
        return self._run(lambda bulk: bulk.resume(operation_id, on_step=on_step))

    def abort(self, operation_id: str) -> Operation:
        """End it after the step under way. Raises UsageError when it has ended."""
        return self._run(lambda bulk: bulk.abort(operation_id))

    def undo(
        self,
        operation_id: str,
        *,
        rate: float | None = None,
        reason: str = "",
        author: str = "",
        on_step: OnStep = lambda operation: None,
    ) -> Operation:
        """Take back what an operation has changed, as far as nothing else became of its jobs. See ``Bulk.undo``."""
        return self._run(lambda bulk: bulk.undo(operation_id, rate=rate, reason=reason, author=author, on_step=on_step))

    def start_undo(
        self, operation_id: str, *, rate: float | None = None, reason: str = "", author: str = ""
    ) -> Operation:
        """Note an undo, to be carried out by any worker within seconds. See ``Bulk.start_undo``."""
        return self._run(lambda bulk: bulk.start_undo(operation_id, rate=rate, reason=reason, author=author))

    def preview_undo(self, operation_id: str) -> Preview:
        """Count the jobs that an undo would put back now. See ``Bulk.preview_undo``."""
        return self._run(lambda bulk: bulk.preview_undo(operation_id))

    def items(self, operation_id: str, *, cursor: str | None = None, limit: int = 200) -> Page[OperationItem]:
        """The jobs that an operation looked at, and what became of each. See ``Bulk.items``."""
        return self._run(lambda bulk: bulk.items(operation_id, cursor=cursor, limit=limit))

    def _run(self, ask: Callable[[Bulk], Coroutine[Any, Any, T]]) -> T:
        return self._desk.ask(lambda desk: ask(desk.bulk))
