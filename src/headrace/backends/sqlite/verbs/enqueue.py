"""Storing new jobs: all of them, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from headrace.backends.sqlite.rows import as_json
from headrace.backends.sqlite.times import duration_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.backends.sqlite.verbs.new_jobs import due_at, expires_at, storable
from headrace.backends.sqlite.verbs.unique import holders_of, keep_keys, meet, runs_of_keys
from headrace.model.ids import JobId
from headrace.model.job import JobState, NewJob, kind_in_common
from headrace.storage.jobs import Enqueued
from headrace.storage.signals import DUE, EXPIRY, WORK
from headrace.storage.taken import Taken, fingerprint

_SCHEDULED, _QUEUED = JobState.SCHEDULED, JobState.QUEUED


def enqueue_many(transaction: Transaction, jobs: Sequence[NewJob]) -> list[Enqueued]:
    """Store what is new, answer what is not."""
    ids = {job.id for job in jobs}
    keyed = [job for job in jobs if job.idempotency_key is not None or job.unique is not None]
    newest = _newest(transaction)
    taken = _taken(transaction, ids, newest)
    if not taken and not keyed and len(ids) == len(jobs):
        states = _store(transaction, jobs, newest)
        return [Enqueued(id=job.id, state=state) for job, state in zip(jobs, states, strict=True)]
    keys = [job.idempotency_key for job in keyed if job.idempotency_key is not None]
    known = Taken(taken, _first_under(transaction, keys))
    return [reply for run in runs_of_keys(jobs) for reply in _enqueue_with_care(transaction, run, known)]


class _Newest(NamedTuple):
    """The greatest id and the last seq there are, and whether new jobs may have to be put in lanes."""

    id: str | None
    seq: int
    ruled: bool


def _newest(transaction: Transaction) -> _Newest:
    return _Newest(*next(transaction.rows("newest")))


def _taken(transaction: Transaction, ids: Collection[JobId], newest: _Newest) -> list[tuple[str, str]]:
    """Which ids are there already, and in which state their jobs are."""
    if newest.id is None or not ids or min(ids) > newest.id:
        return []
    return [(job_id, state) for job_id, state in transaction.rows("find_ids", {"ids": as_json(list(ids))})]


def _enqueue_with_care(transaction: Transaction, jobs: Sequence[NewJob], known: Taken) -> list[Enqueued]:
    """Job by job, since some may be there already, in the store or earlier in the batch. No unique key comes twice."""
    holders = holders_of(transaction, jobs)
    replies: list[Enqueued] = []
    fresh: list[NewJob] = []
    for place, job in enumerate(jobs):
        earlier = known.find(job)
        if earlier is not None:
            replies.append(earlier)
            continue
        if job.unique is not None and place in holders:
            reply = meet(transaction, holders[place], job, job.unique)
            if reply.replaced:
                known.moved(reply.id, reply.state)
            replies.append(reply)
            continue
        state = _QUEUED if due_at(job, transaction.now) <= transaction.now else _SCHEDULED
        fresh.append(job)
        known.add(job, state)
        replies.append(Enqueued(id=job.id, state=state))
    _store(transaction, fresh, _newest(transaction))
    keep_keys(transaction, fresh)
    return replies


def _first_under(transaction: Transaction, keys: Sequence[str]) -> Iterable[tuple[str, str, str, str]]:
    """Keys that are taken, each with the id, fingerprint and state of the job that was first."""
    return transaction.rows("find_keys", {"keys": as_json(keys), "now": transaction.now}) if keys else ()


def _store(transaction: Transaction, jobs: Sequence[NewJob], newest: _Newest) -> list[JobState]:
    """Insert jobs that are known to be new; answers the state each begins in."""
    if not jobs:
        return []
    last = newest.seq
    rules = transaction.rules() if newest.ruled else None
    if rules is None and _store_alike(transaction, jobs, last):
        return [_QUEUED] * len(jobs)
    now = transaction.now
    rows: list[Any] = []
    bodies: list[Any] = []
    states = []
    for seq, job in enumerate(jobs, start=last + 1):
        due = now if job.run_at is None and job.delay is None else due_at(job, now)
        state = _QUEUED if due <= now else _SCHEDULED
        expires = None
        if job.expires_at is not None or job.expires_in is not None:
            expires = expires_at(job, now)
            transaction.announce(EXPIRY, job.queue)
        timeout = None if job.timeout is None else duration_us(job.timeout)
        lane, step = (None, None) if rules is None else rules.lane(job.queue, job.partition, job.task)
        states.append(state)
        rows += (
            seq, job.id, job.task, job.queue, job.priority, state, due, None if state is _QUEUED else due,
            expires, timeout, job.max_attempts, now,
            job.partition, lane, step,
        )  # fmt: skip
        bodies += (
            seq, job.codec, storable(job.payload), job.task_version, job.idempotency_key, job.trace,
            as_json(job.tags) if job.tags else None, as_json(job.meta) if job.meta else None,
        )  # fmt: skip
    transaction.insert_flat("insert_jobs", len(rows) // len(jobs), rows)
    transaction.insert_flat("insert_bodies", len(bodies) // len(jobs), bodies)
    _remember_keys(transaction, jobs)
    _count(transaction, Counter(zip([job.queue for job in jobs], states, strict=True)))
    return states


def _store_alike(transaction: Transaction, jobs: Sequence[NewJob], last: int) -> bool:
    """Insert plain jobs that differ in nothing but ids and payloads, in two steps; whether they are such jobs."""
    if not transaction.takes_arrays:
        return False
    kind = kind_in_common(jobs)
    if kind is None:
        return False
    payloads = [storable(job.payload) for job in jobs]
    if len({*map(type, payloads)}) > 1:  # an array is of one type
        return False
    now = transaction.now
    shared = (kind.task, kind.queue, kind.priority, now, kind.max_attempts, now)
    transaction.run_on_array("insert_alike_jobs", (last, *shared), [job.id for job in jobs])
    transaction.run_on_array("insert_alike_bodies", (last, kind.codec, kind.task_version), payloads)
    _count(transaction, {(kind.queue, _QUEUED): len(jobs)})
    return True


def _remember_keys(transaction: Transaction, jobs: Sequence[NewJob]) -> None:
    keyed = [
        (job.idempotency_key, job.id, fingerprint(job), transaction.now + duration_us(job.idempotency_window))
        for job in jobs
        if job.idempotency_key is not None
    ]
    if keyed:
        transaction.insert("insert_idempotency", keyed)


def _count(transaction: Transaction, counts: Mapping[tuple[str, JobState], int]) -> None:
    for (queue, state), count in counts.items():
        transaction.move(queue, None, state, count)
        transaction.happened(queue, "enqueued", count)
        transaction.announce(WORK if state is _QUEUED else DUE, queue)
