"""placeholder"""

from __future__ import annotations

from headrace.engine.execution import Execution
from headrace.model.outcome import Outcome


class ProcessPool:
    def __init__(self, size: int, *, recycle_jobs: int | None, recycle_memory: int | None) -> None:
        self._size = size

    async def run(self, run: Execution) -> Outcome:
        raise NotImplementedError

    async def close(self) -> None:
        return
