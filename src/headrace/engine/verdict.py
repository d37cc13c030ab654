"""From what a handler returned or raised to an outcome: the same rules in the worker and in its child processes."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from msgspec import structs

from headrace.engine.failures import MESSAGE_BYTES_MAX, describe, safe_text
from headrace.engine.runnable import Runnable
from headrace.model.control import Cancel, Control, Discard, Retry, Snooze
from headrace.model.durations import ZERO
from headrace.model.job import AttemptOutcome, Job
from headrace.model.outcome import Cancelled, Completed, Discarded, Failed, Outcome, Snoozed
from headrace.model.retry import Exponential, RetryPolicy

log = logging.getLogger("headrace")

Noise = Callable[[], float]


def completed(runnable: Runnable, value: Any) -> Completed | Discarded:
    """The handler returned ``value``. A result that cannot be stored is not tried again: its effects have happened."""
    try:
        result, codec = runnable.encode_result(value)
    except Exception as error:
        what = describe(error)
        return Discarded(reason=f"the result cannot be stored: {what.type}: {what.message}", error=what)
    return Completed(result=result, codec=codec)


def undecodable(error: BaseException, job: Job, policy: RetryPolicy, noise: Noise = random.random) -> Failed:
    """The payload does not decode here. A build that is being rolled out may read it, so the policy decides."""
    outcome = failed(error, job, policy, noise)
    what = outcome.error
    message = safe_text(f"the arguments cannot be read: {what.message}", MESSAGE_BYTES_MAX)
    return structs.replace(outcome, error=structs.replace(what, message=message))


def raised(error: BaseException, job: Job, policy: RetryPolicy, noise: Noise = random.random) -> Outcome:
    """The handler raised ``error``."""
    control = _control_in(error)
    match control:
        case None:
            return failed(error, job, policy, noise)
        case Retry():
            delay = control.after if control.after is not None else _delay(error, job, policy, noise)
            return Failed(error=describe(control), retry_in=_bounded(delay, job))
        case Snooze():
            return Snoozed(delay=max(ZERO, control.delay), reason=_reason(control.reason))
        case Cancel():
            return Cancelled(reason=_reason(control.reason))
        case Discard():
            return Discarded(reason=_reason(control.reason), error=describe(control))
        case _:
            return failed(error, job, policy, noise)


def failed(
    error: BaseException,
    job: Job,
    policy: RetryPolicy,
    noise: Noise = random.random,
    outcome: AttemptOutcome = AttemptOutcome.FAILED,
) -> Failed:
    """The attempt failed with ``error``: retried as the policy says, within the job's own limit."""
    return Failed(error=describe(error), retry_in=_bounded(_delay(error, job, policy, noise), job), outcome=outcome)


def _delay(error: BaseException, job: Job, policy: RetryPolicy, noise: Noise) -> timedelta | None:
    if job.attempt >= job.max_attempts:
        return None
    try:
        delay: Any = policy.delay(job.attempt, error, noise())
        if delay is None or isinstance(delay, timedelta):
            return delay
        raise TypeError(f"it answered {delay!r}; a delay is a timedelta, such as seconds(5), or None")
    except Exception:
        log.exception("the retry policy of task %s failed; the default applies", job.task)
        return Exponential().delay(job.attempt, error, noise())


def _bounded(delay: timedelta | None, job: Job) -> timedelta | None:
    if delay is None or job.attempt >= job.max_attempts:
        return None
    return max(ZERO, delay)


def _reason(text: str) -> str:
    return safe_text(str(text), MESSAGE_BYTES_MAX)


def _control_in(error: BaseException) -> Control | None:
    """The control exception in ``error``; a task group wraps what its children raise in an exception group."""
    if isinstance(error, Control):
        return error
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            if (control := _control_in(inner)) is not None:
                return control
    return None
