"""Schedules, their states and their ledger, in the key-value store.

A schedule is written by people and by code, its state by schedulers alone, and both on condition of the revision that
was read, so that of two writers one sees that it was second. An entry of the ledger is made once: who makes it has
decided about the occurrence, and everybody else carries that decision out.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

import msgspec
from msgspec import structs

from headrace.model.ids import JobId
from headrace.model.schedule import (
    Firing,
    Origin,
    Schedule,
    ScheduleState,
    ledger_prefix,
    state_key,
)
from headrace.storage.backend import Backend
from headrace.storage.kv import Put, all_entries
from headrace.storage.signals import SCHEDULE, topic

log = logging.getLogger("headrace")

SCHEDULES = "schedules"
LEDGER = "schedule-ledger"
PAGE = 1_000

ACTIVE_MAX = 100
"""Jobs of a schedule that are asked about before an occurrence fires; with ``skip`` and ``queue`` it is one or two."""

T = TypeVar("T")

_write = msgspec.json.Encoder().encode
_read_schedule = msgspec.json.Decoder(Schedule).decode
_read_firing = msgspec.json.Decoder(Firing).decode
_read_state = msgspec.json.Decoder(ScheduleState).decode


class Stored(NamedTuple, Generic[T]):
    """A value with the revision it was read at; 0 for one that is not stored."""

    value: T
    revision: int


class ScheduleStore:
    """What schedulers and people do to stored schedules, on one backend."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._kv = backend.kv

    async def all(self) -> dict[str, Stored[Schedule]]:
        """Every schedule, by name. One that cannot be read, by this release, is reported and left out."""
        found: dict[str, Stored[Schedule]] = {}
        for entry in await all_entries(self._kv, SCHEDULES):
            try:
                found[entry.key] = Stored(_read_schedule(entry.value), entry.revision)
            except msgspec.MsgspecError as error:
                log.error("schedule %s cannot be read, and does not run: %s", entry.key, error)
        return found

    async def get(self, name: str) -> Stored[Schedule] | None:
        """The schedule of that name."""
        (entry,) = await self._kv.get_many(SCHEDULES, [name])
        return None if entry is None else Stored(_read_schedule(entry.value), entry.revision)

    async def put(self, schedule: Schedule, *, revision: int) -> bool:
        """Write a schedule unless it was changed since ``revision``; 0: unless there is one. Tells all schedulers."""
        put = Put(key=schedule.name, value=_write(schedule), if_revision=revision)
        (written,) = await self._kv.put_many(SCHEDULES, [put])
        if written is not None:
            await self._tell(schedule.name)
        return written is not None

    async def delete(self, name: str) -> None:
        """Delete a schedule with its state and its ledger. Jobs that it made stay."""
        await self._kv.put_many(SCHEDULES, [Put(key=name, value=None)])
        await self._tell(name)
        await self._kv.put_many(LEDGER, [Put(key=state_key(name), value=None)])
        while await self._forget(name, after=None):
            pass

    async def declare(self, schedules: Iterable[Schedule]) -> None:
        """Store what is declared in the code of an app: made, or changed to what the code says now.

        Whether it is paused stays as it is. A schedule of the same name that was made at run time is not touched.
        """
        for schedule in schedules:
            while not await self._declare(schedule):
                pass

    async def _declare(self, schedule: Schedule) -> bool:
        """False when somebody else wrote it meanwhile."""
        stored = await self.get(schedule.name)
        if stored is None:
            return await self.put(schedule, revision=0)
        present = stored.value
        if present.origin is not Origin.CODE:
            log.error(
                "schedule %s was made at run time, so the one of that name in the code is not used; delete it, or "
                "give the one in the code another name",
                schedule.name,
            )
            return True
        wanted = structs.replace(
            schedule,
            paused=present.paused,
            pause_reason=present.pause_reason,
            created_at=present.created_at,
            since=present.since if present.rule == schedule.rule else schedule.since,
        )
        return wanted == present or await self.put(wanted, revision=stored.revision)

    async def states(self, names: Sequence[str]) -> dict[str, Stored[ScheduleState]]:
        """The states of those schedules that have one."""
        entries = await self._kv.get_many(LEDGER, [state_key(name) for name in names])
        return {
            name: Stored(_read_state(entry.value), entry.revision)
            for name, entry in zip(names, entries, strict=True)
            if entry is not None
        }

    async def firings(self, keys: Sequence[str]) -> dict[str, Stored[Firing]]:
        """The entries of the ledger under these keys, where there are."""
        entries = await self._kv.get_many(LEDGER, keys)
        return {entry.key: Stored(_read_firing(entry.value), entry.revision) for entry in entries if entry is not None}

    async def history(self, name: str, *, limit: int) -> list[Firing]:
        """The newest entries of a schedule, by their planned instants, the newest first."""
        page = await self._kv.scan(LEDGER, prefix=ledger_prefix(name), limit=limit)
        return [_read_firing(entry.value) for entry in page.items]

    async def enter(self, firings: Mapping[str, Firing]) -> dict[str, Stored[Firing]]:
        """Make these entries. Answers what now stands under each key: what others had entered before stays."""
        keys = list(firings)
        puts = [Put(key=key, value=_write(firings[key]), if_revision=0) for key in keys]
        written = await self._kv.put_many(LEDGER, puts)
        taken = [key for key, revision in zip(keys, written, strict=True) if revision is None]
        made = {
            key: Stored(firings[key], revision)
            for key, revision in zip(keys, written, strict=True)
            if revision is not None
        }
        return {**made, **(await self.firings(taken))} if taken else made

    async def settle(
        self, firings: Mapping[str, Stored[Firing]], states: Mapping[str, Stored[ScheduleState]]
    ) -> dict[str, int | None]:
        """Write what became of occurrences, and the states, all at once, each unless it was changed since it was read.

        Answers the new revision of each state, None where another scheduler was quicker.
        """
        puts = [Put(key=key, value=_write(firing), if_revision=revision) for key, (firing, revision) in firings.items()]
        puts += [
            Put(key=state_key(name), value=_write(state), if_revision=revision)
            for name, (state, revision) in states.items()
        ]
        written = await self._kv.put_many(LEDGER, puts)
        return dict(zip(states, written[len(firings) :], strict=True))

    async def note_active(self, schedule: Schedule, job_id: JobId) -> None:
        """Let a job that a person asked for count as one that later occurrences must not overlap."""
        while True:
            found = (await self.states([schedule.name])).get(schedule.name)
            state = state_of(schedule, found)
            noted = structs.replace(state.value, active=(*state.value.active, job_id)[-ACTIVE_MAX:])
            if (await self.settle({}, {schedule.name: Stored(noted, state.revision)}))[schedule.name] is not None:
                return

    async def prune(self, name: str, *, keep: int) -> None:
        """Forget all but the newest ``keep`` entries of a schedule."""
        page = await self._kv.scan(LEDGER, prefix=ledger_prefix(name), limit=keep)
        while page.next_cursor is not None and await self._forget(name, after=page.next_cursor):
            pass

    async def _forget(self, name: str, *, after: str | None) -> bool:
        page = await self._kv.scan(LEDGER, prefix=ledger_prefix(name), cursor=after, limit=PAGE)
        if page.items:
            await self._kv.put_many(LEDGER, [Put(key=entry.key, value=None) for entry in page.items])
        return page.next_cursor is not None

    async def _tell(self, name: str) -> None:
        await self._backend.signals.publish([topic(SCHEDULE, name)])


def state_of(schedule: Schedule, stored: Stored[ScheduleState] | None) -> Stored[ScheduleState]:
    """The state that counts: a new one for a schedule without, or whose rule was changed since."""
    if stored is not None and stored.value.since == schedule.since:
        return stored
    fresh = ScheduleState(since=schedule.since, cursor=schedule.since)
    if stored is None:
        return Stored(fresh, 0)
    # What still runs does so under any rule.
    return Stored(structs.replace(fresh, active=stored.value.active), stored.revision)
