"""Unique keys: who holds one, and what becomes of an enqueue that meets its holder.

A job holds its key by its state alone (decision 16), and by the policy of whoever asks: no unique index can say that.
So a transaction that asks first takes an advisory lock on the key, which it keeps until it ends; what it then reads is
what all before it have stored (decision 35). Jobs without a key take no lock and are in no index of keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zlib import crc32

from msgspec import Struct
from msgspec.structs import replace

from headrace.backends.postgres.rows import as_json
from headrace.backends.postgres.session import Session
from headrace.backends.postgres.verbs.contended import Contended
from headrace.backends.postgres.verbs.tally import Tally
from headrace.errors import Unsupported
from headrace.model.ids import JobId
from headrace.model.job import REPLACEABLE_STATES, JobState, NewJob, UniqueKey
from headrace.storage.jobs import Enqueued
from headrace.storage.signals import DUE, EXPIRY, WORK, topic

SLOTS = 2_048
"""Keys share this many locks: a batch of a thousand keys must not fill the server's table of locks, which has room for
some 7,000 by default. Two keys on one slot wait for each other's transactions, and nothing else."""

_LEVELS = ("read committed", "read uncommitted")
_MICROSECOND = timedelta(microseconds=1)

Name = tuple[str, str]
"""Task and key."""


class Holder(Struct, kw_only=True, gc=False):
    """A job that carries a key. ``form`` is what this batch gives it; ``found`` its state, queue and due time in the
    store, None for a job of this batch."""

    id: JobId
    state: JobState
    queue: str
    run_at: datetime
    enqueued_at: datetime
    form: NewJob | None = None
    found: tuple[JobState, str, datetime] | None = None


async def lock(session: Session, names: Iterable[Name]) -> None:
    """Let nobody else ask for these keys before this transaction ends.

    Raises Unsupported in a transaction that would not see what was stored while it waited.
    """
    slots = sorted({crc32(f"{task}\0{key}".encode()) % SLOTS for task, key in names})
    if slots and (await session.rows("lock_keys", slots))[0][1] not in _LEVELS:
        raise Unsupported(
            "unique keys need the isolation level READ COMMITTED, in which a transaction sees what others have just "
            "stored; begin it so, or enqueue without connection"
        )


def names_of(jobs: Iterable[NewJob]) -> list[Name]:
    """The keys that these ask for."""
    return [(job.task, job.unique.key) for job in jobs if job.unique is not None]


def policy_of(unique: UniqueKey | None) -> str | None:
    """What is kept of a policy with its job: a retry asks by it, and prune leaves what holds a key for a period."""
    if unique is None:
        return None
    return as_json(
        {"states": unique.states, "period": None if unique.period is None else unique.period // _MICROSECOND}
    )


class Keys:
    """The jobs that carry the keys of a batch, in the store and earlier in the batch."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._carriers: dict[Name, list[Holder]] = {}
        self._unsure: set[Name] = set()
        self._replaced: dict[JobId, Holder] = {}

    @classmethod
    async def look_up(cls, session: Session, jobs: Sequence[NewJob], now: datetime) -> Keys:
        """One query for all, after ``lock``."""
        keys = cls(now)
        names = sorted(set(names_of(jobs)))
        if names:
            states = sorted({state for job in jobs if job.unique is not None for state in job.unique.states})
            found = await session.rows("find_holders", *map(list, zip(*names, strict=True)), states)
            for task, key, job_id, state, queue, run_at, enqueued_at in found:
                was = JobState(state)
                holder = Holder(id=JobId(job_id), state=was, queue=queue, run_at=run_at, enqueued_at=enqueued_at,
                                found=(was, queue, run_at))  # fmt: skip
                keys._carriers.setdefault((task, key), []).append(holder)
        return keys

    def unsure(self, job: NewJob) -> bool:
        """Whether a job in the store has left the state it was found in, behind which there may be another."""
        return job.unique is not None and (job.task, job.unique.key) in self._unsure

    def add(self, job: NewJob, state: JobState, run_at: datetime) -> None:
        """Note a job that is to be stored."""
        if job.unique is not None:
            holder = Holder(id=job.id, state=state, queue=job.queue, run_at=run_at, enqueued_at=self._now)
            self._carriers.setdefault((job.task, job.unique.key), []).insert(0, holder)

    def meet(self, job: NewJob, run_at: datetime) -> tuple[Enqueued, Holder] | None:
        """What becomes of a job whose key another one holds, and that one; None where the key is free."""
        holder = None if job.unique is None else self._holder(job, job.unique)
        if holder is None or job.unique is None:
            return None
        if job.unique.on_conflict == "drop":
            return Enqueued(id=holder.id, state=holder.state, dropped=True), holder
        if job.unique.on_conflict == "return" or holder.state not in REPLACEABLE_STATES:
            return Enqueued(id=holder.id, state=holder.state, duplicate=True), holder
        self._replace(holder, job, job.unique, run_at)
        return Enqueued(id=holder.id, state=holder.state, replaced=True), holder

    def _holder(self, job: NewJob, unique: UniqueKey) -> Holder | None:
        carriers = self._carriers.get((job.task, unique.key), ())
        return next((each for each in carriers if unique.taken_by(each.state, each.enqueued_at, self._now)), None)

    def _replace(self, holder: Holder, job: NewJob, unique: UniqueKey, run_at: datetime) -> None:
        if unique.push_max is not None:
            run_at = min(run_at, holder.enqueued_at + unique.push_max)
        state = JobState.SCHEDULED if run_at > self._now else JobState.QUEUED
        if holder.state is state is JobState.QUEUED:
            run_at = holder.run_at
        holder.state, holder.queue, holder.run_at = state, job.queue, run_at
        holder.form = replace(job, id=holder.id, run_at=run_at, delay=None)
        if holder.found is not None:
            self._replaced[holder.id] = holder
            if state is not holder.found[0]:
                self._unsure.add((job.task, unique.key))

    async def write(self, session: Session) -> None:
        """Store the replacements. Raises Contended when a worker began one of the jobs meanwhile."""
        if not self._replaced:
            return
        tally = Tally()
        columns = [_columns(each, self._now, tally) for each in self._replaced.values()]
        stored = await session.rows("replace_jobs", *map(list, zip(*columns, strict=True)))
        if len(stored) < len(columns):
            raise Contended("a job that was to be replaced has begun at the same moment")
        await tally.write(session)
        session.announce(
            topic(WORK if each.state is JobState.QUEUED else DUE, each.queue) for each in self._replaced.values()
        )
        forms = [each.form for each in self._replaced.values() if each.form is not None]
        session.announce({topic(EXPIRY, form.queue) for form in forms if form.expires})
        self._replaced = {}


def _columns(holder: Holder, now: datetime, tally: Tally) -> tuple[object, ...]:
    job, found = holder.form, holder.found
    assert job is not None
    assert found is not None
    was, queue, was_due = found
    tally.move(queue, was, None)
    tally.move(job.queue, None, holder.state)
    return (
        holder.id, was.value, was_due, holder.state.value, job.queue, job.priority, holder.run_at,
        job.expires_at if job.expires_in is None else now + job.expires_in, job.timeout, job.max_attempts, job.codec,
        job.payload, job.task_version, job.trace, as_json(job.tags) if job.tags else None,
        as_json(job.meta) if job.meta else None, policy_of(job.unique), job.partition,
    )  # fmt: skip
