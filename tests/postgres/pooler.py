"""A real pgbouncer before a server, in the mode that shares connections out by the transaction."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from headrace.testing.postgres import USER_FOR_ROOT, as_user, free_port
from tests.postgres.server import Server

PROGRAM = os.environ.get("HEADRACE_PGBOUNCER") or shutil.which("pgbouncer")
"""It comes in no wheel: ``python -m tests.postgres.fetch pgbouncer`` gets one, HEADRACE_PGBOUNCER names it. Without it
its tests are skipped."""

CONFIG = """
[databases]
* = host=127.0.0.1 port={server} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = any
pool_mode = transaction
default_pool_size = 4
unix_socket_dir =
logfile = {folder}/log
"""


class Pooler:
    """``with Pooler(server) as pooler``: ``pooler.port`` leads to the server, by four connections for everybody."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._folder = Path(tempfile.mkdtemp(prefix="hr-pgbouncer-"))
        self.port = free_port()

    def __enter__(self) -> Self:
        assert PROGRAM is not None
        config = self._folder / "pgbouncer.ini"
        config.write_text(CONFIG.format(server=self._server.port, port=self.port, folder=self._folder))
        if os.geteuid() == 0:
            shutil.chown(self._folder, USER_FOR_ROOT)
            self._folder.chmod(0o755)
        self._process = subprocess.Popen([PROGRAM, "-q", str(config)], **as_user())
        self._wait_until_ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(30)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _wait_until_ready(self) -> None:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            subprocess.run(["sleep", "0.1"], check=True)
        raise RuntimeError(f"{PROGRAM} did not start")
