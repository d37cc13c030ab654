"""How an attempt ended, as one value: what the executor returns and what a store settles."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from headrace.model.fingerprint import fingerprint
from headrace.model.job import AttemptOutcome, ErrorInfo
from headrace.model.lease import Lease
from headrace.model.usage import UNKNOWN, Usage

LEASE_LOST = "LeaseLost"
_LEASE_LOST_FINGERPRINT = fingerprint(LEASE_LOST, "")


def lease_lost(worker: str) -> ErrorInfo:
    """The error of an attempt whose worker is gone, or was not heard for as long as its lease; alike whoever it was."""
    message = f"worker {worker} died, or was silent for longer than its lease"
    return ErrorInfo(type=LEASE_LOST, message=message, fingerprint=_LEASE_LOST_FINGERPRINT)


def quarantined(losses: int) -> str:
    """Why a job is dead that has attempts left, in whose every attempt lately the worker died."""
    return f"quarantined: its worker died {losses} times in a row while running it"


class Completed(Struct, frozen=True, kw_only=True, gc=False):
    """The handler returned. ``result`` is its encoded value, or None where there is nothing to keep."""

    result: bytes | None = None
    codec: str = "json"


class Failed(Struct, frozen=True, kw_only=True, gc=False):
    """The handler raised or ran out of time. ``retry_in`` None means that no retry is left: the job is dead.

    The delay is relative, so that the store's clock alone decides when the retry is due.
    """

    error: ErrorInfo
    retry_in: timedelta | None = None
    outcome: AttemptOutcome = AttemptOutcome.FAILED


class Snoozed(Struct, frozen=True, kw_only=True, gc=False):
    """The handler asked to run later. The attempt is given back."""

    delay: timedelta
    reason: str = ""


class Cancelled(Struct, frozen=True, kw_only=True, gc=False):
    """The handler stopped because it was told to, or raised ``Cancel``. The job ends as cancelled."""

    reason: str


class Discarded(Struct, frozen=True, kw_only=True, gc=False):
    """The handler says that no retry can help. The job is dead at once."""

    reason: str
    error: ErrorInfo | None = None


class Waiting(Struct, frozen=True, kw_only=True, gc=False):
    """Park the job until ``wake_many`` names it or ``until`` comes. The attempt is given back.

    ``seen`` is the wake counter the handler knew. If the job was woken since, it is queued at once: no wake-up is lost.
    """

    seen: int
    until: datetime | None = None


class Released(Struct, frozen=True, kw_only=True, gc=False):
    """The job was not run, or not to its end, through no fault of its own. The attempt is given back."""


Outcome = Completed | Failed | Snoozed | Cancelled | Discarded | Waiting | Released


class Finish(Struct, frozen=True, kw_only=True, gc=False):
    """An outcome under the lease that allows it, with what the attempt used."""

    lease: Lease
    outcome: Outcome
    usage: Usage = UNKNOWN
