"""Job events as Server-Sent Events, to one listener."""

from __future__ import annotations

import asyncio
import logging

from starlette.types import Receive, Scope, Send

from headrace.errors import StorageError
from headrace.model.event import EVENTS_LIMIT_MAX
from headrace.server.context import Context
from headrace.server.event_hub import frames_for, lost_frame
from headrace.server.listening import Listener
from headrace.server.pipe import Pipe, pipe_of

log = logging.getLogger("headrace.server")

MEDIA_TYPE = "text/event-stream"

RECONNECT_MS = 1_000
"""When a browser comes back after the connection broke."""

_HEADERS = [
    (b"content-type", MEDIA_TYPE.encode()),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would keep events back until its buffer is full
]


class EventStream:
    """A response that goes on until the listener leaves, or the server stops.

    ``after`` is the last event that the listener has; None for who wants what comes from now on.
    """

    def __init__(self, context: Context, listener: Listener, position: int, after: int | None) -> None:
        self._context = context
        self._listener = listener
        self._position = position
        self._after = after

    async def respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events as they come; to HEAD, that they would."""
        leaving = asyncio.ensure_future(self._wait_until_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            if scope["method"] != "HEAD":
                await self._stream(send, pipe_of(scope))
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
            await self._context.hub.leave(self._listener)

    async def _stream(self, send: Send, pipe: Pipe | None) -> None:
        await _send_on(send, b"retry: %d\n\n" % RECONNECT_MS)
        if self._after is not None:
            try:
                await self._catch_up(send, self._after)
            except StorageError as error:  # half an answer is out: its listener comes back and tries again
                log.warning("a stream of events ended, because the journal could not be read: %r", error)
                return
        while chunk := await self._listener.take(pipe):
            await _send_on(send, chunk)

    async def _catch_up(self, send: Send, after: int) -> None:
        """Send what lies between ``after`` and the position from which on the listener is told."""
        while not self._listener.over:
            page = await self._context.app.backend.events.read(after=after, limit=EVENTS_LIMIT_MAX)
            if page.lost:
                await _send_on(send, lost_frame(page))
            events = [event for event in page.events if event.sequence <= self._position]
            if chunk := frames_for(self._listener.audience, events):
                await _send_on(send, chunk)
            after = page.last
            if len(events) < EVENTS_LIMIT_MAX:
                return

    async def _wait_until_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._listener.end()


async def _send_on(send: Send, chunk: bytes) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": True})
