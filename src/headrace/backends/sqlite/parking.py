"""Claims that wait: kept by the writer until a transaction brings a job for them, and answered within it.

A worker with free slots would otherwise be told of an enqueue, ask, and be answered: two more hops between threads and
a transaction more for every job that finds it idle. All of this is on the writer's thread.
"""

from __future__ import annotations

import asyncio
from typing import Any

from headrace.backends.sqlite.connection_thread import Errand
from headrace.backends.sqlite.transaction import Transaction
from headrace.storage.signals import WORK
from headrace.storage.subscriptions import kind_of


class Parking:
    """Operations that were answered with nothing, and may be answered with more later."""

    def __init__(self) -> None:
        self._parked: list[Errand[Any]] = []
        self._answered: list[Errand[Any]] = []
        self._to_tell: list[Errand[Any]] = []
        self._released: set[asyncio.Future[Any]] = set()

    @property
    def empty(self) -> bool:
        """True when nothing waits. Also asked from other threads, where it is a hint."""
        return not self._parked

    def in_vain(self, transaction: Transaction) -> bool:
        """Whether a look tells that nobody here would be answered with more than nothing."""
        return all(each.shortcut is not None and each.shortcut(transaction) is not None for each in self._parked)

    def take(self, errand: Errand[Any]) -> bool:
        """Keep the errand if it may wait for a better answer than it has."""
        if not errand.parks or errand.reply or errand.error is not None:
            return False
        if errand.future.cancelled() or errand.future in self._released:
            return False
        errand.reply = None
        self._parked.append(errand)
        return True

    def feed(self, transaction: Transaction, *, anyway: bool = False) -> None:
        """Try those that wait, when this transaction made a job claimable."""
        if not self._parked or not (anyway or any(kind_of(topic) == WORK for topic in transaction.topics)):
            return
        for errand in self._parked:
            if not errand.future.cancelled():
                errand.reply = errand.function(transaction)
                if errand.reply:
                    self._answered.append(errand)
        self._parked = [each for each in self._parked if not each.reply and not each.future.cancelled()]

    def committed(self) -> None:
        """What was answered in this transaction holds."""
        self._to_tell += self._answered
        self._answered = []

    def to_tell(self) -> list[Errand[Any]]:
        """Those that have an answer, to be told now."""
        told, self._to_tell = self._to_tell, []
        return told

    def told(self) -> None:
        """The group is over: what was to be released with it has been."""
        self._released.clear()

    def rolled_back(self) -> None:
        """What was answered in this transaction did not come true."""
        for errand in self._answered:
            errand.reply = None
        self._parked += self._answered
        self._answered = []

    def release(self, future: asyncio.Future[Any]) -> None:
        """Answer an errand with nothing, if it still waits; one of the same group shall not begin to."""
        self._released.add(future)
        for errand in self._parked:
            if errand.future is future:
                errand.reply = []
                self._to_tell.append(errand)
        self._parked = [each for each in self._parked if each.future is not future]

    def release_all(self) -> None:
        """Answer everything that waits with nothing."""
        for errand in list(self._parked):
            self.release(errand.future)
