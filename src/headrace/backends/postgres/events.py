"""The journal of job events: written by triggers that exist while it is on, numbered by whoever reads it."""

from __future__ import annotations

import json

from headrace.backends.postgres.session import Row, Runner, Session
from headrace.model.event import EVENTS_LIMIT_MAX, EventKind, EventPage, EventRetention, JobEvent
from headrace.model.ids import JobId
from headrace.model.job import JobState
from headrace.storage.events import EventLogStatus


class PostgresEventLog:
    """Numbers are given under a lock to what has been committed, so a reader that goes by them misses nothing."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def enable(self, retention: EventRetention) -> None:
        async def verb(session: Session) -> None:
            [(was_off,)] = await session.rows("enable_journal", retention.keep, retention.keep_max)
            if was_off:  # making triggers waits for those who write jobs, and holds up those after
                await session.rows("switch_journal", True)

        await self._runner.run(verb, transaction=True)

    async def disable(self) -> None:
        async def verb(session: Session) -> None:
            if await session.rows("disable_journal"):
                await session.rows("switch_journal", False)

        await self._runner.run(verb, transaction=True)

    async def status(self) -> EventLogStatus:
        async def verb(session: Session) -> EventLogStatus:
            await session.rows("number_events")
            for is_on, keep, keep_max, oldest, newest in await session.rows("journal_status"):
                retention = EventRetention(keep=keep, keep_max=keep_max) if is_on else None
                return EventLogStatus(retention=retention, oldest=oldest, newest=newest)
            return EventLogStatus(retention=None)

        return await self._runner.run(verb)

    async def read(self, *, after: int, limit: int) -> EventPage:
        async def verb(session: Session) -> EventPage:
            await session.rows("number_events")
            bounds, *rows = await session.rows("read_events", after, max(1, min(limit, EVENTS_LIMIT_MAX)))
            return EventPage(after=after, events=list(map(_event, rows)), oldest=bounds[0], newest=int(bounds[8]))

        return await self._runner.run(verb)

    async def prune(self, *, limit: int) -> int:
        async def verb(session: Session) -> int:
            await session.rows("number_events")
            [(count,)] = await session.rows("forget_events", session.now, limit)
            return int(count)

        return await self._runner.run(verb)


def _event(row: Row) -> JobEvent:
    sequence, kind, at, job_id, task, queue, state, attempt, tags, _ = row
    return JobEvent(
        sequence=sequence,
        kind=EventKind(kind),
        at=at,
        job_id=JobId(job_id),
        task=task,
        queue=queue,
        state=JobState(state),
        attempt=attempt,
        tags=() if tags is None else tuple(json.loads(tags)),
    )
