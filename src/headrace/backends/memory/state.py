"""Everything a memory store holds, with the indexes that keep each verb from looking at all jobs."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from headrace.backends.memory.heap import IndexedHeap
from headrace.backends.memory.journal import Journal
from headrace.backends.memory.lanes import Lane, Layout, frees_others, lane_of, layout_of, place_in_lane, targets_of
from headrace.backends.memory.rates import Rates
from headrace.backends.memory.record import Record, RememberedKey
from headrace.backends.memory.uniqueness import UniqueKeys
from headrace.model.event import event_between
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
from headrace.model.limits import Limit, LimitScope, LimitTarget
from headrace.model.queue import QueueSettings
from headrace.model.usage import UNKNOWN, Usage, seconds_of
from headrace.storage.clock import Clock
from headrace.storage.signals import CANCEL, EVENT, EXPIRY, WORK, arrival, topic

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
        self.ready: defaultdict[str, defaultdict[Lane, IndexedHeap]] = defaultdict(lambda: defaultdict(IndexedHeap))
        self.open_keys: defaultdict[tuple[str, str], IndexedHeap] = defaultdict(IndexedHeap)
        self.limits: dict[LimitTarget, Limit] = {}
        self.running: Counter[LimitTarget] = Counter()
        self.full_at: dict[LimitTarget, int] = {}
        self.turns: dict[tuple[str, str], int] = {}
        self.openings: dict[str, int] = {}
        self.ages: defaultdict[str, IndexedHeap] = defaultdict(IndexedHeap)
        self.due = IndexedHeap()
        self.leased = IndexedHeap()
        self.expiring = IndexedHeap()
        self.ended: defaultdict[tuple[str, JobState], IndexedHeap] = defaultdict(IndexedHeap)
        self.windows = IndexedHeap()
        self.journal = Journal()
        self._orders = 0
        self._tokens = 0
        self._turns = 0

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
        self._announce_expiry(None, job)
        self._tell(None, job)
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
            if job.state in _EVENTS and JobState.RUNNING in (before.state, job.state):
                self.rates.count(job.queue, _EVENTS[job.state], self.now)
            self._announce(job)
        elif job.queue != before.queue or job.run_at != before.run_at:
            self._announce(job)
        elif job.cancel_requested and not before.cancel_requested:
            self.topics[topic(CANCEL, job.id)] = None
        self._announce_expiry(before, job)
        self._tell(before, job)
        if frees_others(before, job):
            self._announce_room(before)

    def remove(self, record: Record) -> None:
        """Forget the job, its history and its log."""
        self._leave(record)
        self.unique.remove(record)
        del self.records[record.job.id]
        self._announce_room(record.job)

    def end_attempt(
        self, record: Record, outcome: AttemptOutcome, error: ErrorInfo | None = None, usage: Usage = UNKNOWN
    ) -> None:
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
                cpu_s=seconds_of(usage.cpu_us),
                peak_rss_bytes=usage.peak_rss_bytes,
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

    def next_turn(self) -> int:
        """The newest turn: later than all that were given."""
        self._turns += 1
        return self._turns

    @property
    def mono_us(self) -> int:
        """The monotonic clock in microseconds, by which tokens come: no step of the wall clock makes or delays one."""
        return int(self.mono * 1_000_000)

    def limit_of(self, target: LimitTarget) -> Limit | None:
        """What limits the target, if anything: for a key, its own limit, or that of each key."""
        limit = self.limits.get(target)
        if limit is None and target.scope is LimitScope.KEY:
            limit = self.limits.get(LimitTarget(LimitScope.KEYS, target.name))
        return None if limit is None or limit.empty else limit

    def has_room(self, target: LimitTarget, limit: Limit) -> bool:
        """Whether one more job of the target may begin now."""
        full = limit.concurrency is not None and self.running[target] >= limit.concurrency
        return not full and self.has_token(target, limit)

    def has_token(self, target: LimitTarget, limit: Limit) -> bool:
        """Whether the limit's rate, if it has one, lets a job begin now."""
        return limit.rate is None or limit.rate.pace.available(self.full_at.get(target, 0), self.mono_us) > 0

    def next_token(self, target: LimitTarget, limit: Limit) -> int:
        """When the limit's rate lets a job begin, in microseconds of the monotonic clock."""
        return (
            self.mono_us if limit.rate is None else limit.rate.pace.next_at(self.full_at.get(target, 0), self.mono_us)
        )

    def draw_token(self, target: LimitTarget, limit: Limit) -> None:
        """Count a job that begins."""
        if limit.rate is not None:
            self.full_at[target] = limit.rate.pace.take(self.full_at.get(target, 0), self.mono_us, 1)

    def lay_out_lanes(self, before: dict[str, Layout]) -> None:
        """Put queued jobs where they belong, in queues that were laid out otherwise ``before`` a change of rules.

        Their keys get new turns.
        """
        changed = {queue for queue in self.queues if layout_of(self, queue) != before.get(queue)}
        for queue in changed:
            self.ready.pop(queue, None)
        self.turns = {place: turn for place, turn in self.turns.items() if place[0] not in changed}
        for record in self.records.values():
            if record.job.state is JobState.QUEUED and record.job.queue in changed:
                self._line_up(record)

    def forget_turns(self) -> None:
        """Take the turns from keys that have no queued jobs."""
        queued = {(queue, lane.key) for queue, lanes in self.ready.items() for lane, heap in lanes.items() if len(heap)}
        self.turns = {place: turn for place, turn in self.turns.items() if place in queued}

    def layouts(self) -> dict[str, Layout]:
        """How each queue is laid out now."""
        return {queue: layout_of(self, queue) for queue in self.queues}

    def _line_up(self, record: Record) -> None:
        record.lane = lane_of(self, record.job)
        self.ready[record.job.queue][record.lane].put(record.job.id, place_in_lane(self, record, record.lane))

    def _announce_room(self, freed: Job) -> None:
        """A limit, or an ordered key, may have room now: for the job's queue, and for any queue under a wider limit."""
        if any(target.scope in (LimitScope.STORE, LimitScope.TASK) for target in self.limits):
            self.topics[topic(WORK, "*")] = None
        elif self.limits or self.queues[freed.queue].ordered:
            self.topics[topic(WORK, freed.queue)] = None

    def _announce(self, job: Job) -> None:
        if job.state is not JobState.RUNNING:
            self.topics[topic(*arrival(job.id, job.queue, job.state))] = None

    def _announce_expiry(self, before: Job | None, job: Job) -> None:
        """Tell of an expiry that counts from now on: of a job that came, came back from a worker, or got another."""
        if job.expires_at is None or job.state not in PENDING_STATES:
            return
        if before is None or before.state not in PENDING_STATES or before.expires_at != job.expires_at:
            self.topics[topic(EXPIRY, job.queue)] = None

    def _tell(self, before: Job | None, job: Job) -> None:
        """Write the change to the journal, if it is on and there is anything to tell."""
        if not self.journal.on:
            return
        given_back = before is not None and job.attempt < before.attempt
        kind = event_between(None if before is None else before.state, job.state, given_back=given_back)
        if kind is not None:
            self.journal.write(kind, job, self.now)
            self.topics[topic(EVENT, "*")] = None

    def _enter(self, record: Record) -> None:
        job = record.job
        self.counts[job.queue, job.state] += 1
        if job.state is JobState.QUEUED:
            self._line_up(record)
            self.ages[job.queue].put(job.id, (job.run_at,))
        elif job.state is JobState.SCHEDULED or (job.state is JobState.WAITING and record.timed):
            self.due.put(job.id, (job.run_at, record.order))
        elif job.state is JobState.RUNNING:
            self.leased.put(job.id, (record.deadline, record.order))
            self.running.update(targets_of(job))
        elif job.state in FINAL_STATES:
            self.ended[job.queue, job.state].put(job.id, (job.finished_at, record.order))
        if job.partition is not None and not job.state.final:
            self.open_keys[job.queue, job.partition].put(job.id, (record.order,))
        if job.state in PENDING_STATES and job.expires_at is not None:
            self.expiring.put(job.id, (job.expires_at, record.order))

    def _leave(self, record: Record) -> None:
        job = record.job
        self.counts[job.queue, job.state] -= 1
        if record.lane is not None:
            self._step_out(record, record.lane)
        if job.state is JobState.RUNNING:
            self.running.subtract(targets_of(job))
        if job.partition is not None:
            self.open_keys[job.queue, job.partition].discard(job.id)
        self.ages[job.queue].discard(job.id)
        self.due.discard(job.id)
        self.leased.discard(job.id)
        self.expiring.discard(job.id)
        if job.state in FINAL_STATES:
            self.ended[job.queue, job.state].discard(job.id)

    def _step_out(self, record: Record, lane: Lane) -> None:
        lanes = self.ready[record.job.queue]
        lanes[lane].discard(record.job.id)
        if not len(lanes[lane]):
            del lanes[lane]
        record.lane = None
