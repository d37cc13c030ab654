"""What a handler raises to say how its job goes on.

They derive from ``BaseException`` so that a handler's own ``except Exception`` cannot swallow them.
"""

from __future__ import annotations

from datetime import timedelta


class Control(BaseException):
    """The base of ``Retry``, ``Snooze``, ``Cancel`` and ``Discard``."""


class Retry(Control):
    """Fail this attempt and try again, after ``after`` or, without it, after what the retry policy says.

    The attempt counts. When it was the last one, the job is dead.
    """

    def __init__(self, reason: str = "the handler asked for a retry", *, after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after = after


class Snooze(Control):
    """Run this job again after ``delay``; the attempt is given back, however often it happens."""

    def __init__(self, delay: timedelta, reason: str = "") -> None:
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
