"""Waiting that ends when the client is closed."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class AsyncPauses:
    """Waits between attempts."""

    def __init__(self) -> None:
        self._closed = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Wait that long, or until ``end``."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closed.wait(), seconds)

    def end(self) -> None:
        """Wait no more, now and later."""
        self._closed.set()

    @property
    def over(self) -> bool:
        """Whether ``end`` was called."""
        return self._closed.is_set()
