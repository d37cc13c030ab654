"""Bulk operations: one change to all jobs that match a search, previewed, at a rate, with pause and abort."""

from __future__ import annotations

from msgspec import structs

from headrace.model.operation import JobChanges, Operation
from headrace.server.context import Context
from headrace.server.operation import Answer, operation
from headrace.server.problems import Refused, reading_from
from headrace.wire.base import PageOf, given
from headrace.wire.operations import (
    ListOperations,
    OperationNamed,
    OperationView,
    Preview,
    PreviewOperation,
    StartOperation,
)
from headrace.wire.scopes import Scope

_CHANGES = JobChanges.__struct_fields__


def accepted(reply: OperationView) -> Answer:
    """202, and where it can be asked how far it is."""
    return Answer(202, {"location": f"/v1/operations/{reply.id}"})


@operation("POST", "/v1/operations/preview", scope=Scope.JOBS_READ, problems=(422,), name="operations.preview")
async def preview(context: Context, request: PreviewOperation) -> Preview:
    """Count the jobs that an operation would look at, by state, queue and task. Changes nothing.

    Hand its as_of to the operation to change just these.
    """
    check_whole(context)
    as_of = request.as_of or context.app.backend.clock.now()
    found = await context.app.bulk.preview(request.where, as_of=as_of)
    return Preview(**structs.asdict(found), as_of=as_of)


@operation(
    "POST",
    "/v1/operations",
    scope=Scope.JOBS_WRITE,
    statuses={202: "It has begun; its location tells how far it is."},
    problems=(422,),
    answer=accepted,
    name="operations.start",
)
async def start(context: Context, request: StartOperation) -> OperationView:
    """Retry, cancel, delete, discard or edit all jobs that match a search.

    The selection is frozen: jobs that move after as_of are left alone. It is carried out by this server, and by any
    worker should the server die.
    """
    check_whole(context)
    begun = await context.app.bulk.start(
        request.verb.value,
        where=request.where,
        as_of=request.as_of,
        rate=request.rate,
        reason=request.reason,
        author=context.principal.name,
        **given(request, *_CHANGES),
    )
    context.state.carry_out(begun.id)
    return operation_view(begun)


@operation("GET", "/v1/operations", scope=Scope.JOBS_READ, problems=(422,), name="operations.find")
async def find(context: Context, request: ListOperations) -> PageOf[OperationView]:
    """List bulk operations, the oldest first. Those that ended are kept for 30 days."""
    with reading_from(request.cursor):
        page = await context.app.bulk.list(cursor=request.cursor, limit=request.limit)
    return PageOf(items=[operation_view(each) for each in page.items], next_cursor=page.next_cursor)


@operation("GET", "/v1/operations/{id}", scope=Scope.JOBS_READ, problems=(404,), name="operations.get")
async def get(context: Context, request: OperationNamed) -> OperationView:
    """How far a bulk operation is."""
    return operation_view(await context.app.bulk.get(request.id))


@operation("POST", "/v1/operations/{id}/pause", scope=Scope.JOBS_WRITE, problems=(404, 422), name="operations.pause")
async def pause(context: Context, request: OperationNamed) -> OperationView:
    """Let it rest after the step under way."""
    return operation_view(await context.app.bulk.pause(request.id))


@operation("POST", "/v1/operations/{id}/resume", scope=Scope.JOBS_WRITE, problems=(404, 422), name="operations.resume")
async def resume(context: Context, request: OperationNamed) -> OperationView:
    """Let it go on."""
    found = await context.app.bulk.let_run(request.id)
    context.state.carry_out(found.id)
    return operation_view(found)


@operation("POST", "/v1/operations/{id}/abort", scope=Scope.JOBS_WRITE, problems=(404, 422), name="operations.abort")
async def abort(context: Context, request: OperationNamed) -> OperationView:
    """End it after the step under way; what it has changed stays changed."""
    return operation_view(await context.app.bulk.abort(request.id))


def operation_view(found: Operation) -> OperationView:
    """A bulk operation as it is shown."""
    return OperationView(
        id=found.id,
        verb=found.verb,
        where=found.where,
        as_of=found.as_of,
        state=found.state,
        author=found.author,
        reason=found.reason,
        matched=found.matched,
        changed=found.changed,
        skipped=found.skipped,
        rate=found.rate,
        error=found.error,
        created_at=found.created_at,
        updated_at=found.updated_at,
        undoes=found.undoes,
    )


def check_whole(context: Context) -> None:
    """A search goes over all queues, so it is not for who may see some."""
    if context.principal.queues is not None:
        raise Refused(
            403,
            "HR-E0412",
            f"a search goes over all queues, and {context.principal.name} is for some",
            fix="change single jobs, or use a key for all queues",
        )
