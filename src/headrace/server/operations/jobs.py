"""Jobs: submit, read, wait for, change."""

from __future__ import annotations

from typing import Any

from headrace.model.job import Job
from headrace.server.auth import check_queue
from headrace.server.context import Context
from headrace.server.operation import Answer, operation
from headrace.server.problems import Refused
from headrace.server.submitting import call_of
from headrace.storage.jobs import Changed
from headrace.wire.base import PageOf
from headrace.wire.job_views import job_detail, job_summary
from headrace.wire.jobs import (
    CancelJob,
    ChangedJob,
    GetJob,
    JobDetail,
    JobSummary,
    ListJobs,
    SubmitJob,
    SubmittedJob,
)
from headrace.wire.scopes import Scope


def _submitted(reply: SubmittedJob) -> Answer:
    there = reply.duplicate or reply.dropped or reply.replaced
    headers = {"location": f"/v1/jobs/{reply.id}"}
    if reply.duplicate:
        headers["idempotency-replayed"] = "true"
    return Answer(200 if there else 201, headers)


@operation(
    "POST",
    "/v1/jobs",
    scope=Scope.JOBS_SUBMIT,
    statuses={201: "The job is stored, durably.", 200: "Nothing was added: see the flags."},
    problems=(409, 413, 422),
    headers={"idempotency_key": "Idempotency-Key"},
    answer=_submitted,
)
async def submit(context: Context, request: SubmitJob) -> SubmittedJob:
    """Submit a job.

    The arguments are checked against the task's types. Requests that come at the same time share one commit. With an
    Idempotency-Key, sending the request again is safe: it answers the first job, with Idempotency-Replayed.
    """
    call = await call_of(context, request)
    handle = await context.app.enqueue(call)
    return SubmittedJob(
        id=handle.id,
        task=request.task,
        duplicate=handle.duplicate,
        dropped=handle.dropped,
        replaced=handle.replaced,
    )


@operation("GET", "/v1/jobs", scope=Scope.JOBS_READ, problems=(422,))
async def find(context: Context, request: ListJobs) -> PageOf[JobSummary]:
    """List jobs, the newest first.

    A page costs the same however deep it is. Where no index leads to what matches, it ends after a look at 100,000
    jobs, with complete false; go on with next_cursor.
    """
    page = await context.app.find(where=request.query or None, cursor=request.cursor, limit=request.limit)
    jobs = [job for job in page.items if context.principal.may_in(job.queue)]
    rules = await context.known.rules(job.task for job in jobs)
    items = [job_summary(job, rules[job.task]) for job in jobs]
    return PageOf(items=items, next_cursor=page.next_cursor, complete=page.complete)


@operation("GET", "/v1/jobs/{id}", scope=Scope.JOBS_READ, problems=(404,))
async def get(context: Context, request: GetJob) -> JobDetail:
    """Everything about a job, but its attempts and log lines."""
    return await _detail(context, await job_of(context, request.id))


@operation("POST", "/v1/jobs/{id}/cancel", scope=Scope.JOBS_WRITE, problems=(404, 409))
async def cancel(context: Context, request: CancelJob) -> ChangedJob:
    """Cancel a job, or ask the worker of a running one to stop it.

    409 for a job that has ended.
    """
    job = await job_of(context, request.id)
    [changed] = await context.app.cancel([job.id], reason=request.reason)
    return _changed(changed, "cancelled", job)


async def job_of(context: Context, job_id: str) -> Job:
    """The job, if it is in a queue of the caller. Raises JobNotFound, and Refused."""
    job = await context.app.get(job_id)
    check_queue(context.principal, job.queue)
    return job


async def _detail(context: Context, job: Job) -> JobDetail:
    rules = await context.known.rules([job.task])
    return job_detail(job, rules[job.task])


def _changed(changed: Changed, done: str, job: Job) -> ChangedJob:
    if changed.changed or (changed.state == job.state and job.cancel_requested):
        return ChangedJob(id=changed.id, state=changed.state, changed=changed.changed, conflict=changed.conflict)
    detail = f"job {job.id} is {changed.state or 'gone'}, and cannot be {done}"
    value: Any = None if changed.state is None else changed.state.value
    raise Refused(409, "HR-E0501", detail, field="state", value=value)
