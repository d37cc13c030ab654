"""How long jobs of a task take: percentiles, for searches such as ``run:>p95``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Self

from headrace.model.job import Job, JobState
from headrace.model.page import PAGE_LIMIT_MAX, JobQuery
from headrace.model.search.asked import NOTHING, is_percentile
from headrace.model.search.tree import And, Compare, Is, Loose, Or, Query, Term
from headrace.storage.backend import Backend

SAMPLE_MAX = 2_000
"""Jobs whose run times percentiles are made of, the newest that succeeded: of all tasks, or of each that is named."""

SAMPLE_MIN = 20
"""Fewer say nothing of the slowest one in twenty: a task with so few has no percentiles, and its jobs do not match."""

NAMED_MAX = 20
"""Tasks of a search that are sampled each by itself; of more, the newest jobs of all of them tell."""


class Percentiles:
    """What the run times of each task's newest jobs that succeeded stay below: nearest ranks, of two thousand jobs."""

    def __init__(self, times: dict[str, list[timedelta]]) -> None:
        self._times = {task: sorted(each) for task, each in times.items() if len(each) >= SAMPLE_MIN}

    @classmethod
    async def of(cls, backend: Backend, query: JobQuery) -> Self:
        """Of the tasks that the search names, or of all of which jobs succeeded lately."""
        named = _tasks_of(query)
        groups = [(task,) for task in named] if 0 < len(named) <= NAMED_MAX else [named]
        times: dict[str, list[timedelta]] = {}
        for tasks in groups:
            for job in await _newest(backend, JobQuery(states=(JobState.SUCCEEDED,), tasks=tasks)):
                if job.started_at is not None and job.finished_at is not None:
                    times.setdefault(job.task, []).append(job.finished_at - job.started_at)
        return cls(times)

    def figures(self, term: Term) -> Query:
        """A percentile as figures, task by task; any other term as it is."""
        if not is_percentile(term):
            return term
        parts: list[Query] = []
        for test in term.tests:
            if isinstance(test, Compare) and isinstance(test.value, Loose):
                rank = int(test.value.text.removeprefix("p"))
                parts += [_compared(task, test, _ranked(times, rank)) for task, times in self._times.items()]
            else:
                parts.append(Term("run", (test,)))
        return Or(tuple(parts)) if parts else NOTHING


def _compared(task: str, test: Compare, figure: timedelta) -> Query:
    return And((Term("task", (Is(task),)), Term("run", (Compare(test.operator, figure),))))


def _ranked(times: Sequence[timedelta], percent: int) -> timedelta:
    """The nearest rank: the smallest of the times that so many in a hundred do not exceed."""
    return times[max(0, math.ceil(len(times) * percent / 100) - 1)]


def _tasks_of(query: JobQuery) -> tuple[str, ...]:
    """The tasks outside of which nothing is searched for; none where the search does not say."""
    if query.tasks:
        return query.tasks
    where = query.where
    for part in where.parts if isinstance(where, And) else (where,):
        if isinstance(part, Term) and part.field == "task" and all(isinstance(test, Is) for test in part.tests):
            return tuple(str(test.value) for test in part.tests if isinstance(test, Is))
    return ()


async def _newest(backend: Backend, query: JobQuery) -> list[Job]:
    found: list[Job] = []
    cursor: str | None = None
    while len(found) < SAMPLE_MAX:
        page = await backend.reader.find(query, cursor=cursor, limit=PAGE_LIMIT_MAX)
        found += page.items
        cursor = page.next_cursor
        if cursor is None or not page.complete:
            break
    return found
