"""Tells when a queue has too many dead jobs: once when it comes to that, and again after it was put right."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from inspect import isawaitable

from msgspec import Struct

from headrace.engine.service import Periodic
from headrace.model.job import JobState
from headrace.storage.backend import Backend
from headrace.storage.kv import Put
from headrace.telemetry import Telemetry

log = logging.getLogger("headrace")

BUCKET = "alarms"
LOOK_EVERY = timedelta(seconds=10)


class DeadDepth(Struct, frozen=True, kw_only=True):
    """What an alarm is told: ``queue`` None means all queues together."""

    queue: str | None
    depth: int
    dead: int


class DeadAlarm(Struct, frozen=True, kw_only=True):
    """Call ``tell`` when ``queue`` (None: all together) has ``depth`` dead jobs or more."""

    queue: str | None
    depth: int
    tell: Callable[[DeadDepth], Awaitable[None] | None]

    @property
    def key(self) -> str:
        """The name under which the store remembers that it has rung."""
        return f"dead:{'' if self.queue is None else self.queue}:{self.depth}"


class DeadWatch(Periodic):
    """Looks at the counters. That an alarm has rung is noted in the store before it rings.

    So of two leaders one rings; and an alarm whose process dies in that moment has rung unheard.
    """

    def __init__(
        self, backend: Backend, alarms: Sequence[DeadAlarm], *, gate: Callable[[], bool], telemetry: Telemetry
    ) -> None:
        super().__init__("dead letter alarms", LOOK_EVERY, gate=gate)
        self._backend = backend
        self._alarms = alarms
        self._telemetry = telemetry

    async def tick(self) -> timedelta | None:
        """Compare each alarm with the counters."""
        if not self._alarms:
            return None
        dead = {
            count.queue: count.count for count in await self._backend.reader.counts() if count.state is JobState.DEAD
        }
        for alarm in self._alarms:
            found = sum(dead.values()) if alarm.queue is None else dead.get(alarm.queue, 0)
            await self._compare(alarm, found)
        return None

    async def _compare(self, alarm: DeadAlarm, dead: int) -> None:
        kv = self._backend.kv
        [rung] = await kv.get_many(BUCKET, [alarm.key])
        if dead < alarm.depth:
            if rung is not None:
                await kv.put_many(BUCKET, [Put(key=alarm.key, value=None, if_revision=rung.revision)])
            return
        if rung is not None or await kv.put_many(BUCKET, [Put(key=alarm.key, value=b"1", if_revision=0)]) == [None]:
            return
        log.warning("%d jobs are dead in %s", dead, "all queues" if alarm.queue is None else f"queue {alarm.queue}")
        self._telemetry.emit("dead.depth", queue=alarm.queue, depth=alarm.depth, dead=dead)
        try:
            answer = alarm.tell(DeadDepth(queue=alarm.queue, depth=alarm.depth, dead=dead))
            if isawaitable(answer):
                await answer
        except Exception:
            log.exception("the alarm at %d dead jobs failed", alarm.depth)
