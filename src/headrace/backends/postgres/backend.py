"""The PostgreSQL backend: one schema of one database, any number of processes on any number of hosts."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial

from headrace.backends.postgres.callers import callers_runner
from headrace.backends.postgres.diagnosing import diagnose
from headrace.backends.postgres.events import PostgresEventLog
from headrace.backends.postgres.jobs import PostgresJobStore
from headrace.backends.postgres.kv import PostgresKeyValueStore
from headrace.backends.postgres.limits import PostgresLimitStore
from headrace.backends.postgres.location import masked, parse_url
from headrace.backends.postgres.locks import PostgresLockStore
from headrace.backends.postgres.migrating import PostgresMigrator
from headrace.backends.postgres.queues import PostgresQueueStore
from headrace.backends.postgres.reader import PostgresJobReader
from headrace.backends.postgres.schema import VERSION, prepare
from headrace.backends.postgres.session import Pool, PooledSession, Session
from headrace.backends.postgres.signals import PostgresSignalBus
from headrace.backends.postgres.sweeping import Sweeper
from headrace.backends.postgres.verbs.partitions import WIDTH, make_ahead
from headrace.errors import HeadraceError
from headrace.storage.backend import MAX_PAYLOAD_DEFAULT, Capabilities, Health
from headrace.storage.clock import Clock, SystemClock
from headrace.storage.diagnosing import Diagnosis

log = logging.getLogger("headrace.postgres")


MAX_BATCH = 2_000
"""COPY makes a place in memory for each of its first thousand rows and uses them again from then on, which makes the
second thousand cheaper by a fifth; in larger batches there is less to do at the same time."""


class PostgresBackend:
    """Jobs in PostgreSQL, by the server's clock unless another is handed in."""

    def __init__(self, url: str, *, clock: Clock | None = None, max_payload: int = MAX_PAYLOAD_DEFAULT) -> None:
        self._url = url
        self._given_clock = clock
        self._clock = clock or SystemClock()
        self._location = location = parse_url(url)
        self._capabilities = Capabilities(
            transactions=True,
            settable_clock=clock is not None,
            processes=True,
            events=True,
            max_batch=MAX_BATCH,
            max_payload=max_payload,
            retention_slack=WIDTH,
            parallel_writes=True,
        )
        self._pool = pool = Pool(location, clock, lambda topics: self.signals.tell(topics))
        self.signals = PostgresSignalBus(location.schema, pool.dedicated, pool.notify)
        self._sweeper = Sweeper(pool.run)
        self.jobs = PostgresJobStore(
            pool,
            self._capabilities,
            within=partial(callers_runner, location=location, clock=clock),
            on_finished=self._note_finished,
        )
        self.reader = PostgresJobReader(pool)
        self.queues = PostgresQueueStore(pool)
        self.limits = PostgresLimitStore(pool)
        self.kv = PostgresKeyValueStore(pool, max_value=max_payload)
        self.locks = PostgresLockStore(pool)
        self.events = PostgresEventLog(pool)
        self._opened = False
        self._budget_told = threading.Event()

    @property
    def url(self) -> str:
        """The URL it was made with, without its password."""
        return masked(self._url)

    @property
    def capabilities(self) -> Capabilities:
        """Transactions of the caller's, and several processes; the clock is the server's, or the one handed in."""
        return self._capabilities

    @property
    def clock(self) -> Clock:
        """This process's clock, for what is measured here; the server's decides about jobs."""
        return self._clock

    async def open(self) -> None:
        """Connect, and make the schema where there is none. Raises Unavailable, ReadOnly or SchemaOutdated."""
        if self._opened:
            return
        await self._pool.open()
        try:
            await self._pool.run(self._prepare)
        except BaseException:
            await self._pool.close()
            raise
        self.signals.open(listens=not self._pool.pooled)
        self._opened = True
        if log.isEnabledFor(logging.INFO) and not self._budget_told.is_set():
            self._budget_told.set()
            await self._tell_budget()

    async def _tell_budget(self) -> None:
        """Say how many connections this will take at most, and how many there are to take: once for all siblings."""
        [(free, most)] = await self._pool.run(lambda session: session.rows("free_connections"))
        log.info(
            "%s: up to %d connections from here, %d with a worker's heartbeats%s; %d of the server's %d are free",
            masked(self._location.dsn),
            self._location.connections,
            2 * self._location.connections,
            ", through a pooler of transactions" if self._pool.pooled else "",
            free,
            most,
        )

    async def _prepare(self, session: Session) -> None:
        assert isinstance(session, PooledSession)
        await prepare(session.connection, self._location.schema)
        await make_ahead(session, session.now or datetime.now(UTC))

    def _note_finished(self, count: int) -> None:
        if not self._pool.pooled:  # a pooler of transactions lets no vacuum through
            self._sweeper.note(count)

    async def close(self) -> None:
        """Finish what is under way and close the connections."""
        if not self._opened:
            return
        self._opened = False
        await self.signals.close()
        await self._sweeper.close()
        await self._pool.close()

    async def health(self) -> Health:
        """Ask the server for its version and the sizes of the tables."""

        async def verb(session: Session) -> tuple[str, ...]:
            [row] = await session.rows("health", f"{session.schema}.jobs", f"{session.schema}.ended")
            return tuple(map(str, row))

        begun = time.perf_counter()
        try:
            version, jobs, ended = await self._pool.run(verb)
        except HeadraceError as error:
            return Health(ok=False, latency=timedelta(0), problems=(str(error),))
        facts = {"schema": f"{self._location.schema} {VERSION}", "postgresql": version, "hot_bytes": jobs,
                 "ended_bytes": ended}  # fmt: skip
        return Health(ok=True, latency=timedelta(seconds=time.perf_counter() - begun), facts=facts)

    async def diagnose(self) -> list[Diagnosis]:
        """What is wrong with the server, and how to put it right; see :mod:`headrace.backends.postgres.diagnosing`."""
        return await self._pool.run(lambda session: diagnose(session, self._location.connections))

    def migrator(self) -> PostgresMigrator:
        """What changes the schema, by a person's command; it needs no open store."""
        return PostgresMigrator(self._location, self._pool.dedicated)

    def sibling(self) -> PostgresBackend:
        """Another backend on the same schema, for another thread or event loop."""
        other = PostgresBackend(self._url, clock=self._given_clock, max_payload=self._capabilities.max_payload)
        other._budget_told = self._budget_told
        return other

    def vouch(self, worker: str) -> None:
        """Nothing: the server cannot see whether a process on another host lives."""

    def disown(self, worker: str) -> None:
        """Nothing."""
