"""The SQLite backend: one file, any number of processes of one host."""

from __future__ import annotations

import time
from datetime import timedelta

from headrace.backends.sqlite.callers import CallersConnection
from headrace.backends.sqlite.checkpoint import Checkpointer
from headrace.backends.sqlite.connecting import file_sizes, sqlite_version
from headrace.backends.sqlite.events import SqliteEventLog
from headrace.backends.sqlite.folder import Folder
from headrace.backends.sqlite.jobs import SqliteJobStore
from headrace.backends.sqlite.kv import SqliteKeyValueStore
from headrace.backends.sqlite.limits import SqliteLimitStore
from headrace.backends.sqlite.liveness import Liveness
from headrace.backends.sqlite.location import check_place, parse_url
from headrace.backends.sqlite.locks import SqliteLockStore
from headrace.backends.sqlite.migrating import SqliteMigrator
from headrace.backends.sqlite.queues import SqliteQueueStore
from headrace.backends.sqlite.reader import SqliteJobReader
from headrace.backends.sqlite.reading import ReadingThread
from headrace.backends.sqlite.schema import VERSION
from headrace.backends.sqlite.signals import SqliteSignalBus
from headrace.backends.sqlite.writer import Writer
from headrace.errors import StorageError
from headrace.storage.backend import MAX_BATCH_DEFAULT, MAX_PAYLOAD_DEFAULT, Capabilities, Health
from headrace.storage.clock import Clock, SystemClock


class SqliteBackend:
    """Jobs in one SQLite file. Two threads and two connections of its own while it is open, a third when it is busy.

    >>> import asyncio, tempfile
    >>> async def ask(folder: str) -> bool:
    ...     backend = SqliteBackend(f"sqlite:///{folder}/jobs.db")
    ...     await backend.open()
    ...     health = await backend.health()
    ...     await backend.close()
    ...     return health.ok
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     asyncio.run(ask(folder))
    True
    """

    def __init__(self, url: str, *, clock: Clock | None = None, max_payload: int = MAX_PAYLOAD_DEFAULT) -> None:
        self._url = url
        self._location = location = parse_url(url)
        self._clock = clock = clock or SystemClock()
        self._capabilities = Capabilities(
            transactions=True,
            settable_clock=True,
            processes=True,
            waiting_claims=True,
            events=True,
            max_batch=MAX_BATCH_DEFAULT,
            max_payload=max_payload,
        )
        self._opened = False
        folder = Folder(location.signals)
        self._folder = folder
        self._liveness = Liveness(folder)
        self._thread = ReadingThread(location, clock)
        self.signals = SqliteSignalBus(
            folder, data_version=lambda: self._writer.data_version(), on_work=lambda: self._writer.feed()
        )
        self._checkpointer = Checkpointer(location)
        self._writer = writer = Writer(location, clock, self.signals, on_wal_pages=self._checkpointer.note)
        self.jobs = SqliteJobStore(
            writer,
            self._capabilities,
            self._liveness,
            within=lambda connection: CallersConnection(connection, location, writer.begin),
        )
        self.reader = SqliteJobReader(self._thread)
        self.queues = SqliteQueueStore(writer, self._thread)
        self.limits = SqliteLimitStore(writer, self._thread)
        self.kv = SqliteKeyValueStore(writer, self._thread, max_value=max_payload)
        self.locks = SqliteLockStore(writer, self._liveness)
        self.events = SqliteEventLog(writer, self._thread)

    @property
    def url(self) -> str:
        """The URL it was made with."""
        return self._url

    @property
    def capabilities(self) -> Capabilities:
        """Transactions of the caller's, several processes, and the clock it is given."""
        return self._capabilities

    @property
    def clock(self) -> Clock:
        """The clock that decides: the host's, unless one was handed in."""
        return self._clock

    async def open(self) -> None:
        """Open the file, making it and its schema where there are none.

        Raises Unavailable, ReadOnly, StorageCorrupt, SchemaOutdated or, on a network file system, Unsupported.
        """
        if self._opened:
            return
        check_place(self._location)
        await self._writer.start()
        try:
            await self._thread.start()
        except BaseException:
            await self._writer.stop()
            raise
        self.signals.open()
        self._opened = True

    async def close(self) -> None:
        """Commit what is under way, stop the threads and close the connections."""
        if not self._opened:
            return
        self._opened = False
        self.signals.end_subscriptions()
        await self.jobs.settled()
        await self._writer.stop()
        self.signals.close()
        await self._thread.stop()
        self._checkpointer.stop()
        self._liveness.close()
        self._folder.close()

    async def health(self) -> Health:
        """Read something small, and tell the file's size."""
        begun = time.perf_counter()
        try:
            await self._writer.data_version()
        except StorageError as error:
            return Health(ok=False, latency=timedelta(0), problems=(str(error),))
        size, log_size = file_sizes(self._location.path)
        facts = {
            "path": str(self._location.path),
            "bytes": str(size),
            "wal_bytes": str(log_size),
            "schema": str(VERSION),
            "sqlite": sqlite_version(self._location),
            "synchronous": "full" if self._location.durable else "normal",
        }
        return Health(ok=True, latency=timedelta(seconds=time.perf_counter() - begun), facts=facts)

    async def check(self) -> list[str]:
        """What SQLite's own integrity check finds wrong; empty when the file is sound. Reads the whole file."""
        return await self._thread.quick_check()

    def migrator(self) -> SqliteMigrator:
        """What tells of the schema, and upgrades it, before the file is opened."""
        return SqliteMigrator(self._location.path, self._upgrade)

    async def _upgrade(self) -> None:
        await self.open()
        await self.close()

    def sibling(self) -> SqliteBackend:
        """Another backend on the same file, for another thread or event loop."""
        return SqliteBackend(self._url, clock=self._clock, max_payload=self._capabilities.max_payload)

    def vouch(self, worker: str) -> None:
        """Bind the worker's leases to the life of this process: see :mod:`headrace.backends.sqlite.liveness`."""
        self._liveness.vouch(worker)

    def disown(self, worker: str) -> None:
        """End what ``vouch`` began."""
        self._liveness.disown(worker)
