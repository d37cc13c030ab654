"""One listener of the event stream: what it is told, and what waits for it.

What a listener has not taken yet is bounded: one that is too far behind is told so and let go, and resumes by the id of
the last event it has.
"""

from __future__ import annotations

import asyncio
from fnmatch import fnmatchcase
from typing import Any

import msgspec
from msgspec import Struct

from headrace.model.event import EventFilter, JobEvent
from headrace.server.pipe import Pipe

BEHIND_MAX = 256 << 10
"""Bytes that wait for one listener. With a thousand that read nothing at all it is 256 MiB, and then they are gone."""

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


class Chunk:
    """What is sent at once: the text, and the text as a chunk of HTTP/1.1. All who are sent it share it."""

    __slots__ = ("framed", "text")

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.framed = b"%x\r\n%b\r\n" % (len(text), text)


class Listener:
    """What one listener has still to be sent."""

    __slots__ = ("_pipe", "_ready", "_size", "_texts", "audience", "idle", "over")

    def __init__(self, audience: Audience) -> None:
        self.audience = audience
        self.over = False
        self.idle = True
        self._texts: list[bytes] = []
        self._size = 0
        self._ready = asyncio.Event()
        self._pipe: Pipe | None = None

    def push(self, chunk: Chunk) -> None:
        """Send it, by the pipe of who waits for nothing else, or keep it; what is too far behind is let go instead."""
        if self.over:
            return
        self.idle = False
        if self._pipe is not None and self._pipe.open:
            self._pipe.write(chunk.framed)
            return
        self._pipe = None  # nothing may overtake what is kept
        self._size += len(chunk.text)
        if self._size > BEHIND_MAX:
            self._texts.clear()
            reason = f"this listener was more than {BEHIND_MAX >> 10} KiB behind; go on after the last id it has"
            self._texts.append(frame("dropped", {"reason": reason}))
            self.over = True
        else:
            self._texts.append(chunk.text)
        self._ready.set()

    def end(self) -> None:
        """Let it go once it has what waits for it."""
        self.over = True
        self._ready.set()

    async def take(self, pipe: Pipe | None = None) -> bytes:
        """All that waits for it, as soon as there is something; nothing once it is over.

        While it waits, what comes goes by the pipe as long as that is open, and need not be taken.
        """
        self._pipe = None if self._texts else pipe
        await self._ready.wait()
        self._pipe = None
        text = b"".join(self._texts)
        self._texts.clear()
        self._size = 0
        if not self.over:
            self._ready.clear()
        return text


def frame(kind: str, data: Any) -> bytes:
    """An event of the stream that is none of the journal."""
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), _encode(data))
