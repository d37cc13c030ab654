"""What the PostgreSQL cases share: a server from the wheel with fsync on, its CPU time, and the event loop.

All Python cases, headrace's and the peers', run under uvloop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psutil
import psycopg
import uvloop
from tests.postgres.server import Server

T = TypeVar("T")

SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "min_wal_size": "1GB",
    "max_connections": "60",
}

WAL_FILES = 40
"""Of 16 MB each. A server that has run for a while writes its log into files that it has written before; a fresh one
makes each of them first, and whoever needs it waits for that, some 70 ms. A drain of 20,000 jobs writes two."""

LOOK_EVERY_S = 0.01
"""From one look whether a drain is over to the next, for all."""

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
def served(wal_files: int = WAL_FILES, **settings: str) -> Iterator[MeasuredServer]:
    """A server of its own for one measurement, with so many log files that were written before."""
    with MeasuredServer({**SETTINGS, **settings}) as server:
        assert isinstance(server, MeasuredServer)
        _run_in(server, wal_files)
        yield server


def _run_in(server: Server, wal_files: int) -> None:
    """Have log files that were written before, as after a checkpoint in the life of a server."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        for _ in range(wal_files):
            connection.execute("SELECT pg_logical_emit_message(false, 'headrace', ''), pg_switch_wal()")
        connection.execute("CHECKPOINT")


def under_uvloop(measure: Callable[..., Coroutine[Any, Any, T]], *arguments: Any) -> T:
    """Run a measurement to its end."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(measure(*arguments))
