"""What a query means: whether it fits a job. This is the specification that every store's search must agree with.

Settled here: a field that the job does not have (no worker yet, no error) passes no test, and so fits under ``-``.
Letters A to Z are the same as a to z where a part of a text is looked for, and only there. A JSON list passes a test
when one of its elements does; an object passes none. ``wait`` is counted until the last claim, or until now while the
job is queued; ``run`` from the last claim of a job that runs, succeeded or is dead.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

import msgspec

from headrace.model.durations import ZERO
from headrace.model.job import Job, JobState
from headrace.model.search.fields import FIELDS, Kind
from headrace.model.search.tree import (
    Ago,
    And,
    At,
    Between,
    Compare,
    Contains,
    Is,
    Like,
    Loose,
    Not,
    Or,
    Query,
    Term,
    Test,
    Text,
    Value,
)

INTEGER_MAX = 2**63 - 1
"""Larger whole numbers are compared as floating-point ones, which is how stores keep them."""

PATTERNS_CACHED_MAX = 256

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_LOWER = {letter: letter + 32 for letter in range(ord("A"), ord("Z") + 1)}
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_TRUTH = {"true": True, "false": False}


def matches(query: Query, job: Job, now: datetime) -> bool:
    """Whether the query fits the job. ``now`` is what ``2h`` is counted from.

    >>> from headrace.model.search.parser import parse
    >>> noon = datetime(2025, 1, 31, 12, tzinfo=UTC)
    >>> job = Job(
    ...     id="1", task="mail.send", payload=b'{"to": "ada"}', codec="json", queue="mail", priority=5,
    ...     state=JobState.DEAD, attempt=3, max_attempts=3, claims=3, enqueued_at=noon, run_at=noon,
    ... )
    >>> matches(parse("state:failed task:mail.* since:1h"), job, noon), matches(parse("args.to:bob"), job, noon)
    (True, False)
    """
    return _fits(query, _Subject(job, now))


class _Subject:
    """A job that is looked at, with what is made of it once however many terms ask."""

    def __init__(self, job: Job, now: datetime) -> None:
        self.job = job
        self.now = now

    @cached_property
    def arguments(self) -> Any:
        """The decoded arguments, or None where they are not JSON."""
        if self.job.codec != "json":
            return None
        try:
            return msgspec.json.decode(self.job.payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    @cached_property
    def error(self) -> str | None:
        error = self.job.error
        return None if error is None else f"{error.type}: {error.message}"

    @cached_property
    def texts(self) -> list[str | None]:
        """Everything that free text is looked for in."""
        job = self.job
        beside = (self._payload_text, self.error, job.reason, job.worker, job.idempotency_key)
        return [job.task, job.queue, *beside, *job.tags]

    @property
    def _payload_text(self) -> str | None:
        try:
            return self.job.payload.decode() if self.job.codec == "json" else None
        except UnicodeDecodeError:
            return None

    @property
    def wait(self) -> timedelta | None:
        job = self.job
        if job.state is JobState.QUEUED:
            return max(ZERO, self.now - job.run_at)
        if job.state in (JobState.SCHEDULED, JobState.WAITING) or job.started_at is None:
            return None
        return max(ZERO, job.started_at - job.run_at)

    @property
    def run(self) -> timedelta | None:
        job = self.job
        if job.started_at is None or job.state not in (JobState.RUNNING, JobState.SUCCEEDED, JobState.DEAD):
            return None
        return (self.now if job.state is JobState.RUNNING else job.finished_at or self.now) - job.started_at


def _fits(query: Query, subject: _Subject) -> bool:
    match query:
        case And(parts=parts):
            return all(_fits(part, subject) for part in parts)
        case Or(parts=parts):
            return any(_fits(part, subject) for part in parts)
        case Not(part=part):
            return not _fits(part, subject)
        case Text(text=text):
            return any(_contains(each, text) for each in subject.texts)
        case Term():
            return _term_fits(query, subject)


_VALUES: dict[str, Callable[[_Subject], Any]] = {
    "id": lambda subject: subject.job.id,
    "state": lambda subject: subject.job.state.value,
    "queue": lambda subject: subject.job.queue,
    "task": lambda subject: subject.job.task,
    "worker": lambda subject: subject.job.worker,
    "key": lambda subject: subject.job.idempotency_key,
    "unique": lambda subject: subject.job.unique_key,
    "version": lambda subject: subject.job.task_version,
    "priority": lambda subject: subject.job.priority,
    "attempt": lambda subject: subject.job.attempt,
    "enqueued": lambda subject: subject.job.enqueued_at,
    "due": lambda subject: subject.job.run_at,
    "started": lambda subject: subject.job.started_at,
    "finished": lambda subject: subject.job.finished_at,
    "expires": lambda subject: subject.job.expires_at,
    "wait": lambda subject: subject.wait,
    "run": lambda subject: subject.run,
    "size": lambda subject: len(subject.job.payload),
    "reason": lambda subject: subject.job.reason,
    "fingerprint": lambda subject: subject.job.error and subject.job.error.fingerprint,
}


def _term_fits(term: Term, subject: _Subject) -> bool:
    if term.field == "error":
        return any(_error_passes(test, subject) for test in term.tests)
    if FIELDS[term.field].kind is Kind.JSON:
        whole = subject.arguments if term.field == "args" else subject.job.meta
        found = list(_elements(whole, term.path))
        return any(_json_passes(test, value) for test in term.tests for value in found)
    if term.field == "tag":
        return any(_passes(test, tag, subject.now) for test in term.tests for tag in subject.job.tags)
    value = _VALUES[term.field](subject)
    return value is not None and any(_passes(test, value, subject.now) for test in term.tests)


def _error_passes(test: Test, subject: _Subject) -> bool:
    error = subject.job.error
    if error is None or subject.error is None:
        return False
    if isinstance(test, Is):
        return test.value in (error.type, error.message)
    return _passes(test, subject.error, subject.now)


def _passes(test: Test, value: Any, now: datetime) -> bool:
    match test:
        case Is(value=wanted):
            return bool(value == wanted)
        case Like(pattern=pattern):
            return _regex(pattern).fullmatch(value) is not None
        case Contains(text=text):
            return _contains(value, text)
        case Compare(operator=sign, value=bound):
            return _COMPARE[sign](value, resolve(bound, now))
        case Between(low=low, high=high):
            last = resolve(high, now)
            within = value < last if isinstance(last, datetime) else value <= last
            return bool(resolve(low, now) <= value and within)


def resolve(value: Value, now: datetime) -> Any:
    """The value to compare with, where it depends on the present."""
    match value:
        case Ago(duration=duration):
            return _shifted(now, duration)
        case At(instant=instant):
            return instant
        case _:
            return value


def _shifted(now: datetime, ago: timedelta) -> datetime:
    try:
        return now - ago
    except OverflowError:
        return _FIRST if ago > ZERO else _LAST


def _elements(value: Any, path: Sequence[str]) -> Iterable[Any]:
    """The scalar that the path leads to, or the scalars of the list there."""
    for step in path:
        if isinstance(value, dict) and not is_place(step) and step in value:
            value = value[step]
        elif isinstance(value, list) and is_place(step) and int(step) < len(value):
            value = value[int(step)]
        else:
            return ()
    if isinstance(value, dict):
        return ()
    return value if isinstance(value, list) else (value,)


def is_place(step: str) -> bool:
    """Whether a step of a path is a place in a list; any other is a name in an object."""
    return step.isascii() and step.isdecimal()


def _json_passes(test: Test, value: Any) -> bool:
    match test:
        case Is(value=Loose(text=text)):
            number = as_number(text)
            if isinstance(value, str):
                return value == text
            if value is None or isinstance(value, bool):
                return text == "null" if value is None else _TRUTH.get(text) is value
            return number is not None and _is_number(value) and storable_number(value) == number
        case Is(value=wanted):
            return isinstance(value, str) and value == wanted
        case Like(pattern=pattern):
            return isinstance(value, str) and _regex(pattern).fullmatch(value) is not None
        case Contains(text=text):
            return isinstance(value, str) and _contains(value, text)
        case Compare(operator=sign, value=bound):
            return _ordered(sign, value, bound)
        case Between(low=low, high=high):
            return _ordered(">=", value, low) and _ordered("<=", value, high)


def _ordered(sign: str, value: Any, bound: Value) -> bool:
    """Numbers are compared with numbers, and text with text."""
    number = as_number(bound.text) if isinstance(bound, Loose) else None
    if number is not None:
        return _is_number(value) and _COMPARE[sign](storable_number(value), number)
    text = bound.text if isinstance(bound, Loose) else bound
    return isinstance(value, str) and _COMPARE[sign](value, text)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_number(text: str) -> float | int | None:
    """The number that a word is in JSON, as stores keep it; None where it is none."""
    if not _NUMBER.fullmatch(text):
        return None
    if any(letter in text for letter in ".eE"):
        number = float(text)
        return None if number in (float("inf"), float("-inf")) else number
    return storable_number(int(text))


def storable_number(number: float) -> float | int:
    """The number as stores keep it."""
    if isinstance(number, int) and not -INTEGER_MAX - 1 <= number <= INTEGER_MAX:
        return float(number)
    return number


def lowered(text: str) -> str:
    """Text with A to Z as a to z, and everything else as it is."""
    return text.translate(_LOWER)


def _contains(text: str | None, part: str) -> bool:
    return text is not None and lowered(part) in lowered(text)


@lru_cache(PATTERNS_CACHED_MAX)
def _regex(pattern: str) -> re.Pattern[str]:
    letters = {"*": ".*", "?": "."}
    return re.compile("".join(letters.get(letter) or re.escape(letter) for letter in pattern), re.DOTALL)
