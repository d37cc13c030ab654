"""The workers that are there: each keeps a record about itself, which ends by itself soon after the worker does."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from headrace._version import __version__
from headrace.engine.orders import Order, Told, read_told
from headrace.engine.service import GOODBYE_S_MAX, Periodic
from headrace.engine.usage import resident_bytes
from headrace.logs import set_levels
from headrace.model.ids import WorkerId
from headrace.storage.kv import KeyValueStore, Put, all_entries
from headrace.telemetry import Telemetry

log = logging.getLogger("headrace")

BUCKET = "workers"
RECORD_EVERY = timedelta(seconds=10)
RECORD_TTL = 3 * RECORD_EVERY
"""Two records may fail to be written before a worker that lives is missing from the list."""


class WorkerRecord(Struct, frozen=True, kw_only=True):
    """What a worker says about itself, every ten seconds.

    ``running`` jobs have a slot, ``waiting`` ones are claimed ahead, and ``backlog`` ended ones are not stored yet.
    ``loop_lag_s``: how late its event loop answered at worst within about ten seconds; None when it is not watched.
    ``memory_bytes``: what its process holds, 0 where the system does not say. ``cpu_s``: processor time it took so far.
    Child processes are not in these two. ``problems`` is empty while it gets and stores jobs.
    ``lease_s`` is how long it may be silent before its jobs are given to others; 0 where an earlier release tells none.
    ``schedules`` are those that its code declares, and ``tasks`` the names of those it can run. ``order`` is what it
    was told: ``work``, ``quiet`` or ``stop``.
    """

    id: WorkerId
    hostname: str
    pid: int
    queues: Mapping[str, int]
    started_at: datetime
    version: str = __version__
    running: int = 0
    waiting: int = 0
    backlog: int = 0
    leader: bool = False
    last_claim_at: datetime | None = None
    schedules: tuple[str, ...] = ()
    loop_lag_s: float | None = None
    memory_bytes: int = 0
    cpu_s: float = 0.0
    problems: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    order: str = "work"
    lease_s: float = 0.0


class Registrar(Periodic):
    """Writes this worker's record, and deletes it at the end."""

    def __init__(
        self,
        kv: KeyValueStore,
        worker: WorkerId,
        queues: Mapping[str, int],
        telemetry: Telemetry,
        *,
        lease: timedelta,
        load: Callable[[], WorkerLoad],
        schedules: Sequence[str] = (),
        obey: Callable[[Order], None] = lambda order: None,
    ) -> None:
        super().__init__("worker registry", RECORD_EVERY)
        self._kv = kv
        self._obey = obey
        self._told = Told()
        self._worker = worker
        self._queues = dict(queues)
        self._lease = lease
        self._schedules = tuple(schedules)
        self._telemetry = telemetry
        self._load = load

    async def tick(self) -> timedelta | None:
        """Write the record, and tell it to the listeners."""
        await self._hear_orders()
        load = self._load()
        record = WorkerRecord(
            id=self._worker,
            hostname=socket.gethostname(),
            pid=os.getpid(),
            queues=self._queues,
            started_at=load.started_at,
            running=load.running,
            waiting=load.waiting,
            backlog=load.backlog,
            leader=load.leader,
            last_claim_at=load.last_claim_at,
            schedules=self._schedules,
            loop_lag_s=load.loop_lag_s,
            memory_bytes=resident_bytes(),
            cpu_s=time.process_time(),
            problems=load.problems,
            tasks=load.tasks,
            order=self._told.order.value,
            lease_s=self._lease.total_seconds(),
        )
        if self._telemetry.active:
            self._telemetry.emit("worker.beat", worker=self._worker, record=record)
        await self._kv.put_many(BUCKET, [Put(key=self._worker, value=msgspec.json.encode(record), ttl=RECORD_TTL)])
        return None

    async def _hear_orders(self) -> None:
        before, self._told = self._told, await read_told(self._kv, self._worker)
        if self._told.levels not in ("", before.levels):
            set_levels(self._told.levels)
            log.warning("worker %s was told to log %s", self._worker, self._told.levels)
        if self._told.order is not before.order:
            log.info("worker %s was told to %s", self._worker, self._told.order.meaning)
            self._obey(self._told.order)

    async def _begin(self) -> None:
        await self._round()
        await super()._begin()

    async def _end(self) -> None:
        await self._cancel_tasks()
        try:
            async with asyncio.timeout(GOODBYE_S_MAX):
                await self._kv.put_many(BUCKET, [Put(key=self._worker, value=None)])
        except Exception as error:
            log.info("the record of worker %s stays for up to %s: %r", self._worker, RECORD_TTL, error)


class WorkerLoad(Struct, frozen=True, kw_only=True):
    """What changes between two records."""

    started_at: datetime
    running: int = 0
    waiting: int = 0
    backlog: int = 0
    leader: bool = False
    last_claim_at: datetime | None = None
    loop_lag_s: float | None = None
    problems: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()


async def list_workers(kv: KeyValueStore) -> list[WorkerRecord]:
    """The workers heard of within the last half minute, by id. Records that cannot be read are left out."""
    records = []
    for entry in await all_entries(kv, BUCKET):
        try:
            records.append(msgspec.json.decode(entry.value, type=WorkerRecord))
        except msgspec.MsgspecError as error:
            log.warning("the record of worker %s cannot be read: %r", entry.key, error)
    return records
