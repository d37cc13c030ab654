"""Keeps the leases of everything this worker holds, and learns from the answers what is cancelled or lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from headrace.engine.backoff import CAP_S_DEFAULT, Backoff
from headrace.engine.execution import Execution
from headrace.engine.listener import Listener
from headrace.engine.service import Periodic
from headrace.model.ids import JobId
from headrace.storage.backend import Backend
from headrace.storage.signals import CANCEL

EXTEND_AFTER = 1 / 3
"""A lease is extended once a third of it is over: two more tries fit in before it ends, and jobs that take less than
a third of a lease cost no heartbeat at all."""

LOOK_EVERY = 1 / 6
"""How often to look for such leases, in leases: none gets older than half its time before the first try."""

SILENT_AFTER = EXTEND_AFTER + 1.5 * LOOK_EVERY
"""In leases: that of a worker that lives never gets so old, so an older one tells that heartbeats are missing."""

OnCancel = Callable[[Execution, str], None]
OnLost = Callable[[Execution], None]


class Heartbeater(Periodic):
    """Extends leases in rounds. Runs on any event loop: the callbacks bring the news to the worker's.

    When no heartbeat has succeeded until a lease is over by this host's clock, it is taken for lost: another worker may
    have the job by then, and a handler that goes on would do its work twice. ``on_unheard`` is told of it, or
    ``on_lost`` where that is not given.
    """

    def __init__(
        self,
        backend: Backend,
        held: dict[JobId, Execution],
        lease: timedelta,
        *,
        on_cancel: OnCancel,
        on_lost: OnLost,
        on_unheard: OnLost | None = None,
    ) -> None:
        super().__init__("heartbeater", lease * LOOK_EVERY)
        # However long the store has been failing, the end of a lease must be noticed when it comes: with a pause of
        # five seconds a handler under a lease of one second would run beside its successor for as long.
        self._backoff = Backoff(cap_s=min(CAP_S_DEFAULT, lease.total_seconds() * LOOK_EVERY))
        self._backend = backend
        self._held = held
        self._lease = lease
        self._on_cancel = on_cancel
        self._on_lost = on_lost
        self._on_unheard = on_unheard or on_lost
        self._asked: set[str] = set()
        self._told: set[str] = set()
        self._listener = Listener(backend.signals, (CANCEL,), self._hear)

    async def _begin(self) -> None:
        await self._listener.start()
        await super()._begin()

    async def _end(self) -> None:
        await self._listener.stop()

    def _hear(self, job_id: str) -> None:
        """A signal names a job to be cancelled; the reason, and the truth, come with a heartbeat of its lease."""
        if job_id == "*" or job_id in self._held:
            self._asked.add(job_id)
            self.nudge()

    async def tick(self) -> timedelta | None:
        """Extend what is due, and what a signal named."""
        # One call that no other thread can interrupt: the worker's loop changes the dictionary meanwhile.
        held = list(self._held.values())
        asked, self._asked = self._asked, set()
        if not held:
            self._told.clear()
            return None
        due_before = self._backend.clock.monotonic() - self._lease.total_seconds() * EXTEND_AFTER
        everything = "*" in asked
        due = [run for run in held if everything or run.extended_at <= due_before or run.job.id in asked]
        limit = self._backend.capabilities.max_batch
        try:
            for begin in range(0, len(due), limit):
                await self._extend(due[begin : begin + limit])
        except Exception:
            self._asked |= asked
            self._give_up_overdue(due)
            raise
        return None

    async def _extend(self, runs: list[Execution]) -> None:
        # The moment before the call: the store counts the lease from a later one, so this side errs to the safe one.
        asked_at = self._backend.clock.monotonic()
        async with asyncio.timeout(self._lease.total_seconds() * EXTEND_AFTER):
            beats = await self._backend.jobs.heartbeat([run.lease for run in runs], extend=self._lease)
        for run, beat in zip(runs, beats, strict=True):
            if beat.lease is None:
                self._on_lost(run)
                continue
            run.extended_at = asked_at
            if beat.cancel_reason is not None and run.lease.token not in self._told:
                self._told.add(run.lease.token)
                self._on_cancel(run, beat.cancel_reason)

    def _give_up_overdue(self, runs: list[Execution]) -> None:
        over_before = self._backend.clock.monotonic() - self._lease.total_seconds()
        for run in runs:
            if run.extended_at <= over_before:
                self._on_unheard(run)
