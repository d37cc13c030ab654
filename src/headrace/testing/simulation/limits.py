"""What limits and order forbid, checked at every claim by an account that knows no bucket and no lane."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import timedelta

from msgspec import Struct

from headrace.model.limits import Limit, LimitScope, LimitTarget, Rate
from headrace.model.queue import QueueSettings

KEYS = (None, "k1", "k2", "k3")

CLOCK_SLACK = 1e-4
"""Stores count in whole microseconds: at a few jobs a second, that is far less than this part of one."""


class Restraint(Struct, frozen=True, kw_only=True):
    """What holds the one queue of a simulation back."""

    settings: QueueSettings
    limits: tuple[Limit, ...]

    def figure(self, scope: LimitScope) -> int | None:
        """The concurrency set for a scope."""
        return next((limit.concurrency for limit in self.limits if limit.target.scope is scope), None)

    @property
    def rate(self) -> Rate | None:
        """The rate of the queue."""
        return next((limit.rate for limit in self.limits if limit.target.scope is LimitScope.QUEUE), None)


def random_restraint(queue: str, dice: random.Random) -> Restraint:
    """Some limits and an order. None is so tight that the jobs could not end in time."""
    rate = Rate(dice.randint(4, 10), per=timedelta(seconds=dice.randint(1, 2)), burst=dice.choice([None, 1, 3]))
    figures = {
        LimitTarget(LimitScope.STORE): (dice.choice([None, 8]), None),
        LimitTarget(LimitScope.QUEUE, queue): (dice.choice([None, 4, 6]), dice.choice([None, rate])),
        LimitTarget(LimitScope.KEYS, queue): (dice.choice([None, 2, 3]), None),
    }
    return Restraint(
        settings=QueueSettings(
            name=queue,
            fair=dice.random() < 0.5,
            ordered=dice.random() < 0.3,
            ageing=dice.choice([None, timedelta(seconds=5)]),
        ),
        limits=tuple(
            Limit(target=target, concurrency=concurrency, rate=rate) for target, (concurrency, rate) in figures.items()
        ),
    )


class Seat(Struct, kw_only=True):
    """A job as far as limits are concerned, in the order of enqueuing."""

    key: str | None
    held: bool = False
    ended: bool = False


class Census:
    """Who runs, and who began when."""

    def __init__(self, restraint: Restraint) -> None:
        self._restraint = restraint
        self._begun: list[float] = []

    def began(self, seats: Mapping[str, Seat], job_id: str, now: float) -> Iterator[str]:
        """What is wrong with this claim, now that it is counted."""
        self._begun.append(now)
        seat = seats[job_id]
        running = [each for each in seats.values() if each.held]
        of_key = [each for each in running if each.key is not None and each.key == seat.key]
        counts = {LimitScope.STORE: len(running), LimitScope.QUEUE: len(running), LimitScope.KEYS: len(of_key)}
        for scope, count in counts.items():
            most = self._restraint.figure(scope)
            if most is not None and count > most:
                yield f"{count} run under the limit of {most} for {scope}"
        yield from self._too_fast(now)
        if self._restraint.settings.ordered and seat.key is not None:
            yield from _out_of_order(seats, job_id, seat.key)

    def _too_fast(self, now: float) -> Iterator[str]:
        rate = self._restraint.rate
        if rate is None:
            return
        for number, since in enumerate(reversed(self._begun), start=1):
            most = rate.tokens + rate.count * (now - since) / rate.per.total_seconds()
            if number > most + CLOCK_SLACK:
                yield f"{number} began within {now - since:.3f} s, with a rate of {rate}"
                return


def _out_of_order(seats: Mapping[str, Seat], job_id: str, key: str) -> Iterator[str]:
    for other, seat in seats.items():
        if other == job_id:
            return
        if seat.key == key and not seat.ended:
            yield f"began before job {other} of key {key} had ended"
            return
