"""A stand-in for an app: the same questions, put to a server."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from headrace.cli.remote import models
from headrace.cli.remote.backend import RemoteBackend
from headrace.cli.remote.bulk import RemoteBulk
from headrace.cli.remote.calls import task_call
from headrace.cli.remote.events import RemoteEvents
from headrace.cli.remote.marks import RemoteKeys, RemoteTriage
from headrace.cli.remote.refusing import needs_a_store
from headrace.cli.remote.schedules import RemoteSchedules
from headrace.cli.remote.searching import search_text
from headrace.errors import ConfigError, UsageError
from headrace.model import reasons
from headrace.model.job import JobState
from headrace.model.limits import LimitTarget
from headrace.model.page import PAGE_LIMIT_DEFAULT, Page
from headrace.model.queue import JobCount

if TYPE_CHECKING:
    from headrace.client import AsyncClient, AsyncRemoteJob
    from headrace.engine.registry import WorkerRecord
    from headrace.model.catalogue import TaskRecord
    from headrace.model.errors import ErrorGroup
    from headrace.model.explanation import Explanation
    from headrace.model.job import Attempt, Job, LogLine
    from headrace.model.limits import LimitUsage
    from headrace.model.queue import QueueSettings, QueueStats
    from headrace.model.search import Query
    from headrace.storage.jobs import Changed
    from headrace.tasks.call import Call

LOOK_S = 2.0
"""For how long a search goes on that has not filled its page, for a person who waits."""


class RemoteApp:
    """What commands ask of an app. Names, arguments and answers are those of :class:`~headrace.Headrace`."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self.backend = RemoteBackend(self, client)
        self.bulk = RemoteBulk(client)
        self.events = RemoteEvents(client)
        self.keys = RemoteKeys(client)
        self.schedules = RemoteSchedules(client)
        self.triage = RemoteTriage(client)

    def __getattr__(self, name: str) -> NoReturn:
        raise needs_a_store(name)

    async def enqueue(self, call: Call[Any]) -> AsyncRemoteJob:
        """Enqueue a job of a task that the server, or any worker, knows."""
        return await self._client.enqueue(task_call(call))

    async def get(self, job_id: str) -> Job:
        """The job, with its result."""
        return models.job(await self._client.get(job_id))

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
    ) -> Page[Job]:
        """A page of jobs, newest first. A server answers parts of one that take it long, and is asked for the next."""
        text = search_text(where, states=states, queues=queues, tasks=tasks, tags=tags, since=since, until=until)
        found: list[Job] = []
        ends = time.monotonic() + LOOK_S
        while True:
            page = await self._client.find(text, cursor=cursor, limit=limit - len(found))
            found += map(models.job, page.items)
            if page.complete or len(found) == limit or time.monotonic() >= ends:
                break
            cursor = page.next_cursor
        return Page(items=found, next_cursor=page.next_cursor, complete=page.complete, reached=page.reached)

    async def settled(self, job_id: str, timeout: float | None = None) -> Job:
        """The job once it has ended."""
        await self._client.settled(job_id, timeout)
        return await self.get(job_id)

    async def attempts(self, job_id: str) -> list[Attempt]:
        """The ended attempts of a job."""
        return [models.attempt(view) for view in await self._client.attempts(job_id)]

    async def logs(self, job_id: str) -> list[LogLine]:
        """What a job's handler logged."""
        return await self._client.logs(job_id)

    async def explain(self, job_id: str) -> Explanation:
        """Why a job is where it is."""
        return models.explanation(await self._client.explain(job_id))

    async def error_groups(
        self, *, where: str | Query | None = None, limit: int = PAGE_LIMIT_DEFAULT
    ) -> list[ErrorGroup]:
        """The errors of jobs, in groups."""
        return [models.error_group(view) for view in await self._client.error_groups(search_text(where), limit=limit)]

    async def cancel(self, ids: Iterable[str], *, reason: str = reasons.CANCELLED) -> list[Changed]:
        """Cancel jobs."""
        return [models.changed(view) for view in await self._client.cancel(ids, reason=reason)]

    async def retry(self, ids: Iterable[str], **edits: Any) -> list[Changed]:
        """Queue jobs again."""
        return [models.changed(view) for view in await self._client.retry(ids, **edits)]

    async def edit(self, ids: Iterable[str], **edits: Any) -> list[Changed]:
        """Change jobs."""
        return [models.changed(view) for view in await self._client.edit(ids, **edits)]

    async def discard(self, ids: Iterable[str], *, reason: str = reasons.DISCARDED) -> list[Changed]:
        """Give dead jobs up."""
        return [models.changed(view) for view in await self._client.discard(ids, reason=reason)]

    async def delete(self, ids: Iterable[str]) -> list[Changed]:
        """Delete jobs."""
        return [models.changed(view) for view in await self._client.delete(ids)]

    async def queues(self) -> list[QueueSettings]:
        """Every queue's settings."""
        return [models.queue(view) for view in await self._client.queues()]

    async def counts(self, *, queues: Sequence[str] = ()) -> list[JobCount]:
        """How many jobs are in each state of each queue."""
        views = await self._client.queues()
        return [
            JobCount(queue=view.name, state=state, count=count)
            for view in views
            if not queues or view.name in queues
            for state, count in view.counts.items()
        ]

    async def stats(self, *, window: timedelta = timedelta(minutes=1)) -> list[QueueStats]:
        """Every queue at a glance, over the window that the server tells of."""
        now = datetime.now(UTC)
        return [models.queue_stats(view, now) for view in await self._client.queues()]

    async def pause(self, queue: str, *, reason: str = "") -> None:
        """Pause a queue."""
        await self._client.pause(queue, reason=reason)

    async def resume(self, queue: str) -> None:
        """Let a queue go on."""
        await self._client.resume(queue)

    async def configure_queue(self, queue: str, **options: Any) -> None:
        """Change limits and order of a queue."""
        await self._client.configure_queue(queue, **options)

    async def limits(self) -> list[LimitUsage]:
        """Every limit, with what is in use of it."""
        return [models.limit_usage(view) for view in await self._client.limits()]

    async def limit_usage(self, target: str) -> LimitUsage | None:
        """How one limit stands; None where nothing limits that target."""
        LimitTarget.parse(target)  # what cannot be limited is another mistake than what is not
        try:
            return models.limit_usage(await self._client.limit_usage(target))
        except ConfigError:
            raise
        except UsageError:
            return None

    async def limit(self, target: str, **figures: Any) -> None:
        """Limit something."""
        await self._client.limit(target, **figures)

    async def remove_limit(self, target: str) -> bool:
        """Take a limit away."""
        return await self._client.remove_limit(target)

    async def drain(self, queue: str, *, timeout: float | timedelta | None = None) -> dict[JobState, int]:
        """Wait until nothing of the queue is queued or running."""
        return await self._client.drain(queue, timeout=timeout)

    async def order_worker(self, worker_id: str, order: str) -> None:
        """Tell a worker to be quiet, to stop, or to work again."""
        await self._client.order_worker(worker_id, order)

    async def set_worker_log(self, worker_id: str, levels: str) -> None:
        """Change what a worker logs while it runs."""
        await self._client.set_worker_log(worker_id, levels)

    async def catalogue(self, *, tasks: Iterable[str] = ()) -> list[TaskRecord]:
        """These tasks, all of which the server must know; without any, every one, and then without its versions."""
        chosen = [await self._client.task(name) for name in tasks]
        return [models.task(view) for view in chosen or await self._client.tasks()]

    async def workers(self) -> list[WorkerRecord]:
        """The workers heard of lately."""
        return [models.worker(view) for view in await self._client.workers()]
