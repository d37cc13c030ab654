"""Where handlers run when not on the event loop."""

from __future__ import annotations

import os

from headrace.config import WorkerConfig
from headrace.engine.process_pool import ProcessPool
from headrace.engine.threads import ThreadPool
from headrace.storage.clock import Clock

THREADS_MAX_DEFAULT = 64
"""Beyond this many threads the interpreter spends its time on switching; ``threads=`` in the config overrules it."""


class Pools:
    """The thread pool and the process pool of one worker. Both make nothing until they are used."""

    def __init__(self, config: WorkerConfig, clock: Clock) -> None:
        self.threads = ThreadPool(config.threads or min(config.slots, THREADS_MAX_DEFAULT))
        self.processes = ProcessPool(
            config.processes or os.cpu_count() or 1,
            clock,
            recycle_jobs=config.recycle_jobs,
            recycle_memory=config.recycle_memory,
        )

    async def close(self) -> None:
        """End idle threads, kill children."""
        await self.processes.close()
        self.threads.close()
