"""One reader of the journal for each server process, and the listeners it tells.

An event is encoded once, and all listeners with the same filter share one chunk for each round. What a listener has not
taken yet is bounded: one that is too far behind is told so and let go, and resumes by the id of the last event it has.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing
from fnmatch import fnmatchcase
from typing import Any

import msgspec
from msgspec import Struct

from headrace.app import Headrace
from headrace.engine.tail import REST_S, follow
from headrace.model.event import EventFilter, EventPage, JobEvent
from headrace.wire.events import EventView, event_view

log = logging.getLogger("headrace.server")

BEHIND_MAX = 256 << 10
"""Bytes that wait for one listener. With a thousand that read nothing at all it is 256 MiB, and then they are gone."""

HEARTBEAT_S = 15.0
"""Proxies cut connections that are silent for half a minute or more."""

REST_FOR_EACH_S = 30e-6
"""The rounds get rarer with each listener, so that telling them all, at some 30 µs each, leaves time for requests. A
thousand are told a dozen times a second, by half a core."""

RETRY_S = 1.0
"""Between two tries when the store is away."""

_encode = msgspec.json.Encoder().encode


class Audience(Struct, frozen=True):
    """What a group of listeners is told: events that pass the filter, of the queues (patterns; None for all) they may
    see."""

    wanted: EventFilter
    queues: tuple[str, ...] | None

    def hears(self, event: JobEvent) -> bool:
        """Whether they are told of it."""
        seen = self.queues is None or any(fnmatchcase(event.queue, pattern) for pattern in self.queues)
        return seen and self.wanted.matches(event)


class Listener:
    """What one listener has still to be sent."""

    __slots__ = ("_chunks", "_ready", "_size", "audience", "idle", "over")

    def __init__(self, audience: Audience) -> None:
        self.audience = audience
        self.over = False
        self.idle = True
        self._chunks: list[bytes] = []
        self._size = 0
        self._ready = asyncio.Event()

    def push(self, chunk: bytes) -> None:
        """Add what is to be sent; what is too far behind is let go instead."""
        if self.over:
            return
        self._size += len(chunk)
        self.idle = False
        if self._size > BEHIND_MAX:
            self._chunks.clear()
            reason = f"this listener was more than {BEHIND_MAX >> 10} KiB behind; go on after the last id it has"
            self._chunks.append(frame("dropped", {"reason": reason}))
            self.over = True
        else:
            self._chunks.append(chunk)
        self._ready.set()

    def end(self) -> None:
        """Let it go once it has what waits for it."""
        self.over = True
        self._ready.set()

    async def take(self) -> bytes:
        """All that waits for it, as soon as there is something; nothing once it is over."""
        await self._ready.wait()
        chunk = b"".join(self._chunks)
        self._chunks.clear()
        self._size = 0
        if not self.over:
            self._ready.clear()
        return chunk


class EventHub:
    """Reads the journal while anybody listens. ``position`` is the sequence of the last event that was told."""

    def __init__(self, app: Headrace, closing: asyncio.Event) -> None:
        self._app = app
        self._closing = closing
        self._listeners: set[Listener] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._starting = asyncio.Lock()
        self.position = 0

    @property
    def listening(self) -> int:
        """How many listen."""
        return len(self._listeners)

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
            self._listeners.add(listener)
            if self._closing.is_set():
                listener.end()
            return listener, self.position

    async def leave(self, listener: Listener) -> None:
        """Tell it no more; the last one to leave ends the reading."""
        self._listeners.discard(listener)
        async with self._starting:
            if not self._listeners:
                await self._end_tasks()

    async def close(self) -> None:
        """Let all listeners go."""
        self._let_all_go()
        await self._end_tasks()

    def _let_all_go(self) -> None:
        for listener in self._listeners:
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
        return REST_S + REST_FOR_EACH_S * len(self._listeners)

    def _tell(self, page: EventPage) -> None:
        self.position = page.last
        frames = [(event, event_frame(event)) for event in page.events]
        lost = lost_frame(page) if page.lost else b""
        chunks: dict[Audience, bytes] = {}
        for listener in self._listeners:
            audience = listener.audience
            chunk = chunks.get(audience)
            if chunk is None:
                chunk = chunks[audience] = lost + b"".join(text for event, text in frames if audience.hears(event))
            if chunk:
                listener.push(chunk)

    async def _beat(self) -> None:
        """Say to who was told nothing for a while that we are there, and how far it may go on from."""
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            chunk = b": still here\nid: %d\n\n" % self.position
            for listener in self._listeners:
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


def frame(kind: str, data: Any) -> bytes:
    """An event of the stream that is none of the journal."""
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), _encode(data))
