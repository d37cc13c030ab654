"""The writing thread: group commit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import apsw

from headrace.backends.sqlite.connecting import connect, file_identity
from headrace.backends.sqlite.connection_thread import ConnectionThread, Errand, deliver_replies
from headrace.backends.sqlite.faults import translate
from headrace.backends.sqlite.location import Location
from headrace.backends.sqlite.log_file import LogFile
from headrace.backends.sqlite.parking import Parking
from headrace.backends.sqlite.schema import prepare
from headrace.backends.sqlite.signals import SqliteSignalBus
from headrace.backends.sqlite.times import to_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.errors import StorageError, Unavailable
from headrace.storage.clock import Clock
from headrace.storage.signals import WORK

T = TypeVar("T")

log = logging.getLogger("headrace.sqlite")


class Writer:
    """Runs verbs in transactions. Everything that waits when a transaction begins shares it and its commit.

    A verb that raises spoils the shared transaction: it is rolled back, and each verb runs again in one of its own, so
    that only the one at fault sees the error. Verbs must therefore have no effect but on the database.
    """

    def __init__(
        self, location: Location, clock: Clock, signals: SqliteSignalBus, *, on_wal_pages: Callable[[int], None]
    ) -> None:
        self._location = location
        self._clock = clock
        self._signals = signals
        self._on_wal_pages = on_wal_pages
        self._connection: apsw.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._topics: dict[str, None] = {}
        self._parking = Parking()
        self._log_file = LogFile(location.path)
        self._wrote = False
        self._thread = ConnectionThread(
            "headrace-sqlite-writer",
            path=str(location.path),
            setup=self._setup,
            work=self._work,
            deliver=self._deliver,
            teardown=self._teardown,
        )

    async def start(self) -> None:
        await self._thread.start()

    async def stop(self) -> None:
        await self._thread.stop()

    async def run(
        self,
        verb: Callable[[Transaction], T],
        *,
        durable: bool = True,
        shortcut: Callable[[Transaction], T | None] | None = None,
    ) -> T:
        """Run a verb in a transaction; it has committed, and its signals are sent, when this returns.

        ``durable`` waits for the disk. Without it, a power cut may undo the verb (a crash of the process does not):
        right for claims and heartbeats, which a power cut ends anyway. ``shortcut`` is asked first, and what it answers
        spares the transaction, so that a look at an idle store writes nothing and waits for nobody.
        """
        return await self._thread.submit(verb, durable=durable and self._location.durable, shortcut=shortcut)

    def park(self, verb: Callable[[Transaction], T], *, shortcut: Callable[[Transaction], T | None]) -> Errand[T]:
        """Run a verb that may wait for a better answer than an empty one: until ``unpark``, or for ever."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        errand = Errand(verb, future, shortcut=shortcut, parks=True)
        self._thread.hand_over(errand)
        return errand

    def unpark(self, errand: Errand[Any]) -> asyncio.Future[bool]:
        """Have what ``park`` gave answered now, with nothing if need be; it has been when what this answers is done."""

        def release(_: Transaction) -> bool:
            self._parking.release(errand.future)
            return True

        return self._thread.submit(release, shortcut=release)

    def feed(self) -> None:
        """Try what is parked, soon: another process may have brought something. Never raises."""
        if self._parking.empty:
            return

        def feed(transaction: Transaction) -> bool:
            self._parking.feed(transaction, anyway=True)
            return True

        def shortcut(transaction: Transaction) -> bool | None:
            return True if self._parking.in_vain(transaction) else None

        with suppress(StorageError):
            fed = self._thread.submit(feed, shortcut=shortcut)
            # A failure is the next caller's to hear: this is a hint.
            fed.add_done_callback(lambda future: future.cancelled() or future.exception())

    async def data_version(self) -> int:
        """A number that changes whenever another connection, of any process, has committed. Writes nothing."""
        return await self._thread.submit(_data_version, shortcut=_data_version)

    def _setup(self) -> None:
        self._connection = connection = connect(self._location)
        prepare(connection, self._location.path)
        self._identity = file_identity(self._location.path)
        connection.pragma("synchronous", "normal")
        connection.set_wal_hook(self._committed)

    def _teardown(self) -> None:
        self._log_file.close()
        self._parking.release_all()
        deliver_replies(self._parking.to_tell())
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _committed(self, connection: apsw.Connection, database: str, pages: int) -> int:
        self._on_wal_pages(pages)
        return apsw.SQLITE_OK

    def _follow(self) -> None:
        """Open the file anew when another took its place: what is written to a deleted file is lost with it."""
        if self._connection is None or file_identity(self._location.path) != self._identity:
            log.warning("%s was removed or replaced while it was in use; it is opened anew", self._location.path)
            self._teardown()
            self._setup()

    def _work(self, group: list[Errand[Any]]) -> None:
        try:
            self._follow()
            remaining = self._take_shortcuts(group)
            if remaining:
                self._transact(remaining)
        except Exception as error:
            if len(group) == 1:
                group[0].error = translate(error, str(self._location.path))
                return
            for errand in group:
                self._work([errand])

    def _take_shortcuts(self, group: list[Errand[Any]]) -> list[Errand[Any]]:
        """What is left to do in a transaction. With anything to write, the others may as well ride along."""
        if any(errand.shortcut is None for errand in group):
            return group
        glance = self.begin(self._connection)
        remaining = []
        for errand in group:
            assert errand.shortcut is not None
            errand.reply = errand.shortcut(glance)
            if errand.reply is None:
                remaining.append(errand)
        return remaining

    def _transact(self, group: list[Errand[Any]]) -> None:
        connection = self._connection
        assert connection is not None
        try:
            connection.execute("BEGIN IMMEDIATE")
        except Exception as error:
            # No verb is at fault. Tried one by one, each would wait for the whole busy timeout again, and the last of
            # a full group would hear after half an hour that the database is locked.
            for errand in group:
                errand.error = translate(error, str(self._location.path))
            return
        try:
            transaction = self.begin(connection)
            for errand in group:
                errand.reply = errand.function(transaction)
            transaction.announce_room()
            self._parking.feed(transaction)
            transaction.flush()
            connection.execute("COMMIT")
        except BaseException:
            self._parking.rolled_back()
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self._wrote = True
        self._parking.committed()
        self._topics.update(transaction.topics)

    def _deliver(self, group: list[Errand[Any]]) -> None:
        """Tell the callers and, in the same hop, the subscribers here: a waiting worker is woken before all others."""
        topics, self._topics = self._topics, {}
        told = [*self._parking.to_tell(), *(each for each in group if not self._parking.take(each))]
        self._parking.told()
        # What need not reach the disk is answered first: a job may begin while its enqueue is still being synced.
        soon = [each for each in told if not each.durable or each.error is not None]
        first = partial(self._signals.tell_here, topics) if topics else None
        if soon:
            deliver_replies(soon, first)
            first = None
        if len(soon) < len(told):
            durable = [each for each in told if each.durable and each.error is None]
            if self._wrote:
                self._sync_log(durable)
            deliver_replies(durable, first)
        if topics:
            self._signals.tell_elsewhere(topics)

    def _sync_log(self, errands: list[Errand[Any]]) -> None:
        """Wait until the log is on the disk. If that fails, nobody is told that it is."""
        try:
            self._log_file.sync()
            self._wrote = False
        except OSError as error:
            for errand in errands:
                errand.error = Unavailable(
                    f"{self._location.path} was written, but syncing its log to the disk failed ({error}); the effect "
                    "may be there, and may not survive a power cut"
                )

    def begin(self, connection: Any) -> Transaction:
        """A transaction object at the present instant."""
        now, mono = self._clock.now(), self._clock.monotonic()
        return Transaction(connection, now=to_us(now), mono=int(mono * 1_000_000), heard=self._heard)

    def _heard(self, kind: str) -> bool:
        return (kind == WORK and not self._parking.empty) or self._signals.heard(kind)


def _data_version(transaction: Transaction) -> int:
    return int(transaction.value("data_version"))
