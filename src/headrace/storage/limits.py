"""Limits that ``claim`` obeys, exactly, whichever worker of whichever process asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from headrace.model.limits import Limit, LimitTarget, LimitUsage


class LimitStore(Protocol):
    """Read and write limits. A change takes effect from the next claim on; what runs, runs on."""

    async def all(self) -> list[Limit]:
        """Every limit there is, by target."""
        ...

    async def set_many(self, limits: Sequence[Limit]) -> None:
        """Store limits, each replacing what its target had. All or none. The tokens that are left stay left.

        One that limits nothing is as good as removed, except for a single key: that key is then exempt.
        """
        ...

    async def remove_many(self, targets: Sequence[LimitTarget]) -> list[bool]:
        """Take limits away; answers which of them there were."""
        ...

    async def usage(self, targets: Sequence[LimitTarget]) -> list[LimitUsage | None]:
        """How each limit stands; None where nothing limits that target."""
        ...
