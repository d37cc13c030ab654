"""Lists in pages, by position and never by offset, so that a page costs the same however deep it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Generic, TypeVar

from msgspec import Struct

from headrace.model.job import JobState
from headrace.model.search.tree import Query

T = TypeVar("T")

PAGE_LIMIT_DEFAULT = 50
PAGE_LIMIT_MAX = 1_000
"""A page is held in memory whole; a thousand jobs with their payloads stay within tens of megabytes."""

SCAN_DEFAULT = 100_000
"""Jobs that one page looks at where no index leads to those that match. Measured on SQLite: 50 ms where the job's row
tells, 0.4 s where the arguments must be read, 2 s where the errors must."""


class JobQuery(Struct, frozen=True, kw_only=True, gc=False):
    """Which jobs to list: every given field must match; an empty tuple matches all. Newest first.

    ``since`` and ``until`` are about when the job was enqueued, ``since`` included, ``until`` not. ``where`` is a query
    of :mod:`headrace.model.search`. With ``as_of``, jobs that were enqueued, claimed or ended later are left out, and
    it is what ``2h`` is counted from. ``scan`` is how many jobs a page looks at where no index helps, and ``patience``,
    where it is given, for how long: a page gets on however little that is, and takes a little longer at times.
    """

    states: tuple[JobState, ...] = ()
    queues: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    where: Query | None = None
    as_of: datetime | None = None
    scan: int = SCAN_DEFAULT
    patience: timedelta | None = None


class Page(Struct, Generic[T], frozen=True, kw_only=True, gc=False):
    """A part of a list. ``next_cursor`` None means that the list ends here.

    ``complete`` False means that this page looked at all it may before it was full: it holds what was found among jobs
    enqueued since ``reached``, and ``next_cursor`` goes on from there.
    """

    items: list[T]
    next_cursor: str | None = None
    complete: bool = True
    reached: datetime | None = None
