"""Follows the journal of job events: one reader, woken by signals, that looks now and then without one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from datetime import timedelta

from headrace.model.durations import ZERO
from headrace.model.event import EVENTS_LIMIT_MAX, EventPage
from headrace.storage.backend import Backend
from headrace.storage.signals import EVENT

POLL_S = 1.0
"""How late an event is seen whose signal was lost."""

REST_S = 0.02
"""Between two reads: at 500 commits a second a reader makes 50 reads of ten events, and not 500 of one. An event that
comes alone is read at once."""


async def follow(
    backend: Backend, after: int, *, rest: Callable[[], float] = lambda: REST_S
) -> AsyncGenerator[EventPage, None]:
    """Pages with events above ``after``, as they come, until the store is closed.

    A page that is ``lost`` comes once, whether it holds events or not, and the next one goes on from what is kept.
    ``rest`` answers how long to rest between two reads, in seconds. Raises what the store raises; ``last`` of the page
    before is where to go on.
    """
    async with backend.signals.subscribe({EVENT}) as signals:
        while True:
            page = await backend.events.read(after=after, limit=EVENTS_LIMIT_MAX)
            after = page.last
            if page.events or page.lost:
                yield page
            if len(page.events) < EVENTS_LIMIT_MAX:
                await asyncio.sleep(rest() if page.events else 0)
                if not await _woken(signals):
                    return


async def _woken(signals: AsyncIterator[str]) -> bool:
    """Wait for a signal, or for the time of a look without one. False when the store is closed."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(POLL_S):
            try:
                await anext(signals)
            except StopAsyncIteration:
                return False
    return True


async def read_or_wait(backend: Backend, after: int, limit: int, wait: timedelta) -> EventPage:
    """A page of the journal; where there is none yet, the first to come within ``wait``."""
    page = await backend.events.read(after=after, limit=limit)
    if page.events or page.lost or wait <= ZERO:
        return page
    async with backend.signals.subscribe({EVENT}) as signals:
        # Again, for what was written before anyone listened.
        page = await backend.events.read(after=after, limit=limit)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait.total_seconds()):
                while not page.events and await _woken(signals):
                    page = await backend.events.read(after=after, limit=limit)
    return page
