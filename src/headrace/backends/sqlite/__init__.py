"""Jobs in one SQLite file, shared by the processes of one host: nothing to install, nothing to run beside it."""

from headrace.backends.sqlite.backend import SqliteBackend

__all__ = ["SqliteBackend"]
