"""A listener that appends every event to a file, one JSON object a line: a history that outlives the process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec


class JsonLines:
    """Attach it to an app's telemetry; close it at the end.

    Each line has ``at`` (RFC 3339, UTC), ``event`` and the event's attributes. Lines are written whole and handed to
    the operating system at once, so several processes may append to one file; they are not synced to the disk.

    >>> import tempfile
    >>> from headrace.telemetry import Telemetry
    >>> telemetry = Telemetry()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "events.jsonl")
    ...     with JsonLines(path) as lines:
    ...         detach = telemetry.attach(lines)
    ...         telemetry.emit("worker.started", worker="w-1", queues=["mail"])
    ...     [line["event"] for line in read_lines(path)]
    ['worker.started']
    """

    def __init__(self, path: Path | str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115  closed by close()
        self._now = now
        self._lock = threading.Lock()
        self._encoder = msgspec.json.Encoder(enc_hook=str)

    def __call__(self, name: str, attributes: dict[str, Any]) -> None:
        """Append an event. May be called from any thread; after ``close`` it does nothing."""
        line = self._encoder.encode({"at": self._now(), "event": name, **attributes}) + b"\n"
        with self._lock:
            if not self._file.closed:
                self._file.write(line)

    def close(self) -> None:
        """Close the file. Closing twice does nothing."""
        with self._lock:
            self._file.close()

    def __enter__(self) -> JsonLines:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_lines(path: Path | str) -> list[dict[str, Any]]:
    """The events in a file; a last line that a crash cut short is left out."""
    complete, _, _ = Path(path).read_bytes().rpartition(b"\n")
    return [msgspec.json.decode(line, type=dict[str, Any]) for line in complete.splitlines()]
