"""Whose turn it is: the queued jobs of a queue, in the order in which limits and settings let them begin.

Settled here. The queued jobs of a queue lie in lanes, one for each key and limited task that are told apart; jobs of a
lane are claimable or held back together, so a claim looks at the head of each. A key is told apart where the queue is
``fair`` or ``ordered`` or has a limit by key; jobs without a key are together one such key, whose limits are none.

- The order of jobs is by priority, then ``run_at``, then enqueuing. With ``ageing`` it is by ``run_at`` less the
  priority times ``ageing``: waiting that long is worth a level, and the order of two jobs never changes with time.
- ``fair``: at each claim that finds queued jobs, and room for them in the limits on all of the queue, keys that have
  queued jobs and no turn get the next turns, in the order in which the first of their jobs was enqueued; keys without
  queued jobs lose theirs. Of the heads with the highest priority (with
  ``ageing``: of all heads) the one whose key has the oldest turn goes, and its key gets the newest.
- ``ordered``: the head of a key is its first job, by enqueuing, that has not ended, in whatever state it is. It goes
  only when it is queued and no other job of the key is running: so a retry or a delay holds up its key, and so does a
  job that has expired until ``expire`` ends it. A job that a person retries is in its old place again.
- A job past its ``expires_at`` is passed over, but not in an ``ordered`` key.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from headrace.backends.memory.record import Record
from headrace.model.ids import JobId
from headrace.model.job import Job, JobState
from headrace.model.limits import Limit, LimitScope, LimitTarget
from headrace.model.queue import QueueSettings

if TYPE_CHECKING:
    from headrace.backends.memory.heap import IndexedHeap
    from headrace.backends.memory.state import State


class Lane(NamedTuple):
    """Jobs that are held back by the same limits. Empty: not told apart by it."""

    key: str
    task: str


def told_apart_by_key(state: State, settings: QueueSettings) -> bool:
    """Whether the queue's keys matter."""
    return (
        settings.fair
        or settings.ordered
        or any(
            target.scope in (LimitScope.KEYS, LimitScope.KEY) and target.name == settings.name
            for target in state.limits
        )
    )


class Layout(NamedTuple):
    """What decides in which lane a job of a queue lies, and in which place."""

    keyed: bool
    fair: bool
    ordered: bool
    ageing: timedelta | None
    tasks: frozenset[str]


def layout_of(state: State, queue: str) -> Layout:
    """How a queue is laid out."""
    settings = state.queues[queue]
    tasks = frozenset(target.name for target in state.limits if target.scope is LimitScope.TASK)
    keyed = told_apart_by_key(state, settings)
    return Layout(keyed, settings.fair, settings.ordered, settings.ageing, tasks)


def lane_of(state: State, job: Job) -> Lane:
    """The lane in which a queued job lies."""
    keyed = job.partition is not None and told_apart_by_key(state, state.queues[job.queue])
    limited = LimitTarget(LimitScope.TASK, job.task) in state.limits
    return Lane(key=(job.partition or "") if keyed else "", task=job.task if limited else "")


def rank(settings: QueueSettings, record: Record) -> tuple[Any, ...]:
    """The place of a job among all of its queue, where no key has a turn and none is ordered."""
    job = record.job
    if settings.ageing is not None:
        return (job.run_at - job.priority * settings.ageing, record.order)
    return (-job.priority, job.run_at, record.order)


def place_in_lane(state: State, record: Record, lane: Lane) -> tuple[Any, ...]:
    """The place of a queued job in its lane."""
    settings = state.queues[record.job.queue]
    return (record.order,) if settings.ordered and lane.key else rank(settings, record)


def limits_on(state: State, queue: str, lane: Lane) -> Iterator[tuple[LimitTarget, Limit]]:
    """Every limit that the jobs of a lane are under, with what each is counted by."""
    targets = [LimitTarget(LimitScope.STORE), LimitTarget(LimitScope.QUEUE, queue)]
    if lane.task:
        targets.append(LimitTarget(LimitScope.TASK, lane.task))
    if lane.key:
        targets.append(LimitTarget(LimitScope.KEY, queue, lane.key))
    for target in targets:
        limit = state.limit_of(target)
        if limit is not None:
            yield target, limit


def in_its_turn(state: State, record: Record) -> bool:
    """Whether an ordered key lets this job begin now: no earlier one is open, and none is running."""
    key = (record.job.queue, record.job.partition or "")
    first = state.open_keys[key].first()
    return first is not None and first[0] == record.job.id and not state.running[LimitTarget(LimitScope.KEY, *key)]


class Line:
    """One claim's look at one queue. ``close`` puts back what was passed over."""

    def __init__(self, state: State, queue: str) -> None:
        self._state = state
        self._queue = queue
        self._settings = state.queues[queue]
        self._passed: list[tuple[Lane, str, tuple[Any, ...]]] = []
        if self._settings.fair and self._may_give():
            self._give_turns()

    def next(self) -> Record | None:
        """The job that is to be claimed next, which must then leave its lane; None when none may begin."""
        heads = [(self._order(record, lane), record, lane) for lane, record in self._heads()]
        if not heads:
            return None
        _, record, lane = min(heads, key=lambda head: head[0])
        for target, limit in limits_on(self._state, self._queue, lane):
            self._state.draw_token(target, limit)
        if self._settings.fair:
            self._state.turns[self._queue, lane.key] = self._state.next_turn()
        return record

    def close(self) -> None:
        """Put expired jobs back: they are for ``expire``, or for an edit."""
        for lane, job_id, place in self._passed:
            self._state.ready[self._queue][lane].put(job_id, place)

    def opens_at(self) -> int | None:
        """When the first of the rates that hold queued jobs back has a token; None when none does."""
        state = self._state
        instants = [
            state.next_token(target, limit)
            for lane, heap in state.ready[self._queue].items()
            if heap.first() is not None
            for target, limit in limits_on(state, self._queue, lane)
            if limit.rate is not None and not state.has_token(target, limit)
        ]
        return min(instants, default=None)

    def _heads(self) -> Iterator[tuple[Lane, Record]]:
        state = self._state
        for lane, heap in state.ready[self._queue].items():
            if all(state.has_room(target, limit) for target, limit in limits_on(state, self._queue, lane)):
                record = self._head(lane, heap)
                if record is not None:
                    yield lane, record

    def _head(self, lane: Lane, heap: IndexedHeap) -> Record | None:
        strict = self._settings.ordered and lane.key
        while (first := heap.first()) is not None:
            record = self._state.records[JobId(first[0])]
            fresh = record.job.expires_at is None or record.job.expires_at > self._state.now
            if strict:
                return record if fresh and in_its_turn(self._state, record) else None
            if fresh:
                return record
            self._passed.append((lane, heap.pop(), first[1]))
        return None

    def _order(self, record: Record, lane: Lane) -> tuple[Any, ...]:
        order = rank(self._settings, record)
        if not self._settings.fair:
            return order
        level = 0 if self._settings.ageing is not None else -record.job.priority
        return (level, self._state.turns[self._queue, lane.key], *order)

    def _may_give(self) -> bool:
        """Whether there is anything to claim, as far as the limits on all of the queue go."""
        lanes = self._state.ready[self._queue].values()
        return any(heap.first() is not None for heap in lanes) and all(
            self._state.has_room(target, limit)
            for target, limit in limits_on(self._state, self._queue, Lane(key="", task=""))
        )

    def _give_turns(self) -> None:
        state = self._state
        firsts: dict[str, int] = {}
        for lane, heap in state.ready[self._queue].items():
            if (first := heap.first()) is not None:
                order = state.records[JobId(first[0])].order
                firsts[lane.key] = min(order, firsts.get(lane.key, order))
        for queue, key in [each for each in state.turns if each[0] == self._queue]:
            if key not in firsts:
                del state.turns[queue, key]
        for key in sorted(firsts, key=lambda each: firsts[each]):
            if (self._queue, key) not in state.turns:
                state.turns[self._queue, key] = state.next_turn()


def targets_of(job: Job) -> list[LimitTarget]:
    """Everything that a running job is counted under, limited or not."""
    targets = [
        LimitTarget(LimitScope.STORE),
        LimitTarget(LimitScope.QUEUE, job.queue),
        LimitTarget(LimitScope.TASK, job.task),
    ]
    if job.partition is not None:
        targets.append(LimitTarget(LimitScope.KEY, job.queue, job.partition))
    return targets


def frees_others(before: Job, after: Job | None) -> bool:
    """Whether a change of a job can let others begin: it no longer runs, or is no longer open."""
    if after is not None and after.state is before.state:
        return False
    return before.state is JobState.RUNNING or after is None or after.state.final
