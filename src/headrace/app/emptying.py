"""Emptying queues: by waiting until their jobs are done, or by deleting them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from headrace.config import check_queue_name
from headrace.model.job import JobState
from headrace.model.search import quoted
from headrace.storage.backend import Backend

LOOK_FIRST_S = 0.05
LOOK_LAST_S = 1.0
"""Counters are read this often: soon at first, since many queues are all but empty, and once a second later."""

_BUSY = (JobState.QUEUED, JobState.RUNNING)


async def drain(backend: Backend, queue: str, timeout: float | timedelta | None) -> dict[JobState, int]:
    """Wait until nothing is queued or running; see ``Headrace.drain``."""
    check_queue_name(queue)
    limit = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
    loop = asyncio.get_running_loop()
    over, pause = None if limit is None else loop.time() + limit, LOOK_FIRST_S
    while True:
        counts = {count.state: count.count for count in await backend.reader.counts(queues=[queue])}
        if not any(counts.get(state, 0) for state in _BUSY):
            return counts
        left = None if over is None else over - loop.time()
        if left is not None and left <= 0:
            shown = ", ".join(f"{counts[state]} {state}" for state in _BUSY if counts.get(state))
            message = f"queue {queue!r} is not empty after {limit} s: {shown}"
            raise TimeoutError(message)
        await asyncio.sleep(pause if left is None else min(pause, left))
        pause = min(LOOK_LAST_S, pause * 2)


def purge_query(queue: str, states: Sequence[JobState]) -> str:
    """The search for what a purge deletes.

    >>> purge_query("mail", [JobState.QUEUED])
    'queue:"mail" state:queued'
    """
    check_queue_name(queue)
    return f"queue:{quoted(queue)} state:{','.join(state.value for state in states)}"
