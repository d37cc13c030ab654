"""One round of a scheduler: decide about what is due, enter it into the ledger, enqueue, and note it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import structs

from headrace.engine.middleware import EnqueueNext
from headrace.engine.occurrences import enqueue_each, settled
from headrace.engine.schedule_store import ACTIVE_MAX, ScheduleStore, Stored
from headrace.model.ids import JobId
from headrace.model.job import NewJob
from headrace.model.planning import Decision, plan, settle_overlap
from headrace.model.schedule import (
    Firing,
    Outcome,
    Overlap,
    Schedule,
    ScheduleState,
    ledger_key,
    occurrence_job,
)
from headrace.storage.backend import Backend
from headrace.storage.jobs import Enqueued
from headrace.telemetry import Telemetry

log = logging.getLogger("headrace")

LEDGER_KEEP = 1_000
"""Entries that a schedule's ledger holds: a month of every hour, three days of every five minutes."""

PRUNE_EVERY = 100
"""Occurrences between two looks at a ledger's length, which cost a page of a thousand entries each."""


@dataclass(slots=True, eq=False)
class Item:
    """A schedule that runs, with its state as it was last read or written."""

    schedule: Schedule
    state: Stored[ScheduleState]
    next_for: datetime | None = None
    next_at: datetime | None = None


@dataclass(slots=True)
class _Work:
    """What a round does for one schedule."""

    item: Item
    cursor: datetime
    decisions: list[Decision]
    alive: list[JobId]
    held: list[datetime]
    entries: dict[str, Stored[Firing]] = field(default_factory=dict)
    jobs: dict[str, NewJob] = field(default_factory=dict)


class ScheduleRound:
    """Carries schedules on, all that are due in three writes."""

    def __init__(
        self, backend: Backend, store: ScheduleStore, telemetry: Telemetry, enqueue: EnqueueNext | None = None
    ) -> None:
        self._backend = backend
        self._store_jobs = enqueue or self._store_directly
        self._store = store
        self._telemetry = telemetry
        self._entered: dict[str, int] = {}

    async def carry_out(self, items: Sequence[Item], now: datetime) -> bool:
        """Do everything that is due. Answers False when another scheduler was quicker with one of them."""
        work = await self._decide(items, now)
        await self._enter(work, now)
        await self._enqueue(work, now)
        return await self._note(work)

    async def _decide(self, items: Sequence[Item], now: datetime) -> list[_Work]:
        alive = await self._alive([job_id for item in items for job_id in item.state.value.active])
        work = []
        for item in items:
            schedule, state = item.schedule, item.state.value
            active = [job_id for job_id in state.active if job_id in alive]
            planned = plan(schedule, state.cursor, now)
            held = list(state.held)
            each = _Work(item, planned.cursor, [], active, held)
            if held and (not active or schedule.overlap is not Overlap.QUEUE):
                # Its turn has come. What is due now lines up behind it.
                await self._release(each, held.pop(0))
            busy = bool(active or each.entries)
            each.decisions = settle_overlap(schedule, planned.decisions, busy=busy, held=len(held))
            work.append(each)
        return work

    async def _alive(self, job_ids: Sequence[JobId]) -> set[JobId]:
        if not job_ids:
            return set()
        jobs = await self._backend.reader.get_many(job_ids)
        return {job.id for job in jobs if job is not None and not job.state.final}

    async def _release(self, work: _Work, planned: datetime) -> None:
        key = ledger_key(work.item.schedule.name, planned)
        found = (await self._store.firings([key])).get(key)
        if found is not None and found.value.outcome is Outcome.HELD:
            work.entries[key] = Stored(structs.replace(found.value, outcome=Outcome.FIRING), found.revision)

    async def _enter(self, work: Sequence[_Work], now: datetime) -> None:
        """The first of three writes: whoever makes an entry has decided, and everybody follows it."""
        wanted: dict[str, Firing] = {}
        for each in work:
            for decision in each.decisions:
                wanted[ledger_key(each.item.schedule.name, decision.planned)] = Firing(
                    planned=decision.planned,
                    outcome=decision.outcome,
                    reason=decision.reason,
                    decided_at=now,
                    count=decision.many,
                )
        if not wanted:
            return
        entered = await self._store.enter(wanted)
        for each in work:
            for decision in each.decisions:
                key = ledger_key(each.item.schedule.name, decision.planned)
                each.entries[key] = entered.get(key) or Stored(wanted[key], 0)

    async def _enqueue(self, work: Sequence[_Work], now: datetime) -> None:
        """The second: the same occurrence is the same job, so that once more does no harm."""
        replaced: list[JobId] = []
        jobs: list[NewJob] = []
        for each in work:
            schedule = each.item.schedule
            for key, (firing, _) in each.entries.items():
                if firing.outcome is Outcome.HELD and firing.planned not in each.held:
                    each.held.append(firing.planned)
                if firing.outcome is Outcome.FIRING:
                    each.jobs[key] = occurrence_job(schedule, firing.planned, now=now, kind=firing.kind)
            jobs += each.jobs.values()
            if each.jobs and schedule.overlap is Overlap.REPLACE:
                replaced += [job_id for job_id in each.alive if job_id not in {job.id for job in each.jobs.values()}]
        if replaced:
            await self._backend.jobs.cancel_many(replaced, reason="replaced by a later occurrence of its schedule")
        done = await enqueue_each(self._backend, self._store_jobs, jobs)
        for each in work:
            for key, job in each.jobs.items():
                firing, revision = each.entries[key]
                each.entries[key] = Stored(settled(firing, job, done, now), revision)

    async def _store_directly(self, jobs: Sequence[NewJob]) -> list[Enqueued]:
        return await self._backend.jobs.enqueue_many(jobs)

    async def _note(self, work: Sequence[_Work]) -> bool:
        """The third: what was done, and how far each schedule is."""
        firings = {key: entry for each in work for key, entry in each.entries.items() if key in each.jobs}
        states: dict[str, Stored[ScheduleState]] = {}
        for each in work:
            fired = [entry.value.job_id for entry in each.entries.values() if entry.value.outcome is Outcome.FIRED]
            watched = each.item.schedule.overlap is not Overlap.ALLOW
            active = [*each.alive, *(job_id for job_id in fired if job_id and job_id not in each.alive)]
            before = each.item.state
            after = structs.replace(
                before.value,
                cursor=each.cursor,
                held=tuple(sorted(each.held)),
                active=tuple(active[-ACTIVE_MAX:]) if watched else (),
            )
            if after != before.value:
                states[each.item.schedule.name] = Stored(after, before.revision)
        if not states:
            return True
        revisions = await self._store.settle(firings, states)
        for each in work:
            name = each.item.schedule.name
            revision = revisions.get(name)
            if revision is not None:
                each.item.state = Stored(states[name].value, revision)
                self._tell(each)
                await self._prune(each)
        return None not in revisions.values()

    def _tell(self, work: _Work) -> None:
        name = work.item.schedule.name
        for outcome in (Outcome.MISSED, Outcome.FAILED):
            firings = [firing for firing, _ in work.entries.values() if firing.outcome is outcome]
            if firings:
                last, count = firings[-1], sum(firing.count for firing in firings)
                at, reason = last.planned.isoformat(), last.reason
                log.warning("schedule %s: %d occurrences, up to that of %s, %s: %s", name, count, at, outcome, reason)
        if not self._telemetry.active:
            return
        for firing, _ in work.entries.values():
            self._telemetry.emit(
                f"schedule.{firing.outcome}",
                schedule=name,
                planned=firing.planned,
                job_id=firing.job_id,
                delay_s=None if firing.delay is None else firing.delay.total_seconds(),
                count=firing.count,
            )

    async def _prune(self, work: _Work) -> None:
        name = work.item.schedule.name
        entered = self._entered.get(name, PRUNE_EVERY) + len(work.entries)
        if entered >= PRUNE_EVERY:
            entered = 0
            await self._store.prune(name, keep=LEDGER_KEEP)
        self._entered[name] = entered
