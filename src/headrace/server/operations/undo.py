"""What bulk operations did, job by job, and taking it back."""

from __future__ import annotations

from msgspec import structs

from headrace.server.context import Context
from headrace.server.operation import operation
from headrace.server.operations.bulk import accepted, check_whole, operation_view
from headrace.server.problems import reading_from
from headrace.wire.base import PageOf
from headrace.wire.operations import (
    ListItems,
    OperationItemView,
    OperationNamed,
    OperationView,
    Preview,
    UndoOperation,
)
from headrace.wire.scopes import Scope


@operation("GET", "/v1/operations/{id}/items", scope=Scope.JOBS_READ, problems=(404, 422), name="operations.items")
async def items(context: Context, request: ListItems) -> PageOf[OperationItemView]:
    """List the jobs that a bulk operation looked at, and what became of each.

    They are kept for a week, and of a delete not at all. A page can be shorter than its limit where another follows.
    """
    check_whole(context)
    with reading_from(request.cursor):
        page = await context.app.bulk.items(request.id, cursor=request.cursor, limit=request.limit)
    views = [
        OperationItemView(job_id=each.job_id, changed=each.changed, left_alone=each.left_alone, before=each.before)
        for each in page.items
    ]
    return PageOf(items=views, next_cursor=page.next_cursor)


@operation(
    "POST",
    "/v1/operations/{id}/undo/preview",
    scope=Scope.JOBS_READ,
    problems=(404, 422),
    name="operations.preview_undo",
)
async def preview_undo(context: Context, request: OperationNamed) -> Preview:
    """Count the jobs that an undo would put back now, by state, queue and task. Changes nothing."""
    check_whole(context)
    as_of = context.app.backend.clock.now()
    found = await context.app.bulk.preview_undo(request.id)
    return Preview(**structs.asdict(found), as_of=as_of)


@operation(
    "POST",
    "/v1/operations/{id}/undo",
    scope=Scope.JOBS_WRITE,
    statuses={202: "The undo has begun; its location tells how far it is."},
    problems=(404, 422),
    answer=accepted,
    name="operations.undo",
)
async def undo(context: Context, request: UndoOperation) -> OperationView:
    """Take back what a bulk operation has changed: each of its jobs goes to where it stood before.

    A job of which anything else became since stays as it is: one that has begun, was deleted, or was changed by
    somebody. The undo is an operation itself, whose items say so job by job. What was deleted cannot be brought back;
    nor can what an operation changed that has not ended, is an undo, or began over a week ago.
    """
    check_whole(context)
    author = context.principal.name
    begun = await context.app.bulk.start_undo(request.id, rate=request.rate, reason=request.reason, author=author)
    context.state.carry_out(begun.id)
    return operation_view(begun)
