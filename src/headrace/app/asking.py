"""Lists of jobs by what no job holds: why it is not running, what changed it, how it compares with others.

Percentiles become figures before the search. Whether a job is held back by this or that is asked of each job that the
rest of the search finds, and what an operation has changed is read from its own record.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from headrace.app.explaining import codes
from headrace.app.percentiles import Percentiles
from headrace.engine.items import Items
from headrace.engine.operation_store import OperationStore
from headrace.errors import ConfigError
from headrace.model.job import PENDING_STATES, Job
from headrace.model.operation import OperationId
from headrace.model.page import PAGE_LIMIT_MAX, JobQuery, Page
from headrace.model.search import matches
from headrace.model.search.asked import NOTHING, answered, asked_terms, codes_of, is_percentile, widened
from headrace.model.search.tree import EVERYTHING, And, Is, Query, Term
from headrace.storage.backend import Backend

PAGES_MAX = 50
"""Pages that are looked through for one, where few of the jobs match."""

FULL_ENOUGH = 3 / 4
"""A page this full is handed out: the rest is not worth as many looks as there are jobs missing."""

Read = Callable[[str | None, int], Awaitable[Page[Job]]]
Answers = list[Callable[[Term], Query]]


async def find_asked(backend: Backend, query: JobQuery, *, cursor: str | None, limit: int) -> Page[Job]:
    """A page of jobs by a search with such terms. It can be shorter than ``limit`` where another one follows.

    Raises ConfigError for a ``caused-by`` that is not to be met by all that is found, and OperationNotFound.
    """
    where = query.where or EVERYTHING
    if any(is_percentile(term) for term in asked_terms(where)):
        where = answered(where, (await Percentiles.of(backend, query)).figures)
    query = replace(query, where=where)
    if not asked_terms(where):
        return await backend.reader.find(query, cursor=cursor, limit=limit)
    operation, where = _cause(where)
    wide = replace(query, where=widened(where))
    if operation is None:

        async def read(cursor: str | None, size: int) -> Page[Job]:
            return await backend.reader.find(wide, cursor=cursor, limit=size)
    else:
        await OperationStore(backend.kv).get(operation)

        async def read(cursor: str | None, size: int) -> Page[Job]:
            return await _changed_by(backend, operation, wide, cursor, size)

    return await _filtered(backend, replace(query, where=where), read, cursor=cursor, limit=limit)


async def _filtered(backend: Backend, query: JobQuery, read: Read, *, cursor: str | None, limit: int) -> Page[Job]:
    begun, patience = backend.clock.monotonic(), query.patience or timedelta.max
    found: list[Job] = []
    reached: datetime | None = None
    for _ in range(PAGES_MAX):
        page = await read(cursor, limit - len(found))
        found += await _kept(backend, query.where or EVERYTHING, page.items)
        cursor = page.next_cursor
        if cursor is None or not page.complete or len(found) >= FULL_ENOUGH * limit:
            return replace(page, items=found)
        reached = page.items[-1].enqueued_at if page.items else reached
        if backend.clock.monotonic() - begun >= patience.total_seconds():
            break
    return Page(items=found, next_cursor=cursor, complete=False, reached=reached)


async def _kept(backend: Backend, where: Query, jobs: Sequence[Job]) -> list[Job]:
    """Those of the jobs that the whole search fits, once it is asked why they are not running."""
    if not asked_terms(where):
        return list(jobs)
    answers, now = await _answers(backend, jobs), backend.clock.now()
    return [job for job, answer in zip(jobs, answers, strict=True) if matches(answered(where, answer), job, now)]


async def _answers(backend: Backend, jobs: Sequence[Job]) -> Answers:
    """For each job what stands for a ``why``."""
    pending = [job for job in jobs if job.state in PENDING_STATES]
    told = dict(zip([job.id for job in pending], await codes(backend, pending), strict=True)) if pending else {}
    return [_answer(told.get(job.id)) for job in jobs]


def _answer(code: str | None) -> Callable[[Term], Query]:
    return lambda term: EVERYTHING if code in codes_of(term) else NOTHING


def _cause(where: Query) -> tuple[OperationId | None, Query]:
    """The operation that has changed all that is wanted, if one is named, and what else is asked for."""
    parts = where.parts if isinstance(where, And) else (where,)
    causes = [part for part in parts if isinstance(part, Term) and part.field == "caused-by"]
    rest = And(tuple(part for part in parts if part not in causes))
    one = len(causes) == 1 and len(causes[0].tests) == 1
    if any(term.field == "caused-by" for term in asked_terms(rest)) or (causes and not one):
        raise ConfigError(
            "caused-by names one operation, beside which anything else can stand, but not OR or NOT before it"
        )
    if not causes:
        return None, where
    [test] = causes[0].tests
    assert isinstance(test, Is)
    return OperationId(str(test.value)), rest


async def _changed_by(
    backend: Backend, operation: OperationId, query: JobQuery, cursor: str | None, size: int
) -> Page[Job]:
    """The jobs that the operation changed and that the query fits, in the order in which they were changed."""
    page = await Items(backend.kv).page(operation, cursor=cursor, limit=size)
    ids = tuple(Is(each.job_id) for each in page.items if each.changed)
    if not ids:
        return Page(items=[], next_cursor=page.next_cursor)
    of_them = replace(query, where=And((Term("id", ids), query.where or EVERYTHING)))
    found = await backend.reader.find(of_them, limit=PAGE_LIMIT_MAX)
    return Page(items=found.items, next_cursor=page.next_cursor)
