"""What the store does not do yet: it says so instead of letting jobs run beyond a limit or out of order."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.errors import Unsupported
from headrace.model.limits import Limit, LimitTarget, LimitUsage
from headrace.model.queue import QueueSettings


class NoLimits:
    """No limit is kept, and none can be set."""

    async def all(self) -> list[Limit]:
        return []

    async def set_many(self, limits: Sequence[Limit]) -> None:
        raise Unsupported("limits are not kept by the PostgreSQL store of this release; the SQLite store keeps them")

    async def remove_many(self, targets: Sequence[LimitTarget]) -> list[bool]:
        return [False for _ in targets]

    async def usage(self, targets: Sequence[LimitTarget]) -> list[LimitUsage | None]:
        return [None for _ in targets]


def refuse_order(settings: QueueSettings) -> None:
    """Raises Unsupported for settings by which keys take turns or are served in order, or jobs age."""
    if settings.fair or settings.ordered or settings.ageing is not None:
        raise Unsupported(
            f"queue {settings.name!r}: fair, ordered and ageing are not kept by the PostgreSQL store of this release"
        )
