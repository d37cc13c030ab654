"""The child of the pickup case: a worker that writes down how long each job waited for it."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import uvloop

from benchmarks.cases.common import make_app_at


async def main(url: str, written: Path, jobs: int) -> None:
    app, _ = make_app_at(url)
    waits: list[float] = []
    done = asyncio.Event()

    @app.task(name="pickup", keep_result=False)
    async def pickup(asked_at: float) -> None:
        waits.append(time.monotonic() - asked_at)
        if len(waits) == jobs:
            done.set()

    async with app, app.worker(queues={"default": 10}):
        print("ready", flush=True)
        async with asyncio.timeout(120):
            await done.wait()
    written.write_text("\n".join(map(str, waits)))


if __name__ == "__main__":
    url = sys.argv[1]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if url.startswith("postgres") else None) as runner:
        runner.run(main(url, Path(sys.argv[2]), int(sys.argv[3])))
