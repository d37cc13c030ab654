"""What is written within a turn of the loop leaves at once, and nothing waits for longer than that."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from uvicorn.protocols.http.flow_control import FlowControl

from headrace.server.writing import JoiningTransport, Pipe


class Wire:
    """A transport that remembers what it was told."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.written.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, name: str) -> str:
        return f"{name} of the wire"


def joining(wire: Wire) -> JoiningTransport:
    return JoiningTransport(cast("Any", wire), asyncio.get_running_loop())


async def a_turn() -> None:
    await asyncio.sleep(0)


async def test_head_and_body_leave_in_one_write() -> None:
    transport = joining(wire := Wire())
    transport.write(b"head")
    assert wire.written == []
    transport.write(b"body")
    assert wire.written == [b"headbody"]
    transport.write(b"next")
    assert wire.written == [b"headbody"]
    await a_turn()
    assert wire.written == [b"headbody", b"next"]


async def test_what_is_held_leaves_before_the_end() -> None:
    transport = joining(wire := Wire())
    transport.write(b"last words")
    transport.close()
    assert (wire.written, wire.closed) == ([b"last words"], True)
    await a_turn()
    assert wire.written == [b"last words"]


async def test_what_is_written_to_a_connection_that_closes_meanwhile_is_lost_as_it_was_before() -> None:
    transport = joining(wire := Wire())
    transport.write(b"too late")
    wire.close()
    await a_turn()
    assert wire.written == []


async def test_everything_else_is_the_transports() -> None:
    assert joining(Wire()).get_extra_info("peername") == "peername of the wire"


async def test_what_is_written_now_leaves_behind_what_is_held() -> None:
    transport = joining(wire := Wire())
    transport.write(b"head")
    transport.write_now(b"body")
    transport.write_now(b"next")
    assert wire.written == [b"headbody", b"next"]


async def test_a_pipe_is_open_while_the_other_side_keeps_up_and_is_there() -> None:
    flow = FlowControl(cast("Any", wire := Wire()))
    pipe = Pipe(cast("Any", None), joining(wire), flow)
    assert pipe.open
    flow.pause_writing()
    assert not pipe.open
    flow.resume_writing()
    pipe.write(b"2\r\nhi\r\n")
    assert (pipe.open, wire.written) == (True, [b"2\r\nhi\r\n"])
    wire.close()
    assert not pipe.open


async def test_a_body_that_has_come_whole_is_there_and_no_other() -> None:
    scope: dict[str, Any] = {}
    cycle = SimpleNamespace(scope=scope, more_body=True, body=bytearray(b"half"))
    wire = cast("Any", Wire())
    pipe = Pipe(cast("Any", SimpleNamespace(cycle=cycle)), joining(wire), FlowControl(wire))
    assert pipe.body(scope) is None
    cycle.more_body = False
    assert pipe.body(scope) == b"half"
    assert pipe.body({}) is None  # of a request behind which another one has come already
