"""The server of the tests: headrace's own, with standbys and a full disk."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

import psutil

from headrace.testing.postgres import SETTINGS, PostgresServer, as_user, programs_of_wheel

__all__ = ["SETTINGS", "Server"]


class Server(PostgresServer):
    """``with Server() as server:`` runs one; ``server.url("db")`` addresses a database."""

    def __init__(self, settings: Mapping[str, str] = SETTINGS, *, standby_of: Server | None = None) -> None:
        super().__init__(settings)
        self._primary = standby_of

    def make(self) -> None:
        """Make its data folder; a standby's is its primary's."""
        if self._primary is None:
            super().make()
            return
        source = f"host=127.0.0.1 port={self._primary.port} user=postgres"
        self.run(self._copier, f"--dbname={source}", "-D", str(self.data), "--checkpoint=fast")
        # Not by --write-recovery-conf, which writes what only servers of the copier's version understand.
        self._settings = {**self._settings, "primary_conninfo": source}
        subprocess.run(["touch", str(self.data / "standby.signal")], check=True, **as_user())

    @property
    def _copier(self) -> str:
        """What copies a server. Not every distribution has it; the wheel's serves older servers too."""
        own = self._bin / "pg_basebackup"
        return str(own if own.exists() else programs_of_wheel() / own.name)

    def promote(self) -> None:
        """Make a standby the primary."""
        self.run("pg_ctl", "promote", "-w", "-D", str(self.data))

    def limit_files(self, size: int | None) -> None:
        """Let none of its processes write to a file beyond ``size`` bytes; None ends the limit. As near as one comes to
        a full disk without a disk of one's own."""
        assert self._process is not None
        server = psutil.Process(self._process.pid)
        limit = "unlimited" if size is None else size
        for process in (server, *server.children()):
            # By a program, since only the owner of a process may do it, and the server has an owner of its own.
            subprocess.run(["prlimit", "--pid", str(process.pid), f"--fsize={limit}:"], check=False, **as_user())
