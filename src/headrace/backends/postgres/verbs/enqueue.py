"""Storing new jobs: all of them, or none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from msgspec.structs import replace

from headrace.backends.postgres.rows import as_json
from headrace.backends.postgres.session import Row, Session
from headrace.backends.postgres.signals import payload_of
from headrace.backends.postgres.statements import sql
from headrace.backends.postgres.verbs import unique
from headrace.backends.postgres.verbs.contended import Contended
from headrace.backends.postgres.verbs.copying import copy_of, due_at
from headrace.backends.postgres.verbs.tally import Tally
from headrace.model.ids import JobId
from headrace.model.job import JobState, NewJob, PlainKind
from headrace.storage.jobs import Enqueued
from headrace.storage.signals import DUE, EXPIRY, WORK, topic
from headrace.storage.taken import Taken, fingerprint

COPY_FROM = 200
"""From so many jobs on, COPY is quicker than INSERT, though it takes five calls instead of one."""

_OFTEN_ALIKE = frozenset({1, 2, 3, 9, 10, 12})
"""Task, queue, priority, max_attempts, codec and task_version among the columns of new jobs."""

_decode_taken = msgspec.json.Decoder(list[tuple[str, str]] | None).decode
_decode_keys = msgspec.json.Decoder(list[tuple[str, str, str, str]] | None).decode


def needs_transaction(jobs: Sequence[NewJob]) -> bool:
    """Whether more than one statement is needed to store these."""
    return len(jobs) >= COPY_FROM or any(job.idempotency_key is not None or job.unique is not None for job in jobs)


async def enqueue_plain(session: Session, jobs: Sequence[NewJob], kind: PlainKind) -> list[Enqueued] | None:
    """Store plain jobs of one kind by one statement, which tells of them too, and looks at the history if it must.

    None, and nothing is stored, where there are layouts, or where ids may be taken.
    """
    told = topic(WORK, kind.queue)
    channel = session.channel
    signal: Row = () if channel is None else (channel, payload_of(told))
    replies = await (_enqueue_one if len(jobs) == 1 else _enqueue_alike)(session, jobs, kind, signal)
    if replies is not None and channel is None:
        session.announce([told])
    return replies


async def _enqueue_one(session: Session, jobs: Sequence[NewJob], kind: PlainKind, signal: Row) -> list[Enqueued] | None:
    [job] = jobs
    statement = _plain_statement("insert_plain_job", session.schema, job.id_is_new, bool(signal))
    stored = await session.text(statement, session.now, job.id, job.payload, *kind, *signal)
    return [Enqueued(id=job.id, state=JobState.QUEUED)] if stored else None


async def _enqueue_alike(
    session: Session, jobs: Sequence[NewJob], kind: PlainKind, signal: Row
) -> list[Enqueued] | None:
    new = all(job.id_is_new for job in jobs)
    statement = _plain_statement("insert_alike_jobs", session.schema, new, bool(signal))
    ids, payloads = [job.id for job in jobs], [job.payload for job in jobs]
    [(count, stored, _)] = await session.text(statement, session.now, ids, payloads, *kind, *signal)
    if not count:
        return None
    if stored is None:
        return [Enqueued(id=job.id, state=JobState.QUEUED) for job in jobs]
    return await _with_those_there(session, jobs, dict.fromkeys(stored, JobState.QUEUED))


_UNKNOWN = {"insert_plain_job": "job_not_ended", "insert_alike_jobs": "jobs_above_ended"}


@cache
def _plain_statement(name: str, schema: str, new: bool, tells: bool) -> str:
    unknown = "TRUE" if new else sql(_UNKNOWN[name], schema)
    told = "pg_notify($10::text, $11::text)" if tells else "1"
    return sql(name, schema).replace("UNKNOWN", unknown).replace("TOLD", told)


async def enqueue_many(session: Session, jobs: Sequence[NewJob]) -> list[Enqueued]:
    """Store what is new, answer what is not. In a transaction where ``needs_transaction`` says so."""
    if not jobs:
        return []
    if needs_transaction(jobs):
        return await _enqueue_with_care(session, jobs)
    states = await _insert(session, jobs, session.now)
    if len(states) == len(jobs):
        return [Enqueued(id=job.id, state=states[job.id]) for job in jobs]
    return await _with_those_there(session, jobs, states)


async def _with_those_there(session: Session, jobs: Sequence[NewJob], states: dict[str, JobState]) -> list[Enqueued]:
    """The answers where ``states`` are those of the jobs that were stored, and the ids of the others are taken."""
    [(_, taken, _)] = await session.rows("look", session.now, [job.id for job in jobs], [])
    there = dict(_decode_taken(taken or "null") or ())
    replies = []
    for job in jobs:
        new = states.pop(job.id, None)
        replies.append(Enqueued(id=job.id, state=new or JobState(there[job.id]), duplicate=new is None))
    return replies


async def _enqueue_with_care(session: Session, jobs: Sequence[NewJob]) -> list[Enqueued]:
    if len(jobs) >= COPY_FROM and _all_plain(jobs):
        [(now, all_new)] = await session.rows("look_beyond", session.now, min(job.id for job in jobs))
        if all_new:
            return await _copy_all(session, jobs, now)
    await unique.lock(session, unique.names_of(jobs))
    idempotency_keys = [job.idempotency_key for job in jobs if job.idempotency_key is not None]
    [(now, taken, first)] = await session.rows("look", session.now, [job.id for job in jobs], idempotency_keys)
    if taken is None and len(jobs) >= COPY_FROM and _all_plain(jobs):
        return await _copy_all(session, jobs, now)
    batch = _Batch(now, taken, first, await unique.Keys.look_up(session, jobs, now))
    replies = []
    for place, job in enumerate(jobs):
        if batch.keys.unsure(job):
            await batch.write(session)
            batch.keys = await unique.Keys.look_up(session, jobs[place:], now)
        replies.append(batch.taken.find(job) or batch.meet(job) or batch.add(job))
    await batch.write(session)
    return replies


async def _copy_all(session: Session, jobs: Sequence[NewJob], now: datetime) -> list[Enqueued]:
    states = await _copy(session, jobs, now)
    return [Enqueued(id=job.id, state=state) for job, state in zip(jobs, states, strict=True)]


def _all_plain(jobs: Sequence[NewJob]) -> bool:
    """Whether none has a key, and none comes twice."""
    if any(job.idempotency_key is not None or job.unique is not None for job in jobs):
        return False
    return len({job.id for job in jobs}) == len(jobs)


class _Batch:
    """The ids and keys that are taken, in the store and earlier in the batch, and what is to be written."""

    def __init__(self, now: datetime, taken: str | None, first: str | None, keys: unique.Keys) -> None:
        self.keys = keys
        self._now = now
        self.taken = Taken(_decode_taken(taken or "null") or (), _decode_keys(first or "null") or ())
        self._fresh: dict[JobId, NewJob] = {}
        self._remembered: list[tuple[str, JobId, str, datetime]] = []
        self._strayed = Tally()

    def meet(self, job: NewJob) -> Enqueued | None:
        """The answer for one whose unique key is taken."""
        met = self.keys.meet(job, due_at(job, self._now)) if job.unique is not None else None
        if met is None:
            return None
        reply, holder = met
        if reply.replaced:
            self._moved(holder)
        return reply

    def _moved(self, holder: unique.Holder) -> None:
        self.taken.moved(holder.id, holder.state)
        if holder.id in self._fresh and holder.form is not None:
            first = self._fresh[holder.id]
            # It was enqueued to where it was first, as far as rates go.
            self._strayed.happened(first.queue, "enqueued")
            self._strayed.happened(holder.queue, "enqueued", -1)
            self._fresh[holder.id] = replace(holder.form, idempotency_key=first.idempotency_key)

    def add(self, job: NewJob) -> Enqueued:
        """The answer for one that is new."""
        due = due_at(job, self._now)
        state = JobState.QUEUED if due <= self._now else JobState.SCHEDULED
        self.taken.add(job, state)
        if (key := job.idempotency_key) is not None:
            self._remembered.append((key, job.id, fingerprint(job), self._now + job.idempotency_window))
        self._fresh[job.id] = job
        self.keys.add(job, state, due)
        return Enqueued(id=job.id, state=state)

    async def write(self, session: Session) -> None:
        """Store what was added and replaced. Raises Contended where something was taken at the same moment."""
        fresh, self._fresh = list(self._fresh.values()), {}
        remembered, self._remembered = self._remembered, []
        if remembered:
            taken = await session.rows("remember_keys", *map(list, zip(*remembered, strict=True)), self._now)
            if len(taken) < len(remembered):
                raise Contended("an idempotency key of this batch was taken by another transaction at the same moment")
        if len(fresh) >= COPY_FROM and all(job.unique is None for job in fresh):
            await _copy(session, fresh, self._now)
        elif fresh and len(await _insert(session, fresh, self._now)) < len(fresh):
            raise _taken_meanwhile()
        strayed, self._strayed = self._strayed, Tally()
        await strayed.write(session)
        await self.keys.write(session)


async def _insert(session: Session, jobs: Sequence[NewJob], now: datetime | None) -> dict[str, JobState]:
    """Store jobs whose keys were seen to; answers the states of those whose ids were not taken."""
    if len(jobs) == 1:
        [job] = jobs
        stored = [(job.id, job.queue, state) for (state,) in await session.rows("insert_job", now, *_values(job))]
    else:
        columns = [_short(*each) for each in enumerate(zip(*map(_values, jobs), strict=True))]
        stored = [(job_id, queue, state) for job_id, queue, state in await session.rows("insert_jobs", now, *columns)]
    session.announce(topic(WORK if state == "queued" else DUE, queue) for _, queue, state in stored)
    session.announce({topic(EXPIRY, job.queue) for job in jobs if job.expires})
    return {job_id: JobState(state) for job_id, _, state in stored}


def _short(place: int, column: Row) -> list[Any] | None:
    """A column of ``insert_jobs``, as short as may be: a driver looks at each element of an array several times."""
    first = column[0]
    if (first is None or place in _OFTEN_ALIKE) and column.count(first) == len(column):
        return None if first is None else [first]
    return list(column)


def _values(job: NewJob) -> Row:
    return (
        job.id, job.task, job.queue, job.priority, job.run_at, job.delay, job.expires_at, job.expires_in, job.timeout,
        job.max_attempts, job.codec, job.payload, job.task_version, job.idempotency_key, job.trace,
        as_json(job.tags) if job.tags else None, as_json(job.meta) if job.meta else None,
        None if job.unique is None else job.unique.key, unique.policy_of(job.unique), job.partition,
    )  # fmt: skip


async def _copy(session: Session, jobs: Sequence[NewJob], now: datetime) -> list[JobState]:
    """Store many jobs that are new and have no unique key; answers the states they begin in."""
    tally = Tally()
    columns, data, states, expiring = copy_of(jobs, now, tally)
    if not await session.copy("jobs", columns, data):
        stored = await _insert(session, jobs, now)
        if len(stored) < len(jobs):
            raise _taken_meanwhile()
        return [stored[job.id] for job in jobs]
    [(any_layout,)] = await session.rows("tally_copied", now, *tally.columns)
    if any_layout:
        await session.rows("enter_copied", [job.id for job in jobs])
    session.announce({topic(WORK if state == "queued" else DUE, queue) for queue, state in tally.arrivals})
    session.announce(topic(EXPIRY, queue) for queue in expiring)
    return states


def _taken_meanwhile() -> Contended:
    return Contended("an id of this batch was taken by another transaction at the same moment")
