"""Job events of a server."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, NoReturn

from headrace.cli.remote import models
from headrace.cli.remote.refusing import needs_a_store
from headrace.model.event import EventPage, JobEvent

if TYPE_CHECKING:
    from headrace.client import AsyncClient


class RemoteEvents:
    """What commands ask of ``app.events``."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> NoReturn:
        raise needs_a_store(f"{name} of the journal")

    async def read(self, *, after: int = 0, limit: int = 100) -> EventPage:
        """A page of events, oldest first."""
        page = await self._client.events.read(after=after, limit=limit)
        return EventPage(
            events=[models.event(view) for view in page.items],
            after=after,
            oldest=page.oldest,
            newest=page.newest,
        )

    async def watch(self, **wanted: Any) -> AsyncGenerator[JobEvent, None]:
        """Events as they happen."""
        async for view in self._client.events.watch(**wanted):
            yield models.event(view)
