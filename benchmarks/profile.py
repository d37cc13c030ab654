"""Where the time of a drain goes: ``make profile`` prints the costliest functions of the event loop's thread."""

from __future__ import annotations

import asyncio
import cProfile
import pstats
import tempfile
from pathlib import Path

from benchmarks.cases.common import TEXT, make_app, until_drained

JOBS = 20_000
SHOWN = 25


async def main(folder: Path) -> None:
    app, noop = make_app(folder)
    profile = cProfile.Profile()
    async with app:
        await app.enqueue_many([noop.call(number, TEXT) for number in range(JOBS)])
        async with app.worker(queues={"default": 100}):
            profile.enable()
            await until_drained(app)
            profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(SHOWN)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="headrace-profile-") as folder:
        asyncio.run(main(Path(folder)))
