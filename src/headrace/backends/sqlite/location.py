"""Where the database is: the URL, and whether that place can hold one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qsl, unquote

from headrace.errors import ConfigError, ReadOnly, Unavailable, Unsupported
from headrace.model.durations import parse_duration

T = TypeVar("T")

BUSY_TIMEOUT_DEFAULT = timedelta(seconds=30)
_OPTIONS = ("busy_timeout", "driver", "network_fs", "synchronous")
_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK_KINDS = frozenset({"9p", "afs", "ceph", "cifs", "fuse.glusterfs", "fuse.sshfs", "gfs2", "glusterfs", "lustre",
                            "ncpfs", "nfs", "nfs4", "ocfs2", "smb3", "smbfs", "virtiofs"})  # fmt: skip
"""File systems on which SQLite's locks or its shared memory cannot be relied on (https://sqlite.org/wal.html, 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """The file, and how it is used.

    durable: fsync before an enqueue or a finish is acknowledged. Off (``?synchronous=normal``), a power cut may lose
        the last moments; a crash of the process never does.
    busy_timeout: how long to wait for another process's transaction.
    driver: ``apsw``, or ``sqlite3`` in a process that has the file open with the standard library's module too.
    """

    path: Path
    durable: bool = True
    busy_timeout: timedelta = BUSY_TIMEOUT_DEFAULT
    network_fs: bool = False
    driver: str = "apsw"

    @property
    def signals(self) -> Path:
        """The folder beside the file where processes find one another."""
        return self.path.with_name(self.path.name + "-signals")


def parse_url(url: str) -> Location:
    """Read ``sqlite:///relative.db`` or ``sqlite:////absolute.db``, with options after a question mark.

    >>> parse_url("sqlite:////var/lib/jobs.db?synchronous=normal").durable
    False
    """
    scheme, separator, rest = url.partition("://")
    if scheme != "sqlite" or not separator:
        raise ConfigError(f"{url!r} is not an SQLite URL. Write sqlite:///jobs.db (here) or sqlite:////var/lib/jobs.db")
    raw_path, _, query = rest.partition("?")
    if not raw_path.startswith("/") or raw_path == "/" or raw_path.strip("/") == ":memory:":
        raise ConfigError(
            f"{url!r} names no file. Write sqlite:///jobs.db (here) or sqlite:////var/lib/jobs.db; "
            "for a store that ends with the process use memory://"
        )
    options = dict(parse_qsl(query, keep_blank_values=True))
    _refuse_unknown(url, options)
    return Location(
        path=Path(os.path.abspath(unquote(raw_path[1:]))),
        durable=_choice(url, options, "synchronous", {"full": True, "normal": False}, default=True),
        busy_timeout=parse_duration(options["busy_timeout"]) if "busy_timeout" in options else BUSY_TIMEOUT_DEFAULT,
        network_fs=_choice(url, options, "network_fs", {"allow": True, "refuse": False}, default=False),
        driver=_choice(url, options, "driver", {"apsw": "apsw", "sqlite3": "sqlite3"}, default="apsw"),
    )


def _refuse_unknown(url: str, options: Mapping[str, str]) -> None:
    for name in options:
        if name not in _OPTIONS:
            near = get_close_matches(name, _OPTIONS, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(_OPTIONS)}"
            raise ConfigError(f"{url!r} has the unknown option {name!r}; {hint}")


def _choice(url: str, options: Mapping[str, str], name: str, choices: Mapping[str, T], *, default: T) -> T:
    value = options.get(name)
    if value is None:
        return default
    if value.lower() not in choices:
        raise ConfigError(f"{url!r}: {name} must be one of {', '.join(choices)}; got {value!r}")
    return choices[value.lower()]


def check_place(location: Location) -> None:
    """Raise unless the file's folder is there and is on a file system that can hold a shared SQLite database."""
    path = location.path
    if path.is_dir():
        raise Unavailable(f"{path} is a folder; name a file in it, such as {path / 'jobs.db'}")
    if not path.parent.is_dir():
        raise Unavailable(f"the folder {path.parent} does not exist. Make it with: mkdir -p {path.parent}")
    if not path.exists() and not os.access(path.parent, os.W_OK | os.X_OK):
        raise ReadOnly(f"{path} cannot be made: this user has no permission to write in the folder {path.parent}")
    kind = filesystem_kind(path.parent)
    if kind in _NETWORK_KINDS and not location.network_fs:
        raise Unsupported(
            f"{path} is on a network file system ({kind}), where SQLite's locks cannot be relied on and a shared file "
            "gets damaged. Use a local disk, or a server store such as PostgreSQL. If one single process uses the "
            "file, add ?network_fs=allow to the URL"
        )


def filesystem_kind(folder: Path, mounts: Path = _MOUNTS) -> str | None:
    """The kind of file system a folder is on (``ext4``, ``nfs4`` ...); None where the host does not tell."""
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    target = folder.resolve()
    best: tuple[int, str | None] = (-1, None)
    for line in lines:
        left, _, right = line.partition(" - ")
        mount = Path(left.split(" ")[4].encode().decode("unicode_escape"))
        if target == mount or mount in target.parents:
            best = max(best, (len(mount.parts), right.split(" ")[0]), key=lambda pair: pair[0])
    return best[1]
