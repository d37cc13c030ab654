"""The reading lane: queries on a connection of their own, so that a long list never delays a claim."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import apsw

from headrace.backends.sqlite.connecting import connect, file_identity
from headrace.backends.sqlite.faults import is_driver_error, translate
from headrace.backends.sqlite.lane import Lane, Operation
from headrace.backends.sqlite.location import Location
from headrace.backends.sqlite.times import to_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.storage.clock import Clock

T = TypeVar("T")

PROBLEMS_MAX = 20
"""Problems a check lists; a damaged file may have one on every page."""


class ReadingLane:
    """Runs queries, each in a snapshot of its own."""

    def __init__(self, location: Location, clock: Clock) -> None:
        self._location = location
        self._clock = clock
        self._connection: apsw.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._lane = Lane(
            "headrace-sqlite-reader",
            path=str(location.path),
            setup=self._setup,
            work=self._work,
            teardown=self._teardown,
        )

    async def start(self) -> None:
        await self._lane.start()

    async def stop(self) -> None:
        await self._lane.stop()

    async def run(self, query: Callable[[Transaction], T]) -> T:
        """Run a query; all its statements see the same snapshot."""
        return await self._lane.submit(query)

    async def quick_check(self) -> list[str]:
        """What SQLite's own check finds wrong with the file; empty when it is sound. Reads the whole file."""
        return await self._lane.submit(self._check)

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

    def _work(self, group: list[Operation[Any]]) -> None:
        for operation in group:
            try:
                self._follow()
                operation.reply = self._query(operation)
            except Exception as error:
                operation.error = translate(error, str(self._location.path))

    def _query(self, operation: Operation[Any]) -> Any:
        connection = self._connection
        assert connection is not None
        if operation.function == self._check:
            return operation.function(None)  # about the file as it is, not about a snapshot
        connection.execute("BEGIN")
        try:
            now, mono = to_us(self._clock.now()), int(self._clock.monotonic() * 1_000_000)
            return operation.function(Transaction(connection, now=now, mono=mono))
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
