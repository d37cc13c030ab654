"""What a handler raises to say how its job goes on.

They derive from ``BaseException`` so that a handler's own ``except Exception`` cannot swallow them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from headrace.errors import UsageError


class Control(BaseException):
    """The base of ``Retry``, ``Snooze``, ``Cancel`` and ``Discard``."""


class Retry(Control):
    """Fail this attempt and try again, after ``after`` or, without it, after what the retry policy says.

    The attempt counts. When it was the last one, the job is dead. Raises UsageError, and so fails the attempt, where
    ``after`` is no timedelta or the delay stands in place of the reason.

    >>> Retry(5)
    Traceback (most recent call last):
    headrace.errors.UsageError: Retry(5): the reason comes first; for a delay write Retry(after=seconds(5))
    """

    def __init__(self, reason: str = "the handler asked for a retry", *, after: timedelta | None = None) -> None:
        _check_reason(reason)
        if after is not None:
            _check_delay("Retry", "after=", after)
        super().__init__(reason)
        self.reason = reason
        self.after = after


class Snooze(Control):
    """Run this job again after ``delay``; the attempt is given back, however often it happens.

    Raises UsageError, and so fails the attempt, where the delay is no timedelta.
    """

    def __init__(self, delay: timedelta, reason: str = "") -> None:
        _check_delay("Snooze", "", delay)
        super().__init__(reason or f"snoozed for {delay}")
        self.reason = reason
        self.delay = delay


class Cancel(Control):
    """End this job as ``cancelled``; it is not run again by itself."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Discard(Control):
    """End this job as ``dead`` now: no retry can help. A permanent error in other systems' words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _check_reason(reason: Any) -> None:
    """Numbers are what other systems take there: seconds to wait."""
    if isinstance(reason, timedelta):
        raise UsageError(f"Retry({reason!r}): the reason comes first; for a delay write Retry(after=...)")
    if isinstance(reason, int | float):
        write = f"Retry(after=seconds({reason!r}))"
        raise UsageError(f"Retry({reason!r}): the reason comes first; for a delay write {write}")


def _check_delay(name: str, keyword: str, delay: Any) -> None:
    if not isinstance(delay, timedelta):
        raise UsageError(f"{name}({keyword}{delay!r}): a delay is a timedelta, such as seconds(5) or minutes(1)")
