"""headrace: a thousand listeners of the event stream, 500 events a second.

Three processes: ``headrace server`` on a SQLite file, a program that enqueues, and this one, with a raw socket for each
listener. The latency of an event is from its instant in the journal, which is before its commit, to when it is read
here; it is taken of the first event of every chunk that arrives, which has waited longest. All events are counted.
"""

from __future__ import annotations

import re
import selectors
import socket
import subprocess
import time
from datetime import datetime
from pathlib import Path

import psutil

from benchmarks.cases.common import percentile, python, sqlite_url

LISTENERS = 1_000
RATE = 500
SECONDS = 10
PATIENCE_S = 60.0

_READY = re.compile(rb"ready: http://([^:]+):(\d+)")
_AT = re.compile(rb'"at":"([^"]+)"')
_EVENT = b"\nevent: job."


class Listeners:
    """Raw sockets that read a stream each, and what they have seen."""

    def __init__(self, address: tuple[str, int], count: int) -> None:
        self.events = [0] * count
        self.waits: list[float] = []
        self._selector = selectors.DefaultSelector()
        self._cut = [b""] * count
        for number in range(count):
            connection = socket.create_connection(address, timeout=PATIENCE_S)
            connection.sendall(b"GET /v1/events?kind=enqueued HTTP/1.1\r\nHost: localhost\r\n\r\n")
            connection.recv(4_096)
            connection.setblocking(False)
            self._selector.register(connection, selectors.EVENT_READ, number)

    def read_until(self, count: int) -> None:
        """Read until every listener has seen so many events, or nothing comes any more."""
        quiet_since = time.monotonic()
        while min(self.events) < count and time.monotonic() - quiet_since < PATIENCE_S / 4:
            for key, _ in self._selector.select(1.0):
                assert isinstance(key.fileobj, socket.socket)
                quiet_since = time.monotonic()
                self._take(key.data, key.fileobj.recv(1 << 16))

    def _take(self, number: int, chunk: bytes) -> None:
        now = time.time()
        # What a chunk ends in may be half of the mark of an event.
        text = self._cut[number] + chunk
        self.events[number] += text.count(_EVENT)
        self._cut[number] = text[-len(_EVENT) + 1 :]
        if (found := _AT.search(text)) is not None:
            self.waits.append(now - datetime.fromisoformat(found[1].decode()).timestamp())


def measure(folder: Path, scale: float) -> dict[str, float]:
    url = sqlite_url(folder)
    listeners, seconds = max(1, int(LISTENERS * scale)), SECONDS
    server = subprocess.Popen(
        [
            python(),
            "-m",
            "headrace.cli",
            "server",
            "benchmarks.cases.http_events_load:app",
            "--store",
            url,
            "--port",
            "0",
        ],
        stderr=subprocess.PIPE,
    )
    try:
        assert server.stderr is not None
        while (ready := _READY.search(server.stderr.readline())) is None:
            assert server.poll() is None
        crowd = Listeners((ready[1].decode(), int(ready[2])), listeners)
        process = psutil.Process(server.pid)
        load = subprocess.Popen([python(), "-m", "benchmarks.cases.http_events_load", url, str(RATE), str(seconds)])
        crowd.read_until(RATE * seconds)
        load.wait(PATIENCE_S)
        used = process.cpu_times()
        return {
            "listeners": listeners,
            "delivered, share": sum(crowd.events) / (RATE * seconds * listeners),
            "added p50 ms": percentile(crowd.waits, 0.5) * 1e3,
            "added p99 ms": percentile(crowd.waits, 0.99) * 1e3,
            "server MB": process.memory_info().rss / 1e6,
            "server CPU, cores": (used.user + used.system) / seconds,
        }
    finally:
        server.terminate()
        server.wait(PATIENCE_S)
