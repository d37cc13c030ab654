"""What a handler is given beside its request: the app, and who asks."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from msgspec import Struct

from headrace.app import Headrace
from headrace.server.auth import Principal
from headrace.server.event_hub import EventHub
from headrace.server.known import KnownTasks
from headrace.server.state import ServerState

T = TypeVar("T")


class Context(Struct, frozen=True, kw_only=True):
    """Where an operation is carried out, for whom, and as part of which trace."""

    state: ServerState
    principal: Principal
    traceparent: str | None = None

    @property
    def app(self) -> Headrace:
        """The app; it is open."""
        return self.state.app

    @property
    def known(self) -> KnownTasks:
        """What is known of tasks."""
        return self.state.known

    @property
    def hub(self) -> EventHub:
        """What tells listeners of job events."""
        return self.state.hub

    def wait(self, asked: timedelta | None) -> float:
        """For how many seconds a request may wait that asks for so much."""
        most = self.state.settings.wait_max
        return 0.0 if asked is None or self.state.closing.is_set() else min(asked, most).total_seconds()

    async def until_closing(self, waiting: Coroutine[Any, Any, T]) -> T | None:
        """What ``waiting`` answers; None when it takes too long (TimeoutError) or the server is about to stop."""
        task = asyncio.ensure_future(waiting)
        closing = asyncio.ensure_future(self.state.closing.wait())
        try:
            await asyncio.wait([task, closing], return_when=asyncio.FIRST_COMPLETED)
            return await task if task.done() else None
        except TimeoutError:
            return None
        finally:
            for each in (task, closing):
                each.cancel()
            await asyncio.gather(task, closing, return_exceptions=True)
