"""Moving the write-ahead log into the database file, off the writers' path.

SQLite by itself checkpoints inside whichever commit crosses a thousand pages, and that commit waits for two syncs:
at 200 jobs a second several times a second. A thread of its own, started when the log first grows, does it passively.
"""

from __future__ import annotations

import logging
import threading

import apsw

from headrace.backends.sqlite.connecting import connect, file_identity
from headrace.backends.sqlite.location import Location
from headrace.errors import StorageError

PASSIVE_PAGES = 2_000
"""From here (8 MB) pages are copied without holding anyone up."""

RESTART_PAGES = 16_000
"""From here (64 MB) writers are held for a moment, so that the log starts anew and its file stops growing."""

_log = logging.getLogger("headrace.sqlite")


class Checkpointer:
    """Told by the writer how long the log is; copies it from a thread with a connection of its own."""

    def __init__(self, location: Location) -> None:
        self._location = location
        self._wanted = threading.Event()
        self._pages = 0
        self._closing = False
        self._thread: threading.Thread | None = None

    def note(self, pages: int) -> None:
        """Called after each commit, on the writer's thread."""
        if pages < PASSIVE_PAGES or self._closing:
            return
        self._pages = pages
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="headrace-sqlite-checkpoint", daemon=True)
            self._thread.start()
        self._wanted.set()

    def stop(self) -> None:
        """End the thread; what remains in the log is moved when the last connection closes."""
        self._closing = True
        self._wanted.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        connection: apsw.Connection | None = None
        identity: tuple[int, int] | None = None
        try:
            while self._wanted.wait() and not self._closing:
                self._wanted.clear()
                if connection is None or file_identity(self._location.path) != identity:
                    connection = self._open_instead_of(connection)
                    identity = file_identity(self._location.path)
                if connection is not None:
                    self._checkpoint(connection)
        finally:
            if connection is not None:
                connection.close()

    def _open_instead_of(self, connection: apsw.Connection | None) -> apsw.Connection | None:
        if connection is not None:
            connection.close()
        try:
            return connect(self._location)
        except StorageError as error:
            _log.warning("cannot open %s to checkpoint it: %s", self._location.path, error)
            return None

    def _checkpoint(self, connection: apsw.Connection) -> None:
        mode = apsw.SQLITE_CHECKPOINT_RESTART if self._pages >= RESTART_PAGES else apsw.SQLITE_CHECKPOINT_PASSIVE
        try:
            connection.wal_checkpoint(None, mode)
        except apsw.BusyError:
            return  # Another process is at it, or a reader holds the log; the next commit asks again.
        except apsw.Error as error:
            _log.warning("checkpoint of %s failed: %s", self._location.path, error)
