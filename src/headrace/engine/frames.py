"""What a worker and its child processes say to each other: MessagePack, one frame for each message."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from msgspec import Struct

from headrace.model.job import ErrorInfo, Job, LogLine, Progress
from headrace.model.outcome import Cancelled, Completed, Discarded, Failed, Outcome, Released, Snoozed, Waiting
from headrace.model.usage import UNKNOWN, Usage


class Run(Struct, frozen=True, kw_only=True):
    """To the child: run this job. ``reference`` is ``module:qualified.name`` of its task.

    ``modules`` are to be imported first: they declare what its handlers are given and run in.
    """

    reference: str
    job: Job
    modules: tuple[str, ...] = ()
    clock_ahead: timedelta
    """How far the store's clock was ahead of this host's when the job was sent, for the instants of log lines."""


class Began(Struct, frozen=True, kw_only=True, tag=True):
    """From the child: the task is imported and its handler begins, so its timeout counts from now."""


class Told(Struct, frozen=True, kw_only=True, tag=True):
    """From the child: what the handler told through its context since the last frame."""

    progress: Progress | None = None
    logs: tuple[LogLine, ...] = ()


class Ended(Struct, frozen=True, kw_only=True, tag=True):
    """From the child: the job is over. Exactly one of the fields from ``completed`` to ``waiting`` is set.

    ``missing`` tells that the task cannot be imported there. ``resident`` is the child's memory in bytes afterwards,
    and ``usage`` what the job used.
    """

    completed: Completed | None = None
    failed: Failed | None = None
    snoozed: Snoozed | None = None
    cancelled: Cancelled | None = None
    discarded: Discarded | None = None
    waiting: Waiting | None = None
    missing: ErrorInfo | None = None
    resident: int = 0
    usage: Usage = UNKNOWN


encode = msgspec.msgpack.Encoder().encode
decode_run = msgspec.msgpack.Decoder(Run).decode
decode_reply = msgspec.msgpack.Decoder(Began | Told | Ended).decode


def ended(outcome: Outcome, resident: int, usage: Usage) -> Ended:
    """The frame for an outcome."""
    match outcome:
        case Completed():
            return Ended(completed=outcome, resident=resident, usage=usage)
        case Failed():
            return Ended(failed=outcome, resident=resident, usage=usage)
        case Snoozed():
            return Ended(snoozed=outcome, resident=resident, usage=usage)
        case Cancelled():
            return Ended(cancelled=outcome, resident=resident, usage=usage)
        case Discarded():
            return Ended(discarded=outcome, resident=resident, usage=usage)
        case Waiting():
            return Ended(waiting=outcome, resident=resident, usage=usage)
        case Released():
            raise AssertionError("a child process never gives a job back")


def outcome_of(frame: Ended) -> Outcome | None:
    """The outcome in a frame; None when the task is ``missing``."""
    return (
        frame.completed or frame.failed or frame.snoozed or frame.cancelled or frame.discarded or frame.waiting or None
    )
