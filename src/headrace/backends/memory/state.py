"""Everything a memory store holds, with the indexes that keep each verb from looking at all jobs."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from headrace.backends.memory.heap import IndexedHeap
from headrace.backends.memory.rates import Rates
from headrace.backends.memory.record import Record, RememberedKey
from headrace.backends.memory.uniqueness import UniqueKeys
from headrace.model.ids import JobId
from headrace.model.job import (
    FINAL_STATES,
    PENDING_STATES,
    Attempt,
    AttemptOutcome,
    ErrorInfo,
    Job,
    JobState,
    UniqueKey,
)
from headrace.model.queue import QueueSettings
from headrace.storage.clock import Clock
from headrace.storage.signals import CANCEL, DONE, DUE, WORK, topic

_EVENTS = {JobState.RUNNING: "claimed", JobState.SUCCEEDED: "succeeded", JobState.DEAD: "dead"}


class State:
    """Jobs and their indexes. Whoever touches it holds ``lock``; ``now`` and ``mono`` are the instant of that hold.

    All changes of a job go through ``add``, ``change`` and ``remove``, which keep every index, counter and rate, and
    note in ``topics`` what subscribers are to be told.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now = datetime.min.replace(tzinfo=UTC)
        self.mono = 0.0
        self.topics: dict[str, None] = {}
        self.records: dict[JobId, Record] = {}
        self.keys: dict[str, RememberedKey] = {}
        self.unique = UniqueKeys()
        self.queues: dict[str, QueueSettings] = {}
        self.counts: Counter[tuple[str, JobState]] = Counter()
        self.rates = Rates()
        self.ready: defaultdict[str, IndexedHeap] = defaultdict(IndexedHeap)
        self.ages: defaultdict[str, IndexedHeap] = defaultdict(IndexedHeap)
        self.due = IndexedHeap()
        self.leased = IndexedHeap()
        self.expiring = IndexedHeap()
        self.ended: defaultdict[tuple[str, JobState], IndexedHeap] = defaultdict(IndexedHeap)
        self.windows = IndexedHeap()
        self._orders = 0
        self._tokens = 0

    def begin(self, clock: Clock) -> None:
        """Fix the instant of the verb that follows."""
        self.now, self.mono = clock.now(), clock.monotonic()
        self.topics = {}

    def new_token(self) -> str:
        """A lease token: a counter that only grows, so that no claim is ever mistaken for another."""
        self._tokens += 1
        return str(self._tokens)

    def know_queue(self, name: str) -> None:
        """A queue exists as soon as something names it."""
        if name not in self.queues:
            self.queues[name] = QueueSettings(name=name)

    def add(self, job: Job, unique: UniqueKey | None = None) -> Record:
        """Keep a new job, as the youngest."""
        self._orders += 1
        record = Record(job=job, order=self._orders, unique=unique)
        self.records[job.id] = record
        self.unique.add(record)
        self.know_queue(job.queue)
        self.rates.count(job.queue, "enqueued", self.now)
        self._enter(record)
        self._announce(job)
        return record

    def change(self, record: Record, **values: Any) -> None:
        """Give the job new values and put it where they belong. A job that stops running loses its lease."""
        before = record.job
        self._leave(record)
        job = record.job = replace(before, **values)
        if job.state is not JobState.RUNNING:
            record.token = None
        self.know_queue(job.queue)
        self._enter(record)
        if job.state is not before.state:
            if job.state in _EVENTS:
                self.rates.count(job.queue, _EVENTS[job.state], self.now)
            self._announce(job)
        elif job.queue != before.queue or job.run_at != before.run_at:
            self._announce(job)
        elif job.cancel_requested and not before.cancel_requested:
            self.topics[topic(CANCEL, job.id)] = None

    def remove(self, record: Record) -> None:
        """Forget the job, its history and its log."""
        self._leave(record)
        self.unique.remove(record)
        del self.records[record.job.id]

    def end_attempt(self, record: Record, outcome: AttemptOutcome, error: ErrorInfo | None = None) -> None:
        """Add the running attempt to the history. Its number is the job's ``attempt`` as counted now."""
        job = record.job
        record.attempts.append(
            Attempt(
                number=job.attempt,
                outcome=outcome,
                worker=job.worker or "",
                started_at=job.started_at or self.now,
                finished_at=self.now,
                error=error,
            )
        )

    def remember_key(self, key: str, remembered: RememberedKey) -> None:
        """Hold an idempotency key until its window is over."""
        self.keys[key] = remembered
        self.windows.put(key, (remembered.until,))

    def forget_key(self, key: str) -> None:
        """Let an idempotency key be taken again."""
        del self.keys[key]
        self.windows.discard(key)

    def _announce(self, job: Job) -> None:
        if job.state is JobState.QUEUED:
            self.topics[topic(WORK, job.queue)] = None
        elif job.state in (JobState.SCHEDULED, JobState.WAITING):
            self.topics[topic(DUE, job.queue)] = None
        elif job.state in FINAL_STATES:
            self.topics[topic(DONE, job.id)] = None

    def _enter(self, record: Record) -> None:
        job = record.job
        self.counts[job.queue, job.state] += 1
        if job.state is JobState.QUEUED:
            self.ready[job.queue].put(job.id, (-job.priority, job.run_at, record.order))
            self.ages[job.queue].put(job.id, (job.run_at,))
        elif job.state is JobState.SCHEDULED or (job.state is JobState.WAITING and record.timed):
            self.due.put(job.id, (job.run_at, record.order))
        elif job.state is JobState.RUNNING:
            self.leased.put(job.id, (record.deadline, record.order))
        elif job.state in FINAL_STATES:
            self.ended[job.queue, job.state].put(job.id, (job.finished_at, record.order))
        if job.state in PENDING_STATES and job.expires_at is not None:
            self.expiring.put(job.id, (job.expires_at, record.order))

    def _leave(self, record: Record) -> None:
        job = record.job
        self.counts[job.queue, job.state] -= 1
        self.ready[job.queue].discard(job.id)
        self.ages[job.queue].discard(job.id)
        self.due.discard(job.id)
        self.leased.discard(job.id)
        self.expiring.discard(job.id)
        if job.state in FINAL_STATES:
            self.ended[job.queue, job.state].discard(job.id)
