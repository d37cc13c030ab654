"""The load of the event stream's case: an app without handlers of its own, and a program that enqueues steadily."""

from __future__ import annotations

import asyncio
import sys
import time

from benchmarks.cases.common import TEXT
from headrace import Headrace

app = Headrace("memory://")


@app.task(name="noop")
async def noop(number: int, text: str) -> None:
    return None


async def main(url: str, rate: int, seconds: int) -> None:
    app.use_store(url)
    async with app, asyncio.TaskGroup() as group:
        begun = time.monotonic()
        for number in range(rate * seconds):
            await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
            group.create_task(_enqueue(number))


async def _enqueue(number: int) -> None:
    await noop.enqueue(number, TEXT)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
