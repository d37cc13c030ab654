"""Errors in groups."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from headrace.model.page import PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX
from headrace.wire.base import Reply, Request


class ListErrors(Request, frozen=True, kw_only=True):
    """Which errors: those of jobs that match the search, and how many groups at most."""

    query: Annotated[str, Meta(max_length=4_000, pattern="^[^\\x00]*$")] = ""
    limit: Annotated[int, Meta(ge=1, le=PAGE_LIMIT_MAX)] = PAGE_LIMIT_DEFAULT


class ErrorGroupView(Reply, frozen=True, kw_only=True):
    """Jobs that failed of the same: ``message`` is the newest job's. ``samples`` are the newest jobs.

    ``dead`` jobs will not run again by themselves; ``retrying`` ones are scheduled or queued.
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
