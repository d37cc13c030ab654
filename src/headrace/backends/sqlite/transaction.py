"""One transaction under way: statements, the instant it happens at, and the counters it changes.

Verbs are plain functions over this class, so that the same code runs on headrace's own connection and inside the
caller's, be it apsw's or the standard library's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Protocol

import apsw

from headrace.backends.sqlite.statements import insert_rows, sql
from headrace.backends.sqlite.times import duration_us
from headrace.model.job import FINAL_STATES
from headrace.model.queue import RATE_BUCKET
from headrace.storage.lanes.rules import Rules, decode_rules
from headrace.storage.signals import EVENT, WORK, topic

Bindings = Mapping[str, Any] | Sequence[Any]

RATE_BUCKET_US = duration_us(RATE_BUCKET)
_ARRAYS = hasattr(apsw, "carray") and "ENABLE_CARRAY" in apsw.compile_options
_CHUNKS = (50, 10, 4, 1)
"""Sizes of multi-row inserts. Few sizes, so that their statements stay prepared. Measured: 20 to 50 rows a statement
are quickest; a statement of 1,000 rows is a quarter slower, for the registers that SQLite has to set up."""


class Connection(Protocol):
    """What apsw.Connection and sqlite3.Connection share."""

    def execute(self, statements: str, bindings: Any = ..., /) -> Iterable[Any]: ...


class Transaction:
    """Statements at one instant. ``now`` is in microseconds since 1970, ``mono`` in those of the monotonic clock.

    ``starved`` is whether claims wait for room that limits or orders do not leave, once a statement has told.
    """

    __slots__ = ("_connection", "_counts", "_freed", "_heard", "_rates", "_rules", "mono", "now", "starved", "topics")

    def __init__(
        self, connection: Connection, *, now: int, mono: int, heard: Callable[[str], bool] = lambda kind: False
    ) -> None:
        self._connection = connection
        self._heard = heard
        self.now = now
        self.mono = mono
        self.topics: dict[str, None] = {}
        self._counts: dict[tuple[str, str], int] = {}
        self._rates: dict[tuple[str, str], int] = {}
        self._freed: set[str] = set()
        self._rules: Rules | None = None
        self.starved: bool | None = None

    def run(self, name: str, bindings: Bindings = ()) -> None:
        """Execute ``sql/NAME.sql``, which answers no rows."""
        self._connection.execute(sql(name), bindings)

    def rows(self, name: str, bindings: Bindings = ()) -> Iterator[tuple[Any, ...]]:
        """Execute ``sql/NAME.sql`` and answer its rows, all read."""
        return iter(list(self._connection.execute(sql(name), bindings)))

    def value(self, name: str, bindings: Bindings = ()) -> Any:
        """Execute ``sql/NAME.sql`` and answer the first column of its first row, or None."""
        for row in list(self._connection.execute(sql(name), bindings)):
            return row[0]
        return None

    def filtered(self, name: str, filters: str, bindings: Bindings) -> Any:
        """Like ``value``, with the word FILTERS of the statement replaced by conditions (our own text, never data)."""
        for row in list(self._connection.execute(sql(name).replace("FILTERS", filters), bindings)):
            return row[0]
        return None

    def column(self, name: str, filters: str, bindings: Bindings) -> list[Any]:
        """Like ``filtered``, with the first column of every row."""
        return [row[0] for row in self._connection.execute(sql(name).replace("FILTERS", filters), bindings)]

    def insert(self, name: str, rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows by ``sql/NAME.sql``, many in each statement."""
        if rows:
            self.insert_flat(name, len(rows[0]), list(chain.from_iterable(rows)))

    def insert_flat(self, name: str, width: int, values: list[Any]) -> None:
        """The same from one list of all values, row after row.

        A thousand rows as a thousand tuples set the garbage collector to work; as one list they do not.
        """
        start, left = 0, len(values) // width
        for size in _CHUNKS:
            while left >= size:
                end = start + size * width
                self._connection.execute(insert_rows(name, size), values[start:end])
                start, left = end, left - size

    @property
    def takes_arrays(self) -> bool:
        """Whether statements can read ``carray(?)``: apsw's own copy of SQLite can, others need not."""
        return _ARRAYS and isinstance(self._connection, apsw.Connection)

    def run_on_array(self, name: str, bindings: Sequence[Any], array: Sequence[str | bytes]) -> None:
        """Execute ``sql/NAME.sql``, whose last parameter is an array: all of texts without NUL, or all of bytes.

        However long the array is, it is one step for SQLite, in which the interpreter's lock is free all the time:
        what another thread does in Python meanwhile is done at the same time. (The other way, each statement waits up
        to the interpreter's switch interval for that thread.)
        """
        self._connection.execute(sql(name), (*bindings, apsw.carray(tuple(array))))

    def move(self, queue: str, source: str | None, target: str | None, count: int = 1) -> None:
        """Note that ``count`` jobs of a queue went from one state to another (None: from or to nowhere)."""
        if source is not None:
            self._counts[queue, source] = self._counts.get((queue, source), 0) - count
            if source == "running" or ((target is None or target in FINAL_STATES) and source not in FINAL_STATES):
                self._freed.add(queue)
        if target is not None:
            self._counts[queue, target] = self._counts.get((queue, target), 0) + count

    def happened(self, queue: str, event: str, count: int = 1) -> None:
        """Note an event for the rates."""
        self._rates[queue, event] = self._rates.get((queue, event), 0) + count

    def counted(self, state: str, queue: str | None = None) -> int:
        """How many jobs of a queue, or of all, are in a state, what this transaction moved included."""
        stored = int(self.value("get_counter", {"state": state, "queue": queue}))
        return stored + sum(
            n for (of, kind), n in self._counts.items() if kind == state and (queue is None or of == queue)
        )

    def rules(self) -> Rules:
        """The rules that claims obey, read once."""
        if self._rules is None:
            self._rules = decode_rules(self.value("rules"))
        return self._rules

    def forget_rules(self) -> None:
        """They are being changed."""
        self._rules = None

    def heard(self, kind: str) -> bool:
        """Whether anybody, in any process, listens to signals of this kind."""
        return self._heard(kind)

    def announce(self, kind: str, name: str) -> None:
        """Note a signal that is to be sent once this has committed."""
        if self._heard(kind):
            self.topics[topic(kind, name)] = None

    def announce_room(self) -> None:
        """Tell the claims that limits or orders may have held back, where this transaction made room for them."""
        if not self._freed or self.starved is False or not self._heard(WORK):
            return
        waiting = [queue for (queue,) in self.rows("openings")]
        rules = self.rules() if waiting else None
        for queue in waiting:
            if queue in self._freed or (rules is not None and (rules.store_limit is not None or rules.tasks)):
                self.announce(WORK, queue)
                self.run("called", (queue,))

    def flush(self) -> None:
        """Write the counters, and tell those who read the journal; called once, before the commit."""
        if self._counts:
            self.announce(EVENT, "*")
        counts = [(queue, state, n) for (queue, state), n in self._counts.items() if n]
        if counts:
            self.insert("add_counters", counts)
        if self._rates:
            bucket = self.now // RATE_BUCKET_US
            self.insert("add_rates", [(bucket, queue, event, n) for (queue, event), n in self._rates.items()])
        self._counts.clear()
        self._rates.clear()
