"""What the parts of one server share: the app, its settings, and whether it is about to stop."""

from __future__ import annotations

import asyncio

from headrace.app import Headrace
from headrace.config.server import ServerSettings
from headrace.server.event_hub import EventHub
from headrace.server.known import KnownTasks


class ServerState:
    """An app that is served. It is opened with the first request, or by the server's own lifespan."""

    def __init__(self, app: Headrace, settings: ServerSettings) -> None:
        self.app = app
        self.settings = settings
        self.known = KnownTasks(app)
        self.closing = asyncio.Event()
        self.hub = EventHub(app, self.closing)
        self._opening = asyncio.Lock()
        self._opened_here = False

    async def open(self) -> None:
        """Open the app where nobody has. Safe concurrently; raises what opening raises, and can be tried again."""
        if self.app.is_open:
            return
        async with self._opening:
            if not self.app.is_open:
                await self.app.open()
                self._opened_here = True

    async def close(self) -> None:
        """Let listeners go, and close the app if it was opened here. Twice does nothing."""
        await self.hub.close()
        if self._opened_here:
            self._opened_here = False
            await self.app.close()
