"""Fires the occurrences of schedules: each once, however many schedulers there are and wherever one dies.

A round writes thrice. First it enters its decisions into the ledger, where the first to enter an occurrence has decided
about it. Then it enqueues, and an occurrence's job is the same job however often it is enqueued. Last it notes what was
done, and how far it is. Whoever comes to an occurrence again, after a crash or at the same time, finds the decision,
carries it out, and so changes nothing or completes what was left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from headrace.engine.listener import Listener
from headrace.engine.middleware import EnqueueNext
from headrace.engine.registry import list_workers
from headrace.engine.schedule_round import Item, ScheduleRound
from headrace.engine.schedule_store import ScheduleStore, state_of
from headrace.engine.service import Periodic
from headrace.model.durations import ZERO
from headrace.model.rules import next_after
from headrace.model.schedule import Origin, Schedule
from headrace.storage.backend import Backend
from headrace.storage.signals import DONE, SCHEDULE
from headrace.telemetry import Telemetry

LOOK_EVERY = timedelta(seconds=5)
"""The longest time between two looks at the stored schedules, should a signal about a change be lost."""

STAND_IN_AFTER = timedelta(seconds=2)
"""How late an occurrence must be before a worker that is not the leader fires it: the leader died, or is stuck. So a
killed leader delays a schedule by little more than this on every store, however long its lock lives on."""

STAND_IN_ON_AFTER = timedelta(milliseconds=200)
"""The same for a worker that has stood in: it goes on until another was there before it. If it waited for the full time
again, a schedule of every second would fire three occurrences at once while the lock of the dead leader lives on."""


class Scheduler(Periodic):
    """Each worker has one. The leader's fires in time, the others' stand in for it.

    ``declared`` are the schedules in the code of this worker's app; they are stored when the service starts, or as soon
    as the store answers. ``enqueue`` stores the jobs, such as through an app's middleware; without one the store does.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        leading: Callable[[], bool],
        telemetry: Telemetry,
        declared: Sequence[Schedule] = (),
        enqueue: EnqueueNext | None = None,
    ) -> None:
        super().__init__("scheduler", LOOK_EVERY)
        self._backend = backend
        self._leading = leading
        self._declared = tuple(declared)
        self._undeclared = bool(declared)
        self._store = ScheduleStore(backend)
        self._round_of = ScheduleRound(backend, self._store, telemetry, enqueue)
        self._listener = Listener(backend.signals, (SCHEDULE,), lambda _name: self._look_again())
        # Heard only while an occurrence waits for a job: a busy store tells of thousands of ends a second.
        self._endings = Listener(backend.signals, (DONE,), self._job_ended)
        self._awaited: set[str] = set()
        self._items: list[Item] = []
        self._look_at = 0.0
        self._stands_in = False

    async def _begin(self) -> None:
        await self._listener.start()
        await self._round()
        await super()._begin()

    async def _end(self) -> None:
        await self._endings.stop()
        await self._listener.stop()

    def _look_again(self) -> None:
        self._look_at = 0.0
        self.nudge()

    def _job_ended(self, job_id: str) -> None:
        if job_id in self._awaited or job_id == "*":
            self.nudge()

    async def _listen_for_endings(self, *, leading: bool) -> bool:
        """Hear of the jobs that occurrences wait for. True when that began now, so that one may have ended unheard."""
        held = [item.state.value for item in self._items if leading and item.state.value.held]
        self._awaited = {job_id for state in held for job_id in state.active}
        if not held:
            await self._endings.stop()
            return False
        deaf = not self._endings.running
        await self._endings.start()
        return deaf

    async def tick(self) -> timedelta | None:
        """Fire what is due, and say when the next occurrence is."""
        if self._undeclared:
            await self._store.declare(self._declared)
            self._undeclared = False
        if self._backend.clock.monotonic() >= self._look_at:
            await self._look()
        if not self._items:
            return None
        now = self._backend.clock.now()
        leading = self._leading()
        patience = self._patience(leading=leading)
        due = [item for item in self._items if self._is_due(item, now - patience, leading=leading)]
        if due and not leading:
            # The leader has most probably done it: its word is in the store.
            await self._refresh(due)
            due = [item for item in due if self._is_due(item, now - patience, leading=leading)]
            self._stands_in = bool(due)
        if due and not await self._round_of.carry_out(due, now):
            self._stands_in = False
            self._look_at = 0.0
            return ZERO
        if await self._listen_for_endings(leading=leading):
            return ZERO
        return self._rest(self._backend.clock.now() - self._patience(leading=leading))

    def _patience(self, *, leading: bool) -> timedelta:
        """How late an occurrence must be before this worker fires it."""
        if leading:
            return ZERO
        return STAND_IN_ON_AFTER if self._stands_in else STAND_IN_AFTER

    async def fire_due(self) -> datetime | None:
        """Fire all that is due, and answer when the next occurrence is: for tests, in which nothing runs by itself."""
        await self._store.declare(self._declared)
        while True:
            await self._look()
            now = self._backend.clock.now()
            due = [item for item in self._items if self._is_due(item, now, leading=True)]
            if due:
                await self._round_of.carry_out(due, now)
            ahead = [at for item in self._items if (at := self._next_of(item)) is not None]
            if not ahead or min(ahead) > now:
                return min(ahead, default=None)

    def _is_due(self, item: Item, until: datetime, *, leading: bool) -> bool:
        at = self._next_of(item)
        return (leading and bool(item.state.value.held)) or (at is not None and at <= until)

    def _next_of(self, item: Item) -> datetime | None:
        """The next occurrence, calculated once for each cursor."""
        cursor = item.state.value.cursor
        if item.next_for != cursor:
            item.next_for, item.next_at = cursor, next_after(item.schedule.rule, cursor)
        return item.next_at

    def _rest(self, until: datetime) -> timedelta:
        ahead = [at for item in self._items if (at := self._next_of(item)) is not None]
        return LOOK_EVERY if not ahead else max(ZERO, min(LOOK_EVERY, min(ahead) - until))

    async def _look(self) -> None:
        """Read the schedules that are to run, and how far each is."""
        # Before it reads, for a signal about a change may come while it does: it would be of what was not read.
        self._look_at = self._backend.clock.monotonic() + LOOK_EVERY.total_seconds()
        try:
            self._items = await self._read_items()
        except BaseException:
            self._look_at = 0.0
            raise

    async def _read_items(self) -> list[Item]:
        schedules = {name: stored.value for name, stored in (await self._store.all()).items()}
        running = [schedule for schedule in schedules.values() if not schedule.paused]
        if any(schedule.origin is Origin.CODE for schedule in running):
            declared = {schedule.name for schedule in self._declared}
            declared.update(*(worker.schedules for worker in await list_workers(self._backend.kv)))
            running = [each for each in running if each.origin is not Origin.CODE or each.name in declared]
        states = await self._store.states([schedule.name for schedule in running]) if running else {}
        return [Item(schedule, state_of(schedule, states.get(schedule.name))) for schedule in running]

    async def _refresh(self, items: Sequence[Item]) -> None:
        states = await self._store.states([item.schedule.name for item in items])
        for item in items:
            item.state = state_of(item.schedule, states.get(item.schedule.name))
