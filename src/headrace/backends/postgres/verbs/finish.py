"""Finishing. What each outcome does to a job is told by :mod:`headrace.model.settling`.

The common outcome, a job that succeeded, is settled for the whole batch in one statement; the others in a few.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from headrace.backends.postgres.rows import Held, as_json
from headrace.backends.postgres.session import Session
from headrace.backends.postgres.verbs.tally import Tally
from headrace.model.job import JobState
from headrace.model.outcome import Completed, Finish
from headrace.model.settling import Transition, settle
from headrace.model.usage import UNKNOWN
from headrace.storage.jobs import Settled
from headrace.storage.signals import DONE, EXPIRY, WORK, arrival, topic

NAMED_MAX = 50
"""A signal that names more finished jobs costs more than a look by those who wait for one."""

ALL_DONE = topic(DONE, "*")

_KEY = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/[0-9a-f]{16}"
_KEYS = re.compile(f"{_KEY}(?:,{_KEY})*").fullmatch
"""What leases may look like, ID/TOKEN: another one was not given by ``claim``, so that nothing is held by it."""


def needs_transaction(finishes: Sequence[Finish]) -> bool:
    """Whether more than one statement is needed to settle these."""
    return any(type(finish.outcome) is not Completed for finish in finishes)


async def finish_many(session: Session, finishes: Sequence[Finish]) -> list[Settled]:
    """Settle what is held; answer STALE for the rest. In a transaction where ``needs_transaction`` says so."""
    first: dict[str, int] = {}
    for place, finish in enumerate(finishes):
        first.setdefault(f"{finish.lease.job_id}/{finish.lease.token}", place)
    completed = {key: place for key, place in first.items() if type(finishes[place].outcome) is Completed}
    replies = [Settled.STALE] * len(finishes)
    if completed:
        await _succeed(session, finishes, completed, replies)
    if len(completed) < len(first):
        others = [place for key, place in first.items() if key not in completed]
        await _settle_others(session, finishes, others, replies)
    return replies


async def _succeed(
    session: Session, finishes: Sequence[Finish], first: Mapping[str, int], replies: list[Settled]
) -> None:
    keys = ",".join(first)
    if not _KEYS(keys):
        first = {key: place for key, place in first.items() if _KEYS(key)}
        keys = ",".join(first)
    places = list(first.values())
    [(count, applied, openings)] = await session.rows(
        "succeed", session.now, f"{{{keys}}}", *_results(finishes, places), *_used(finishes, places)
    )
    call(session, openings or ())
    done = places if count == len(places) else [places[number - 1] for number in applied or ()]
    for place in done:
        replies[place] = Settled.APPLIED
    # Beyond a few, those who wait look for themselves: most finished jobs are waited for nowhere.
    if len(done) > NAMED_MAX:
        session.announce([ALL_DONE])
    else:
        session.announce([topic(DONE, finishes[place].lease.job_id) for place in done])


def _results(finishes: Sequence[Finish], places: Sequence[int]) -> tuple[list[bytes | None] | None, list[str] | None]:
    outcomes = [finishes[place].outcome for place in places]
    results = [outcome.result for outcome in outcomes if type(outcome) is Completed]
    if not any(result is not None for result in results):
        return None, None
    return results, [outcome.codec for outcome in outcomes if type(outcome) is Completed]


def _used(finishes: Sequence[Finish], places: Sequence[int]) -> tuple[list[int | None] | None, list[int | None] | None]:
    usages = [finishes[place].usage for place in places]
    if all(usage is UNKNOWN for usage in usages):
        return None, None
    return [usage.cpu_us for usage in usages], [usage.peak_rss_bytes for usage in usages]


async def _settle_others(
    session: Session, finishes: Sequence[Finish], places: Sequence[int], replies: list[Settled]
) -> None:
    leases = [finishes[place].lease for place in places]
    now = session.now or (await session.rows("instant", None))[0][0]
    held = await session.rows("held", [lease.job_id for lease in leases], [lease.token for lease in leases])
    transitions = []
    for row in map(Held._make, held):
        place = places[row.place - 1]
        replies[place] = Settled.APPLIED
        transitions.append((row, settle(row, finishes[place].outcome, now, finishes[place].usage)))
    await store(session, transitions, now)


async def store(session: Session, transitions: Sequence[tuple[Held, Transition]], now: datetime) -> None:
    """Take running jobs where their transitions say, keep the attempts that ended, and tell who waits."""
    if not transitions:
        return
    tally = Tally()
    for job, each in transitions:
        _note(session, tally, job, each)
    columns = [
        (job.id, each.state.value, each.attempt, job.run_at if each.run_at is None else each.run_at, each.wake_at,
         each.reason, None if each.error is None else as_json(each.error))
        for job, each in transitions
    ]  # fmt: skip
    call(session, (row[0] for row in await session.rows("settle", *map(list, zip(*columns, strict=True)))))
    attempts = [
        (job.id, job.claims, job.attempt, each.ended.value, job.worker, job.started_at, now,
         None if each.error is None else as_json(each.error), each.usage.cpu_us, each.usage.peak_rss_bytes)
        for job, each in transitions
        if each.ended is not None
    ]  # fmt: skip
    if attempts:
        await session.rows("insert_attempts", *map(list, zip(*attempts, strict=True)))
    final = [job.id for job, each in transitions if each.state.final]
    if final:
        await session.rows("bury", final, now)
    await tally.write(session)


def _note(session: Session, tally: Tally, job: Held, transition: Transition) -> None:
    state = transition.state
    tally.move(job.queue, "running", state.value)
    if transition.event is not None:
        tally.happened(job.queue, transition.event)
    if state is JobState.DEAD:
        tally.happened(job.queue, "dead")
    announce_state(session, job.id, job.queue, state)
    if job.expires and not state.final:
        session.announce([topic(EXPIRY, job.queue)])


def call(session: Session, queues: Iterable[str]) -> None:
    """Tell the claims of queues that were held back that there may be room for them now."""
    session.announce(topic(WORK, queue) for queue in queues)


def announce_state(session: Session, job_id: str, queue: str, state: JobState) -> None:
    """Tell those who may be waiting for a job to come into this state."""
    session.announce([topic(*arrival(job_id, queue, state))])
