"""What a new job says, in the form that its row holds."""

from __future__ import annotations

from headrace.backends.sqlite.times import duration_us, to_us
from headrace.model.job import NewJob


def due_at(job: NewJob, now: int) -> int:
    """When the job is due; a job that says nothing of it is due now."""
    if job.delay is not None:
        return now + duration_us(job.delay)
    return now if job.run_at is None else to_us(job.run_at)


def expires_at(job: NewJob, now: int) -> int | None:
    """When it expires, None if it does not."""
    if job.expires_in is not None:
        return now + duration_us(job.expires_in)
    return None if job.expires_at is None else to_us(job.expires_at)


def storable(payload: bytes) -> str | bytes:
    """Text where the payload is text, so that SQL and people can read it."""
    if b"\0" in payload:
        return payload
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return payload
