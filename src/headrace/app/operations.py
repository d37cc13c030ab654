"""What people ask of jobs and queues: read them, cancel, retry, pause. All but ``find`` take many at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Unpack

from msgspec import structs
from msgspec.structs import replace

from headrace.app.catalogue import find_tasks, list_tasks
from headrace.app.edits import make_edits
from headrace.app.emptying import drain, purge_query
from headrace.app.limiting import Limiting
from headrace.app.migration import Migration, Misfit, check_jobs, migrate_jobs
from headrace.app.registry import TaskRegistry
from headrace.app.settlement import Settlement
from headrace.config import check_queue_name
from headrace.engine.orders import Order, give_levels, give_order
from headrace.engine.registry import WorkerRecord, list_workers
from headrace.errors import ConfigError, UsageError
from headrace.model import reasons
from headrace.model.catalogue import TaskRecord
from headrace.model.edits import Edits
from headrace.model.errors import ErrorGroup
from headrace.model.explanation import Explanation
from headrace.model.ids import JobId, WorkerId
from headrace.model.job import Attempt, Job, JobState, LogLine
from headrace.model.operation import Operation
from headrace.model.page import PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX, JobQuery, Page
from headrace.model.payload import Codecs
from headrace.model.queue import JobCount, QueueRate, QueueSettings, QueueStats
from headrace.model.search import Query, parse
from headrace.model.search.asked import asked_terms
from headrace.model.several import several
from headrace.storage.backend import Backend
from headrace.storage.jobs import Changed
from headrace.storage.signals import WORK, topic
from headrace.tasks.options import check_instant

if TYPE_CHECKING:
    from headrace.app.bulk import Bulk
    from headrace.app.keys import Keys
    from headrace.app.triage import Triage


class Operations(Limiting):
    """Reading and changing what is stored, through one backend on one event loop."""

    def __init__(self, backend: Backend, codecs: Codecs, registry: TaskRegistry) -> None:
        self._backend = backend
        self._registry = registry
        self._codecs = codecs
        self._settlement: Settlement | None = None

    @property
    def is_open(self) -> bool:
        """True between ``open`` and ``close``."""
        return self._settlement is not None

    @cached_property
    def bulk(self) -> Bulk:
        """Changes to all jobs that match a search: previewed, at a rate, with pause and abort."""
        from headrace.app.bulk import Bulk

        return Bulk(self.backend)

    @cached_property
    def keys(self) -> Keys:
        """The API keys that callers of the HTTP service are told apart by."""
        from headrace.app.keys import Keys

        return Keys(self)

    @cached_property
    def triage(self) -> Triage:
        """What people say of groups of errors: resolved, or to be ignored."""
        from headrace.app.triage import Triage

        return Triage(self)

    @property
    def backend(self) -> Backend:
        """The stores. Raises UsageError unless the app is open."""
        if self._settlement is None:
            raise _not_open()
        return self._backend

    async def get(self, job_id: str) -> Job:
        """The job as it is now, with its encoded result. Raises JobNotFound."""
        return await self._opened().read(JobId(job_id))

    async def find(
        self,
        *,
        states: Iterable[JobState | str] = (),
        queues: Iterable[str] = (),
        tasks: Iterable[str] = (),
        tags: Iterable[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        where: str | Query | None = None,
        cursor: str | None = None,
        limit: int = PAGE_LIMIT_DEFAULT,
        patience: timedelta | None = None,
    ) -> Page[Job]:
        """A page of jobs, newest first, without their results; each given filter must match.

        ``where`` is a search such as ``"state:dead task:mail.* since:2h"``; raises QueryError that points at what
        cannot be read. For the next page hand in ``next_cursor`` as ``cursor``. A page costs the same however deep it
        is: where no index leads to what matches, it ends after a look at 100,000 jobs, with ``complete`` False; with
        ``patience`` also after about that time. ``why:paused``, ``caused-by:op-...`` and ``run:>p95`` are understood
        here and in no other search; see ``docs/how-to/search.md``.
        """
        if not 1 <= limit <= PAGE_LIMIT_MAX:
            message = f"limit is the size of a page, from 1 to {PAGE_LIMIT_MAX}; got {limit!r}"
            raise ConfigError(message)
        query = JobQuery(
            states=tuple(_state(state) for state in several("states", states)),
            queues=several("queues", queues),
            tasks=several("tasks", tasks),
            tags=several("tags", tags),
            since=check_instant("since", since),
            until=check_instant("until", until),
            where=parse(where, asked=True) if isinstance(where, str) else where,
            patience=patience,
        )
        if query.where is not None and asked_terms(query.where):
            from headrace.app.asking import find_asked

            return await find_asked(self.backend, query, cursor=cursor, limit=limit)
        return await self.backend.reader.find(query, cursor=cursor, limit=limit)

    async def explain(self, job_id: str) -> Explanation:
        """Why the job is not running, or what it does if it is: a sentence, its evidence, and what would change it.

        What the job's task redacts is left out of error messages, as in every view. Raises JobNotFound.
        See :class:`~headrace.model.explanation.Explanation`.
        """
        # Imported here, because a program that enqueues needs none of it.
        from headrace.app.explaining import explain

        return await explain(self.backend, await self.get(job_id), self._registry)

    async def error_groups(
        self, *, where: str | Query | None = None, limit: int = PAGE_LIMIT_DEFAULT
    ) -> list[ErrorGroup]:
        """The errors of dead jobs, and of those to be retried, in groups of equal ones; the most deadly first.

        ``where`` is a search that the jobs must match.
        """
        query = JobQuery(where=parse(where) if isinstance(where, str) else where)
        return await self.backend.reader.error_groups(query, limit=limit)

    async def attempts(self, job_id: str) -> list[Attempt]:
        """The ended attempts of a job, oldest first, each with its times, worker and traceback."""
        return await self.backend.reader.attempts(JobId(job_id))

    async def logs(self, job_id: str) -> list[LogLine]:
        """What the job's handler logged, oldest first."""
        return await self.backend.reader.logs(JobId(job_id))

    async def counts(self, *, queues: Sequence[str] = ()) -> list[JobCount]:
        """How many jobs are in each state of each queue, from counters; states without jobs are left out."""
        return await self.backend.reader.counts(queues=several("queues", queues))

    async def stats(self, *, window: timedelta = timedelta(minutes=1)) -> list[QueueStats]:
        """Every queue at a glance: jobs by state, the oldest that waits, what happened within the last ``window``.

        All of it is read from counters, so it costs the same however many jobs there are.
        """
        reader, queues = self.backend.reader, await self.queues()
        counts: dict[str, dict[JobState, int]] = {}
        for count in await reader.counts():
            counts.setdefault(count.queue, {})[count.state] = count.count
        oldest = await reader.oldest_queued()
        rates = {rate.queue: rate for rate in await reader.rates(window=window)}
        return [
            QueueStats(
                queue=queue.name,
                paused=queue.paused,
                counts=counts.get(queue.name, {}),
                oldest_queued_at=oldest.get(queue.name),
                rate=rates.get(queue.name) or QueueRate(queue=queue.name, window=window),
            )
            for queue in queues
        ]

    async def queues(self) -> list[QueueSettings]:
        """Every queue that a job or a setting ever named, with its settings."""
        return await self.backend.queues.all()

    async def pause(self, queue: str, *, reason: str = "") -> None:
        """Let no job of the queue begin until ``resume``; running ones go on, and jobs can still be enqueued."""
        await self._set_paused(queue, paused=True, reason=reason)

    async def resume(self, queue: str) -> None:
        """Let the jobs of a paused queue begin again."""
        await self._set_paused(queue, paused=False, reason="")
        await self._backend.signals.publish([topic(WORK, queue)])

    async def drain(self, queue: str, *, timeout: float | timedelta | None = None) -> dict[JobState, int]:
        """Wait until no job of the queue is queued or running, and answer how many are in each other state.

        Nothing is paused and nothing cancelled: stop enqueuing first if it shall stay empty. Scheduled and waiting jobs
        do not count. Raises the builtin TimeoutError after ``timeout`` (seconds, or a timedelta), with what is left.
        """
        return await drain(self.backend, queue, timeout)

    async def purge(
        self,
        queue: str,
        *,
        states: Iterable[JobState | str] = (JobState.SCHEDULED, JobState.QUEUED, JobState.WAITING),
        author: str = "",
    ) -> Operation:
        """Delete the jobs of a queue that are in one of the states now, and answer the operation that has done it.

        In bounded steps, while workers go on: running jobs and those that are enqueued later stay. It is a bulk
        operation of ``app.bulk``: should this process die, a worker goes on.
        """
        where = purge_query(queue, [_state(state) for state in several("states", states)])
        return await self.bulk.run("delete", where=where, reason="purged", author=author)

    async def cancel(self, ids: Iterable[str], *, reason: str = reasons.CANCELLED) -> list[Changed]:
        """Cancel jobs that have not begun, and ask the workers of running ones to stop; answer *i* is for id *i*.

        Atomic in chunks of the store's largest batch.
        """
        return await self._in_chunks(ids, lambda chunk: self._backend.jobs.cancel_many(chunk, reason=reason))

    async def retry(self, ids: Iterable[str], **edits: Unpack[Edits]) -> list[Changed]:
        """Queue jobs again that are dead, cancelled or expired, with their attempts counted anew.

        With ``edits``, such as ``args={"order": 7}`` or ``queue="careful"``, no worker sees them as they were.
        """

        async def change(chunk: Sequence[JobId]) -> list[Changed]:
            made = await make_edits(self._backend, self._codecs, chunk, edits) if edits else []
            return await self._backend.jobs.retry_many(chunk, edits=made)

        return await self._in_chunks(ids, change)

    async def edit(self, ids: Iterable[str], **edits: Unpack[Edits]) -> list[Changed]:
        """Change jobs that are not running and have not succeeded: ``app.edit([job_id], priority=9)``."""

        async def change(chunk: Sequence[JobId]) -> list[Changed]:
            made = await make_edits(self._backend, self._codecs, chunk, edits)
            changed = {each.id: each for each in await self._backend.jobs.edit_many(made)}
            gone = Changed(id=JobId(""), state=None, changed=False)
            return [changed.get(job_id, replace(gone, id=job_id)) for job_id in chunk]

        return await self._in_chunks(ids, change)

    async def discard(self, ids: Iterable[str], *, reason: str = reasons.DISCARDED) -> list[Changed]:
        """End dead jobs as cancelled, so that nobody looks at them again; they can still be retried."""
        return await self._in_chunks(ids, lambda chunk: self._backend.jobs.discard_many(chunk, reason=reason))

    async def wake(self, ids: Iterable[str]) -> list[Changed]:
        """Queue jobs that are waiting, and note it for those that are about to wait: no wake-up is lost."""
        return await self._in_chunks(ids, lambda chunk: self._backend.jobs.wake_many(chunk))

    async def delete(self, ids: Iterable[str]) -> list[Changed]:
        """Delete jobs that are not running, with their history."""
        return await self._in_chunks(ids, lambda chunk: self._backend.jobs.delete_many(chunk))

    async def catalogue(self, *, tasks: Iterable[str] = ()) -> list[TaskRecord]:
        """The tasks that workers have told of when they started, by name; readable without their code.

        With ``tasks``, those of them that are there.
        """
        if names := list(tasks):
            found = await find_tasks(self.backend.kv, names)
            return [found[name] for name in sorted(found)]
        return await list_tasks(self.backend.kv)

    async def check_jobs(self) -> list[Misfit]:
        """The stored jobs that have not ended and that this build cannot run: unknown tasks, newer versions, arguments
        that it cannot read; counted by reason. Nothing is changed."""
        return await check_jobs(self.backend, self._registry)

    async def migrate_jobs(self, *, dry_run: bool = False) -> Migration:
        """Rewrite the arguments of waiting and dead jobs of older versions as this build stores them.

        In bounded steps, while workers go on; what runs or changes meanwhile is left alone. With ``dry_run`` nothing is
        changed.
        """
        return await migrate_jobs(self.backend, self._registry, dry_run=dry_run)

    async def workers(self) -> list[WorkerRecord]:
        """The workers heard of within the last half minute."""
        return await list_workers(self.backend.kv)

    async def order_worker(self, worker_id: str, order: Order | str) -> None:
        """Tell a worker to be ``quiet`` (claim nothing more), to ``stop`` as SIGTERM does, or to ``work`` again.

        It hears of it within seconds. Raises ConfigError for another word, and UsageError for a worker that was not
        heard of lately.
        """
        await give_order(self.backend, WorkerId(worker_id), order)

    async def set_worker_log(self, worker_id: str, levels: str) -> None:
        """Change what a worker logs while it runs: ``debug``, or ``info,headrace.sqlite=debug`` for single loggers.

        It hears of it within seconds, and logs so until it ends; its child processes that run already do not. Raises
        ConfigError for what is no level, and UsageError for a worker that was not heard of lately.
        """
        await give_levels(self.backend, WorkerId(worker_id), levels)

    def _opened(self) -> Settlement:
        """What waits on this event loop. Raises UsageError unless the app is open, and open on this one."""
        if self._settlement is None:
            raise _not_open()
        self._settlement.check_loop()
        return self._settlement

    async def _in_chunks(
        self, ids: Iterable[str], change: Callable[[Sequence[JobId]], Awaitable[list[Changed]]]
    ) -> list[Changed]:
        most = self.backend.capabilities.max_batch
        wanted = [JobId(job_id) for job_id in several("ids", ids)]
        answers: list[Changed] = []
        for start in range(0, len(wanted), most):
            answers += await change(wanted[start : start + most])
        return answers

    async def _set_paused(self, queue: str, *, paused: bool, reason: str) -> None:
        check_queue_name(queue)
        store = self.backend.queues
        known = {settings.name: settings for settings in await store.all()}
        now = self._backend.clock.now()
        settings = structs.replace(
            known.get(queue, QueueSettings(name=queue)),
            paused=paused,
            pause_reason=reason if paused and reason else None,
            paused_at=now if paused else None,
        )
        await store.configure_many([settings])


def _not_open() -> UsageError:
    return UsageError("the app is not open: use it inside 'async with app:', or await app.open() first")


def _state(state: JobState | str) -> JobState:
    try:
        return JobState(state)
    except ValueError:
        message = f"{state!r} is not a state of a job; the states are: {', '.join(JobState)}"
        raise ConfigError(message) from None
