"""Finish: a job that succeeded has ended; what any other outcome does is told by :mod:`headrace.model.settling`.

Settled here: a lease that ran out but was not rescued is current still.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headrace.backends.memory.claiming import holder
from headrace.backends.memory.record import Record
from headrace.backends.memory.state import State
from headrace.model.job import AttemptOutcome, JobState
from headrace.model.outcome import Completed, Finish
from headrace.model.settling import Transition, settle
from headrace.model.usage import Usage
from headrace.storage.jobs import Settled


def finish(state: State, finishes: Sequence[Finish]) -> list[Settled]:
    """Settle each job whose lease is current; the second of two finishes under one lease is stale."""
    return [_finish_one(state, each) for each in finishes]


def _finish_one(state: State, finish: Finish) -> Settled:
    record = holder(state, finish.lease)
    if record is None:
        return Settled.STALE
    if isinstance(finish.outcome, Completed):
        _succeed(state, record, finish.outcome, finish.usage)
    else:
        store(state, record, settle(record.job, finish.outcome, state.now, finish.usage))
    return Settled.APPLIED


def _succeed(state: State, record: Record, completed: Completed, usage: Usage) -> None:
    state.end_attempt(record, AttemptOutcome.SUCCEEDED, usage=usage)
    codec = None if completed.result is None else completed.codec
    ended = {"state": JobState.SUCCEEDED, "finished_at": state.now}
    state.change(record, **ended, result=completed.result, result_codec=codec)


def store(state: State, record: Record, transition: Transition) -> None:
    """Take a running job where its transition says, and keep the attempt if it ended."""
    if transition.ended is not None:
        state.end_attempt(record, transition.ended, transition.error, transition.usage)
    if transition.event is not None:
        state.rates.count(record.job.queue, transition.event, state.now)
    record.timed = transition.wake_at is not None
    values: dict[str, Any] = {"attempt": transition.attempt, "reason": transition.reason}
    if transition.run_at is not None:
        values["run_at"] = transition.run_at
    if transition.error is not None:
        values["error"] = transition.error
    if transition.state.final:
        values["finished_at"] = state.now
    state.change(record, state=transition.state, **values)
