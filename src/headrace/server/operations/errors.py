"""Errors of jobs, in groups of equal ones."""

from __future__ import annotations

from msgspec import structs

from headrace.model.errors import ErrorGroup
from headrace.server.context import Context
from headrace.server.operation import operation
from headrace.server.operations.bulk import check_whole
from headrace.wire.base import Listed
from headrace.wire.errors import ErrorGroupView, ListErrors
from headrace.wire.job_views import job_summary
from headrace.wire.scopes import Scope


@operation("GET", "/v1/errors", scope=Scope.JOBS_READ, problems=(422,))
async def find(context: Context, request: ListErrors) -> Listed[ErrorGroupView]:
    """List the errors of dead jobs, and of those to be retried, in groups; the most deadly first.

    Errors that differ in ids and numbers alone are one group.
    """
    check_whole(context)
    groups = await context.app.error_groups(where=request.query or None, limit=request.limit)
    messages = await _messages(context, groups)
    return Listed(
        items=[
            ErrorGroupView(**{**structs.asdict(group), "message": messages.get(group.fingerprint, "")})
            for group in groups
        ]
    )


async def _messages(context: Context, groups: list[ErrorGroup]) -> dict[str, str]:
    """The message of each group's newest job as that job's own view shows it: without what its task redacts."""
    newest = {group.samples[0]: group.fingerprint for group in groups if group.samples}
    jobs = [job for job in await context.app.backend.reader.get_many(list(newest)) if job is not None]
    rules = await context.known.rules(job.task for job in jobs)
    views = {job.id: job_summary(job, rules[job.task]) for job in jobs}
    return {newest[job_id]: view.error.message for job_id, view in views.items() if view.error is not None}
