"""What the PostgreSQL cases share: a server from the wheel with fsync on, its CPU time, and the event loop.

All Python cases, headrace's and the peers', run under uvloop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psutil
import uvloop
from tests.postgres.server import Server

T = TypeVar("T")

SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "max_connections": "60",
}

SLOTS = 500
"""Jobs at a time in the one worker process: what the fastest peers claim at once."""


class MeasuredServer(Server):
    """A server whose CPU time can be read."""

    def cpu_s(self) -> float:
        """Of all its processes that live, in seconds."""
        assert self._process is not None
        server = psutil.Process(self._process.pid)
        total = 0.0
        for process in (server, *server.children()):
            with suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system
        return total


@contextmanager
def served(**settings: str) -> Iterator[MeasuredServer]:
    """A server of its own for one measurement."""
    with MeasuredServer({**SETTINGS, **settings}) as server:
        assert isinstance(server, MeasuredServer)
        yield server


def under_uvloop(measure: Callable[..., Coroutine[Any, Any, T]], *arguments: Any) -> T:
    """Run a measurement to its end."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(measure(*arguments))
