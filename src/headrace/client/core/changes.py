"""Changes of jobs: what they are asked with, and what is an answer rather than an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.client.core.answers import StateConflict
from headrace.errors import JobNotFound
from headrace.model.edits import Edits
from headrace.wire.jobs import ChangedJob, EditJob


class RemoteEdits(Edits, total=False):
    """What ``edit`` and ``retry`` can change; what is not given stays. ``args`` are all arguments anew, by name.

    if_match: the ``etag`` of the job as it was read; it is changed only if nobody else has.
    """

    if_match: str


def edit_request(job_id: str, edits: Mapping[str, Any]) -> EditJob:
    """The message of an edit."""
    values = dict(edits)
    if "tags" in values:
        values["tags"] = list(values["tags"])
    return EditJob(id=job_id, **values)


def unchanged(job_id: str, error: Exception) -> ChangedJob:
    """The answer for a job that could not be changed. Raises the error when it is about something else."""
    if isinstance(error, JobNotFound):
        return ChangedJob(id=job_id, state=None, changed=False)
    if isinstance(error, StateConflict):
        return ChangedJob(id=job_id, state=error.state, changed=False, conflict=error.holder)
    raise error
