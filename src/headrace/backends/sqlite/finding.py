"""How SQLite is asked for lists of jobs."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from headrace.backends.sqlite.rows import as_json, decode_jobs
from headrace.backends.sqlite.times import from_us, maybe_from_us, to_us
from headrace.backends.sqlite.transaction import Transaction
from headrace.backends.sqlite.translation import Translator
from headrace.model.job import FINAL_STATES, Job, JobState
from headrace.model.page import JobQuery, Page
from headrace.model.search.tree import And
from headrace.storage import finding
from headrace.storage.finding import Found

T = TypeVar("T")

QUICKLY_COLLECTED = 20_000
"""Places that are collected along an index within ten milliseconds."""

_BY_INDEX = {
    JobState.QUEUED: "SELECT seq FROM headrace_jobs WHERE state = 'queued'",
    JobState.RUNNING: "SELECT seq FROM headrace_jobs WHERE state = 'running'",
    JobState.SCHEDULED: "SELECT seq FROM headrace_jobs WHERE wake_at IS NOT NULL AND state = 'scheduled'",
    **{
        state: f"SELECT seq FROM headrace_jobs WHERE finished_at IS NOT NULL AND state = '{state}'"
        for state in sorted(FINAL_STATES)
    },
}
"""How an index leads to all jobs in a state. Jobs that wait without a limit are in none."""

_GIVEN = {
    "states": "j.state IN (SELECT value FROM json_each(:states))",
    "queues": "j.queue IN (SELECT value FROM json_each(:queues))",
    "tasks": "j.task IN (SELECT value FROM json_each(:tasks))",
    "tags": "NOT EXISTS (SELECT value FROM json_each(:tags) EXCEPT SELECT value FROM json_each(b.tags))",
    "since": "j.enqueued_at >= :since",
    "until": "j.enqueued_at < :until",
    "as_of": "max(j.enqueued_at, coalesce(j.started_at, 0), coalesce(j.finished_at, 0)) <= :as_of",
}


def find(transaction: Transaction, query: JobQuery, before: int | None, limit: int) -> Page[Job]:
    """A page of at most ``limit`` jobs with a ``seq`` below ``before``."""
    return at_once(Search(transaction, query, limit).page(before))


def at_once(asking: Coroutine[Any, Any, T]) -> T:
    """What a search answers, without an event loop: SQLite answers where it is asked, so nothing is waited for."""
    try:
        asking.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    raise AssertionError("a search of SQLite has waited for something")


class Search(finding.Search):
    """A search within one transaction."""

    by_index = _BY_INDEX
    quickly_collected = QUICKLY_COLLECTED

    def __init__(self, transaction: Transaction, query: JobQuery, limit: int) -> None:
        now = query.as_of or from_us(transaction.now)
        self._transaction = transaction
        self._translator = Translator(now)
        super().__init__(query, limit, now, self._translated(query))

    @property
    def values(self) -> dict[str, Any]:
        """What is bound in ``filters``, and in sources made with ``bind``."""
        return self._translator.values

    def bind(self, value: Any) -> str:
        """The name under which a value of a source is bound."""
        return self._translator.bind(value)

    def _translated(self, query: JobQuery) -> list[str]:
        given = {
            "states": as_json(query.states) if query.states else None,
            "queues": as_json(query.queues) if query.queues else None,
            "tasks": as_json(query.tasks) if query.tasks else None,
            "tags": as_json(query.tags) if query.tags else None,
            "since": None if query.since is None else to_us(query.since),
            "until": None if query.until is None else to_us(query.until),
            "as_of": None if query.as_of is None else to_us(query.as_of),
        }
        present = {name: value for name, value in given.items() if value is not None}
        self._translator.values.update(present)
        conditions = [_GIVEN[name] for name in present]
        if query.where is not None and query.where != And(()):
            conditions.append(self._translator.condition(query.where))
        return conditions

    def has_id(self, ids: Sequence[str]) -> str:
        return f"j.id IN (SELECT value FROM json_each({self.bind(as_json(ids))}))"

    async def counters(self) -> Iterable[tuple[str, str, int]]:
        return self._transaction.rows("get_counters")

    async def last_seq(self) -> int | None:
        return self._transaction.value("last_seq")  # type: ignore[no-any-return]

    async def enqueued_at(self, seq: int) -> datetime | None:
        return maybe_from_us(self._transaction.value("enqueued_at", {"seq": seq}))

    async def jobs_ahead(self, before: int, skip: int, floor: int) -> Sequence[int]:
        values = {"before": before, "skip": skip, "floor": floor}
        return [seq for (seq,) in self._transaction.rows("jobs_ahead", values)]

    async def places(self, by_index: str, top: int, bottom: int) -> list[int]:
        return self._transaction.column("find_places", by_index, {"before": top, "floor": bottom})

    async def rows(
        self,
        count: int,
        *,
        before: int | None = None,
        floor: int | None = None,
        source: str | None = None,
        places: Sequence[int] | None = None,
    ) -> list[Found]:
        conditions = [source] if source is not None else []
        values = {**self._translator.values, "limit": count}
        if before is not None:
            conditions.append("j.seq < :before")
            values["before"] = before
        if floor is not None:
            conditions.append("j.seq >= :floor")
            values["floor"] = floor
        if places is not None:
            conditions.append("j.seq IN (SELECT value FROM json_each(:places))")
            values["places"] = as_json(places)
        rows = decode_jobs(self._transaction.filtered("find_jobs", self.filters_with(*conditions), values))
        return [Found(row.seq, row.job()) for row in rows]
