"""A log file that processes share: lines are whole, and none is lost when the file is renamed under the others."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # pragma: no cover  (there is none on Windows, where one process has a file to itself)
    fcntl = None  # type: ignore[assignment]


class SharedFileHandler(logging.Handler):
    """Appends lines to ``path`` and renames it to ``path.1``, and so on to ``path.KEEP``, before it exceeds a size.

    Any number of threads and processes may have one on the same path. Each line is written under a lock on
    ``path.lock``, and whoever finds that the file was renamed opens the new one: about five system calls a line.
    Lines are handed to the system at once, so that a process that is killed loses none; they are not synced.
    """

    def __init__(self, path: Path | str, *, max_bytes: int, keep: int) -> None:
        super().__init__()
        self._path = Path(path).absolute()
        self._max_bytes = max_bytes
        self._keep = keep
        self._file = self._lock_file = -1
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._open()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        try:
            line = (self.format(record) + "\n").encode("utf-8", "backslashreplace")
            if self._pid != os.getpid():
                self._open()  # A forked child shares its parent's lock, which would let both in.
            with self._locked():
                self._write(line)
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Close the file. Closing twice does nothing."""
        self.acquire()
        try:
            for file in (self._file, self._lock_file):
                with suppress(OSError):
                    os.close(file)
            self._file = self._lock_file = -1
        finally:
            self.release()
        super().close()

    def _open(self) -> None:
        self._pid = os.getpid()
        self._lock_file = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._file = self._append()

    def _append(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if fcntl is None:
            yield
            return
        fcntl.flock(self._lock_file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    def _write(self, line: bytes) -> None:
        size = self._size_of_current()
        if size and size + len(line) > self._max_bytes:
            self._rotate()
        while line:
            line = line[os.write(self._file, line) :]

    def _size_of_current(self) -> int:
        """The size of the file that the path names now; opened anew if another process renamed the one at hand."""
        ours = os.fstat(self._file)
        try:
            named = os.stat(self._path)
        except FileNotFoundError:
            named = None
        if named is None or (named.st_ino, named.st_dev) != (ours.st_ino, ours.st_dev):
            self._reopen()
            return os.fstat(self._file).st_size
        return ours.st_size

    def _rotate(self) -> None:
        for number in range(self._keep - 1, 0, -1):
            with suppress(FileNotFoundError):
                os.replace(f"{self._path}.{number}", f"{self._path}.{number + 1}")
        os.replace(self._path, f"{self._path}.1")
        self._reopen()

    def _reopen(self) -> None:
        os.close(self._file)
        self._file = self._append()
