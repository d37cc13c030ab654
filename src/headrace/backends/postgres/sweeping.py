"""Whoever makes dead rows has them removed: vacuum by workers, in proportion to what they finish.

A drained job leaves two dead rows and their index entries. Autovacuum looks once a minute by default; at ten thousand
jobs a second the hot table has then grown by a million dead rows, through which vacuum takes a processor for ten
seconds. Vacuumed in small parts the table stays small, and nobody notices. Autovacuum remains for all the rest, and for
those who may not vacuum.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from headrace.backends.postgres.session import PooledSession, Session
from headrace.errors import HeadraceError

log = logging.getLogger("headrace.postgres")

FINISHED_MIN = 50_000
"""Jobs finished by this process from one vacuum to the next: a hundred thousand dead rows, some 30 MB. If half of them
are still there afterwards, somebody holds them."""

HELD_BACK_MAX = 64
"""Where rows stay, since somebody holds an old snapshot, the next vacuum waits for twice as many, up to this factor."""

Run = Callable[[Callable[[Session], Awaitable[bool | None]]], Awaitable[bool | None]]


class Sweeper:
    """Counts what is finished, and vacuums beside it, one at a time. Never raises."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._finished = 0
        self._factor = 1
        self._task: asyncio.Task[None] | None = None

    def note(self, finished: int) -> None:
        """So many jobs more were finished here."""
        self._finished += finished
        if self._finished >= FINISHED_MIN * self._factor and self._task is None:
            self._finished = 0
            self._task = asyncio.create_task(self._sweep(), name="headrace-postgres-vacuum")

    async def close(self) -> None:
        """Wait for the vacuum that is under way, if one is."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _sweep(self) -> None:
        try:
            clean = await self._run(_vacuum)
        except HeadraceError as error:
            clean = False
            log.debug("the jobs could not be vacuumed: %s", error)
        finally:
            self._task = None
        self._factor = 1 if clean else min(HELD_BACK_MAX, 2 * self._factor)


async def _vacuum(session: Session) -> bool | None:
    """Whether what was dead is gone, but for what is being finished right now; None where this user may not vacuum."""
    assert isinstance(session, PooledSession)
    [(may, _)] = await session.rows("dead_rows")
    if not may:
        return None
    schema = session.schema
    # Nobody is waited for, and the file is not cut off at its end: that would make everybody wait.
    await session.command(f"VACUUM (SKIP_LOCKED, TRUNCATE FALSE) {schema}.jobs, {schema}.tallies")
    [(_, left)] = await session.rows("dead_rows")
    return bool(left <= FINISHED_MIN)
