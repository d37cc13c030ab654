"""What is to go wrong, and when: chosen call by call, or by chance from a seed."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Protocol

from msgspec import Struct

from headrace.errors import StorageError, Unavailable
from headrace.model.durations import ZERO

Deed = Callable[[], object]


class Fault(Struct, frozen=True, kw_only=True):
    """What happens to one call. Without any field, nothing.

    delay: pass before the call reaches the store. Cancelling the caller meanwhile leaves no effect.
    before: called instead of the store; it raises, or ends the process. What returns lets the call go on.
    after: called when the effect is there and its reply is not: it raises, or ends the process.
    reply_delay: passes between the effect and the reply. Cancelling the caller meanwhile loses the reply.
    """

    delay: timedelta = ZERO
    before: Deed | None = None
    after: Deed | None = None
    reply_delay: timedelta = ZERO


def _raise(error: StorageError) -> Deed:
    def deed() -> None:
        raise error

    return deed


def refused(message: str = "injected: refused before its effect") -> Fault:
    """A call that fails and has no effect.

    >>> refused().after is None
    True
    """
    return Fault(before=_raise(Unavailable(message)))


def lost_reply(message: str = "injected: the reply was lost after the effect") -> Fault:
    """A call that has its effect, and whose caller is told that it failed.

    >>> lost_reply().before is None
    True
    """
    return Fault(after=_raise(Unavailable(message)))


class FaultPlan(Protocol):
    """Decides what goes wrong. May be asked from several threads at once."""

    def fault(self, verb: str) -> Fault | None:
        """What happens to this call of ``verb``, such as ``jobs.claim`` or ``kv.put_many``; None: nothing."""
        ...

    def copies(self, topic: str) -> int:
        """How often a subscriber hears this signal: 0 loses it, 2 doubles it."""
        ...


class Script:
    """Chosen faults at chosen calls: ``(verb, n)`` is the n-th call of a verb, from 1. Everything else goes well.

    >>> script = Script({("jobs.claim", 2): refused()}, lose={"work"})
    >>> script.fault("jobs.claim") is None, script.fault("jobs.claim") is None
    (True, False)
    >>> script.copies("work:mail"), script.copies("due:mail")
    (0, 1)
    """

    def __init__(
        self, faults: Mapping[tuple[str, int], Fault], *, lose: Collection[str] = (), double: Collection[str] = ()
    ) -> None:
        """``lose`` and ``double`` name kinds of signals, such as ``work``."""
        self._faults = dict(faults)
        self._lose = frozenset(lose)
        self._double = frozenset(double)
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    def fault(self, verb: str) -> Fault | None:
        """The fault of this call, counted here."""
        with self._lock:
            self._calls[verb] += 1
            return self._faults.get((verb, self._calls[verb]))

    def copies(self, topic: str) -> int:
        """0 for a kind in ``lose``, 2 for one in ``double``."""
        kind = topic.partition(":")[0]
        return 0 if kind in self._lose else 2 if kind in self._double else 1


class Outage:
    """The store is away: the next ``calls`` calls of any verb are refused, or all of them.

    >>> outage = Outage(calls=1)
    >>> outage.fault("jobs.claim") is None, outage.fault("jobs.claim") is None, outage.refused
    (False, True, 1)
    """

    def __init__(self, calls: int | None = None) -> None:
        self.refused = 0
        self._calls = calls
        self._lock = threading.Lock()

    def fault(self, verb: str) -> Fault | None:
        """A refusal while it lasts."""
        with self._lock:
            if self._calls is not None and self.refused >= self._calls:
                return None
            self.refused += 1
        return refused(f"injected: the store is away ({verb})")

    def copies(self, topic: str) -> int:
        """Signals are not the matter here."""
        return 1


class RandomFaults:
    """Faults by chance, the same for the same seed and the same order of calls. ``active`` switches them off and on.

    error_rate: how often a call fails; half of the failures come before the effect, half after it.
    delay_rate: how often a call, or its reply, is late, by up to ``delay_max``.
    signal_rate: how often a signal is lost; as often it is doubled.

    >>> first, second = RandomFaults(7, error_rate=0.5), RandomFaults(7, error_rate=0.5)
    >>> [first.fault("jobs.claim") is None for _ in range(9)] == [second.fault("jobs.claim") is None for _ in range(9)]
    True
    """

    def __init__(
        self,
        seed: int,
        *,
        error_rate: float = 0.05,
        delay_rate: float = 0.1,
        delay_max: timedelta = timedelta(milliseconds=200),
        signal_rate: float = 0.1,
    ) -> None:
        self.active = True
        self.error_rate = error_rate
        self.delay_rate = delay_rate
        self.signal_rate = signal_rate
        self._delay_max = delay_max
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def fault(self, verb: str) -> Fault | None:
        """A fault, by chance."""
        if not self.active:
            return None
        with self._lock:
            failing, late, early = (self._random.random() for _ in range(3))
            delay = self._delay_max * self._random.random() if late < self.delay_rate else ZERO
        fault = Fault()
        if failing < self.error_rate:
            fault = refused() if failing < self.error_rate / 2 else lost_reply()
        if not delay and fault == Fault():
            return None
        before, after = (delay, ZERO) if early < 1 / 2 else (ZERO, delay)
        return Fault(delay=before, before=fault.before, after=fault.after, reply_delay=after)

    def copies(self, topic: str) -> int:
        """Mostly 1."""
        if not self.active:
            return 1
        with self._lock:
            chance = self._random.random()
        return 0 if chance < self.signal_rate else 2 if chance < 2 * self.signal_rate else 1
