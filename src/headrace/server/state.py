"""What the parts of one server share: the app, its settings, and whether it is about to stop."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Protocol

from headrace.app import Headrace
from headrace.config.server import ServerSettings
from headrace.model.ids import WorkerId
from headrace.server.event_hub import EventHub
from headrace.server.known import KnownTasks
from headrace.server.working import Bell

log = logging.getLogger("headrace.server")


class Counting(Protocol):
    """What counts requests."""

    def answered(self, operation: str, status: int, seconds: float) -> None: ...
    def close(self) -> None: ...


class ServerState:
    """An app that is served. It is opened with the first request, or by the server's own lifespan.

    ``closing`` is set when the server is about to stop: who waits, answers. ``heard`` says when each worker of the
    protocol was written down last. ``metrics`` counts requests, where it is set.
    """

    def __init__(self, app: Headrace, settings: ServerSettings) -> None:
        self.app = app
        self.settings = settings
        self.known = KnownTasks(app)
        self.closing = asyncio.Event()
        self.hub = EventHub(app, self.closing)
        self.metrics: Counting | None = None
        self.heard: dict[WorkerId, float] = {}
        self._opening = asyncio.Lock()
        self._opened_here = False
        self._bell: Bell | None = None
        self._work: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Open the app where nobody has. Safe concurrently; raises what opening raises, and can be tried again."""
        if self.app.is_open:
            return
        async with self._opening:
            if not self.app.is_open:
                await self.app.open()
                self._opened_here = True

    async def close(self) -> None:
        """Let listeners go, end what goes on behind requests, and close the app if it was opened here.

        Twice does nothing.
        """
        await self.hub.close()
        for task in self._work:
            task.cancel()
        if self._work:
            await asyncio.wait(self._work)
        bell, self._bell = self._bell, None
        if bell is not None:
            await bell.stop()
        if self.metrics is not None:
            self.metrics.close()
        if self._opened_here:
            self._opened_here = False
            await self.app.close()

    async def bell(self) -> Bell:
        """What wakes claims that wait; it listens from the first of them on."""
        if self._bell is None:
            self._bell = Bell(self.app.backend)
        await self._bell.start()
        return self._bell

    def carry_out(self, operation_id: str) -> None:
        """Carry out a bulk operation behind the request that began it. A worker goes on should this server stop."""
        task = asyncio.get_running_loop().create_task(self._carry_out(operation_id))
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _carry_out(self, operation_id: str) -> None:
        with suppress(asyncio.CancelledError):
            try:
                await self.app.bulk.resume(operation_id)
            except Exception as error:
                log.warning("operation %s is left to the workers: %r", operation_id, error)
