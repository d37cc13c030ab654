"""Retry policies: pure functions from the number of the failed attempt to the delay before the next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from msgspec import Struct

from headrace.errors import ConfigError
from headrace.model.durations import ZERO
from headrace.model.job import MAX_ATTEMPTS_DEFAULT

BASE_DEFAULT = timedelta(seconds=1)
CAP_DEFAULT = timedelta(hours=1)
FACTOR_DEFAULT = 2.0
JITTER_DEFAULT = 0.25


class RetryPolicy(Protocol):
    """What a task's ``retry=`` takes. ``attempts`` counts all attempts, the first included."""

    @property
    def attempts(self) -> int: ...

    def delay(self, attempt: int, error: BaseException, noise: float) -> timedelta | None:
        """The delay after failed attempt ``attempt`` (from 1), or None to give up.

        ``noise`` is a random number in [0, 1) handed in by the caller, so that the rule itself stays pure.
        """
        ...


def _check(attempts: int, jitter: float, **spans: timedelta) -> None:
    if attempts < 1:
        message = f"attempts counts all attempts, the first included, so it is at least 1; got {attempts!r}"
        raise ConfigError(message)
    for name, span in spans.items():
        if not isinstance(span, timedelta):
            message = f"{name} is a timedelta, such as seconds(5); got {span!r}"
            raise ConfigError(message)
        if span < ZERO:
            message = f"{name} must not be negative; got {span}"
            raise ConfigError(message)
    if not 0 <= jitter <= 1:
        message = f"jitter is a fraction between 0 and 1, such as 0.25; got {jitter!r}"
        raise ConfigError(message)


class _ByName(Struct, frozen=True, kw_only=True, gc=False):
    """What ``Exponential`` takes by name only."""

    factor: float = FACTOR_DEFAULT
    cap: timedelta = CAP_DEFAULT
    jitter: float = JITTER_DEFAULT
    attempts: int = MAX_ATTEMPTS_DEFAULT


class Exponential(_ByName, frozen=True, gc=False):
    """``base * factor ** (attempt - 1)``, at most ``cap``, spread by ± ``jitter`` (a fraction of the delay).

    Five attempts from one second by default. ``jitter`` keeps a thousand jobs that failed together from coming back
    together.

    >>> policy = Exponential(base=timedelta(seconds=2), attempts=4, jitter=0)
    >>> [policy.delay(n, ValueError(), 0.5) for n in (1, 2, 3, 4)]
    [datetime.timedelta(seconds=2), datetime.timedelta(seconds=4), datetime.timedelta(seconds=8), None]
    """

    base: timedelta = BASE_DEFAULT

    def __post_init__(self) -> None:
        _check(self.attempts, self.jitter, base=self.base, cap=self.cap)
        if self.factor < 1:
            message = f"factor must be at least 1; got {self.factor!r}"
            raise ConfigError(message)

    def delay(self, attempt: int, error: BaseException, noise: float) -> timedelta | None:
        if attempt >= self.attempts:
            return None
        cap = self.cap.total_seconds()
        try:
            plain = min(cap, self.base.total_seconds() * self.factor ** (attempt - 1))
        except OverflowError:
            plain = cap
        return timedelta(seconds=plain * (1 + self.jitter * (2 * noise - 1)))


class _FixedByName(Struct, frozen=True, kw_only=True, gc=False):
    """What ``Fixed`` takes by name only."""

    jitter: float = 0.0
    attempts: int = MAX_ATTEMPTS_DEFAULT


class Fixed(_FixedByName, frozen=True, gc=False):
    """The same delay before every retry, spread by ± ``jitter``.

    >>> Fixed(timedelta(seconds=5), attempts=2).delay(1, ValueError(), 0.9)
    datetime.timedelta(seconds=5)
    """

    every: timedelta = BASE_DEFAULT

    def __post_init__(self) -> None:
        _check(self.attempts, self.jitter, every=self.every)

    def delay(self, attempt: int, error: BaseException, noise: float) -> timedelta | None:
        if attempt >= self.attempts:
            return None
        return self.every * (1 + self.jitter * (2 * noise - 1))


class Never(Struct, frozen=True):
    """No retry: the first failure is final.

    >>> Never().delay(1, ValueError(), 0.5) is None
    True
    """

    @property
    def attempts(self) -> int:
        return 1

    def delay(self, attempt: int, error: BaseException, noise: float) -> timedelta | None:
        return None


class ByException(Struct, frozen=True):
    """Choose the policy by the exception: the first class in ``rules`` that the error is an instance of wins.

    ``attempts`` is the largest of all, and each policy gives up by its own count.

    >>> policy = ByException({SyntaxError: Never(), OSError: Fixed(attempts=9)}, default=Exponential())
    >>> policy.attempts, policy.delay(1, SyntaxError(), 0.5)
    (9, None)
    """

    rules: Mapping[type[BaseException], RetryPolicy]
    default: RetryPolicy = Exponential()

    @property
    def attempts(self) -> int:
        return max([self.default.attempts, *(policy.attempts for policy in self.rules.values())])

    def delay(self, attempt: int, error: BaseException, noise: float) -> timedelta | None:
        for kind, policy in self.rules.items():
            if isinstance(error, kind):
                return policy.delay(attempt, error, noise)
        return self.default.delay(attempt, error, noise)
