"""What a handler returned, or the exception that says how its job ended."""

from __future__ import annotations

from typing import Any

import msgspec

from headrace.errors import JobCancelled, JobExpired, JobFailed
from headrace.model.job import JobState
from headrace.wire.jobs import JobResult

SLICE_S = 20.0
"""A wait is asked for in pieces: what lies between us and the server cuts connections that are silent for longer."""


def value_of(found: JobResult, kind: Any) -> Any:
    """The result, as ``kind``. Raises JobFailed, JobCancelled or JobExpired if the job did not succeed."""
    if found.state is JobState.SUCCEEDED:
        return found.result if kind is Any else msgspec.convert(found.result, kind)
    if found.state is JobState.CANCELLED:
        raise JobCancelled(found.id, f"job {found.id} was cancelled: {found.reason or 'no reason was given'}")
    if found.state is JobState.EXPIRED:
        raise JobExpired(found.id, f"job {found.id} was not started in time")
    if found.error is not None:
        raise JobFailed(found.id, found.error.type, found.error.message, found.error.traceback)
    raise JobFailed(found.id, "Discard", found.reason or "no reason was given", "")


def too_late(job_id: str, limit: float) -> TimeoutError:
    """The error for a job that goes on for longer than its caller wants to wait."""
    return TimeoutError(f"job {job_id} has not ended within {limit:g} s; it goes on")
