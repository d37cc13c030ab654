# Made from headrace/client/aio/bulk.py by tests/client/unasync.py. Change that file, and run it again.
"""Changes to many jobs, over the network."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from headrace.client.blocking.sending import Sender
from headrace.client.core.request import request
from headrace.model.operation import OperationState, OperationVerb
from headrace.wire.base import PageOf
from headrace.wire.operations import (
    ListItems,
    ListOperations,
    OperationItemView,
    OperationNamed,
    OperationView,
    Preview,
    PreviewOperation,
    StartOperation,
    UndoOperation,
)

LOOK_EVERY_S = 0.5


class Bulk:
    """What ``client.bulk`` is: the names of ``app.bulk``. Operations are carried out by the server."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def preview(self, where: str, *, as_of: datetime | None = None) -> Preview:
        """Count the jobs that match now, or as of then, by state, queue and task. Changes nothing."""
        message = PreviewOperation(where=where, as_of=as_of)
        return self._sender.send(request("POST", "/v1/operations/preview", Preview, message, safe=True))

    def start(
        self,
        verb: str,
        *,
        where: str,
        as_of: datetime | None = None,
        rate: float | None = None,
        reason: str = "",
        **changes: Any,
    ) -> OperationView:
        """Begin an operation: ``retry``, ``cancel``, ``delete``, ``discard`` or ``edit`` what matches ``where``.

        The other arguments are those of :class:`~headrace.app.bulk.Bulk`.
        """
        message = StartOperation(
            verb=OperationVerb(verb), where=where, as_of=as_of, rate=rate, reason=reason, **changes
        )
        return self._sender.send(request("POST", "/v1/operations", OperationView, message))

    def run(
        self,
        verb: str,
        *,
        where: str,
        as_of: datetime | None = None,
        rate: float | None = None,
        reason: str = "",
        on_step: Callable[[OperationView], None] = lambda operation: None,
        **changes: Any,
    ) -> OperationView:
        """``start`` an operation, and look at it until it has ended or rests. ``on_step`` hears of each look."""
        begun = self.start(verb, where=where, as_of=as_of, rate=rate, reason=reason, **changes)
        return self.follow(begun.id, on_step=on_step)

    def follow(
        self, operation_id: str, *, on_step: Callable[[OperationView], None] = lambda operation: None
    ) -> OperationView:
        """Look at an operation until it has ended or rests; it goes on whether or not somebody looks."""
        while (found := self.get(operation_id)).state is OperationState.RUNNING:
            on_step(found)
            self._sender.pause(LOOK_EVERY_S)
        on_step(found)
        return found

    def get(self, operation_id: str) -> OperationView:
        """The operation as it is now. Raises OperationNotFound."""
        return self._sender.send(request("GET", "/v1/operations/{id}", OperationView, id=operation_id))

    def list(self, *, cursor: str | None = None, limit: int = 100) -> PageOf[OperationView]:
        """The operations, the oldest first. Those that ended are kept for 30 days."""
        message = ListOperations(cursor=cursor, limit=limit)
        return self._sender.send(request("GET", "/v1/operations", PageOf[OperationView], message))

    def pause(self, operation_id: str) -> OperationView:
        """Let it rest after the step under way."""
        return self._move(operation_id, "pause")

    def resume(self, operation_id: str) -> OperationView:
        """Let it go on."""
        return self._move(operation_id, "resume")

    def abort(self, operation_id: str) -> OperationView:
        """End it after the step under way; what it has changed stays changed."""
        return self._move(operation_id, "abort")

    def undo(
        self,
        operation_id: str,
        *,
        rate: float | None = None,
        reason: str = "",
        on_step: Callable[[OperationView], None] = lambda operation: None,
    ) -> OperationView:
        """Take back what an operation has changed, and look at the undo until it has ended or rests.

        A job of which anything else became since stays as it is; the ``items`` of the undo say so job by job. Raises
        OperationNotFound, and UsageError for an operation that cannot be undone.
        """
        begun = self.start_undo(operation_id, rate=rate, reason=reason)
        return self.follow(begun.id, on_step=on_step)

    def start_undo(self, operation_id: str, *, rate: float | None = None, reason: str = "") -> OperationView:
        """Begin an undo. See ``undo``."""
        message = UndoOperation(id=operation_id, rate=rate, reason=reason)
        asked = request("POST", "/v1/operations/{id}/undo", OperationView, message, id=operation_id)
        return self._sender.send(asked)

    def preview_undo(self, operation_id: str) -> Preview:
        """Count the jobs that an undo would put back now. Changes nothing. Raises as ``undo`` does."""
        message = OperationNamed(id=operation_id)
        path = "/v1/operations/{id}/undo/preview"
        return self._sender.send(request("POST", path, Preview, message, safe=True, id=operation_id))

    def items(self, operation_id: str, *, cursor: str | None = None, limit: int = 200) -> PageOf[OperationItemView]:
        """The jobs that an operation looked at, and what became of each. A page can be shorter than its limit."""
        message = ListItems(id=operation_id, cursor=cursor, limit=limit)
        path = "/v1/operations/{id}/items"
        return self._sender.send(request("GET", path, PageOf[OperationItemView], message, id=operation_id))

    def _move(self, operation_id: str, verb: str) -> OperationView:
        message = OperationNamed(id=operation_id)
        asked = request("POST", f"/v1/operations/{{id}}/{verb}", OperationView, message, safe=True, id=operation_id)
        return self._sender.send(asked)
