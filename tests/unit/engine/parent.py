"""A program with a worker that runs one hanging job in a child process: for a test to kill."""

from __future__ import annotations

import asyncio
import sys

from tests.unit.engine import handlers
from tests.unit.engine.support import Rig

from headrace.backends.memory import MemoryBackend


async def main(path: str) -> None:
    """Hang."""
    backend = MemoryBackend()
    await backend.open()
    rig = Rig(backend)
    rig.tasks["hang"] = handlers.hang_task
    await rig.enqueue("hang", path)
    await rig.worker(processes=1)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
