"""Looks into every text file of a folder: in batches, on all processors, and each version of a file once.

Run it beside a worker::

    headrace worker library:app --queue files=8
    python library.py ~/Documents
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from headrace import Discard, Fixed, Headrace, JobHandle, current_job, seconds
from headrace.errors import JobFailed

app = Headrace("sqlite:///library.db")

PROGRESS_EVERY = 10_000
"""Lines between two reports of progress."""


@dataclass
class Facts:
    """What is known of a file."""

    path: str
    checksum: str
    lines: int
    words: int
    commonest: list[str]


@app.task(name="examine", queue="files", executor="process", timeout=seconds(300), retry=Fixed(attempts=3))
def examine(path: str) -> Facts:
    """Read one file. It runs in a child process, so a thousand files keep every processor busy.

    A file that is no text never will be: its job is dead at once, with the reason, and holds nobody up. A file that
    cannot be read now, on a network drive for instance, is tried again.
    """
    words: Counter[str] = Counter()
    digest = hashlib.sha256()
    lines = 0
    with open(path, "rb") as file:
        for line in file:
            digest.update(line)
            try:
                words.update(line.decode().lower().split())
            except UnicodeDecodeError as error:
                raise Discard(f"{path} is no text: {error}") from error
            lines += 1
            if lines % PROGRESS_EVERY == 0:
                current_job().progress(lines, note=path)
    commonest = [word for word, _ in words.most_common(3)]
    return Facts(path, digest.hexdigest(), lines, words.total(), commonest)


async def examine_folder(folder: Path, pattern: str = "**/*.txt") -> list[JobHandle[Facts]]:
    """Enqueue a job for each file, a thousand in each write. A file that has not changed since is not looked at again.

    The key names the version of the file by its size and time; asking again answers the job that is there.
    """
    calls = []
    for path in await asyncio.to_thread(lambda: sorted(folder.glob(pattern))):
        stat = path.stat()
        key = f"examine:{path}:{stat.st_size}:{stat.st_mtime_ns}"
        calls.append(examine.call(str(path)).options(idempotency_key=key))
    return await app.enqueue_many(calls)


async def main(folder: Path) -> None:
    """Examine a folder, and write a line about each file as soon as it is known."""
    async with app:
        for job in await examine_folder(folder):
            try:
                facts = await job.result()
                line = f"{facts.words:8} words  {facts.checksum[:12]}  {facts.path}"
            except JobFailed as error:
                line = f"   skipped: {error}"
            sys.stdout.write(line + "\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
