"""Failures in groups: equal errors, by their fingerprint."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from headrace.model.ids import JobId

SAMPLES_MAX = 3
"""Jobs named with a group: enough to look into, and each costs a look-up."""


class ErrorGroup(Struct, frozen=True, kw_only=True, gc=False):
    """Jobs whose last error is the same but for its ids and numbers.

    ``type`` and ``message`` are those of the newest job. ``dead`` jobs will not run again by themselves; ``retrying``
    ones are scheduled or queued. ``first_seen`` and ``last_seen`` are when the earliest and the latest of these jobs
    failed last. ``samples`` are the newest jobs, at most SAMPLES_MAX. Of a group of a hundred jobs or more, tasks and
    instants may be those of its newest and oldest jobs alone; the counts are of all.
    """

    fingerprint: str
    type: str
    message: str
    tasks: tuple[str, ...]
    dead: int
    retrying: int
    first_seen: datetime
    last_seen: datetime
    samples: tuple[JobId, ...]


class Marked(StrEnum):
    """What a person said of a group."""

    RESOLVED = "resolved"
    IGNORED = "ignored"


class ErrorStatus(StrEnum):
    """How a group stands: ``open`` and ``regressed`` want somebody to look."""

    OPEN = "open"
    REGRESSED = "regressed"
    RESOLVED = "resolved"
    IGNORED = "ignored"


class ErrorMark(Struct, frozen=True, kw_only=True):
    """What a person said of a group, when, and why."""

    marked: Marked
    at: datetime
    note: str = ""
    author: str = ""


def status_of(last_seen: datetime, mark: ErrorMark | None) -> ErrorStatus:
    """How a group stands whose jobs failed last at ``last_seen``: one that was resolved before that has regressed."""
    if mark is None:
        return ErrorStatus.OPEN
    if mark.marked is Marked.RESOLVED and last_seen > mark.at:
        return ErrorStatus.REGRESSED
    return ErrorStatus(mark.marked.value)
