"""A worker of an app: the engine's, with the app's tasks, that opens the app when nobody has."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TypedDict

from msgspec import structs

from headrace.app.catalogue import publish
from headrace.app.desk import JobDesk
from headrace.app.limiting import QueueDeclarations
from headrace.app.registry import TaskRegistry
from headrace.app.webhooks.forwarder import Forwarder
from headrace.config import CONCURRENCY_DEFAULT, WorkerConfig
from headrace.engine.around import Around
from headrace.engine.dead_watch import DeadAlarm
from headrace.engine.surroundings import Surroundings
from headrace.engine.worker import Worker
from headrace.errors import ConfigError
from headrace.model.job import QUEUE_DEFAULT
from headrace.model.queue import Retention
from headrace.model.schedule import Schedule
from headrace.storage.backend import Backend

log = logging.getLogger("headrace")

CATALOGUE_S_MAX = 10.0
"""How long a store that is slow may hold up the start of a worker for the sake of its views."""


class WorkerSettings(TypedDict, total=False):
    """The fields of :class:`~headrace.config.WorkerConfig`, which explains them, except ``queues``."""

    lease: timedelta
    grace: timedelta
    prefetch: int | None
    poll: timedelta
    retention: Retention
    lag_warning: timedelta
    threads: int | None
    processes: int | None
    recycle_jobs: int | None
    recycle_memory: int | None
    quarantine_after: int | None
    events: bool
    webhook_networks: str
    upkeep: bool
    fetch_failure_limit: timedelta | None


def worker_config(
    base: WorkerConfig, queues: Mapping[str, int] | Iterable[str] | None, settings: WorkerSettings
) -> WorkerConfig:
    """``base`` with other values. Raises ConfigError that names the field and the value.

    >>> worker_config(WorkerConfig(), ["mail"], {"prefetch": 0}).queues
    {'mail': 10}
    """
    changes: dict[str, object] = dict(settings)
    if isinstance(queues, str):
        message = f"queues takes several: queues=[{queues!r}] or queues={{{queues!r}: {CONCURRENCY_DEFAULT}}}"
        raise ConfigError(message)
    if queues is not None:
        if not isinstance(queues, Mapping):
            queues = dict.fromkeys(queues, CONCURRENCY_DEFAULT)
        changes["queues"] = dict(queues)
    for name in changes:
        if name not in WorkerConfig.__struct_fields__:
            message = f"a worker has no setting {name!r}; there are: {', '.join(WorkerConfig.__struct_fields__)}"
            raise ConfigError(message)
    return structs.replace(base, **changes)


class AppWorker(Worker):
    """What ``Headrace.worker`` answers. ``start`` opens the app if it is not open; ``stop`` then closes it again."""

    def __init__(
        self,
        desk: JobDesk,
        backend: Backend,
        registry: TaskRegistry,
        config: WorkerConfig,
        declared: Surroundings,
        *,
        queues: QueueDeclarations,
        schedules: Sequence[Schedule] = (),
        dead_alarms: Sequence[DeadAlarm] = (),
    ) -> None:
        super().__init__(
            backend,
            registry.find,
            config,
            desk.telemetry,
            known_tasks=registry.names,
            on_settled=desk.note_settled,
            schedules=schedules,
            enqueue=desk.enqueue_occurrences,
            around=Around(
                declared,
                tasks=lambda: [task for task in registry if task.defaults.get("queue", QUEUE_DEFAULT) in config.queues],
                known=lambda: list(registry),
            ),
            dead_alarms=dead_alarms,
            more_upkeep=lambda gate: [Forwarder(backend, config.webhook_networks, gate=gate)],
        )
        self._desk = desk
        self._registry = registry
        self._declarations = queues
        self._keeps_events = config.events
        self._opened_the_app = False

    async def start(self) -> None:
        """Open the app if need be, put declared queues into the store, and begin to claim jobs.

        Safe twice and concurrently.
        """
        if not self._desk.is_open:
            self._opened_the_app = True
            await self._desk.open()
        try:
            await self._declarations.apply(self._desk)
            if self._keeps_events:
                await self._desk.events.enable()
            await super().start()
        except BaseException:
            await self._close_the_app()
            raise
        await self._tell_of_tasks()

    async def stop(self, *, now: bool = False) -> None:
        """Stop as :class:`~headrace.engine.worker.Worker` does, and close the app if ``start`` opened it."""
        await super().stop(now=now)
        await self._close_the_app()

    async def _tell_of_tasks(self) -> None:
        """Write the catalogue. Views are poorer without it; jobs run all the same."""
        try:
            async with asyncio.timeout(CATALOGUE_S_MAX):
                await publish(self._backend.kv, self._registry, self._backend.clock.now())
        except Exception as error:
            log.warning("the tasks of this worker could not be told to the catalogue: %r", error)

    async def _close_the_app(self) -> None:
        if self._opened_the_app:
            self._opened_the_app = False
            await self._desk.close()
