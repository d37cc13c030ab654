"""The ways to one and the same: the library, and a server over HTTP. A scenario is written against :class:`Way`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from headrace import Headrace
from headrace.client import AsyncClient
from headrace.client import call as remote_call
from headrace.model.errors import status_of
from headrace.model.job import JobState
from tests.server.live import LiveServer
from tests.transports.tasks import make_app


class Way(Protocol):
    """What a scenario asks, in words that both have, with plain answers."""

    async def submit(self, task: str, args: list[Any] | None = None, **options: Any) -> str: ...
    async def submit_many(self, task: str, many: list[list[Any]]) -> list[str]: ...
    async def result(self, job_id: str, timeout: float = 20) -> Any: ...
    async def state(self, job_id: str) -> JobState: ...
    async def args(self, job_id: str) -> Any: ...
    async def find(self, where: str) -> list[str]: ...
    async def change(self, verb: str, ids: list[str], **edits: Any) -> list[tuple[JobState | None, bool]]: ...
    async def explain(self, job_id: str) -> str: ...
    async def attempts(self, job_id: str) -> list[str]: ...
    async def logs(self, job_id: str) -> list[str]: ...
    async def pause(self, queue: str) -> None: ...
    async def resume(self, queue: str) -> None: ...
    async def configure(self, queue: str, **options: Any) -> dict[str, Any]: ...
    async def schedule(self, name: str, when: str | timedelta | datetime, task: str, args: list[Any]) -> str: ...
    async def bulk(self, verb: str, where: str) -> tuple[int, int]: ...

    async def limit(self, target: str, **figures: Any) -> None: ...
    async def limited(self, target: str) -> tuple[int | None, int]: ...
    async def unlimit(self, target: str) -> bool: ...
    async def error_groups(self, where: str) -> list[Any]: ...
    async def error_status(self, fingerprint: str) -> str: ...
    async def drain(self, queue: str, timeout: float) -> dict[JobState, int]: ...
    async def workers(self) -> list[str]: ...
    async def order(self, worker: str, order: str) -> None: ...

    @property
    def events(self) -> Any: ...
    @property
    def schedules(self) -> Any: ...
    @property
    def bulk_of(self) -> Any: ...
    @property
    def triage(self) -> Any: ...


class _Common:
    """What both answer with the same names, because the client has those of the library."""

    def __init__(self, desk: Any, call: Callable[..., Any]) -> None:
        self._desk = desk
        self._call = call

    async def submit(self, task: str, args: list[Any] | None = None, **options: Any) -> str:
        made = self._call(task, *(args or ()))
        return str((await self._desk.enqueue(made.options(**options))).id)

    async def submit_many(self, task: str, many: list[list[Any]]) -> list[str]:
        handles = await self._desk.enqueue_many([self._call(task, *args) for args in many])
        return [handle.id for handle in handles]

    async def result(self, job_id: str, timeout: float = 20) -> Any:
        return await self._desk.job(job_id).result(timeout)

    async def state(self, job_id: str) -> JobState:
        found: JobState = await self._desk.job(job_id).state()
        return found

    async def find(self, where: str) -> list[str]:
        return [job.id for job in (await self._desk.find(where=where)).items]

    async def change(self, verb: str, ids: list[str], **edits: Any) -> list[tuple[JobState | None, bool]]:
        return [(each.state, each.changed) for each in await getattr(self._desk, verb)(ids, **edits)]

    async def explain(self, job_id: str) -> str:
        return str((await self._desk.explain(job_id)).code)

    async def attempts(self, job_id: str) -> list[str]:
        return [each.outcome.value for each in await self._desk.attempts(job_id)]

    async def logs(self, job_id: str) -> list[str]:
        return [line.message for line in await self._desk.logs(job_id)]

    async def pause(self, queue: str) -> None:
        await self._desk.pause(queue)

    async def resume(self, queue: str) -> None:
        await self._desk.resume(queue)

    async def schedule(self, name: str, when: str | timedelta | datetime, task: str, args: list[Any]) -> str:
        return str((await self._desk.schedules.create(name, when, self._call(task, *args))).name)

    async def bulk(self, verb: str, where: str) -> tuple[int, int]:
        done = await self._desk.bulk.run(verb, where=where)
        return done.matched, done.changed

    async def drain(self, queue: str, timeout: float) -> dict[JobState, int]:
        return dict(await self._desk.drain(queue, timeout=timeout))

    async def workers(self) -> list[str]:
        return [each.id for each in await self._desk.workers()]

    async def order(self, worker: str, order: str) -> None:
        await self._desk.order_worker(worker, order)

    async def limited(self, target: str) -> tuple[int | None, int]:
        usage = {str(each.target): each for each in await self._desk.limits()}[target]
        return self._concurrency(usage), usage.waiting

    async def limit(self, target: str, **figures: Any) -> None:
        await self._desk.limit(target, **figures)

    async def unlimit(self, target: str) -> bool:
        return bool(await self._desk.remove_limit(target))

    async def error_groups(self, where: str) -> list[Any]:
        return list(await self._desk.error_groups(where=where))

    @property
    def events(self) -> Any:
        return self._desk.events

    @property
    def schedules(self) -> Any:
        return self._desk.schedules

    @property
    def bulk_of(self) -> Any:
        return self._desk.bulk

    @property
    def triage(self) -> Any:
        return self._desk.triage

    @staticmethod
    def _concurrency(usage: Any) -> int | None:
        raise NotImplementedError


class Library(_Common):
    """An app on the store."""

    async def args(self, job_id: str) -> Any:
        return msgspec.json.decode((await self._desk.get(job_id)).payload)

    async def configure(self, queue: str, **options: Any) -> dict[str, Any]:
        await self._desk.configure_queue(queue, **options)
        [settings] = [each for each in await self._desk.queues() if each.name == queue]
        usage = await self._desk.limit_usage(f"queue:{queue}")
        return {"fair": settings.fair, "concurrency": None if usage is None else usage.limit.concurrency}

    async def error_status(self, fingerprint: str) -> str:
        [group] = await self._desk.error_groups(where=f"fingerprint:{fingerprint}")
        [mark] = await self._desk.triage.marks([fingerprint])
        return status_of(group.last_seen, mark).value

    @staticmethod
    def _concurrency(usage: Any) -> int | None:
        return usage.limit.concurrency  # type: ignore[no-any-return]


class Http(_Common):
    """A client of a server on the store."""

    async def args(self, job_id: str) -> Any:
        return (await self._desk.get(job_id)).args

    async def configure(self, queue: str, **options: Any) -> dict[str, Any]:
        found = await self._desk.configure_queue(queue, **options)
        return {"fair": found.fair, "concurrency": found.concurrency}

    async def error_status(self, fingerprint: str) -> str:
        [group] = await self._desk.error_groups(f"fingerprint:{fingerprint}")
        return str(group.status)

    @staticmethod
    def _concurrency(usage: Any) -> int | None:
        return usage.concurrency  # type: ignore[no-any-return]


def _library_call(app: Headrace) -> Callable[..., Any]:
    def make(task: str, *args: Any) -> Any:
        return app.find_task(task).call(*args)

    return make


@asynccontextmanager
async def library(url: str) -> AsyncIterator[Way]:
    """The library in this process."""
    app = make_app(url)
    async with app:
        yield Library(app, _library_call(app))


@asynccontextmanager
async def http(url: str) -> AsyncIterator[Way]:
    """A server on a port of this machine, and the client."""
    with LiveServer(make_app(url)) as server:
        async with AsyncClient(server.url) as client:
            yield Http(client, remote_call)


WAYS = {"library": library, "http": http}
