"""What can be said about one job, or about all jobs of a task: each option checked, once, where it is given."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict

import msgspec

from headrace.config import check_queue_name
from headrace.errors import ConfigError
from headrace.model.durations import DURATION_MAX, ZERO
from headrace.model.job import PRIORITY_MAX, PRIORITY_MIN, PRIORITY_WORDS, PriorityWord
from headrace.model.unique import Unique
from headrace.tasks.uniqueness import check_unique

TAGS_MAX = 20
TAG_LENGTH_MAX = 128
"""Tags are indexed, each one a row: labels to find jobs by, not a place for data. Data goes into ``meta``."""

META_SIZE_MAX = 64 << 10
"""``meta`` is read with every list of jobs, so it stays small: 64 KiB as JSON."""

KEY_LENGTH_MAX = 512
"""An idempotency key is kept in an index; anything longer is hashed by the caller."""

PARTITION_LENGTH_MAX = 256
"""A partition is kept in indexes, with each job and for each lane."""

ATTEMPTS_MAX = 1_000_000
"""More attempts than this is a mistake, and it still fits every store's integer."""

VERSION_MAX = 2**31 - 1
"""The largest integer that every store's narrow column holds."""


class JobOptions(TypedDict, total=False):
    """The options of a job; only what is given changes. ``None`` takes a time, a key or a limit away again.

    queue: the lane the job waits in.
    priority: 0 to 9; higher runs first; 5 is normal. Or a word: low (1), normal or medium (5), high (7), critical (9).
    run_at: not before this aware datetime. At most one of ``run_at`` and ``delay``.
    delay: not before this long from now, by the store's clock.
    expires_at: not started any more after this aware datetime. At most one of ``expires_at`` and ``expires_in``.
    expires_in: not started any more after this long from now, by the store's clock.
    max_attempts: how many times at most, the first included.
    timeout: how long one attempt may run.
    tags: up to 20 labels of up to 128 characters to find jobs by.
    meta: up to 64 KiB of JSON to carry along.
    idempotency_key: enqueue once: the same key within its window answers the first job.
    idempotency_window: how long the key is remembered; 24 h unless given.
    unique: at most one job at a time with these arguments (True), this key (a text), or as a
        :class:`~headrace.model.unique.Unique` says.
    debounce: run once it has been this long since the last enqueue, with the arguments of that one.
    debounce_max: at the latest this long after the first enqueue.
    throttle: enqueue at most one job in this long, the first; the others are dropped.
    partition: the key by which the queue tells jobs apart, for limits by key, fairness and order: ``"tenant-7"``.
    job_id: the UUID the job shall have; enqueuing the same id again changes nothing.
    codec: how the arguments are stored.
    """

    queue: str
    priority: int | PriorityWord
    run_at: datetime | None
    delay: timedelta | None
    expires_at: datetime | None
    expires_in: timedelta | None
    max_attempts: int
    timeout: timedelta | None
    tags: Sequence[str]
    meta: Mapping[str, Any]
    idempotency_key: str | None
    idempotency_window: timedelta
    unique: bool | str | Unique | None
    debounce: timedelta | None
    debounce_max: timedelta | None
    throttle: timedelta | None
    partition: str | None
    job_id: str | None
    codec: str


_RIVALS = {"run_at": "delay", "delay": "run_at", "expires_at": "expires_in", "expires_in": "expires_at"}


def check_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """The given options in the form they are stored in. Raises ConfigError naming field, value and what is accepted.

    >>> check_options({"priority": 9, "tags": ["eu", "vip"]})
    {'priority': 9, 'tags': ('eu', 'vip')}
    >>> check_options({"priority": "high"})
    {'priority': 7}
    >>> check_options({"priority": 11})
    Traceback (most recent call last):
    headrace.errors.ConfigError: priority is a whole number from 0 to 9, higher runs first; got 11
    """
    checked: dict[str, Any] = {}
    for name, value in given.items():
        check = _CHECKS.get(name)
        if check is None:
            message = f"there is no option {name!r}; there are: {', '.join(_CHECKS)}"
            raise ConfigError(message)
        if value is not None and given.get(_RIVALS.get(name, "")) is not None:
            message = f"give {name} or {_RIVALS[name]}, not both; got {name}={value!r}"
            raise ConfigError(message)
        checked[name] = check(name, value)
    return checked


def merge_options(options: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``options`` with ``changes``; of two that exclude each other the newer stays.

    >>> merge_options({"queue": "mail", "run_at": "then"}, {"delay": "soon"})
    {'queue': 'mail', 'delay': 'soon'}
    """
    merged = {**options, **changes}
    for name in changes:
        rival = _RIVALS.get(name)
        if rival is not None and rival not in changes:
            merged.pop(rival, None)
    return merged


def _check_queue(name: str, value: Any) -> str:
    check_queue_name(value)
    return str(value)


def _whole_number(least: int, most: int, hint: str) -> Callable[[str, Any], int]:
    def check(name: str, value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            message = f"{name} is a whole number from {least} to {most}, {hint}; got {value!r}"
            raise ConfigError(message)
        return value

    return check


def _check_priority(name: str, value: Any) -> int:
    if isinstance(value, str):
        for word, number in PRIORITY_WORDS.items():
            if value == word:
                return number
        words = ", ".join(PRIORITY_WORDS)
        raise ConfigError(
            f"{name} is a whole number from {PRIORITY_MIN} to {PRIORITY_MAX} or one of {words}; got {value!r}"
        )
    return _priority_number(name, value)


def check_instant(name: str, value: Any) -> datetime | None:
    """An aware datetime in UTC. Raises ConfigError for a naive one, whose zone would be a guess."""
    if value is None:
        return None
    if not isinstance(value, datetime):
        message = f"{name} is an aware datetime; got {value!r}. For a duration use delay or expires_in"
        raise ConfigError(message)
    if value.utcoffset() is None:
        message = f"{name} needs a time zone, such as datetime(2025, 1, 31, 9, tzinfo=UTC); got the naive {value!r}"
        raise ConfigError(message)
    return value.astimezone(UTC)


def _duration(hint: str, *, positive: bool) -> Callable[[str, Any], timedelta | None]:
    def check(name: str, value: Any) -> timedelta | None:
        if value is None:
            return None
        if not isinstance(value, timedelta):
            message = f"{name} is a timedelta, such as seconds(30); got {value!r}"
            raise ConfigError(message)
        if value < ZERO or (positive and value == ZERO):
            message = f"{name} must {'be more than zero' if positive else 'not be negative'}; got {value}. {hint}"
            raise ConfigError(message)
        if value > DURATION_MAX:
            raise ConfigError(f"{name} is at most a hundred years; got {value}. {hint}")
        return value

    return check


def _check_window(name: str, value: Any) -> timedelta:
    window = _duration("It is how long the key is remembered", positive=True)(name, value)
    if window is None:
        message = f"{name} is a timedelta, such as hours(24); got None. To enqueue without a key leave the key out"
        raise ConfigError(message)
    return window


def _check_tags(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence | frozenset | set):
        message = f"{name} is a list of strings, such as ['eu', 'vip']; got {value!r}"
        raise ConfigError(message)
    tags = tuple(dict.fromkeys(value))
    if len(tags) > TAGS_MAX:
        message = f"{name} holds at most {TAGS_MAX} tags; got {len(tags)}. Data belongs into meta"
        raise ConfigError(message)
    for tag in tags:
        if not isinstance(tag, str) or not 0 < len(tag) <= TAG_LENGTH_MAX or not tag.isprintable():
            message = f"{name}: a tag is 1 to {TAG_LENGTH_MAX} printable characters; got {tag!r}"
            raise ConfigError(message)
    return tags


def _check_meta(name: str, value: Any) -> Mapping[str, Any]:
    """A copy that holds nothing but what JSON has, so that later changes of the caller's do not reach the job."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        message = f"{name} is a mapping with strings as keys, such as {{'request': 'r-1'}}; got {value!r}"
        raise ConfigError(message)
    try:
        data = msgspec.json.encode(dict(value))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        message = f"{name} must be what JSON can hold: {error}"
        raise ConfigError(message) from None
    if len(data) > META_SIZE_MAX:
        message = f"{name} is {len(data)} bytes as JSON; at most {META_SIZE_MAX} are carried. Pass data as an argument"
        raise ConfigError(message)
    copy: Mapping[str, Any] = msgspec.json.decode(data)
    return copy


def _check_key(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= KEY_LENGTH_MAX or not value.isprintable():
        message = f"{name} is 1 to {KEY_LENGTH_MAX} printable characters; got {value!r}"
        raise ConfigError(message)
    return value


def _check_partition(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= PARTITION_LENGTH_MAX or not value.isprintable():
        message = f"{name} is 1 to {PARTITION_LENGTH_MAX} printable characters, such as 'tenant-7'; got {value!r}"
        raise ConfigError(message)
    return value


def _check_job_id(name: str, value: Any) -> str | None:
    if value is None:
        return None
    try:
        return str(uuid.UUID(value))
    except (ValueError, AttributeError, TypeError):
        message = f"{name} is a UUID as text, such as new_job_id() makes; got {value!r}"
        raise ConfigError(message) from None


def _check_codec(name: str, value: Any) -> str:
    if not isinstance(value, str):
        message = f"{name} is the name of a codec, such as 'json' or 'msgpack'; got {value!r}"
        raise ConfigError(message)
    return value


_priority_number = _whole_number(PRIORITY_MIN, PRIORITY_MAX, "higher runs first")

_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "queue": _check_queue,
    "priority": _check_priority,
    "run_at": check_instant,
    "delay": _duration("Leave it out to run now", positive=False),
    "expires_at": check_instant,
    "expires_in": _duration("Leave it out for a job that does not expire", positive=True),
    "max_attempts": _whole_number(1, ATTEMPTS_MAX, "the first attempt included"),
    "timeout": _duration("Leave it out for a job that may run as long as it likes", positive=True),
    "tags": _check_tags,
    "meta": _check_meta,
    "idempotency_key": _check_key,
    "idempotency_window": _check_window,
    "unique": check_unique,
    "debounce": _duration("It is how long calm has to last", positive=True),
    "debounce_max": _duration("It is how long a job is pushed ahead at most", positive=True),
    "throttle": _duration("It is the time in which one job is let through", positive=True),
    "partition": _check_partition,
    "job_id": _check_job_id,
    "codec": _check_codec,
}

check_version = _whole_number(1, VERSION_MAX, "raised when the meaning of the arguments changes")
