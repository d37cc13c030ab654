"""A lease: a time-limited claim of a job, carrying a token that only its claim knows."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from headrace.model.ids import JobId
from headrace.model.job import Job


class Lease(Struct, frozen=True, kw_only=True, gc=False):
    """The right to finish a job. ``token`` is opaque: it names the claim, not the attempt, and no claim is repeated.

    ``expires_at`` tells when the lease runs out unless a heartbeat extends it; the store's clock decides.
    """

    job_id: JobId
    token: str
    expires_at: datetime


class Claim(Struct, frozen=True, kw_only=True, gc=False):
    """A job handed to a worker together with the lease to finish it.

    The job comes without its ``progress``, which is for people: looking it up would cost every claim.
    """

    job: Job
    lease: Lease
