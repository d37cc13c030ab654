"""Edits of jobs by people: new values, and new arguments in the codec that each job has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import asdict

from headrace.config import check_queue_name
from headrace.errors import ConfigError
from headrace.model.edits import Edits
from headrace.model.ids import JobId
from headrace.model.job import PRIORITY_MAX, PRIORITY_MIN
from headrace.model.operation import JobChanges
from headrace.model.payload import Codecs
from headrace.storage.backend import Backend
from headrace.storage.jobs import JobEdit


async def make_edits(backend: Backend, codecs: Codecs, ids: Sequence[JobId], edits: Edits) -> list[JobEdit]:
    """One edit for each job. Jobs that are not there are left out where their arguments are to change.

    Raises ConfigError for a value that cannot be.
    """
    values: dict[str, Any] = dict(edits)
    arguments = values.pop("args", None)
    if "tags" in values:
        values["tags"] = tuple(values["tags"])
    changes = {name: value for name, value in asdict(job_changes(values)).items() if value is not UNSET}
    if arguments is None:
        return [JobEdit(id=job_id, **changes) for job_id in ids]
    jobs = await backend.reader.get_many(ids)
    return [
        JobEdit(id=job.id, payload=codecs.get(job.codec).encode(dict(arguments)), **changes)
        for job in jobs
        if job is not None
    ]


def job_changes(changes: Mapping[str, Any]) -> JobChanges:
    """The changes, checked. Raises ConfigError that names what cannot be changed, or not so."""
    for name in changes:
        if name not in JobChanges.__struct_fields__:
            message = f"{name!r} of a job cannot be changed; what can: {', '.join(JobChanges.__struct_fields__)}"
            raise ConfigError(message)
    try:
        made = msgspec.convert(changes, JobChanges)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{error}; got {changes!r}") from None
    if not isinstance(made.priority, UnsetType) and not PRIORITY_MIN <= made.priority <= PRIORITY_MAX:
        raise ConfigError(f"priority is a number from {PRIORITY_MIN} to {PRIORITY_MAX}; got {made.priority!r}")
    if not isinstance(made.max_attempts, UnsetType) and made.max_attempts < 1:
        raise ConfigError(f"max_attempts is at least 1; got {made.max_attempts!r}")
    if not isinstance(made.queue, UnsetType):
        check_queue_name(made.queue)
    for name in ("run_at", "expires_at"):
        instant = getattr(made, name)
        if isinstance(instant, datetime) and instant.utcoffset() is None:
            raise ConfigError(f"{name} needs a time zone, such as datetime(2025, 1, 31, tzinfo=UTC); got {instant!r}")
    return made
