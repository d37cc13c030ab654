"""``app.schedules``: make, change, pause and look at schedules while everything runs."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from datetime import datetime, timedelta
from difflib import get_close_matches
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any, Unpack

from msgspec import structs

from headrace.engine.occurrences import enqueue_each, settled
from headrace.engine.schedule_store import ScheduleStore, Stored, state_of
from headrace.errors import ConfigError, UnknownSchedule, UsageError
from headrace.model import reasons
from headrace.model.rules import Planned, occurrences
from headrace.model.schedule import Firing, Kind, Origin, Outcome, Overlap, Schedule, ledger_key, occurrence_job
from headrace.tasks.call import Call
from headrace.tasks.handle import JobHandle
from headrace.tasks.options import check_instant
from headrace.tasks.schedules import ScheduleSettings, When, change_schedule, define_schedule

if TYPE_CHECKING:
    from headrace.app.desk import JobDesk

HISTORY_MAX = 1_000
"""Entries in one answer: all that a ledger keeps for certain."""

BACKFILL_MAX = 1_000
"""Occurrences of one backfill. More is several of them, each looked at first."""

_MOMENT = timedelta(microseconds=1)


class Schedules:
    """The schedules of one store. A change takes effect on all workers at once, without a restart.

    Of two who change a schedule at the same time none is lost: the second change is made on top of the first.
    """

    def __init__(self, desk: JobDesk) -> None:
        self._desk = desk

    async def create(self, name: str, when: When, call: Call[Any], **settings: Unpack[ScheduleSettings]) -> Schedule:
        """Run ``call`` whenever ``when`` says: a cron expression or simple English, a timedelta, or once at a datetime.

        The settings are explained at :class:`~headrace.tasks.schedules.ScheduleSettings`. Raises ConfigError for a
        setting that cannot be, and UsageError where there is a schedule of that name.

        >>> import asyncio
        >>> from headrace.app import Headrace
        >>> app = Headrace("memory://")
        >>> @app.task(name="report")
        ... def report(region: str) -> None: ...
        >>> async def main() -> None:
        ...     async with app:
        ...         schedule = await app.schedules.create("eu", "every weekday at 9:00", report.call("eu"))
        ...         print(schedule.rule.expression, len(await app.schedules.next("eu")))
        >>> asyncio.run(main())
        0 9 * * MON-FRI 5
        """
        schedule = define_schedule(name, when, call, settings, origin=Origin.API, now=self._now())
        if not await self._store.put(schedule, revision=0):
            message = f"there is a schedule named {name!r} already. Change it with update, or choose another name"
            raise UsageError(message)
        return schedule

    async def update(
        self,
        name: str,
        *,
        when: When | None = None,
        call: Call[Any] | None = None,
        **settings: Unpack[ScheduleSettings],
    ) -> Schedule:
        """Change what is given; the rest stays. With another rule, occurrences count from now on.

        Raises UnknownSchedule, ConfigError, and UsageError for a schedule that is declared in code: it changes there.
        """

        def change(schedule: Schedule) -> Schedule:
            if schedule.origin is Origin.CODE:
                message = f"schedule {name!r} is declared in code: change it there. pause and resume work here"
                raise UsageError(message)
            return change_schedule(schedule, when, call, settings, now=self._now())

        return await self._change(name, change)

    async def get(self, name: str) -> Schedule:
        """The schedule. Raises UnknownSchedule that lists near names."""
        return (await self._stored(name)).value

    async def list(self) -> builtins.list[Schedule]:
        """Every schedule, by name."""
        return [stored.value for _, stored in sorted((await self._store.all()).items())]

    async def delete(self, name: str) -> None:
        """Delete a schedule with its history. Its jobs stay. One declared in code comes back with the next worker."""
        await self._stored(name)
        await self._store.delete(name)

    async def pause(self, name: str, *, reason: str = "") -> Schedule:
        """Let nothing fire until ``resume``. It holds through deploys, also for a schedule declared in code."""
        return await self._change(
            name, lambda schedule: structs.replace(schedule, paused=True, pause_reason=reason or None)
        )

    async def resume(self, name: str, *, skip_missed: bool = False) -> Schedule:
        """Let it fire again. What was missed meanwhile is treated by ``misfire``, or forgotten with ``skip_missed``.

        ``skip_missed`` also lets a schedule begin anew whose clock had run ahead.
        """
        since = {"since": self._now()} if skip_missed else {}
        return await self._change(
            name, lambda schedule: structs.replace(schedule, paused=False, pause_reason=None, **since)
        )

    async def trigger(self, name: str) -> JobHandle[Any]:
        """Enqueue its job now, beside what is planned; overlap is not looked at, paused or not.

        Where its unique key is taken, the handle says what became of it, as with ``enqueue``.
        """
        schedule, now = await self.get(name), self._now()
        while not (fired := await self._fire(schedule, [now], Kind.MANUAL)):
            now += _MOMENT  # somebody else did so in the same microsecond
        [handle] = fired
        if schedule.overlap is not Overlap.ALLOW and not handle.dropped:
            await self._store.note_active(schedule, handle.id)
        return handle

    async def skip_next(self, name: str, *, reason: str = reasons.SKIPPED) -> datetime:
        """Leave out the next occurrence that is not left out yet, and answer its instant. UsageError without one."""
        schedule = await self.get(name)
        for planned in islice(occurrences(schedule.rule, await self._cursor(schedule)), HISTORY_MAX):
            entry = Firing(planned=planned.at, outcome=Outcome.SKIPPED, reason=reason, decided_at=self._now())
            key = ledger_key(name, planned.at)
            if (await self._store.enter({key: entry}))[key].value is entry:
                return planned.at
        message = f"schedule {name!r} has no occurrence ahead that could be skipped"
        raise UsageError(message)

    async def next(self, name: str, count: int = 5, *, start: datetime | None = None) -> builtins.list[Planned]:
        """The next occurrences with what is remarkable about them; those that are skipped are left out.

        With ``start`` they are those from that instant on, included: also of the past, as the rule as it is now would
        have them, whatever became of them.
        """
        if not 1 <= count <= HISTORY_MAX:
            message = f"count is from 1 to {HISTORY_MAX}; got {count!r}"
            raise ConfigError(message)
        since, schedule = check_instant("start", start), await self.get(name)
        cursor = await self._cursor(schedule)
        following = occurrences(schedule.rule, cursor if since is None else since - _MOMENT)
        wanted: builtins.list[Planned] = []
        while len(wanted) < count and (some := builtins.list(islice(following, count - len(wanted)))):
            known = await self._store.firings([ledger_key(name, each.at) for each in some if each.at > cursor])
            wanted += [each for each in some if ledger_key(name, each.at) not in known]
        return wanted

    async def history(self, name: str, *, limit: int = 50) -> builtins.list[Firing]:
        """What became of the latest occurrences, the newest first, each with the state of its job now."""
        if not 1 <= limit <= HISTORY_MAX:
            message = f"limit is from 1 to {HISTORY_MAX}; got {limit!r}"
            raise ConfigError(message)
        await self._stored(name)
        firings = await self._store.history(name, limit=limit)
        found = await self._desk.backend.reader.get_many([firing.job_id for firing in firings if firing.job_id])
        states = {job.id: job.state for job in found if job is not None}
        return [
            structs.replace(firing, job_state=states.get(firing.job_id)) if firing.job_id else firing
            for firing in firings
        ]

    async def backfill(
        self, name: str, start: datetime, end: datetime, *, dry_run: bool = False
    ) -> builtins.list[datetime]:
        """Run the occurrences from ``start``, included, to ``end``, not included, that have not run. Answers which.

        ``dry_run`` only answers. What the ledger says has run, or waits to, is left out; overlap is not looked at.
        Raises UsageError for an ``end`` in the future, and for more than BACKFILL_MAX occurrences.
        """
        since, until = check_instant("start", start), check_instant("end", end)
        if since is None or until is None or until > self._now():
            message = f"a backfill is of the past: end must not be later than now; got {end.isoformat()}"
            raise UsageError(message)
        schedule = await self.get(name)
        following = occurrences(schedule.rule, since - _MOMENT)
        planned = [each.at for each in takewhile(lambda each: each.at < until, islice(following, BACKFILL_MAX + 1))]
        if len(planned) > BACKFILL_MAX:
            message = f"from {start} to {end} there are more than {BACKFILL_MAX} occurrences; take a shorter time"
            raise UsageError(message)
        known = await self._store.firings([ledger_key(name, at) for at in planned])
        wanted = [at for at in planned if (key := ledger_key(name, at)) not in known or not _has_run(known[key])]
        if not dry_run:
            await self._fire(schedule, wanted, Kind.BACKFILL)
        return wanted

    async def _fire(
        self, schedule: Schedule, planned: builtins.list[datetime], kind: Kind
    ) -> builtins.list[JobHandle[Any]]:
        """As a scheduler does: enter the decision, enqueue, note it. Answers the jobs of those that had not run."""
        now = self._now()
        entries = {
            ledger_key(schedule.name, at, kind): Firing(planned=at, outcome=Outcome.FIRING, kind=kind, decided_at=now)
            for at in planned
        }
        present = await self._store.enter(entries)
        jobs = {key: occurrence_job(schedule, entries[key].planned, now=now, kind=kind) for key in entries}
        wanted = {key: entry for key, entry in present.items() if not _has_run(entry)}
        done = await enqueue_each(self._desk.backend, self._desk.enqueue_occurrences, [jobs[key] for key in wanted])
        noted = {
            key: Stored(settled(entries[key], jobs[key], done, now), entry.revision) for key, entry in wanted.items()
        }
        await self._store.settle(noted, {})
        for refused in done.refused.values():
            raise refused
        return [self._desk.handle_of(jobs[key], done.replies[jobs[key].id]) for key in wanted]

    @property
    def _store(self) -> ScheduleStore:
        return ScheduleStore(self._desk.backend)

    def _now(self) -> datetime:
        return self._desk.backend.clock.now()

    async def _cursor(self, schedule: Schedule) -> datetime:
        """From where occurrences lie ahead. Those that are due and not yet fired are behind it."""
        found = (await self._store.states([schedule.name])).get(schedule.name)
        return max(self._now(), state_of(schedule, found).value.cursor)

    async def _stored(self, name: str) -> Stored[Schedule]:
        stored = await self._store.get(name)
        if stored is not None:
            return stored
        near = get_close_matches(name, await self._store.all(), n=3)
        hint = f"; near names: {', '.join(near)}" if near else ""
        message = f"no schedule is named {name!r}{hint}"
        raise UnknownSchedule(message)

    async def _change(self, name: str, change: Callable[[Schedule], Schedule]) -> Schedule:
        while True:
            stored = await self._stored(name)
            changed = change(stored.value)
            if changed == stored.value or await self._store.put(changed, revision=stored.revision):
                return changed


def _has_run(entry: Stored[Firing]) -> bool:
    return entry.value.outcome in (Outcome.FIRED, Outcome.HELD)
