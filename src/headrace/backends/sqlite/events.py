"""The journal of job events: written by triggers that exist while it is on, read on the reading thread."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from headrace.backends.sqlite.reading import ReadingThread
from headrace.backends.sqlite.rows import as_json
from headrace.backends.sqlite.times import duration_us, from_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.backends.sqlite.writer import Writer
from headrace.model.event import EVENTS_LIMIT_MAX, EventKind, EventPage, EventRetention, JobEvent
from headrace.model.ids import JobId
from headrace.model.job import JobState
from headrace.storage.events import EventLogStatus

_TRIGGERS = ("journal_enqueued", "journal_moved")
_ON = "events"
"""The key of ``headrace_meta`` under which a journal that is on has its retention."""
_WAS_ON = "events_before"
"""The same for one that was switched off: by it, what is left is pruned."""


class EventRow(Struct, array_like=True, gc=False):
    """An event as ``sql/read_events.sql`` gives it."""

    seq: int
    kind: EventKind
    at: int
    job_id: str
    task: str
    queue: str
    state: JobState
    attempt: int
    tags: tuple[str, ...] | None

    def event(self) -> JobEvent:
        """The public value."""
        return JobEvent(
            sequence=self.seq,
            kind=self.kind,
            at=from_us(self.at),
            job_id=JobId(self.job_id),
            task=self.task,
            queue=self.queue,
            state=self.state,
            attempt=self.attempt,
            tags=self.tags or (),
        )


_decode_rows = msgspec.json.Decoder(list[EventRow]).decode


class SqliteEventLog:
    """SQLite has one writer at a time, so the sequence of a row is the order of its commit."""

    def __init__(self, writer: Writer, thread: ReadingThread) -> None:
        self._writer = writer
        self._thread = thread

    async def enable(self, retention: EventRetention) -> None:
        def verb(transaction: Transaction) -> None:
            transaction.run("set_meta", (_ON, as_json(retention)))
            for trigger in _TRIGGERS:
                transaction.run(trigger)

        await self._writer.run(verb)

    async def disable(self) -> None:
        def verb(transaction: Transaction) -> None:
            transaction.run("rename_meta", {"key": _ON, "name": _WAS_ON})
            for trigger in _TRIGGERS:
                transaction.run(f"forget_{trigger}")

        await self._writer.run(verb)

    async def status(self) -> EventLogStatus:
        def query(transaction: Transaction) -> EventLogStatus:
            [(oldest, newest)] = transaction.rows("event_bounds")
            return EventLogStatus(retention=_retention(transaction, _ON), oldest=oldest, newest=newest)

        return await self._thread.run(query)

    async def read(self, *, after: int, limit: int) -> EventPage:
        size = max(1, min(limit, EVENTS_LIMIT_MAX))

        def query(transaction: Transaction) -> tuple[str, int, int]:
            rows = transaction.value("read_events", {"after": after, "limit": size})
            [(oldest, newest)] = transaction.rows("event_bounds")
            return rows, oldest, newest

        rows, oldest, newest = await self._thread.run(query)
        return EventPage(after=after, events=[row.event() for row in _decode_rows(rows)], oldest=oldest, newest=newest)

    async def prune(self, *, limit: int) -> int:
        return await self._writer.run(lambda transaction: _prune(transaction, limit), shortcut=_nothing_past)


def _retention(transaction: Transaction, key: str) -> EventRetention | None:
    text = transaction.value("get_meta", (key,))
    return None if text is None else msgspec.json.decode(text, type=EventRetention)


def _retention_to_prune_by(transaction: Transaction) -> EventRetention:
    return _retention(transaction, _ON) or _retention(transaction, _WAS_ON) or EventRetention()


def _nothing_past(transaction: Transaction) -> int | None:
    """0 when no event is past the retention, found without taking the write lock; None otherwise."""
    for first, at, last in transaction.rows("first_event"):
        retention = _retention_to_prune_by(transaction)
        past = at <= transaction.now - duration_us(retention.keep) or last - first >= retention.keep_max
        return None if past and last > first else 0
    return 0


def _prune(transaction: Transaction, limit: int) -> int:
    retention = _retention_to_prune_by(transaction)
    bounds = {
        "cutoff": transaction.now - duration_us(retention.keep),
        "keep_max": retention.keep_max,
        "limit": limit,
    }
    [(first, _)] = transaction.rows("event_bounds")
    last = transaction.value("past_events", bounds)
    if last is None:
        return 0
    transaction.run("forget_events", {"last": last})
    return int(last) - int(first) + 1
