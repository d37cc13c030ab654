"""What connects a job with the work it is part of: one id, from the request that began it to the last job it led to."""

from __future__ import annotations

from headrace.model.job import Job, NewJob

CORRELATION_KEY = "correlation_id"
"""Where ``meta`` carries it."""

CORRELATION_LENGTH_MAX = 128
"""It goes into every log line of every job it connects. A UUID has 36 characters."""


def correlation_of(job: Job | NewJob) -> str:
    """The correlation id of a job: the one in its ``meta``, or else its own id.

    So every job has one and most store nothing for it: the id of the first job is that of all that it leads to.

    >>> from headrace.model.ids import JobId
    >>> correlation_of(NewJob(id=JobId("j-1"), task="greet", payload=b"", meta={"correlation_id": "request-7"}))
    'request-7'
    >>> correlation_of(NewJob(id=JobId("j-1"), task="greet", payload=b""))
    'j-1'
    """
    given = job.meta.get(CORRELATION_KEY) if job.meta else None
    return given if isinstance(given, str) and given else job.id
