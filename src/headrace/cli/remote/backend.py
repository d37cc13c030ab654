"""As much of a store as commands look at beside the app."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn

from headrace.cli.remote import models
from headrace.cli.remote.refusing import needs_a_store
from headrace.errors import JobNotFound
from headrace.storage.backend import Health
from headrace.storage.clock import SystemClock

if TYPE_CHECKING:
    from headrace.cli.remote.app import RemoteApp
    from headrace.client import AsyncClient
    from headrace.model.job import Job
    from headrace.model.limits import Limit
    from headrace.model.queue import QueueRate
    from headrace.storage.kv import Entry


class RemoteBackend:
    """Answers what a server can tell of its store. Everything else says that it needs the store itself."""

    def __init__(self, app: RemoteApp, client: AsyncClient) -> None:
        self._client = client
        self.url = client.url
        self.clock = SystemClock()
        self.reader = RemoteReader(app, client)
        self.limits = RemoteLimits(app)
        self.kv = RemoteCatalogue()

    def __getattr__(self, name: str) -> NoReturn:
        raise needs_a_store(name)

    async def health(self) -> Health:
        """How the server's store is."""
        found = await self._client.store()
        return Health(
            ok=found.ok, latency=timedelta(seconds=found.latency_s), facts=found.facts, problems=found.problems
        )


class RemoteReader:
    """Reads jobs and the pace of queues."""

    def __init__(self, app: RemoteApp, client: AsyncClient) -> None:
        self._app = app
        self._client = client

    def __getattr__(self, name: str) -> NoReturn:
        raise needs_a_store(name)

    async def get_many(self, ids: Sequence[str]) -> list[Job | None]:
        """The jobs, None where there is none."""
        found: list[Job | None] = []
        for job_id in ids:
            try:
                found.append(await self._app.get(job_id))
            except JobNotFound:
                found.append(None)
        return found

    async def rates(self, *, window: timedelta) -> list[QueueRate]:
        """What happened in each queue, within the window that the server tells of."""
        views = await self._client.queues()
        return [models.queue_rate(view) for view in views]


class RemoteLimits:
    """Reads limits."""

    def __init__(self, app: RemoteApp) -> None:
        self._app = app

    async def all(self) -> list[Limit]:
        """Every limit."""
        return [usage.limit for usage in await self._app.limits()]


class RemoteCatalogue:
    """Has no entries: the server knows the tasks, and redacts what it sends by their rules."""

    async def get_many(self, bucket: str, keys: Sequence[str]) -> list[Entry | None]:
        """Nothing."""
        if bucket != "tasks":
            raise needs_a_store(f"the bucket {bucket}")
        return [None] * len(keys)
