"""What the server logs."""

from __future__ import annotations

from headrace.wire.base import Levels, Reply, Request


class SetLogLevels(Request, frozen=True, kw_only=True):
    """The levels to change; loggers that are not named keep theirs."""

    levels: Levels


class LogLevels(Reply, frozen=True, kw_only=True):
    """The levels that hold in the server that answers: that of everything, and those of loggers with their own."""

    levels: str
