"""What must not be shown of jobs: by the rules in this program's code, and those that workers have told the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headrace.app.registry import TaskRegistry
from headrace.model.catalogue import TaskRecord
from headrace.model.job import Job
from headrace.model.redaction import for_arguments, redact
from headrace.wire.values import decoded


def secrets_of(job: Job, registry: TaskRegistry, told: Mapping[str, TaskRecord]) -> set[str]:
    """The values of a job's arguments that no text about it may show, for ``redact_texts``.

    ``told`` are the entries of the catalogue, by the task's name; a program without the code has nothing else.
    """
    task, record = registry.find(job.task), told.get(job.task)
    rules: Sequence[str] = (*(() if task is None else task.redact), *(() if record is None else record.redact))
    secrets: set[str] = set()
    redact(decoded(job.payload, job.codec), for_arguments(rules), secrets)
    return secrets
