"""The write-ahead log's own file, synced to the disk by us rather than inside each commit.

In WAL mode ``synchronous=FULL`` is ``NORMAL`` with one more step: the log is synced when a commit has been written
(https://sqlite.org/pragma.html#pragma_synchronous). Done here, after the commit, it holds up only those who asked for
it. No lock is ever taken on the log's file, so that opening and closing it beside SQLite undoes none.
"""

from __future__ import annotations

import os
from pathlib import Path

_sync = getattr(os, "fdatasync", os.fsync)


class LogFile:
    """Syncs the log. Used on the writer's thread alone."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + "-wal")
        self._descriptor: int | None = None

    def sync(self) -> None:
        """Wait until what was written is on the disk. Without a log there is nothing to wait for. Raises OSError."""
        if self._descriptor is None or not self._current(self._descriptor):
            self.close()
            try:
                self._descriptor = os.open(self._path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
            except FileNotFoundError:
                return
        _sync(self._descriptor)

    def close(self) -> None:
        """Let go of the file; safe twice."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _current(self, descriptor: int) -> bool:
        """Whether the path still leads to the file that is open: a database may be replaced while it is in use."""
        try:
            there, here = os.stat(self._path), os.fstat(descriptor)
        except OSError:
            return False
        return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)
