"""Everything that can be written down, as one value: this is the model that files, environment and reference follow."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from headrace.config.server import ServerSettings
from headrace.config.worker import WorkerConfig
from headrace.logs.config import KEEP_DEFAULT, MAX_BYTES_DEFAULT


class OutputSettings(Struct, frozen=True, kw_only=True):
    """How the command prints.

    format: the format of answers where ``-o`` is not given and the command has it.
    color: ``auto`` is on a terminal, unless ``NO_COLOR`` is set.
    timezone: show times as instants there, such as ``UTC`` or ``Europe/Paris``; none shows them relative to now.
    """

    format: Literal["table", "wide", "json", "ndjson", "yaml", "csv", "name"] = "table"
    color: Literal["auto", "always", "never"] = "auto"
    timezone: str | None = None


class LogSettings(Struct, frozen=True, kw_only=True):
    """How a worker logs.

    format: ``pretty`` and ``compact`` for people, ``json`` for machines, one object a line.
    level: log from this level on, and others for single loggers: ``info,headrace.sqlite=debug``.
    target: where to. ``auto`` is the file where one is given, and else stderr.
    file: where to append; it is rotated by size.
    max_bytes: rotate the file before it would grow beyond this.
    keep: how many rotated files stay.
    verbose: log each job.
    """

    format: Literal["pretty", "compact", "json"] = "compact"
    level: str = "info"
    target: Literal["auto", "stderr", "stdout", "file", "both"] = "auto"
    file: str | None = None
    max_bytes: int = MAX_BYTES_DEFAULT
    keep: int = KEEP_DEFAULT
    verbose: bool = False


class Settings(Struct, frozen=True, kw_only=True):
    """All settings.

    store: where the jobs live, such as ``sqlite:////var/lib/jobs.db``, or for commands a server, such as
        ``https://jobs.example.com``. None: what the app says, or ``headrace.db`` in the working folder if it is there.
    token: what commands tell a server: an API key, or its token.
    app: the app of ``headrace worker``, ``dev`` and others where none is named: ``module:attribute``.
    """

    store: str | None = None
    token: str | None = None
    app: str | None = None
    worker: WorkerConfig = WorkerConfig()
    log: LogSettings = LogSettings()
    output: OutputSettings = OutputSettings()
    server: ServerSettings = ServerSettings()


class ProfileSettings(Struct, frozen=True, kw_only=True):
    """What a profile can say beside the settings.

    protected: ask before a command changes something in the profile's store.
    read_only: refuse commands that change something in it.
    """

    protected: bool = False
    read_only: bool = False
