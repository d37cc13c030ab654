"""Stored jobs and this build of the program: which of them it cannot run, and rewriting those of older versions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from headrace.model.job import PENDING_STATES, Job, JobState
from headrace.model.page import JobQuery
from headrace.storage.backend import Backend
from headrace.storage.jobs import JobEdit
from headrace.tasks.task import Task

if TYPE_CHECKING:
    from headrace.app.registry import TaskRegistry

PAGE = 500
"""Jobs read, and rewritten in one transaction: a store that is at work is not held up by more."""

EXAMPLES_MAX = 5
"""Jobs named for each reason; of a thousand, a few are enough to look at."""


class Misfit(Struct, kw_only=True):
    """Jobs that this build cannot run, for one reason. ``examples`` are the ids of some of them."""

    task: str
    version: int
    reason: str
    count: int = 0
    examples: tuple[str, ...] = ()


class Migration(Struct, kw_only=True):
    """What a migration did, or would do: jobs rewritten, left alone because they changed meanwhile, and misfits."""

    migrated: int = 0
    left: int = 0
    misfits: tuple[Misfit, ...] = ()


async def check_jobs(backend: Backend, registry: TaskRegistry) -> list[Misfit]:
    """The stored jobs that have not ended and that this build cannot run, by reason."""
    misfits = _Misfits()
    async for page in _pages(backend, (*PENDING_STATES, JobState.RUNNING)):
        for job in page:
            task = registry.find(job.task)
            try:
                why = _stranger(job, task)
                if task is not None and why is None:
                    task.check(job)
            except Exception as error:
                why = f"{type(error).__name__}: {error}"
            if why is not None:
                misfits.add(job, why)
    return misfits.found()


async def migrate_jobs(backend: Backend, registry: TaskRegistry, *, dry_run: bool) -> Migration:
    """Rewrite the arguments of jobs of older versions, page by page, while workers go on; dead jobs, too.

    A job that is running, or that changed since it was read, is left alone; it is upcast when it runs.
    """
    misfits = _Misfits()
    done = Migration()
    async for page in _pages(backend, (*PENDING_STATES, JobState.DEAD)):
        edits: list[JobEdit] = []
        for job in page:
            task = registry.find(job.task)
            if task is None or job.task_version >= task.version:
                continue
            try:
                payload = task.migrated(job)
            except Exception as error:
                misfits.add(job, f"{type(error).__name__}: {error}")
                continue
            edits.append(JobEdit(id=job.id, payload=payload, task_version=task.version, if_payload=job.payload))
        changed = len(edits)
        if edits and not dry_run:
            changed = sum(reply.changed for reply in await backend.jobs.edit_many(edits))
        done.migrated += changed
        done.left += len(edits) - changed
    done.misfits = tuple(misfits.found())
    return done


def _stranger(job: Job, task: Task[..., object] | None) -> str | None:
    if task is None:
        return "this build has no task of that name"
    if job.task_version > task.version:
        return f"this build has version {task.version} of it"
    return None


async def _pages(backend: Backend, states: Iterable[JobState]) -> AsyncIterator[list[Job]]:
    query, cursor = JobQuery(states=tuple(states)), None
    while True:
        page = await backend.reader.find(query, cursor=cursor, limit=PAGE)
        yield list(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return


class _Misfits:
    """Counts jobs by task, version and reason."""

    def __init__(self) -> None:
        self._by_reason: dict[tuple[str, int, str], Misfit] = {}

    def add(self, job: Job, reason: str) -> None:
        key = (job.task, job.task_version, reason)
        found = self._by_reason.setdefault(key, Misfit(task=job.task, version=job.task_version, reason=reason))
        found.count += 1
        if len(found.examples) < EXAMPLES_MAX:
            found.examples = (*found.examples, job.id)

    def found(self) -> list[Misfit]:
        return [self._by_reason[key] for key in sorted(self._by_reason)]
