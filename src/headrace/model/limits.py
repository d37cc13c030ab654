"""Limits: how many jobs of something may run at once, and how many may begin in a span of time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from headrace.errors import ConfigError
from headrace.model.durations import ZERO, format_duration, parse_duration
from headrace.model.ids import JobId

CONCURRENCY_MAX = 1_000_000
COUNT_MAX = 1_000_000
"""Larger figures limit nothing that one store could do, and are mistakes."""

HOLDERS_MAX = 10
"""Jobs named as those that hold a limit: enough to look at, whatever its size."""

WAITING_COUNTED_MAX = 10_000
"""Jobs that wait for one limit are counted up to here, so that asking stays cheap."""

_MICROSECOND = ZERO.resolution
_RATE = re.compile(r"(\d+)/(.+?)(?:\s+burst\s+(\d+))?")
_UNITS = ("ms", "s", "m", "h", "d", "w")


class Rate(Struct, frozen=True, gc=False):
    """``count`` jobs per ``per``, drawn from a bucket of ``burst`` tokens that refills evenly.

    Within any span of time at most ``burst + count * span / per`` jobs begin. ``burst`` is ``count`` unless given; with
    ``burst=1`` jobs begin at even distances. A token is drawn by each claim and stays drawn, whatever becomes of it.

    >>> Rate(100, per=timedelta(seconds=1)).tokens
    100
    >>> Rate(0, per=timedelta(seconds=1))
    Traceback (most recent call last):
    headrace.errors.ConfigError: a rate's count is a whole number from 1 to 1000000; got 0
    """

    count: int
    per: timedelta
    burst: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("count", self.count), ("burst", self.burst)):
            if value is None and name == "burst":
                continue
            if type(value) is not int or not 1 <= value <= COUNT_MAX:
                raise ConfigError(f"a rate's {name} is a whole number from 1 to {COUNT_MAX}; got {value!r}")
        if not isinstance(self.per, timedelta) or self.per <= ZERO:
            raise ConfigError(f"a rate is per a positive timedelta, such as seconds(1); got per={self.per!r}")
        if self.per < self.count * _MICROSECOND:
            raise ConfigError(f"a rate is at most one a microsecond; got {self.count} per {self.per}")

    @property
    def tokens(self) -> int:
        """How many the bucket holds when it is full."""
        return self.count if self.burst is None else self.burst

    @property
    def pace(self) -> Pace:
        """The rate as it is reckoned with."""
        return Pace(-(-(self.per // _MICROSECOND) // self.count), self.tokens)


class Pace(Struct, frozen=True, gc=False):
    """A rate in whole microseconds: a token every ``every``, rounded up so as never to be faster than the rate.

    A bucket is one number, the instant at which it will be full again, whatever it holds now.
    """

    every: int
    tokens: int

    def available(self, full_at: int, now: int) -> int:
        """How many tokens there are, for a bucket that will be full at ``full_at``; both in microseconds.

        >>> pace = Rate(10, per=timedelta(seconds=1), burst=3).pace
        >>> pace.available(0, 0), pace.available(100_000, 0), pace.available(300_000, 0)
        (3, 2, 0)
        """
        missing = full_at - now
        return self.tokens if missing <= 0 else max(0, self.tokens * self.every - missing) // self.every

    def take(self, full_at: int, now: int, count: int) -> int:
        """When the bucket is full again once ``count`` tokens are drawn."""
        return max(full_at, now) + count * self.every

    def next_at(self, full_at: int, now: int) -> int:
        """When there is a token: ``now``, or later."""
        return max(now, full_at - (self.tokens - 1) * self.every)

    def adopt(self, full_at: int, now: int) -> int:
        """When a bucket of another pace is full by this one: it is empty at most, however slow the other was."""
        return min(full_at, now + self.tokens * self.every)


def parse_rate(text: str) -> Rate:
    """Read a rate as people write it: ``100/s``, ``5/10s``, ``1000/h burst 50``.

    >>> parse_rate("100/s") == Rate(100, per=timedelta(seconds=1)), parse_rate("5/10s burst 1").burst
    (True, 1)
    """
    found = _RATE.fullmatch(text.strip())
    if found is None:
        raise ConfigError(f"{text!r} is not a rate. Write a number and a span, such as 100/s, 5/10s or 1000/h burst 50")
    count, span, burst = found.groups()
    per = parse_duration(f"1{span}" if span in _UNITS else span)
    return Rate(int(count), per=per, burst=None if burst is None else int(burst))


def format_rate(rate: Rate) -> str:
    """Write a rate for people, in the form that ``parse_rate`` reads.

    >>> format_rate(Rate(100, per=timedelta(seconds=1))), format_rate(Rate(5, per=timedelta(seconds=10), burst=1))
    ('100/s', '5/10s burst 1')
    """
    span = format_duration(rate.per)
    span = span[1:] if span in {f"1{unit}" for unit in _UNITS} else span
    return f"{rate.count}/{span}" + ("" if rate.burst is None else f" burst {rate.burst}")


class LimitScope(StrEnum):
    """What a limit counts: all jobs of a store, a queue or a task, those of each key of a queue, or of one key."""

    STORE = "store"
    QUEUE = "queue"
    TASK = "task"
    KEYS = "keys"
    KEY = "key"


class LimitTarget(Struct, frozen=True, gc=False, order=True):
    """What a limit holds for. ``name`` is a queue's or a task's; ``key`` is a job's ``partition``, for scope ``key``.

    >>> str(LimitTarget.parse("queue:mail")), str(LimitTarget.parse("key:mail:tenant-7"))
    ('queue:mail', 'key:mail:tenant-7')
    >>> LimitTarget.parse("keys:mail")
    LimitTarget(scope=<LimitScope.KEYS: 'keys'>, name='mail', key='')
    """

    scope: LimitScope
    name: str = ""
    key: str = ""

    @classmethod
    def parse(cls, text: str) -> LimitTarget:
        """Read ``store``, ``queue:QUEUE``, ``task:TASK``, ``keys:QUEUE`` (each key) or ``key:QUEUE:KEY`` (one key).

        A queue whose name has a colon cannot be told from its key: make the target with ``LimitTarget(...)``.
        """
        scope, _, rest = text.partition(":")
        name, _, key = rest.partition(":") if scope == LimitScope.KEY else (rest, "", "")
        try:
            target = cls(LimitScope(scope), name, key)
        except ValueError:
            target = None
        if target is None or not target.complete:
            raise ConfigError(
                f"{text!r} is nothing to limit: write store, queue:QUEUE, task:TASK, keys:QUEUE for each of its keys, "
                "or key:QUEUE:KEY for one of them"
            )
        return target

    @property
    def complete(self) -> bool:
        """Whether it has the parts that its scope needs, and no others."""
        return (bool(self.name), bool(self.key)) == (
            self.scope is not LimitScope.STORE,
            self.scope is LimitScope.KEY,
        )

    def __str__(self) -> str:
        return ":".join(part for part in (self.scope.value, self.name, self.key) if part)


class Limit(Struct, frozen=True, kw_only=True, gc=False):
    """At most ``concurrency`` jobs of the target run at once, and at most ``rate`` begin; None is no limit.

    What is set for one key stands instead of what is set for each: with neither figure, that key has no limit.
    """

    target: LimitTarget
    concurrency: int | None = None
    rate: Rate | None = None

    def __post_init__(self) -> None:
        if not self.target.complete:
            raise ConfigError(f"a limit's target is incomplete: {self.target!r}")
        value = self.concurrency
        if value is not None and (type(value) is not int or not 0 <= value <= CONCURRENCY_MAX):
            raise ConfigError(
                f"concurrency of {self.target} is a whole number from 0 to {CONCURRENCY_MAX}, or None; got {value!r}"
            )

    @property
    def empty(self) -> bool:
        """True when it limits nothing."""
        return self.concurrency is None and self.rate is None


class LimitUsage(Struct, frozen=True, kw_only=True, gc=False):
    """A limit as it stands: what is in use, who holds it, and who waits.

    ``target`` is what was asked for: a key, also where the limit is set for each key. ``waiting`` counts queued jobs of
    the target, up to WAITING_COUNTED_MAX. ``tokens`` and ``next_token`` are of the rate; None without one.
    ``holders`` are running jobs, those begun first, up to HOLDERS_MAX. For scope ``keys`` figures are over all keys.
    """

    target: LimitTarget
    limit: Limit
    in_use: int
    waiting: int
    tokens: int | None = None
    next_token: datetime | None = None
    holders: tuple[JobId, ...] = ()


class BlockedBy(StrEnum):
    """What holds a queued job back: a concurrency limit, a rate, or the order of its key."""

    CONCURRENCY = "concurrency"
    RATE = "rate"
    ORDER = "order"


class Blocked(Struct, frozen=True, kw_only=True, gc=False):
    """Why a queued job cannot be claimed now, with the evidence.

    For ``order`` the target is the key, ``holders`` are the jobs that have to end first, and there is no limit.
    """

    by: BlockedBy
    target: LimitTarget
    limit: Limit | None = None
    in_use: int = 0
    next_token: datetime | None = None
    holders: tuple[JobId, ...] = ()
