"""Lists in pages, by position and never by offset, so that a page costs the same however deep it is."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, TypeVar

from msgspec import Struct

from headrace.model.job import JobState

T = TypeVar("T")

PAGE_LIMIT_DEFAULT = 50
PAGE_LIMIT_MAX = 1_000
"""A page is held in memory whole; a thousand jobs with their payloads stay within tens of megabytes."""


class JobQuery(Struct, frozen=True, kw_only=True, gc=False):
    """Which jobs to list: every given field must match; an empty tuple matches all. Newest first.

    ``since`` and ``until`` are about when the job was enqueued, ``since`` included, ``until`` not.
    """

    states: tuple[JobState, ...] = ()
    queues: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


class Page(Struct, Generic[T], frozen=True, kw_only=True, gc=False):
    """A part of a list. ``next_cursor`` None means that the list ends here."""

    items: list[T]
    next_cursor: str | None = None
