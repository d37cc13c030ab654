"""What this server logs: looked at and changed while it runs."""

from __future__ import annotations

import logging

from headrace.errors import ConfigError
from headrace.logs import levels_text, parse_levels, set_levels
from headrace.server.context import Context
from headrace.server.operation import operation
from headrace.wire.logs import LogLevels, SetLogLevels
from headrace.wire.queues import Nothing
from headrace.wire.scopes import Scope

log = logging.getLogger("headrace.server")


@operation("GET", "/v1/log-levels", scope=Scope.ADMIN)
async def get(context: Context, request: Nothing) -> LogLevels:
    """The levels of the loggers of the server that answers."""
    return LogLevels(levels=levels_text())


@operation("PUT", "/v1/log-levels", scope=Scope.ADMIN, name="logs.set")
async def set_levels_of_server(context: Context, request: SetLogLevels) -> LogLevels:
    """Change what the server that answers logs, until it ends. A worker has its own: see its log-level."""
    if not parse_levels(request.levels):
        raise ConfigError(f"levels is such as debug, or info,headrace.server=debug; got {request.levels!r}")
    set_levels(request.levels)
    log.warning("told to log %s", request.levels)
    return LogLevels(levels=levels_text())
