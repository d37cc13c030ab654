"""The reading thread: queries on a connection of their own, so that a long list never delays a claim."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import apsw

from headrace.backends.sqlite.connecting import connect, file_identity
from headrace.backends.sqlite.connection_thread import ConnectionThread, Errand
from headrace.backends.sqlite.faults import is_driver_error, translate
from headrace.backends.sqlite.location import Location
from headrace.backends.sqlite.times import to_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.storage.clock import Clock

T = TypeVar("T")

PROBLEMS_MAX = 20
"""Problems a check lists; a damaged file may have one on every page."""


class ReadingThread:
    """Runs queries, each in a snapshot of its own."""

    def __init__(self, location: Location, clock: Clock) -> None:
        self._location = location
        self._clock = clock
        self._connection: apsw.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._thread = ConnectionThread(
            "headrace-sqlite-reader",
            path=str(location.path),
            setup=self._setup,
            work=self._work,
            teardown=self._teardown,
        )

    async def start(self) -> None:
        await self._thread.start()

    async def stop(self) -> None:
        await self._thread.stop()

    async def run(self, query: Callable[[Transaction], T]) -> T:
        """Run a query; all its statements see the same snapshot."""
        return await self._thread.submit(query)

    async def quick_check(self) -> list[str]:
        """What SQLite's own check finds wrong with the file; empty when it is sound. Reads the whole file."""
        return await self._thread.submit(self._check)

    def _setup(self) -> None:
        self._connection = connect(self._location, reading=True)
        self._identity = file_identity(self._location.path)

    def _follow(self) -> None:
        """Open the file anew when another took its place."""
        if self._connection is None or file_identity(self._location.path) != self._identity:
            self._teardown()
            self._setup()

    def _teardown(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _work(self, group: list[Errand[Any]]) -> None:
        for errand in group:
            try:
                self._follow()
                errand.reply = self._query(errand)
            except Exception as error:
                errand.error = translate(error, str(self._location.path))

    def _query(self, errand: Errand[Any]) -> Any:
        connection = self._connection
        assert connection is not None
        if errand.function == self._check:
            return errand.function(None)  # about the file as it is, not about a snapshot
        connection.execute("BEGIN")
        try:
            now, mono = to_us(self._clock.now()), int(self._clock.monotonic() * 1_000_000)
            return errand.function(Transaction(connection, now=now, mono=mono))
        finally:
            if connection.in_transaction:
                connection.execute("COMMIT")

    def _check(self, _: object) -> list[str]:
        assert self._connection is not None
        try:
            found = [str(row[0]) for row in self._connection.execute(f"PRAGMA quick_check({PROBLEMS_MAX})")]
        except Exception as error:
            if not is_driver_error(error):
                raise
            return [str(error)]  # so damaged that even the check cannot go on
        return [] if found == ["ok"] else found
