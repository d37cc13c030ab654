"""One id from a request, through the jobs it enqueues, to the jobs that those enqueue."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from msgspec import structs

from headrace.engine.context import running_here
from headrace.errors import UsageError
from headrace.model.correlation import CORRELATION_KEY, CORRELATION_LENGTH_MAX, correlation_of
from headrace.model.job import NewJob

_given: ContextVar[str | None] = ContextVar("headrace_correlation", default=None)


@contextmanager
def correlate(value: str | None = None) -> Iterator[str]:
    """Connect all jobs that are enqueued within: they, and the jobs they enqueue, carry ``value`` as correlation id.

    Without a value one is made. Follows asyncio tasks and ``contextvars.copy_context``, as all context variables do.
    In a handler it overrules the id of the running job. Raises UsageError for what cannot be one.

    >>> with correlate("request-7") as value:
    ...     value == correlation_id() == "request-7"
    True
    >>> correlation_id() is None
    True
    """
    chosen = str(uuid.uuid4()) if value is None else _checked(value)
    token = _given.set(chosen)
    try:
        yield chosen
    finally:
        _given.reset(token)


def correlation_id() -> str | None:
    """The correlation id that a job enqueued here would carry: that of ``correlate``, or of the running job."""
    given = _given.get()
    if given is not None:
        return given
    running = running_here.get()
    return None if running is None else correlation_of(running.job)


def correlated(jobs: list[NewJob]) -> list[NewJob]:
    """The jobs with the correlation id of here, where there is one, in the ``meta`` of those that have none."""
    value = correlation_id()
    if value is None:
        return jobs
    return [
        job if CORRELATION_KEY in job.meta else structs.replace(job, meta={**job.meta, CORRELATION_KEY: value})
        for job in jobs
    ]


def _checked(value: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= CORRELATION_LENGTH_MAX or not value.isprintable():
        message = f"a correlation id is 1 to {CORRELATION_LENGTH_MAX} printable characters; got {value!r}"
        raise UsageError(message)
    return value
