"""Goes on with operations whose process died."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from headrace.engine.operation_store import OperationStore
from headrace.engine.operator import Operator
from headrace.engine.service import Periodic
from headrace.model.durations import ZERO
from headrace.storage.backend import Backend

LOOK_EVERY = timedelta(seconds=5)
ROUND_FOR = timedelta(seconds=2)
"""A round of upkeep is bounded; an operation that is not done by then goes on in the next one, at once."""


class Successor(Periodic):
    """Takes over running operations that nobody holds: those that were begun without anyone waiting, too."""

    def __init__(self, backend: Backend, *, gate: Callable[[], bool]) -> None:
        super().__init__("operations", LOOK_EVERY, gate=gate)
        self._store = OperationStore(backend.kv)
        self._operator = Operator(backend)

    async def tick(self) -> timedelta | None:
        """Carry out each for a while."""
        more = False
        for operation_id in await self._store.running():
            before = await self._store.get(operation_id)
            after = await self._operator.run(operation_id, for_at_most=ROUND_FOR)
            more = more or (after.matched > before.matched and not after.state.final)
        return ZERO if more else None
