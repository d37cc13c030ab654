"""Reading about jobs, on the reading thread."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from headrace.backends.sqlite.finding import find
from headrace.backends.sqlite.grouping import error_groups
from headrace.backends.sqlite.limits import blocking
from headrace.backends.sqlite.reading import ReadingThread
from headrace.backends.sqlite.rows import JobRow, as_json, decode_error
from headrace.backends.sqlite.times import duration_us, from_us
from headrace.backends.sqlite.transaction import RATE_BUCKET_US, Transaction
from headrace.errors import Unsupported
from headrace.model.errors import ErrorGroup
from headrace.model.ids import JobId
from headrace.model.job import Attempt, AttemptOutcome, Job, JobState, LogLine
from headrace.model.limits import Blocked
from headrace.model.page import PAGE_LIMIT_MAX, JobQuery, Page
from headrace.model.queue import JobCount, QueueRate, counted_window
from headrace.model.usage import seconds_of

_decode_found = msgspec.json.Decoder(list[tuple[int, JobRow, str | None, str | None]]).decode


class SqliteJobReader:
    """Each call sees one snapshot of the file, a moment old at most."""

    def __init__(self, thread: ReadingThread) -> None:
        self._thread = thread

    async def get_many(self, ids: Sequence[JobId]) -> list[Job | None]:
        return await self._thread.run(lambda transaction: _get_many(transaction, ids))

    async def find(self, query: JobQuery, *, cursor: str | None = None, limit: int = 50) -> Page[Job]:
        before = None if cursor is None else _read_cursor(cursor)
        return await self._thread.run(
            lambda transaction: find(transaction, query, before, max(1, min(limit, PAGE_LIMIT_MAX)))
        )

    async def error_groups(self, query: JobQuery, *, limit: int = 50) -> list[ErrorGroup]:
        return await self._thread.run(lambda transaction: error_groups(transaction, query, limit))

    async def attempts(self, job_id: JobId) -> list[Attempt]:
        return await self._thread.run(
            lambda transaction: [_attempt(*row) for row in transaction.rows("get_attempts", {"id": job_id})]
        )

    async def logs(self, job_id: JobId) -> list[LogLine]:
        return await self._thread.run(
            lambda transaction: [
                LogLine(at=from_us(at), level=level, message=message, attempt=attempt)
                for at, level, message, attempt in transaction.rows("get_logs", (job_id,))
            ]
        )

    async def counts(self, *, queues: Sequence[str] = ()) -> list[JobCount]:
        return await self._thread.run(
            lambda transaction: [
                JobCount(queue=queue, state=JobState(state), count=count)
                for queue, state, count in transaction.rows("get_counters")
                if not queues or queue in queues
            ]
        )

    async def rates(self, *, window: timedelta) -> list[QueueRate]:
        return await self._thread.run(lambda transaction: _rates(transaction, window))

    async def blocking(self, ids: Sequence[JobId]) -> list[tuple[Blocked, ...]]:
        return await self._thread.run(lambda transaction: [blocking(transaction, job_id) for job_id in ids])

    async def lease_left(self, ids: Sequence[JobId]) -> list[timedelta | None]:
        return await self._thread.run(lambda transaction: _lease_left(transaction, ids))

    async def oldest_queued(self) -> dict[str, datetime]:
        return await self._thread.run(
            lambda transaction: {
                queue: from_us(run_at) for queue, run_at in transaction.rows("oldest_queued") if run_at is not None
            }
        )


def _get_many(transaction: Transaction, ids: Sequence[JobId]) -> list[Job | None]:
    replies: list[Job | None] = [None] * len(ids)
    for index, row, codec, hexed in _decode_found(transaction.value("get_jobs", {"ids": as_json(ids)})):
        result = None if codec is None else bytes.fromhex(hexed or "")
        replies[index] = row.job(result=result, result_codec=codec)
    return replies


def _lease_left(transaction: Transaction, ids: Sequence[JobId]) -> list[timedelta | None]:
    until = dict(transaction.rows("lease_ends", {"ids": as_json(ids)}))
    return [timedelta(microseconds=until[each] - transaction.mono) if each in until else None for each in ids]


def _read_cursor(cursor: str) -> int:
    try:
        return int(cursor)
    except ValueError:
        raise Unsupported(f"{cursor!r} is no cursor of this store: use the one of the page before") from None


def _attempt(
    number: int,
    outcome: str,
    worker: str,
    started_at: int,
    finished_at: int,
    error: str | None,
    cpu_us: int | None,
    peak_rss_bytes: int | None,
    _: int,
) -> Attempt:
    return Attempt(
        number=number,
        outcome=AttemptOutcome(outcome),
        worker=worker,
        started_at=from_us(started_at),
        finished_at=from_us(finished_at),
        error=None if error is None else decode_error(error),
        cpu_s=seconds_of(cpu_us),
        peak_rss_bytes=peak_rss_bytes,
    )


def _rates(transaction: Transaction, window: timedelta) -> list[QueueRate]:
    first = (transaction.now - duration_us(window)) // RATE_BUCKET_US
    sums: dict[str, dict[str, int]] = {}
    for queue, event, count in transaction.rows("get_rates", (first, transaction.now // RATE_BUCKET_US)):
        sums.setdefault(queue, {})[event] = count
    covered = counted_window(window, from_us(transaction.now))
    return [QueueRate(queue=queue, window=covered, **events) for queue, events in sums.items()]
