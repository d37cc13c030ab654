"""The folder beside the database where its processes find one another: sockets for signals, locks that show life."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

SOCKET_PATH_MAX = 103
"""Bytes a socket's path may have: 103 and a NUL is the least that common systems allow (macOS)."""


class Folder:
    """The folder, made when it is first needed. On Linux a long path is shortened through the folder's descriptor."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def open(self) -> None:
        """Make the folder and hold it open. Raises OSError."""
        self.path.mkdir(mode=0o777, exist_ok=True)
        if self._descriptor is None and sys.platform == "linux":
            self._descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)

    def close(self) -> None:
        """Let go of the folder. It stays: another process may be about to use it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def socket_path(self, name: str) -> str | None:
        """A path short enough for a socket, or None where there is none."""
        plain = str(self.path / name)
        if len(os.fsencode(plain)) <= SOCKET_PATH_MAX:
            return plain
        return None if self._descriptor is None else f"/proc/self/fd/{self._descriptor}/{name}"

    def changed_ns(self) -> int:
        """When an entry was last made or removed; 0 when the folder is not there."""
        try:
            return os.stat(self.path).st_mtime_ns
        except OSError:
            return 0

    def names(self) -> list[str]:
        """What is in the folder."""
        try:
            return os.listdir(self.path)
        except OSError:
            return []

    def made_before(self, name: str, instant: float) -> bool:
        """Whether an entry was last changed before an instant (seconds since 1970)."""
        try:
            return os.stat(self.path / name).st_mtime < instant
        except OSError:
            return False

    def remove(self, name: str) -> None:
        """Remove an entry, if it is there."""
        with suppress(OSError):
            (self.path / name).unlink()
