"""Which operations can be undone."""

from __future__ import annotations

from datetime import datetime

from headrace.engine.items import ITEMS_FOR
from headrace.errors import UsageError
from headrace.model.operation import Operation, OperationVerb


def check_can_be_undone(operation: Operation, now: datetime) -> None:
    """Raise UsageError, with what to do instead, for an operation that cannot be taken back."""
    if operation.verb is OperationVerb.DELETE:
        raise UsageError(f"operation {operation.id} deleted jobs; what was deleted cannot be brought back")
    if operation.verb is OperationVerb.UNDO:
        raise UsageError(f"operation {operation.id} is an undo itself; begin again what it took back")
    if not operation.state.final:
        message = f"operation {operation.id} is {operation.state}; abort it first, then undo what it has changed"
        raise UsageError(message)
    if now - operation.created_at >= ITEMS_FOR:
        message = (
            f"operation {operation.id} began over {ITEMS_FOR.days} days ago; where its jobs stood before is forgotten"
        )
        raise UsageError(message)
