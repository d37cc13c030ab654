"""Changes to many jobs, carried out by the server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from headrace.cli.remote import models
from headrace.cli.remote.refusing import needs_a_store
from headrace.model.operation import Operation, OperationItem, OperationState, Preview
from headrace.model.page import Page

if TYPE_CHECKING:
    from headrace.client import AsyncClient
    from headrace.wire.operations import OperationView


class RemoteBulk:
    """What commands ask of ``app.bulk``."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._own: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        raise needs_a_store(f"{name} of operations")

    async def preview(self, where: str, *, as_of: datetime | None = None) -> Preview:
        """Count the jobs that match."""
        return models.preview(await self._client.bulk.preview(where, as_of=as_of))

    async def start(self, verb: str, *, author: str = "", **settings: Any) -> Operation:
        """Begin an operation. Its author is who holds the key."""
        return self._begun(await self._client.bulk.start(verb, **settings))

    async def resume(
        self, operation_id: str, *, on_step: Callable[[Operation], None] = lambda operation: None
    ) -> Operation:
        """Let it go on, and look at it until it has ended or rests.

        One that was begun here goes on by itself, and may have ended by now.
        """
        found = await self._client.bulk.get(operation_id)
        if found.state is not OperationState.RUNNING and operation_id not in self._own:
            found = await self._client.bulk.resume(operation_id)
        followed = await self._client.bulk.follow(found.id, on_step=lambda view: on_step(models.operation(view)))
        return models.operation(followed)

    async def get(self, operation_id: str) -> Operation:
        """The operation as it is now."""
        return models.operation(await self._client.bulk.get(operation_id))

    async def list(self, *, cursor: str | None = None, limit: int = 100) -> Page[Operation]:
        """The operations, the oldest first."""
        page = await self._client.bulk.list(cursor=cursor, limit=limit)
        return Page(items=[models.operation(view) for view in page.items], next_cursor=page.next_cursor)

    async def pause(self, operation_id: str) -> Operation:
        """Let it rest."""
        return models.operation(await self._client.bulk.pause(operation_id))

    async def abort(self, operation_id: str) -> Operation:
        """End it."""
        return models.operation(await self._client.bulk.abort(operation_id))

    async def preview_undo(self, operation_id: str) -> Preview:
        """Count the jobs that an undo would put back."""
        return models.preview(await self._client.bulk.preview_undo(operation_id))

    async def start_undo(self, operation_id: str, *, author: str = "", **settings: Any) -> Operation:
        """Begin an undo. Its author is who holds the key."""
        return self._begun(await self._client.bulk.start_undo(operation_id, **settings))

    async def items(self, operation_id: str, *, cursor: str | None = None, limit: int = 200) -> Page[OperationItem]:
        """The jobs that an operation looked at."""
        page = await self._client.bulk.items(operation_id, cursor=cursor, limit=limit)
        return Page(items=[models.operation_item(view) for view in page.items], next_cursor=page.next_cursor)

    def _begun(self, view: OperationView) -> Operation:
        self._own.add(view.id)
        return models.operation(view)
