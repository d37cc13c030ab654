"""Failures in groups: equal errors, by their fingerprint."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from headrace.model.ids import JobId

SAMPLES_MAX = 3
"""Jobs named with a group: enough to look into, and each costs a look-up."""


class ErrorGroup(Struct, frozen=True, kw_only=True, gc=False):
    """Jobs whose last error is the same but for its ids and numbers.

    ``type`` and ``message`` are those of the newest job. ``dead`` jobs will not run again by themselves; ``retrying``
    ones are scheduled or queued. ``first_seen`` and ``last_seen`` are when the earliest and the latest of these jobs
    failed last. ``samples`` are the newest jobs, at most SAMPLES_MAX.
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
