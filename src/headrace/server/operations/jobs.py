"""Jobs: submit, list and read them."""

from __future__ import annotations

from datetime import timedelta

from msgspec import UNSET, structs

from headrace.errors import TooLarge
from headrace.model.explanation import Explanation
from headrace.model.job import Job, LogLine
from headrace.server.auth import check_queue
from headrace.server.context import Context
from headrace.server.deprecation import headers_of, told_of_version
from headrace.server.etags import etag_of
from headrace.server.operation import Answer, operation
from headrace.server.problems import reading_from
from headrace.server.submitting import call_of
from headrace.tasks.handle import JobHandle
from headrace.wire.base import Listed, PageOf, duration
from headrace.wire.job_views import attempt_views, job_detail, job_result, job_summary, log_views
from headrace.wire.jobs import (
    AttemptView,
    GetJob,
    GetResult,
    JobDetail,
    JobResult,
    JobSummary,
    ListJobs,
    SubmitJob,
    SubmitJobs,
    SubmittedJob,
    SubmittedJobs,
)
from headrace.wire.scopes import Scope
from headrace.wire.stores import ExplanationView

PATIENCE = timedelta(milliseconds=10)
"""For how long a page looks for what matches: others wait for the same store, and who wants more asks for the next."""


def _answer_submitted(reply: SubmittedJob) -> Answer:
    there = reply.duplicate or reply.dropped or reply.replaced
    headers = {"location": f"/v1/jobs/{reply.id}"}
    if reply.deprecated is not UNSET:
        headers |= headers_of(reply)
    if reply.duplicate:
        headers["idempotency-replayed"] = "true"
    return Answer(200 if there else 201, headers)


def _answer_detail(reply: JobDetail) -> Answer:
    return Answer(200, {"etag": reply.etag})


def _answer_result(reply: JobResult) -> Answer:
    return Answer(200 if reply.ended else 202)


@operation(
    "POST",
    "/v1/jobs",
    scope=Scope.JOBS_SUBMIT,
    statuses={201: "The job is stored, durably.", 200: "No job was added: see the flags."},
    problems=(409, 413, 422),
    headers={"idempotency_key": "Idempotency-Key"},
    answer=_answer_submitted,
)
async def submit(context: Context, request: SubmitJob) -> SubmittedJob:
    """Submit a job.

    The arguments are checked against the task's types. Requests that come at the same time share one commit. With an
    Idempotency-Key, sending the request again is safe: it answers the first job, with Idempotency-Replayed. Where the
    task deprecates the version that is asked for, the answer has Deprecation, and Sunset where that is known.
    """
    handle = await context.app.enqueue(await call_of(context, request))
    reply = _submitted(handle)
    return reply if request.version is UNSET else await told_of_version(context, request, reply)


@operation(
    "POST",
    "/v1/jobs/batch",
    scope=Scope.JOBS_SUBMIT,
    statuses={201: "The jobs are stored, durably."},
    problems=(409, 413, 422),
    answer=lambda reply: Answer(201),
)
async def submit_many(context: Context, request: SubmitJobs) -> SubmittedJobs:
    """Submit many jobs in one transaction.

    When one of them is refused, none is stored. The one exception: where an idempotency key is taken by other work, the
    others are stored, and the problem says so.
    """
    most = context.app.backend.capabilities.max_batch
    if len(request.jobs) > most:
        message = f"{len(request.jobs)} jobs in one request; this store takes {most} at once. Send several requests"
        raise TooLarge(message)
    calls = [await call_of(context, job) for job in request.jobs]
    handles = await context.app.enqueue_many(calls)
    pairs = zip(request.jobs, handles, strict=True)
    return SubmittedJobs(jobs=[await told_of_version(context, job, _submitted(handle)) for job, handle in pairs])


@operation("GET", "/v1/jobs", scope=Scope.JOBS_READ, problems=(422,))
async def find(context: Context, request: ListJobs) -> PageOf[JobSummary]:
    """List jobs, the newest first.

    A page costs the same however deep it is. Where no index leads to what matches, it ends after some hundredths of a
    second, with what was found by then and complete false; go on with next_cursor. Jobs of queues that are not the
    caller's are left out.
    """
    with reading_from(request.cursor):
        page = await context.app.find(
            where=request.query or None, cursor=request.cursor, limit=request.limit, patience=PATIENCE
        )
    jobs = [job for job in page.items if context.principal.may_in(job.queue)]
    rules = await context.known.rules(job.task for job in jobs)
    items = [job_summary(job, rules[job.task]) for job in jobs]
    return PageOf(items=items, next_cursor=page.next_cursor, complete=page.complete, reached=page.reached)


@operation("GET", "/v1/jobs/{id}", scope=Scope.JOBS_READ, problems=(404,), answer=_answer_detail)
async def get(context: Context, request: GetJob) -> JobDetail:
    """Everything about a job, but its attempts and log lines.

    The header ETag is for If-Match of an edit.
    """
    return await detail_of(context, await job_of(context, request.id))


@operation(
    "GET",
    "/v1/jobs/{id}/result",
    scope=Scope.JOBS_READ,
    statuses={200: "The job has ended, however it ended.", 202: "It has not; ask again."},
    problems=(404,),
    answer=_answer_result,
    waits=True,
)
async def result(context: Context, request: GetResult) -> JobResult:
    """Wait until a job has ended, and answer how.

    Without wait it is answered at once, and with it as soon as the job has ended, or after that time.
    """
    job = await job_of(context, request.id)
    wait = context.wait(duration("wait", request.wait))
    if not job.state.final and wait > 0:
        job = await context.until_closing(context.app.settled(job.id, wait)) or await context.app.get(job.id)
    rules = await context.known.rules([job.task])
    return job_result(job, rules[job.task])


@operation("GET", "/v1/jobs/{id}/attempts", scope=Scope.JOBS_READ, problems=(404,))
async def attempts(context: Context, request: GetJob) -> Listed[AttemptView]:
    """The ended attempts of a job, oldest first, with their tracebacks."""
    job = await job_of(context, request.id)
    rules = await context.known.rules([job.task])
    return Listed(items=attempt_views(job, await context.app.attempts(job.id), rules[job.task]))


@operation("GET", "/v1/jobs/{id}/logs", scope=Scope.JOBS_READ, problems=(404,))
async def logs(context: Context, request: GetJob) -> Listed[LogLine]:
    """What the job's handler has logged, oldest first; the last 1,000 lines are kept."""
    job = await job_of(context, request.id)
    rules = await context.known.rules([job.task])
    return Listed(items=log_views(job, await context.app.logs(job.id), rules[job.task]))


@operation("GET", "/v1/jobs/{id}/explain", scope=Scope.JOBS_READ, problems=(404,))
async def explain(context: Context, request: GetJob) -> ExplanationView:
    """Why the job is not running, or what it does if it is."""
    await job_of(context, request.id)
    found: Explanation = await context.app.explain(request.id)
    return ExplanationView(**{**structs.asdict(found), "evidence": dict(found.evidence)})


async def job_of(context: Context, job_id: str) -> Job:
    """The job, if it is in a queue of the caller. Raises JobNotFound, and Refused."""
    job = await context.app.get(job_id)
    check_queue(context.principal, job.queue)
    return job


async def detail_of(context: Context, job: Job) -> JobDetail:
    """A job as it is shown."""
    rules = await context.known.rules([job.task])
    return structs.replace(job_detail(job, rules[job.task]), etag=etag_of(job))


def _submitted(handle: JobHandle[object]) -> SubmittedJob:
    return SubmittedJob(
        id=handle.id,
        task=handle.task or "",
        duplicate=handle.duplicate,
        dropped=handle.dropped,
        replaced=handle.replaced,
    )
