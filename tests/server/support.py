"""What the tests of the service share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2

PATIENCE_S = 30.0


async def until(client: httpx2.AsyncClient, path: str, holds: Callable[[Any], bool]) -> Any:
    """What is at ``path`` once it is as wanted. It is asked again and again, as a caller over HTTP has to."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = (await client.get(path)).json()
            if holds(found):
                return found
            await asyncio.sleep(0.005)
