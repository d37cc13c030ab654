"""Errors in groups."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from headrace.model.errors import ErrorMark, ErrorStatus
from headrace.model.page import PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX
from headrace.wire.base import Reply, Request, Text

Fingerprint = Annotated[
    str, Meta(min_length=1, max_length=64, pattern="^[^\\x00]*$", description="What equal errors have in common.")
]


class ListErrors(Request, frozen=True, kw_only=True):
    """Which errors: those of jobs that match the search, and how many groups at most."""

    query: Annotated[str, Meta(max_length=4_000, pattern="^[^\\x00]*$")] = ""
    limit: Annotated[int, Meta(ge=1, le=PAGE_LIMIT_MAX)] = PAGE_LIMIT_DEFAULT


class ErrorNamed(Request, frozen=True, kw_only=True):
    """Which group of errors."""

    fingerprint: Fingerprint


class MarkError(ErrorNamed, frozen=True, kw_only=True):
    """Which group of errors to mark, and why."""

    note: Text = ""


class ErrorMarked(Reply, frozen=True, kw_only=True):
    """What a group is now."""

    fingerprint: str
    status: ErrorStatus
    note: str = ""


class ErrorGroupView(Reply, frozen=True, kw_only=True):
    """Jobs that failed of the same: ``message`` is the newest job's. ``samples`` are the newest jobs.

    ``dead`` jobs will not run again by themselves; ``retrying`` ones are scheduled or queued. ``mark`` is what somebody
    said of it; where that was that it is resolved, and a job has failed so since, ``status`` is ``regressed``.
    """

    fingerprint: str
    type: str
    message: str
    tasks: tuple[str, ...]
    dead: int
    retrying: int
    first_seen: datetime
    last_seen: datetime
    samples: tuple[str, ...]
    status: ErrorStatus = ErrorStatus.OPEN
    mark: ErrorMark | None = None
