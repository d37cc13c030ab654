"""Storing new jobs: all of them, or none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

import msgspec

from headrace.backends.postgres.rows import as_json
from headrace.backends.postgres.session import Row, Session
from headrace.backends.postgres.verbs.tally import Tally
from headrace.errors import Unavailable
from headrace.model.ids import JobId
from headrace.model.job import JobState, NewJob
from headrace.storage.jobs import Enqueued
from headrace.storage.signals import DUE, WORK, topic

COPY_FROM = 200
"""From so many jobs on, COPY is quicker than INSERT, though it takes five calls instead of one."""

_COLUMNS = (
    "id", "task", "queue", "priority", "state", "run_at", "wake_at", "expires_at", "timeout", "max_attempts",
    "enqueued_at", "codec", "payload", "task_version", "idempotency_key", "trace", "tags", "meta",
    "unique_key",
)  # fmt: skip

_decode_taken = msgspec.json.Decoder(list[tuple[str, str]] | None).decode
_decode_keys = msgspec.json.Decoder(list[tuple[str, str, str, str]] | None).decode


class Contended(Unavailable):
    """Another transaction took an id or a key of this batch at the same moment: seen anew, it is a duplicate."""


def needs_transaction(jobs: Sequence[NewJob]) -> bool:
    """Whether more than one statement is needed to store these."""
    return len(jobs) >= COPY_FROM or any(job.idempotency_key is not None for job in jobs)


async def enqueue_many(session: Session, jobs: Sequence[NewJob]) -> list[Enqueued]:
    """Store what is new, answer what is not. In a transaction where ``needs_transaction`` says so."""
    if not jobs:
        return []
    if needs_transaction(jobs):
        return await _enqueue_with_care(session, jobs)
    states = await _insert(session, jobs)
    if len(states) == len(jobs):
        return [Enqueued(id=job.id, state=states[job.id]) for job in jobs]
    [(_, taken, _)] = await session.rows("look", session.now, [job.id for job in jobs], [])
    there = dict(_decode_taken(taken or "null") or ())
    replies = []
    for job in jobs:
        new = states.pop(job.id, None)
        replies.append(Enqueued(id=job.id, state=new or JobState(there[job.id]), duplicate=new is None))
    return replies


async def _enqueue_with_care(session: Session, jobs: Sequence[NewJob]) -> list[Enqueued]:
    keys = [job.idempotency_key for job in jobs if job.idempotency_key is not None]
    [(now, taken, holders)] = await session.rows("look", session.now, [job.id for job in jobs], keys)
    known = _Known(taken, holders)
    replies = [known.find(job) or known.add(job, now) for job in jobs]
    await _remember_keys(session, known.fresh, now)
    if len(known.fresh) >= COPY_FROM:
        await _copy(session, known.fresh, now)
    elif known.fresh and len(await _insert(session, known.fresh)) < len(known.fresh):
        raise Contended("an id of this batch was taken by another transaction at the same moment")
    return replies


class _Known:
    """The ids and keys that are taken, in the store and earlier in the batch."""

    def __init__(self, taken: str | None, holders: str | None) -> None:
        self._by_id = dict(_decode_taken(taken or "null") or ())
        self._by_key = {key: tuple(rest) for key, *rest in _decode_keys(holders or "null") or ()}
        self.fresh: list[NewJob] = []

    def find(self, job: NewJob) -> Enqueued | None:
        """The answer for a job that is not new."""
        if (state := self._by_id.get(job.id)) is not None:
            return Enqueued(id=job.id, state=JobState(state), duplicate=True)
        if job.idempotency_key is None or (holder := self._by_key.get(job.idempotency_key)) is None:
            return None
        first, known_fingerprint, state = holder
        same = known_fingerprint == fingerprint(job)
        return Enqueued(id=JobId(first), state=JobState(state), duplicate=same, conflict=not same)

    def add(self, job: NewJob, now: datetime) -> Enqueued:
        """The answer for one that is."""
        state = JobState.QUEUED if _due_at(job, now) <= now else JobState.SCHEDULED
        self._by_id[job.id] = state
        if job.idempotency_key is not None:
            self._by_key[job.idempotency_key] = (job.id, fingerprint(job), state)
        self.fresh.append(job)
        return Enqueued(id=job.id, state=state)


async def _remember_keys(session: Session, jobs: Sequence[NewJob], now: datetime) -> None:
    keyed = [
        (job.idempotency_key, job.id, fingerprint(job), now + job.idempotency_window)
        for job in jobs
        if job.idempotency_key is not None
    ]
    if keyed:
        taken = await session.rows("remember_keys", *map(list, zip(*keyed, strict=True)), now)
        if len(taken) < len(keyed):
            raise Contended("an idempotency key of this batch was taken by another transaction at the same moment")


async def _insert(session: Session, jobs: Sequence[NewJob]) -> dict[str, JobState]:
    columns = list(map(list, zip(*map(_values, jobs), strict=True)))
    states = {}
    for job_id, queue, state in await session.rows("insert_jobs", session.now, *columns):
        states[job_id] = JobState(state)
        session.announce([topic(WORK if state == "queued" else DUE, queue)])
    return states


def _values(job: NewJob) -> Row:
    return (
        job.id, job.task, job.queue, job.priority, job.run_at, job.delay, job.expires_at, job.expires_in, job.timeout,
        job.max_attempts, job.codec, job.payload, job.task_version, job.idempotency_key, job.trace,
        as_json(job.tags) if job.tags else None, as_json(job.meta) if job.meta else None,
        None if job.unique is None else job.unique.key,
    )  # fmt: skip


async def _copy(session: Session, jobs: Sequence[NewJob], now: datetime) -> None:
    tally = Tally()
    if not await session.copy("jobs", _COLUMNS, _records(jobs, now, tally)):
        await _insert(session, jobs)
        return
    await tally.write(session)
    session.announce({topic(WORK if state == "queued" else DUE, queue) for queue, state in tally.arrivals})


def _records(jobs: Sequence[NewJob], now: datetime, tally: Tally) -> Iterator[Row]:
    for job in jobs:
        due = now if job.run_at is None and job.delay is None else _due_at(job, now)
        state = "queued" if due <= now else "scheduled"
        tally.move(job.queue, None, state)
        tally.happened(job.queue, "enqueued")
        expires: Any = job.expires_at if job.expires_in is None else now + job.expires_in
        yield (
            job.id, job.task, job.queue, job.priority, state, due, None if due <= now else due, expires, job.timeout,
            job.max_attempts, now, job.codec, job.payload, job.task_version, job.idempotency_key, job.trace,
            as_json(job.tags) if job.tags else None, as_json(job.meta) if job.meta else None,
        None if job.unique is None else job.unique.key,
        )  # fmt: skip


def _due_at(job: NewJob, now: datetime) -> datetime:
    return now + job.delay if job.delay is not None else job.run_at or now


def fingerprint(job: NewJob) -> str:
    """What tells whether a key is used again for the same work: its task and payload."""
    return blake2b(job.task.encode() + b"\0" + job.payload, digest_size=16).hexdigest()
