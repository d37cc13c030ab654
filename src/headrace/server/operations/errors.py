"""Errors of jobs, in groups of equal ones, and what people say of them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from headrace.model.errors import ErrorGroup, ErrorStatus, status_of
from headrace.model.search.tree import Is, Term
from headrace.server.context import Context
from headrace.server.operation import operation
from headrace.server.operations.bulk import check_whole
from headrace.server.problems import Refused
from headrace.wire.base import Listed
from headrace.wire.errors import ErrorGroupView, ErrorMarked, ErrorNamed, ListErrors, MarkError
from headrace.wire.job_views import job_summary
from headrace.wire.scopes import Scope


@operation("GET", "/v1/errors", scope=Scope.JOBS_READ, problems=(422,))
async def find(context: Context, request: ListErrors) -> Listed[ErrorGroupView]:
    """List the errors of dead jobs, and of those to be retried, in groups; the most deadly first.

    Errors that differ in ids and numbers alone are one group. Those that were resolved, or are to be ignored, are
    there too, with their status.
    """
    check_whole(context)
    groups = await context.app.error_groups(where=request.query or None, limit=request.limit)
    return Listed(items=await _views(context, groups))


@operation("GET", "/v1/errors/{fingerprint}", scope=Scope.JOBS_READ, problems=(404,))
async def get(context: Context, request: ErrorNamed) -> ErrorGroupView:
    """One group: how many jobs, of which tasks, since when."""
    return (await _views(context, [await _group(context, request.fingerprint)]))[0]


@operation("POST", "/v1/errors/{fingerprint}/resolve", scope=Scope.JOBS_WRITE, problems=(404, 422))
async def resolve(context: Context, request: MarkError) -> ErrorMarked:
    """Say that an error is mended as of now. What fails so from now on has regressed; no job is changed."""
    group = await _group(context, request.fingerprint)
    await context.app.triage.resolve(group.fingerprint, note=request.note, author=context.principal.name)
    return ErrorMarked(fingerprint=group.fingerprint, status=ErrorStatus.RESOLVED, note=request.note)


@operation("POST", "/v1/errors/{fingerprint}/ignore", scope=Scope.JOBS_WRITE, problems=(404, 422))
async def ignore(context: Context, request: MarkError) -> ErrorMarked:
    """Say that nobody needs to look at an error, also when more jobs fail so."""
    group = await _group(context, request.fingerprint)
    await context.app.triage.ignore(group.fingerprint, note=request.note, author=context.principal.name)
    return ErrorMarked(fingerprint=group.fingerprint, status=ErrorStatus.IGNORED, note=request.note)


@operation("POST", "/v1/errors/{fingerprint}/reopen", scope=Scope.JOBS_WRITE)
async def reopen(context: Context, request: ErrorNamed) -> ErrorMarked:
    """Take back that an error was resolved or is to be ignored. Doing it again changes nothing."""
    check_whole(context)
    await context.app.triage.reopen(request.fingerprint)
    return ErrorMarked(fingerprint=request.fingerprint, status=ErrorStatus.OPEN)


async def _group(context: Context, fingerprint: str) -> ErrorGroup:
    """The group. Raises Refused where no job has failed so."""
    check_whole(context)
    for group in await context.app.error_groups(where=Term("fingerprint", (Is(fingerprint),)), limit=1):
        return group
    raise Refused(
        404,
        "HR-E0308",
        f"no dead or retrying job has the error {fingerprint!r}",
        field="fingerprint",
        value=fingerprint,
        fix="GET /v1/errors lists those there are",
    )


async def _views(context: Context, groups: Sequence[ErrorGroup]) -> list[ErrorGroupView]:
    messages = await _messages(context, groups)
    marks = await context.app.triage.marks([group.fingerprint for group in groups])
    return [
        ErrorGroupView(
            **{**structs.asdict(group), "message": messages.get(group.fingerprint, "")},
            status=status_of(group.last_seen, mark),
            mark=mark,
        )
        for group, mark in zip(groups, marks, strict=True)
    ]


async def _messages(context: Context, groups: Sequence[ErrorGroup]) -> dict[str, str]:
    """The message of each group's newest job as that job's own view shows it: without what its task redacts."""
    newest = {group.samples[0]: group.fingerprint for group in groups if group.samples}
    jobs = [job for job in await context.app.backend.reader.get_many(list(newest)) if job is not None]
    rules = await context.known.rules(job.task for job in jobs)
    views = {job.id: job_summary(job, rules[job.task]) for job in jobs}
    return {newest[job_id]: view.error.message for job_id, view in views.items() if view.error is not None}
