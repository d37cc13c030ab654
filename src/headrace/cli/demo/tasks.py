"""The tasks of the demo: index one file, and report on all. Workers import this module like any app."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zlib import crc32

from headrace import ByException, Exponential, Headrace, JobState, Never, current_job
from headrace.cli.demo.figures import FileFacts, Totals, read_facts
from headrace.model.page import PAGE_LIMIT_MAX

QUEUE_INDEX = "index"
QUEUE_REPORT = "report"
STUMBLE_EVERY = 97

app = Headrace("memory://")
"""Every process of the demo gives it the store: ``headrace worker headrace.cli.demo.tasks --store URL``."""


def stumbles(path: str) -> bool:
    """Whether the first attempt on this file meets the injected fault: about one file in a hundred, always the same.

    >>> 80 < sum(stumbles(f"/lib/module_{number}.py") for number in range(9700)) < 125
    True
    """
    return crc32(path.encode("utf-8", "surrogateescape")) % STUMBLE_EVERY == 0


# A file that does not parse will not parse the next time either (ValueError: null bytes, or bytes that are no text).
@app.task(
    name="index_file",
    queue=QUEUE_INDEX,
    retry=ByException(
        {SyntaxError: Never(), ValueError: Never()},
        default=Exponential(base=timedelta(milliseconds=200), attempts=5),
    ),
)
def index_file(path: str) -> FileFacts:
    """Read and parse a Python file, and count what is in it."""
    if current_job().attempt == 1 and stumbles(path):
        message = "the demo's injected fault: the disk did not answer"
        raise OSError(message)
    return read_facts(Path(path))


@app.task(name="report", queue=QUEUE_REPORT)
async def report() -> Totals:
    """Add up the results of all ``index_file`` jobs, read from the store."""
    totals = Totals()
    cursor: str | None = None
    while True:
        page = await app.find(tasks=[index_file.name], cursor=cursor, limit=PAGE_LIMIT_MAX)
        ended = [job.id for job in page.items if job.state is JobState.SUCCEEDED]
        for job in await app.backend.reader.get_many(ended):
            if job is not None:
                (path,), _ = index_file.decode(job)
                totals.add(path, index_file.decode_result(job))
        for job in page.items:
            if job.state is JobState.DEAD and job.error is not None:
                totals.add_error(job.error.type)
        cursor = page.next_cursor
        if cursor is None:
            return totals.trimmed()
