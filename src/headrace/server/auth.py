"""Who asks, and what they may do. The seam: whatever knows callers is an :class:`Authenticator`."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Protocol

from msgspec import Struct

from headrace.server.problems import Refused
from headrace.wire.scopes import Scope

SCHEME = "Bearer"


class Principal(Struct, frozen=True, kw_only=True):
    """A caller: a name for the logs, what they may do, and in which queues (patterns; None for all)."""

    name: str
    scopes: frozenset[Scope]
    queues: tuple[str, ...] | None = None

    def may(self, scope: Scope) -> bool:
        """Whether calls of this kind are theirs."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def may_in(self, queue: str) -> bool:
        """Whether the queue is theirs.

        >>> Principal(name="mailer", scopes=frozenset(), queues=("mail.*",)).may_in("mail.eu")
        True
        """
        return self.queues is None or any(fnmatchcase(queue, pattern) for pattern in self.queues)


class Authenticator(Protocol):
    """Tells callers apart by the headers of their request, whose names are lower case."""

    async def authenticate(self, headers: Mapping[str, str]) -> Principal:
        """Who asks. Raises Refused with 401 for who cannot be told."""
        ...


def bearer(headers: Mapping[str, str]) -> str:
    """What the header ``Authorization`` holds behind its scheme. Raises Refused where there is none."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() != SCHEME.lower() or not credentials.strip():
        raise unauthenticated("no token was sent")
    return credentials.strip()


def unauthenticated(detail: str) -> Refused:
    """The refusal of a caller who cannot be told."""
    return Refused(
        401,
        "HR-E0410",
        detail,
        fix="send the header: Authorization: Bearer TOKEN",
        headers={"www-authenticate": SCHEME},
    )


def check_scope(principal: Principal, scope: Scope) -> None:
    """Raise Refused with 403 where the caller may not."""
    if not principal.may(scope):
        has = ", ".join(sorted(principal.scopes)) or "none"
        raise Refused(
            403, "HR-E0411", f"this needs the scope {scope}; {principal.name} has {has}", fix=f"use a key with {scope}"
        )


def check_queue(principal: Principal, queue: str) -> None:
    """Raise Refused with 403 where the queue is not the caller's."""
    if not principal.may_in(queue):
        has = ", ".join(principal.queues or ())
        raise Refused(403, "HR-E0412", f"queue {queue!r} is not among those of {principal.name}: {has}", field="queue")
