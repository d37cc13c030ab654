"""Reading about jobs. Lists look at every job: here clarity goes before speed.

Settled here: newest first means the order of enqueuing, by which the cursor counts too; ``rates`` begins with the
bucket of ten seconds in which the window begins; ``oldest_queued`` is the smallest ``run_at``. A page looks at
``JobQuery.scan`` jobs, whatever is asked, and none after its ``patience`` is over; a store with an index for the
question may look further.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from headrace.backends.memory.limits import blocking
from headrace.backends.memory.record import Record
from headrace.backends.memory.session import Session
from headrace.errors import Unsupported
from headrace.model.errors import SAMPLES_MAX, ErrorGroup
from headrace.model.ids import JobId
from headrace.model.job import Attempt, Job, JobState, LogLine
from headrace.model.limits import Blocked
from headrace.model.page import PAGE_LIMIT_MAX, JobQuery, Page
from headrace.model.queue import JobCount, QueueRate
from headrace.model.search import matches
from headrace.storage.looking import Look

FAILING_STATES = frozenset({JobState.DEAD, JobState.SCHEDULED, JobState.QUEUED})


def fits(query: JobQuery, job: Job, now: datetime) -> bool:
    """Whether every given field of the query fits the job; of ``tags``, all must be on it."""
    return (
        (not query.states or job.state in query.states)
        and (not query.queues or job.queue in query.queues)
        and (not query.tasks or job.task in query.tasks)
        and set(query.tags) <= set(job.tags)
        and (query.since is None or job.enqueued_at >= query.since)
        and (query.until is None or job.enqueued_at < query.until)
        and (query.as_of is None or _unchanged_since(query.as_of, job))
        and (query.where is None or matches(query.where, job, query.as_of or now))
    )


def _unchanged_since(instant: datetime, job: Job) -> bool:
    changes = (job.enqueued_at, job.started_at, job.finished_at)
    return all(change is None or change <= instant for change in changes)


class MemoryJobReader:
    """Answers from the state as it is at the moment of the call."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def get_many(self, ids: Sequence[JobId]) -> list[Job | None]:
        with self._session.section() as state:
            found = [state.records.get(job_id) for job_id in ids]
            return [None if record is None else record.job for record in found]

    async def find(self, query: JobQuery, *, cursor: str | None = None, limit: int = 50) -> Page[Job]:
        before = None if cursor is None else _read_cursor(cursor)
        size = max(1, min(limit, PAGE_LIMIT_MAX))
        items: list[Job] = []
        look = Look(query)
        left = look.next()
        last = 0
        last_look: Record | None = None
        with self._session.section() as state:
            for record in reversed(state.records.values()):
                if before is not None and record.order >= before:
                    continue
                left = left or look.next()
                if last_look is not None and not left:
                    reached = last_look.job.enqueued_at
                    return Page(items=items, next_cursor=str(last_look.order), complete=False, reached=reached)
                left, last_look = left - 1, record
                if not fits(query, record.job, state.now):
                    continue
                if len(items) == size:
                    return Page(items=items, next_cursor=str(last))
                items.append(replace(record.job, result=None, result_codec=None))
                last = record.order
        return Page(items=items)

    async def error_groups(self, query: JobQuery, *, limit: int = 50) -> list[ErrorGroup]:
        with self._session.section() as state:
            failing: dict[str, list[Record]] = {}
            for record in reversed(state.records.values()):
                error = record.job.error
                if error is not None and record.job.state in FAILING_STATES and fits(query, record.job, state.now):
                    failing.setdefault(error.fingerprint, []).append(record)
        groups = [_group(fingerprint, records) for fingerprint, records in sorted(failing.items())]
        groups.sort(key=lambda group: (group.dead, group.retrying, group.last_seen), reverse=True)
        return groups[:limit]

    async def attempts(self, job_id: JobId) -> list[Attempt]:
        with self._session.section() as state:
            record = state.records.get(job_id)
            return [] if record is None else list(record.attempts)

    async def logs(self, job_id: JobId) -> list[LogLine]:
        with self._session.section() as state:
            record = state.records.get(job_id)
            return [] if record is None else list(record.logs)

    async def counts(self, *, queues: Sequence[str] = ()) -> list[JobCount]:
        with self._session.section() as state:
            return [
                JobCount(queue=queue, state=job_state, count=count)
                for (queue, job_state), count in sorted(state.counts.items())
                if count and (not queues or queue in queues)
            ]

    async def rates(self, *, window: timedelta) -> list[QueueRate]:
        with self._session.section() as state:
            return state.rates.within(window, state.now)

    async def blocking(self, ids: Sequence[JobId]) -> list[tuple[Blocked, ...]]:
        with self._session.section() as state:
            return [blocking(state, state.records.get(job_id)) for job_id in ids]

    async def lease_left(self, ids: Sequence[JobId]) -> list[timedelta | None]:
        with self._session.section() as state:
            return [_lease_left(state.records.get(job_id), state.mono) for job_id in ids]

    async def oldest_queued(self) -> dict[str, datetime]:
        with self._session.section() as state:
            heads = {queue: heap.first() for queue, heap in state.ages.items()}
            return {queue: first[1][0] for queue, first in heads.items() if first is not None}


def _group(fingerprint: str, records: Sequence[Record]) -> ErrorGroup:
    """The records, newest first, as a group."""
    jobs = [record.job for record in records]
    seen = [_failed_at(record) for record in records]
    dead = sum(job.state is JobState.DEAD for job in jobs)
    error = jobs[0].error
    assert error is not None
    return ErrorGroup(
        fingerprint=fingerprint,
        type=error.type,
        message=error.message,
        tasks=tuple(sorted({job.task for job in jobs})),
        dead=dead,
        retrying=len(jobs) - dead,
        first_seen=min(seen),
        last_seen=max(seen),
        samples=tuple(job.id for job in jobs[:SAMPLES_MAX]),
    )


def _failed_at(record: Record) -> datetime:
    if record.job.state is JobState.DEAD and record.job.finished_at is not None:
        return record.job.finished_at
    return max(each.finished_at for each in record.attempts if each.error is not None)


def _read_cursor(cursor: str) -> int:
    try:
        return int(cursor)
    except ValueError:
        raise Unsupported(f"{cursor!r} is no cursor of this store: use the one of the page before") from None


def _lease_left(record: Record | None, mono: float) -> timedelta | None:
    if record is None or record.job.state is not JobState.RUNNING:
        return None
    return timedelta(seconds=record.deadline - mono)
