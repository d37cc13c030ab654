"""What views of jobs leave out: by the rules that workers have told the catalogue, so that no code is needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from headrace.model.redaction import for_arguments, redact, redact_result, redact_view
from headrace.wire.values import decoded

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.model.job import Job

F = TypeVar("F", bound=Callable[..., Any])

View = dict[str, Any]


def reveal_option(function: F) -> F:
    """The option ``--reveal``; the command receives ``reveal``."""
    return click.option("--reveal", is_flag=True, help="Show what tasks redact, such as passwords.")(function)


async def conceal(app: Headrace, jobs: Sequence[Job], views: Sequence[View], *, reveal: bool = False) -> list[View]:
    """The views of these jobs, or of what quotes them, without what must not be shown; as they are with ``reveal``."""
    if reveal:
        return list(views)
    from headrace.app.catalogue import find_tasks

    records = await find_tasks(app.backend.kv, [job.task for job in jobs])
    rules = {name: record.redact for name, record in records.items()}
    return [_conceal(job, view, rules.get(job.task, ())) for job, view in zip(jobs, views, strict=True)]


def _conceal(job: Job, view: View, rules: Sequence[str]) -> View:
    secrets: set[str] = set()
    arguments = redact(decoded(job.payload, job.codec), for_arguments(rules), secrets)
    shown = dict(view)
    if "args" in shown:
        shown["args"] = arguments
    if "result" in shown:
        shown["result"] = redact_result(shown["result"], rules, secrets)
    if "metadata" in shown:
        shown["metadata"] = redact(shown["metadata"], (), secrets)
    return redact_view(shown, secrets) if secrets else shown
