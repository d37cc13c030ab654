"""Waiting for what happens in the server."""

from __future__ import annotations

import asyncio
from typing import Any

PATIENCE_S = 30
BLOCKED = "SELECT count(*) FROM pg_locks WHERE NOT granted AND $1 = ANY (pg_blocking_pids(pid))"
"""Of locks, as what pg_stat_activity shows stays the same throughout a transaction."""


async def until_blocked_by(connection: Any) -> None:
    """Return once another session waits for this one."""
    ours = await connection.fetchval("SELECT pg_backend_pid()")
    async with asyncio.timeout(PATIENCE_S):
        while not await connection.fetchval(BLOCKED, ours):
            pass
