"""A listener is sent everything once and in order, by its pipe while that is open; what waits for it is bounded."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from headrace.model.event import EventFilter
from headrace.server.listening import BEHIND_MAX, Audience, Chunk, Listener


class Connection:
    """A pipe, and what has gone through it and past it."""

    def __init__(self, listener: Listener) -> None:
        self.open = True
        self.sent: list[bytes] = []
        self.takes = 0
        self._listener = listener

    def body(self, scope: Any) -> None:
        """Of a listener's request there is none."""

    def write(self, chunk: bytes) -> None:
        size, _, rest = chunk.partition(b"\r\n")
        self.sent.append(rest[: int(size, 16)])

    async def serve(self) -> None:
        """What the task of a stream does."""
        while text := await self._listener.take(self):
            self.takes += 1
            await asyncio.sleep(0)
            self.sent.append(text)


def listener() -> Listener:
    return Listener(Audience(EventFilter(), None))


@given(st.lists(st.sampled_from(["push", "open", "shut", "turn"]), max_size=40))
async def test_nothing_overtakes_what_waits_and_nothing_is_lost(steps: list[str]) -> None:
    connection = Connection(someone := listener())
    serving = asyncio.ensure_future(connection.serve())
    pushed: list[bytes] = []
    for number, step in enumerate(steps):
        if step == "push":
            pushed.append(b"<%d>" % number)
            someone.push(Chunk(pushed[-1]))
        elif step == "turn":
            await asyncio.sleep(0)
        else:
            connection.open = step == "open"
    someone.end()
    await serving
    assert b"".join(connection.sent) == b"".join(pushed)


async def test_who_waits_by_an_open_pipe_is_not_woken() -> None:
    connection = Connection(someone := listener())
    serving = asyncio.ensure_future(connection.serve())
    await asyncio.sleep(0)
    someone.push(Chunk(b"at once"))
    assert connection.sent == [b"at once"]
    connection.open = False
    someone.push(Chunk(b"later"))
    someone.end()
    await serving
    assert (connection.sent, connection.takes) == ([b"at once", b"later"], 1)


async def test_a_listener_that_reads_nothing_is_told_why_it_is_let_go() -> None:
    someone = listener()
    for _ in range(BEHIND_MAX // 1_000 + 1):
        someone.push(Chunk(b"x" * 1_000))
    someone.push(Chunk(b"unheard"))
    text = await someone.take()
    assert text.startswith(b"event: dropped\ndata: ")
    assert b"go on after the last id" in text
    assert await someone.take() == b""
