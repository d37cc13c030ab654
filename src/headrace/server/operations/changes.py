"""Changes to a job: cancel, retry, edit, discard, delete."""

from __future__ import annotations

from typing import cast

from headrace.model.edits import Edits
from headrace.model.job import Job
from headrace.server.auth import check_queue
from headrace.server.context import Context
from headrace.server.etags import unchanged
from headrace.server.operation import operation
from headrace.server.operations.jobs import job_of
from headrace.server.problems import Refused
from headrace.storage.jobs import Changed
from headrace.wire.base import given
from headrace.wire.jobs import CancelJob, ChangedJob, DiscardJob, EditJob, GetJob, RetryJob
from headrace.wire.scopes import Scope

_EDITS = tuple(Edits.__annotations__)


@operation("POST", "/v1/jobs/{id}/cancel", scope=Scope.JOBS_WRITE, problems=(404, 409, 422), name="jobs.cancel")
async def cancel(context: Context, request: CancelJob) -> ChangedJob:
    """Cancel a job, or ask the worker of a running one to stop it.

    409 for a job that has ended. Asking again while it runs changes nothing, and is answered with changed false.
    """
    job = await job_of(context, request.id)
    [changed] = await context.app.cancel([job.id], reason=request.reason)
    if not changed.changed and changed.state is not None and not changed.state.final:
        return _told(changed)
    return _applied(changed, job, "cancelled")


@operation(
    "POST",
    "/v1/jobs/{id}/retry",
    scope=Scope.JOBS_WRITE,
    problems=(404, 409, 412, 422),
    headers={"if_match": "If-Match"},
    name="jobs.retry",
)
async def retry(context: Context, request: RetryJob) -> ChangedJob:
    """Queue a job again that is dead, cancelled or expired, with its attempts counted anew.

    With new values no worker sees it as it was. 409 for a job in another state.
    """
    job = await job_of(context, request.id)
    edits = _edits(context, request)
    async with unchanged(context, job, request.if_match):
        [changed] = await context.app.retry([job.id], **edits)
    return _applied(changed, job, "retried")


@operation(
    "PATCH",
    "/v1/jobs/{id}",
    scope=Scope.JOBS_WRITE,
    problems=(404, 409, 412, 422),
    headers={"if_match": "If-Match"},
    name="jobs.edit",
)
async def edit(context: Context, request: EditJob) -> ChangedJob:
    """Change a job that is not running and has not succeeded.

    With If-Match, and the ETag of the job as it was read, it is changed only if nobody else has: 412 otherwise.
    """
    job = await job_of(context, request.id)
    edits = _edits(context, request)
    if not edits:
        raise Refused(422, "HR-E0281", "nothing is to be changed", fix=f"give one of: {', '.join(_EDITS)}")
    async with unchanged(context, job, request.if_match):
        [changed] = await context.app.edit([job.id], **edits)
    return _applied(changed, job, "edited")


@operation("POST", "/v1/jobs/{id}/discard", scope=Scope.JOBS_WRITE, problems=(404, 409, 422), name="jobs.discard")
async def discard(context: Context, request: DiscardJob) -> ChangedJob:
    """End a dead job as cancelled, so that nobody looks at it again; it can still be retried."""
    job = await job_of(context, request.id)
    [changed] = await context.app.discard([job.id], reason=request.reason)
    return _applied(changed, job, "discarded")


@operation("DELETE", "/v1/jobs/{id}", scope=Scope.JOBS_WRITE, problems=(404, 409), name="jobs.delete")
async def delete(context: Context, request: GetJob) -> ChangedJob:
    """Delete a job that is not running, with its history. ``state`` is the one it had."""
    job = await job_of(context, request.id)
    [changed] = await context.app.delete([job.id])
    return _applied(changed, job, "deleted")


def _edits(context: Context, request: EditJob) -> Edits:
    edits = cast("Edits", given(request, *_EDITS))
    if "queue" in edits:
        check_queue(context.principal, edits["queue"])
    return edits


def _applied(changed: Changed, job: Job, done: str) -> ChangedJob:
    if changed.changed:
        return _told(changed)
    if changed.conflict is not None:
        raise Refused(
            409,
            "HR-E0503",
            f"job {job.id} cannot be {done}: job {changed.conflict}, which has not ended, holds its unique key",
            field="unique",
            value=changed.conflict,
        )
    state = None if changed.state is None else changed.state.value
    detail = f"job {job.id} is {state or 'gone'}, and cannot be {done}"
    raise Refused(409, "HR-E0501", detail, field="state", value=state)


def _told(changed: Changed) -> ChangedJob:
    return ChangedJob(id=changed.id, state=changed.state, changed=changed.changed)
