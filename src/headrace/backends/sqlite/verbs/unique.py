"""Unique keys: who holds one, and what becomes of an enqueue that meets its holder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from headrace.backends.sqlite.rows import as_json
from headrace.backends.sqlite.times import duration_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.backends.sqlite.verbs.lanes import enter_lanes
from headrace.backends.sqlite.verbs.new_jobs import due_at, expires_at, storable
from headrace.model.ids import JobId
from headrace.model.job import REPLACEABLE_STATES, JobState, NewJob, UniqueKey
from headrace.storage.jobs import Enqueued
from headrace.storage.signals import DUE, EXPIRY, WORK

_EVER = -(1 << 63)


class Holder(NamedTuple):
    """The job that takes a key; the order of fields is that of ``sql/find_holders.sql``, after the place."""

    seq: int
    id: str
    state: str
    queue: str
    run_at: int
    enqueued_at: int


def runs_of_keys(jobs: Sequence[NewJob]) -> Iterator[list[NewJob]]:
    """The jobs in runs within which no key comes twice: what a run stored, the look-up for the next one sees."""
    run: list[NewJob] = []
    seen: set[tuple[str, str]] = set()
    for job in jobs:
        if job.unique is not None:
            name = job.task, job.unique.key
            if name in seen:
                yield run
                run, seen = [], set()
            seen.add(name)
        run.append(job)
    yield run


def holders_of(transaction: Transaction, jobs: Sequence[NewJob]) -> dict[int, Holder]:
    """By the place of a new job: the job that takes its key now, where there is one. One query for all."""
    asking = [(place, job.task, job.unique) for place, job in enumerate(jobs) if job.unique is not None]
    if not asking:
        return {}
    wanted = [(task, unique.key, unique.states, _since(unique, transaction.now)) for _, task, unique in asking]
    rows = transaction.rows("find_holders", {"wanted": as_json(wanted)})
    # The rows come in the order of enqueuing, so that of several holders the last one stays.
    return {asking[place][0]: Holder(*row) for place, *row in rows}


def _since(unique: UniqueKey, now: int) -> int:
    return _EVER if unique.period is None else now - duration_us(unique.period)


def keep_keys(transaction: Transaction, jobs: Sequence[NewJob]) -> None:
    """Write the keys and policies of the jobs that were inserted last, in this order."""
    if any(job.unique is not None for job in jobs):
        first = int(transaction.value("last_seq")) - len(jobs) + 1
        unique = [(seq, job.unique) for seq, job in enumerate(jobs, start=first) if job.unique is not None]
        transaction.run("mark_unique", {"keys": as_json([(seq, each.key) for seq, each in unique])})
        transaction.insert("insert_unique", [_policy(seq, each) for seq, each in unique])


def _policy(seq: int, unique: UniqueKey) -> tuple[int, str, int | None]:
    return seq, as_json(unique.states), None if unique.period is None else duration_us(unique.period)


def meet(transaction: Transaction, holder: Holder, job: NewJob, unique: UniqueKey) -> Enqueued:
    """What becomes of a job whose key another one holds."""
    state = JobState(holder.state)
    if unique.on_conflict == "drop":
        return Enqueued(id=JobId(holder.id), state=state, dropped=True)
    if unique.on_conflict == "return" or state not in REPLACEABLE_STATES:
        return Enqueued(id=JobId(holder.id), state=state, duplicate=True)
    return Enqueued(id=JobId(holder.id), state=_replace(transaction, holder, job, unique), replaced=True)


def _replace(transaction: Transaction, holder: Holder, job: NewJob, unique: UniqueKey) -> JobState:
    """Give the holder all that the new job would have had; answers the state in which it now is."""
    state, run_at = _pushed(holder, job, unique, transaction.now)
    _rewrite(transaction, holder.seq, job, state, run_at)
    if transaction.rules().any_lanes:
        enter_lanes(transaction, job.queue, [holder.seq])
    transaction.run("insert_unique", _policy(holder.seq, unique))
    if job.queue != holder.queue:
        # A queue that something has named stays known, also when a job came and went within one transaction.
        transaction.run("add_counters", (holder.queue, holder.state, 0))
    transaction.move(holder.queue, holder.state, None)
    transaction.move(job.queue, None, state)
    transaction.announce(WORK if state is JobState.QUEUED else DUE, job.queue)
    if job.expires:
        transaction.announce(EXPIRY, job.queue)
    return state


def _pushed(holder: Holder, job: NewJob, unique: UniqueKey, now: int) -> tuple[JobState, int]:
    """The holder's state and instant from now on: those of the new job, within ``push_max`` of the first enqueue."""
    run_at = due_at(job, now)
    if unique.push_max is not None:
        run_at = min(run_at, holder.enqueued_at + duration_us(unique.push_max))
    if run_at > now:
        return JobState.SCHEDULED, run_at
    # A queued job keeps its place in the queue.
    return JobState.QUEUED, holder.run_at if holder.state == JobState.QUEUED else run_at


def _rewrite(transaction: Transaction, seq: int, job: NewJob, state: JobState, run_at: int) -> None:
    """Write the new job over the one at ``seq``; its id and the time of its first enqueue stay."""
    body = {
        "seq": seq,
        "codec": job.codec,
        "payload": storable(job.payload),
        "task_version": job.task_version,
        "trace": job.trace,
        "tags": as_json(job.tags) if job.tags else None,
        "meta": as_json(job.meta) if job.meta else None,
    }
    transaction.run("replace_body", body)  # first, for the journal tells of the job as it is after the change
    row = {
        "seq": seq,
        "now": transaction.now,
        "state": state.value,
        "queue": job.queue,
        "priority": job.priority,
        "run_at": run_at,
        "wake_at": run_at if state is JobState.SCHEDULED else None,
        "expires_at": expires_at(job, transaction.now),
        "timeout": None if job.timeout is None else duration_us(job.timeout),
        "max_attempts": job.max_attempts,
        "partition": job.partition,
    }
    transaction.run("replace_job", row)
