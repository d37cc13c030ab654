"""A lock of a worker that was killed is free at once: leadership must not stay with the dead for its time to live."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from headrace.backends.sqlite import SqliteBackend

TTL = timedelta(hours=1)


async def test_the_lock_of_a_killed_process_is_free_before_its_time_is_over(backend: SqliteBackend, path: Path) -> None:
    """The clock is frozen: only the kernel's word can have freed the lock."""
    child = subprocess.Popen([sys.executable, "-c", LOCK_AND_HANG, str(path)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"locked\n"
    assert await backend.locks.acquire("leader", owner="w-1", ttl=TTL) is None
    child.kill()
    child.communicate()
    taken = await backend.locks.acquire("leader", owner="w-1", ttl=TTL)
    assert taken is not None
    assert taken.fence == 2


async def test_the_lock_of_an_owner_that_never_vouched_is_kept_for_its_time(backend: SqliteBackend) -> None:
    assert await backend.locks.acquire("leader", owner="w-1", ttl=TTL) is not None
    assert await backend.locks.acquire("leader", owner="w-2", ttl=TTL) is None


LOCK_AND_HANG = """
import asyncio, sys, threading
from datetime import timedelta
from headrace.backends.sqlite import SqliteBackend

async def main():
    backend = SqliteBackend(f"sqlite:///{sys.argv[1]}")
    await backend.open()
    backend.vouch("w-child")
    assert await backend.locks.acquire("leader", owner="w-child", ttl=timedelta(hours=1)) is not None
    print("locked", flush=True)
    threading.Event().wait()

asyncio.run(main())
"""
