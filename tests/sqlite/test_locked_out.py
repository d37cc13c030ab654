"""Another program's long transaction, met by many calls at once."""

import asyncio
import time
from contextlib import closing
from pathlib import Path

import apsw

from headrace.backends.sqlite import SqliteBackend
from headrace.errors import Unavailable
from headrace.testing.conformance.builders import job


async def test_calls_that_wait_together_for_a_lock_are_told_together(path: Path) -> None:
    backend = SqliteBackend(f"sqlite:///{path}?busy_timeout=200ms")
    await backend.open()
    with closing(apsw.Connection(str(path))) as other:
        other.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        calls = (backend.jobs.enqueue_many([job()]) for _ in range(60))
        answers = await asyncio.gather(*calls, return_exceptions=True)
        # The first call makes a group of its own, the others wait for it and make the second.
        assert time.monotonic() - begun < 2
        other.execute("ROLLBACK")
    assert [type(answer) for answer in answers] == [Unavailable] * 60
    assert len({id(answer) for answer in answers}) == 60, "each caller gets an exception of its own"
    await backend.jobs.enqueue_many([job()])
    await backend.close()
