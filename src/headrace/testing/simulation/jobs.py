"""What simulated jobs do: a random life for each, and the one task that lives it."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from msgspec import Struct

from headrace.engine.runnable import ExecutorKind
from headrace.model.durations import seconds
from headrace.model.ids import JobId, format_uuid7
from headrace.model.job import Job, NewJob, UniqueKey
from headrace.model.retry import Exponential, RetryPolicy

TASK = "live"
KEYS = 4
"""Few unique keys, so that jobs often have to wait for one another to be accepted."""

_STAMP = 0x019A0B0C0D0E_000


class Step(Struct, frozen=True, kw_only=True):
    """One execution: it lasts ``seconds``, and then ``deed`` is to ``succeed``, ``fail``, ``snooze`` or ``discard``."""

    deed: str
    seconds: float


class Life(Struct, frozen=True, kw_only=True):
    """The executions of one job; the last one repeats."""

    new: NewJob
    steps: tuple[Step, ...]

    def step(self, execution: int) -> Step:
        """The step of an execution, counted from 0."""
        return self.steps[min(execution, len(self.steps) - 1)]


def random_life(number: int, dice: random.Random, lease_s: float) -> Life:
    """The life of the job with this number."""
    short, long = dice.uniform(0, 0.5), dice.uniform(2, 5) * lease_s
    again = [Step(deed=dice.choice(["fail", "fail", "snooze"]), seconds=short) for _ in range(dice.randint(1, 3))]
    steps, timeout = dice.choice(
        [
            ([Step(deed="succeed", seconds=short)], None),
            ([*again, Step(deed="succeed", seconds=short)], None),
            ([Step(deed="fail", seconds=short)], None),
            ([Step(deed="succeed", seconds=long)], None),
            ([Step(deed="succeed", seconds=long)], seconds(lease_s / 2)),
            ([*again, Step(deed="discard", seconds=short)], None),
        ]
    )
    new = NewJob(
        id=JobId(format_uuid7(_STAMP + number, dice.getrandbits(62))),
        task=TASK,
        payload=str(number).encode(),
        priority=dice.randint(0, 9),
        delay=timedelta(seconds=dice.uniform(0, 10)) if dice.random() < 0.3 else None,
        max_attempts=dice.randint(1, 6),
        timeout=timeout,
        unique=UniqueKey(key=f"k{dice.randrange(KEYS)}") if dice.random() < 0.3 else None,
    )
    return Life(new=new, steps=tuple(steps))


class LiveTask:
    """The task that runs every life."""

    name = TASK
    executor = ExecutorKind.LOOP
    is_async = True
    version = 1
    reference = ""
    needs: Mapping[str, Any] = {}
    surroundings = None
    batch = None
    retry: RetryPolicy = Exponential(base=timedelta(milliseconds=500), cap=timedelta(seconds=5))

    def __init__(self, function: Callable[[int], Awaitable[None]]) -> None:
        self.function = function

    def conceal(self, job: Job, text: str) -> str:
        """Nothing is secret."""
        return text

    def decode(self, job: Job) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The number of the job."""
        return (int(job.payload),), {}

    def encode_result(self, value: Any) -> tuple[bytes | None, str]:
        """Nothing is kept."""
        return None, "json"
