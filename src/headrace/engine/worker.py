"""The worker: what claims and runs jobs, put together, and the order in which it all begins and ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from msgspec import Struct

from headrace.config import WorkerConfig
from headrace.engine.around import Around
from headrace.engine.chronicle import Chronicle
from headrace.engine.completer import Completer
from headrace.engine.dead_watch import DeadAlarm
from headrace.engine.dispatcher import Dispatcher
from headrace.engine.execution import Execution, Interruption
from headrace.engine.executor import Executor
from headrace.engine.heartbeat_thread import HeartbeatThread
from headrace.engine.heartbeater import Heartbeater
from headrace.engine.listener import Listener
from headrace.engine.middleware import EnqueueNext
from headrace.engine.orders import Order
from headrace.engine.pools import Pools
from headrace.engine.producer import Producer
from headrace.engine.registry import Registrar, WorkerLoad
from headrace.engine.reporter import Reporter
from headrace.engine.runnable import Registry
from headrace.engine.service import Service, Supervisor
from headrace.engine.surroundings import Surroundings
from headrace.engine.upkeep import MoreUpkeep, Upkeep, no_more
from headrace.engine.watchdog import Watchdog
from headrace.model.ids import JobId, WorkerId, new_worker_id
from headrace.model.schedule import Schedule
from headrace.storage.backend import Backend
from headrace.storage.signals import ORDER
from headrace.telemetry import Telemetry

log = logging.getLogger("headrace")

CANCEL_TRIES = 5
CANCEL_EVERY_S = 1.0
"""A handler that swallows its cancellation is cancelled again each second; after five the worker leaves without it."""


class WorkerHealth(Struct, frozen=True, kw_only=True):
    """How a worker is. ``ok`` False means that it does not get or store jobs; ``problems`` says why, for people.

    ``last_claim_at`` gets old while every slot is taken, because nothing is asked for then; that is no problem.
    """

    id: WorkerId
    ok: bool
    running: int
    waiting: int
    backlog: int
    leader: bool
    last_claim_at: datetime | None
    loop_lag_s: float | None
    abandoned_threads: int
    problems: tuple[str, ...]


class Worker(Service):
    """Claims jobs of the configured queues from ``backend``, which must be open, and runs them until it is stopped.

    ``registry`` finds tasks by name and ``known_tasks`` lists them for messages. ``on_settled`` is called on the event
    loop with the ids of jobs that have ended, once that is stored. ``schedules`` are those that the code declares, and
    ``around`` is what the handlers run in. ``heartbeat_thread`` False keeps the heartbeats on the event loop, for
    simulations; ``watchdog`` False leaves the event loop unwatched. ``dead_alarms`` are rung by the worker that leads,
    and ``more_upkeep`` makes further duties of the leader from the gate that tells whether it leads.
    """

    def __init__(
        self,
        backend: Backend,
        registry: Registry,
        config: WorkerConfig,
        telemetry: Telemetry,
        *,
        known_tasks: Callable[[], Sequence[str]],
        on_settled: Callable[[Sequence[JobId]], None] | None = None,
        around: Around | None = None,
        heartbeat_thread: bool = True,
        watchdog: bool = True,
        schedules: Sequence[Schedule] = (),
        enqueue: EnqueueNext | None = None,
        dead_alarms: Sequence[DeadAlarm] = (),
        more_upkeep: MoreUpkeep = no_more,
    ) -> None:
        self.id = new_worker_id()
        super().__init__(f"worker {self.id}")
        self.failure: Exception | None = None
        self._backend = backend
        self._config = config
        self._telemetry = telemetry
        self._known_tasks = known_tasks
        self._held: dict[JobId, Execution] = {}
        self._pools = Pools(config, backend.clock)
        self._around = around or Around(Surroundings())
        self._hurry = asyncio.Event()
        self._over = asyncio.Event()
        self._leaving: asyncio.Task[None] | None = None
        self._started_at = backend.clock.now()
        chronicle = Chronicle(telemetry, backend.clock, known_tasks)
        # The way of a job, from its claim to its outcome. The producer starts after all others and stops before them.
        self._completer = self._make_completer(chronicle, on_settled)
        self._reporter = Reporter(backend.jobs, backend.clock, limit=backend.capabilities.max_batch)
        self._dispatcher = self._make_dispatcher(chronicle, registry)
        self._producer = self._make_producer()
        # What goes on beside it.
        self._registrar = self._make_registrar(schedules)
        orders = Listener(backend.signals, (ORDER,), self._hear_of_orders)
        heartbeats = self._make_heartbeats(heartbeat_thread)
        self._watchdog = Watchdog(self.id, config.lag_warning, telemetry) if watchdog else None
        self._upkeep: Upkeep | None = None
        if config.upkeep:
            self._upkeep = Upkeep(
                self.id,
                backend,
                config,
                telemetry,
                schedules=schedules,
                enqueue=enqueue,
                dead_alarms=dead_alarms,
                more=more_upkeep,
            )
        # Outcomes are stored, and progress written, before anything else ends: under leases that are still extended.
        in_order = (
            self._around,
            self._registrar,
            orders,
            heartbeats,
            self._watchdog,
            self._upkeep,
            self._completer,
            self._reporter,
        )
        self._rest = Supervisor("worker services", [service for service in in_order if service is not None])

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self, *, now: bool = False) -> None:
        """Stop claiming, give back what has not started, let the rest finish for ``grace``, then cancel and release it.

        ``now`` skips the grace, also for a stop that is under way. Safe before ``start``, twice and concurrently.
        """
        if now:
            self._hurry.set()
        await super().stop()

    async def wait(self) -> None:
        """Wait until the worker has stopped. ``failure`` tells why it left, when it left by itself."""
        await self._over.wait()

    def health(self) -> WorkerHealth:
        """How the worker is, from memory."""
        problems = self._problems()
        if not self.running:
            problems.insert(0, "the worker is not running")
        return WorkerHealth(
            id=self.id,
            ok=not problems,
            running=self._dispatcher.active,
            waiting=self._dispatcher.waiting,
            backlog=self._completer.backlog,
            leader=self._upkeep is not None and self._upkeep.leads(),
            last_claim_at=self._producer.last_claim_at,
            loop_lag_s=None if self._watchdog is None else self._watchdog.lag_s,
            abandoned_threads=self._pools.threads.abandoned,
            problems=tuple(problems),
        )

    def _problems(self) -> list[str]:
        problems = []
        if self._producer.failing:
            problems.append("jobs cannot be claimed from the store")
        if self._completer.full:
            problems.append("finished jobs cannot be stored fast enough")
        if self.failure is not None:
            problems.append(f"the worker left: {self.failure!r}")
        return problems

    async def _begin(self) -> None:
        self.failure = None
        self._hurry.clear()
        self._over.clear()
        self._backend.vouch(self.id)
        try:
            await self._rest.start()
            await self._producer.start()
        except BaseException:
            await self._rest.stop()
            self._backend.disown(self.id)
            raise
        self._started_at = self._backend.clock.now()
        self._telemetry.emit("worker.started", worker=self.id, queues=list(self._config.queues))

    async def _end(self) -> None:
        released_before = self._dispatcher.released
        await self._producer.stop()
        await self._let_finish()
        await self._pools.close()
        await self._rest.stop()
        self._held.clear()
        self._backend.disown(self.id)
        self._over.set()
        released = self._dispatcher.released - released_before
        self._telemetry.emit("worker.stopped", worker=self.id, released=released)

    async def _let_finish(self) -> None:
        """Wait for the grace, then cancel what still runs."""
        quiet = asyncio.ensure_future(self._dispatcher.quiet())
        hurry = asyncio.ensure_future(self._hurry.wait())
        try:
            grace = self._config.grace.total_seconds()
            await asyncio.wait([quiet, hurry], timeout=grace, return_when=asyncio.FIRST_COMPLETED)
            for _ in range(CANCEL_TRIES):
                if quiet.done():
                    return
                self._dispatcher.interrupt_all(Interruption.SHUTDOWN, "the worker is stopping")
                await asyncio.wait([quiet], timeout=CANCEL_EVERY_S)
            if not quiet.done():
                self._dispatcher.complain_about_stuck()
        finally:
            for waiting in (quiet, hurry):
                waiting.cancel()
            await asyncio.wait([quiet, hurry])

    def _make_completer(self, chronicle: Chronicle, on_settled: Callable[[Sequence[JobId]], None] | None) -> Completer:
        return Completer(
            self._backend.jobs,
            self._held,
            telemetry=self._telemetry,
            chronicle=chronicle,
            limit=self._backend.capabilities.max_batch,
            on_settled=on_settled,
        )

    def _make_dispatcher(self, chronicle: Chronicle, registry: Registry) -> Dispatcher:
        return Dispatcher(
            registry,
            self._backend.clock,
            executor=self._make_executor(),
            completer=self._completer,
            reporter=self._reporter,
            held=self._held,
            telemetry=self._telemetry,
            chronicle=chronicle,
            on_hungry=lambda: self._producer.hungry(),
        )

    def _make_executor(self) -> Executor:
        return Executor(self._pools, around=self._around)

    def _make_producer(self) -> Producer:
        return Producer(
            self.id,
            self._backend,
            self._config,
            dispatcher=self._dispatcher,
            completer=self._completer,
            telemetry=self._telemetry,
            on_gone=self._leave,
        )

    def _make_registrar(self, schedules: Sequence[Schedule]) -> Registrar:
        return Registrar(
            self._backend.kv,
            self.id,
            self._config.queues,
            self._telemetry,
            lease=self._config.lease,
            load=self._load,
            schedules=[schedule.name for schedule in schedules],
            obey=self._obey,
        )

    def _make_heartbeats(self, thread: bool) -> Service:
        make = HeartbeatThread if thread else Heartbeater
        return make(
            self._backend,
            self._held,
            self._config.lease,
            on_cancel=self._dispatcher.cancel,
            on_lost=self._dispatcher.lose,
            on_unheard=self._dispatcher.give_up,
        )

    def _load(self) -> WorkerLoad:
        health = self.health()
        return WorkerLoad(
            started_at=self._started_at,
            running=health.running,
            waiting=health.waiting,
            backlog=health.backlog,
            leader=health.leader,
            last_claim_at=health.last_claim_at,
            loop_lag_s=health.loop_lag_s,
            # Not that the worker is not running: the first record is written while it starts.
            problems=tuple(self._problems()),
            tasks=tuple(sorted(self._known_tasks())),
        )

    def _hear_of_orders(self, worker: str) -> None:
        if worker in (self.id, "*"):
            self._registrar.nudge()

    def _obey(self, order: Order) -> None:
        self._producer.keep_quiet(order is not Order.WORK)
        if order is Order.STOP:
            self._leaving = asyncio.get_running_loop().create_task(self.stop(), name=f"{self.name} stops as told")

    def _leave(self, error: Exception) -> None:
        self.failure = error
        self._leaving = asyncio.get_running_loop().create_task(self.stop(), name=f"{self.name} leaves")
