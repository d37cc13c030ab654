"""One reader of the journal for each server process, and the listeners it tells.

An event is encoded once, and all listeners with the same filter share one chunk for each round.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing

import msgspec

from headrace.app import Headrace
from headrace.engine.tail import REST_S, follow
from headrace.model.event import EventPage, JobEvent
from headrace.server.listening import Audience, Chunk, Listener, frame
from headrace.wire.events import EventView, event_view

log = logging.getLogger("headrace.server")

HEARTBEAT_S = 15.0
"""Proxies cut connections that are silent for half a minute or more."""

REST_FOR_EACH_S = 20e-6
"""The rounds get rarer with each listener, so that telling them all, at some 20 µs each, leaves time for requests. A
thousand are told fifteen times a second, by a third of a core."""

RETRY_S = 1.0
"""Between two tries when the store is away."""

_encode = msgspec.json.Encoder().encode


class EventHub:
    """Reads the journal while anybody listens. ``position`` is the sequence of the last event that was told."""

    def __init__(self, app: Headrace, closing: asyncio.Event) -> None:
        self._app = app
        self._closing = closing
        self._listeners: dict[Audience, set[Listener]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._starting = asyncio.Lock()
        self.position = 0

    @property
    def listening(self) -> int:
        """How many listen."""
        return sum(map(len, self._listeners.values()))

    async def join(self, audience: Audience) -> tuple[Listener, int]:
        """A listener for all that comes after the position that is answered with it. Switches the journal on.

        Raises Unsupported for a store without a journal, and what the store raises.
        """
        async with self._starting:
            if not self._tasks:
                await self._app.events.enable()
                self.position = await self._app.events.newest()
                self._tasks = [asyncio.create_task(each) for each in (self._read(), self._beat(), self._part())]
            listener = Listener(audience)
            self._listeners.setdefault(audience, set()).add(listener)
            if self._closing.is_set():
                listener.end()
            return listener, self.position

    async def leave(self, listener: Listener) -> None:
        """Tell it no more; the last one to leave ends the reading."""
        like_it = self._listeners.get(listener.audience, set())
        like_it.discard(listener)
        if not like_it:
            self._listeners.pop(listener.audience, None)
        async with self._starting:
            if not self._listeners:
                await self._end_tasks()

    async def close(self) -> None:
        """Let all listeners go."""
        self._let_all_go()
        await self._end_tasks()

    def _let_all_go(self) -> None:
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.end()

    async def _part(self) -> None:
        """Streams have no end of their own: a server that is about to stop ends them, and their listeners come back."""
        await self._closing.wait()
        self._let_all_go()

    async def _end_tasks(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self) -> None:
        while True:
            try:
                async with aclosing(follow(self._app.backend, self.position, rest=self._rest)) as pages:
                    async for page in pages:
                        self._tell(page)
                return  # the store was closed
            except Exception as error:
                log.warning("the journal could not be read, and will be tried again: %r", error)
                await asyncio.sleep(RETRY_S)

    def _rest(self) -> float:
        return REST_S + REST_FOR_EACH_S * self.listening

    def _tell(self, page: EventPage) -> None:
        self.position = page.last
        frames = [(event, event_frame(event)) for event in page.events]
        lost = lost_frame(page) if page.lost else b""
        for audience, listeners in self._listeners.items():
            text = lost + b"".join(text for event, text in frames if audience.hears(event))
            if text:
                chunk = Chunk(text)
                for listener in listeners:
                    listener.push(chunk)

    async def _beat(self) -> None:
        """Say to who was told nothing for a while that we are there, and how far it may go on from."""
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            chunk = Chunk(b": still here\nid: %d\n\n" % self.position)
            for listeners in self._listeners.values():
                for listener in listeners:
                    if listener.idle:
                        listener.push(chunk)
                    listener.idle = True


def event_frame(event: JobEvent) -> bytes:
    """An event of the journal as an event of the stream."""
    view: EventView = event_view(event)
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (event.sequence, event.kind.encode(), _encode(view))


def lost_frame(page: EventPage) -> bytes:
    """That events after ``page.after`` are not kept any more; and from where it goes on."""
    begin = max(page.oldest - 1, 0)
    told = {"after": page.after, "oldest": page.oldest, "newest": page.newest}
    return b"id: %d\n%b" % (begin, frame("lost", told))


def frames_for(audience: Audience, events: Sequence[JobEvent]) -> bytes:
    """Those of the events that the audience is told of."""
    return b"".join(event_frame(event) for event in events if audience.hears(event))
