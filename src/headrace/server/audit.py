"""Who changed what: a line for each change that was asked for over HTTP, on the logger ``headrace.audit``.

Submitted jobs and the calls of workers are logged at the level debug, because there are thousands a second and the
store has a record of each; everything else at info, refusals included. The id of the request is a field of every line.
"""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

from headrace.server.auth import Principal
from headrace.server.operation import Operation
from headrace.wire.scopes import Scope

log = logging.getLogger("headrace.audit")

DONE = "done"
_OFTEN = frozenset({Scope.JOBS_SUBMIT, Scope.WORK})
_READING = frozenset(scope for scope in Scope if scope.endswith(":read"))
_OBJECTS = ("id", "ids", "name", "key", "fingerprint", "queue", "worker", "target", "task", "where", "query")
_OBJECT_LENGTH_MAX = 200


class AuditedCall:
    """One call, while it is carried out: what becomes known of it, and at its end the line."""

    __slots__ = ("_operation", "principal", "request")

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self.principal: Principal | None = None
        self.request: Any = None

    def end(self, outcome: str) -> None:
        """Log it, if it was to change something. ``outcome`` is ``done``, or the code of the problem."""
        operation = self._operation
        if operation.method == "GET" or operation.scope in _READING:  # a preview is a POST that changes nothing
            return
        level = logging.DEBUG if operation.scope in _OFTEN else logging.INFO
        if not log.isEnabledFor(level):
            return
        who = "unknown" if self.principal is None else self.principal.name
        what = object_of(self.request)
        log.log(
            level,
            "%s: %s %s: %s",
            who,
            operation.name,
            what,
            outcome,
            extra={"who": who, "operation": operation.name, "object": what, "outcome": outcome},
        )


def object_of(request: Any) -> str:
    """What a request is about: its id, name or search; never its arguments, which may hold secrets.

    Of an address it is the host: what follows may be a secret as well.
    """
    for name in _OBJECTS:
        value = getattr(request, name, None)
        if isinstance(value, str | list | tuple) and value:
            text = value if isinstance(value, str) else ",".join(map(str, value))
            return text if len(text) <= _OBJECT_LENGTH_MAX else f"{text[:_OBJECT_LENGTH_MAX]}…"
    return _host(getattr(request, "url", None))


def _host(url: Any) -> str:
    try:
        return (urlsplit(url).hostname if isinstance(url, str) else None) or "-"
    except ValueError:  # what was asked for is no address, and was refused
        return "-"
