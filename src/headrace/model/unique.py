"""Uniqueness: which jobs count as the same work, and what becomes of an enqueue while that work is already there.

A key is taken while a job that carries it, of the same task, is in one of the policy's ``states`` and, where there is a
``period``, was enqueued less than that long ago. Nothing else takes it and nothing has to free it: the job's own state
is the lock, so no crash can leave a key behind. The enqueue that comes later asks by its own policy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import get_args

from msgspec import Struct

from headrace.errors import ConfigError
from headrace.model.durations import ZERO
from headrace.model.job import LIVE_STATES, JobState, OnConflict

UNIQUE_KEY_LENGTH_MAX = 512
"""A key is kept in an index; anything longer is hashed by the caller."""


class Unique(Struct, frozen=True, gc=False):
    """At most one job at a time for one piece of work: ``unique=`` of a task's or a job's options.

    key: the text that names the work, such as ``"welcome:7"``. Without it the key is made from the arguments.
    by: names of the arguments that make the key; None for all of them, ``()`` for the task alone.
    states: the states in which a job takes its key. Default: as long as it has not ended.
    period: only jobs enqueued within this long before now take the key. Default: however long ago.
    on_conflict: ``"return"`` answers the job that is there (``duplicate``); ``"drop"`` stores nothing and says so
        (``dropped``); ``"replace"`` gives the job that is there what the new one would have had (``replaced``), and
        returns it as it is once it has begun.

    Keys of different tasks never meet. Raises ConfigError that names the field.

    >>> Unique(by=("user_id",), period=timedelta(hours=1)).on_conflict
    'return'
    >>> Unique("welcome:7", by=("user_id",))
    Traceback (most recent call last):
    headrace.errors.ConfigError: unique: give key or by, not both; got key='welcome:7', by=('user_id',)
    """

    key: str | None = None
    by: Collection[str] | None = None
    states: Collection[JobState | str] = tuple(sorted(LIVE_STATES))
    period: timedelta | None = None
    on_conflict: OnConflict = "return"

    def __post_init__(self) -> None:
        if self.key is not None and self.by is not None:
            message = f"unique: give key or by, not both; got key={self.key!r}, by={self.by!r}"
            raise ConfigError(message)
        if self.key is not None:
            check_unique_key("unique", self.key)
        if self.by is not None and (isinstance(self.by, str) or not all(isinstance(name, str) for name in self.by)):
            message = f"unique: by is a tuple of names of arguments, such as ('user_id',); got {self.by!r}"
            raise ConfigError(message)
        sorted_states(self.states)
        if self.period is not None and (not isinstance(self.period, timedelta) or self.period <= ZERO):
            message = f"unique: period is a timedelta of more than zero, such as hours(1), or None; got {self.period!r}"
            raise ConfigError(message)
        if self.on_conflict not in get_args(OnConflict):
            message = f"unique: on_conflict is 'return', 'drop' or 'replace'; got {self.on_conflict!r}"
            raise ConfigError(message)


def sorted_states(states: Iterable[JobState | str]) -> tuple[JobState, ...]:
    """The states of a policy, each once. Raises ConfigError for none, and for a word that is no state."""
    known = set(JobState)
    if isinstance(states, str) or not all(state in known for state in states):
        message = f"unique: states are some of {', '.join(JobState)}; got {states!r}"
        raise ConfigError(message)
    chosen = sorted({JobState(state) for state in states})
    if not chosen:
        message = "unique: without states no job takes the key; leave states out, or name some"
        raise ConfigError(message)
    return tuple(chosen)


def check_unique_key(name: str, key: str) -> str:
    """A key as a person gives it. Raises ConfigError that names the option."""
    if not isinstance(key, str) or not 0 < len(key) <= UNIQUE_KEY_LENGTH_MAX or not key.isprintable():
        message = f"{name}: a key is 1 to {UNIQUE_KEY_LENGTH_MAX} printable characters; got {key!r}"
        raise ConfigError(message)
    return key
