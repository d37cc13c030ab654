"""Jobs of versions that should not be made any more: what the answer to one that is submitted says of it."""

from __future__ import annotations

from datetime import UTC, datetime, time
from email.utils import format_datetime

from msgspec import UNSET, UnsetType, structs

from headrace.server.context import Context
from headrace.wire.jobs import SubmitJob, SubmittedJob


async def told_of_version(context: Context, request: SubmitJob, reply: SubmittedJob) -> SubmittedJob:
    """The reply, with what the task's code says of the version that was asked for."""
    if isinstance(request.version, UnsetType):
        return reply
    record = (await context.known.find([request.task])).get(request.task)
    told = next((each for each in record.versions if each.version == request.version), None) if record else None
    task = context.app.tasks.get(request.task)
    step = task.upcasts.get(request.version) if task is not None else None
    why = told.deprecated if told is not None and told.deprecated else step and step.deprecated
    if not why:
        return reply
    since = (
        told.deprecated_at if told is not None and told.deprecated_at is not None else context.app.backend.clock.now()
    )
    until = (told.sunset if told is not None else None) or (step.sunset if step is not None else None)
    return structs.replace(reply, deprecated=why, deprecated_at=since, sunset=UNSET if until is None else until)


def headers_of(reply: SubmittedJob) -> dict[str, str]:
    """``Deprecation`` as RFC 9745 has it, and ``Sunset`` as RFC 8594 does: the end of that day."""
    if not isinstance(reply.deprecated_at, datetime):
        return {}
    headers = {"deprecation": f"@{int(reply.deprecated_at.timestamp())}"}
    if not isinstance(reply.sunset, UnsetType):
        headers["sunset"] = format_datetime(datetime.combine(reply.sunset, time(23, 59, 59), UTC), usegmt=True)
    return headers
