"""What the kernel tells about a worker's process decides between its lease and its life."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from headrace.backends.sqlite import SqliteBackend
from headrace.backends.sqlite.verbs.upkeep import VOUCHED_MAX_US
from headrace.model.job import AttemptOutcome, JobState
from headrace.storage.jobs import ClaimRequest
from headrace.testing.clock import FrozenClock
from headrace.testing.conformance.builders import job, state_of

LEASE = timedelta(seconds=30)


async def test_a_silent_worker_whose_process_lives_keeps_its_jobs(backend: SqliteBackend, clock: FrozenClock) -> None:
    backend.vouch("w-1")
    [reply] = await backend.jobs.enqueue_many([job()])
    await backend.jobs.claim(ClaimRequest(worker="w-1", demand={"default": 1}, lease_for=LEASE))
    clock.advance(LEASE * 5)
    assert await backend.jobs.rescue(limit=10) == []
    assert await state_of(backend, reply.id) is JobState.RUNNING


async def test_a_living_worker_that_stays_silent_for_ten_minutes_loses_its_jobs(
    backend: SqliteBackend, clock: FrozenClock
) -> None:
    backend.vouch("w-1")
    [reply] = await backend.jobs.enqueue_many([job()])
    await backend.jobs.claim(ClaimRequest(worker="w-1", demand={"default": 1}, lease_for=LEASE))
    clock.advance(LEASE)
    assert await backend.jobs.rescue(limit=10) == []
    clock.advance(timedelta(microseconds=VOUCHED_MAX_US))
    assert [rescued.id for rescued in await backend.jobs.rescue(limit=10)] == [reply.id]


async def test_a_heartbeat_ends_the_silence(backend: SqliteBackend, clock: FrozenClock) -> None:
    backend.vouch("w-1")
    await backend.jobs.enqueue_many([job()])
    [claim] = await backend.jobs.claim(ClaimRequest(worker="w-1", demand={"default": 1}, lease_for=LEASE))
    for _ in range(3):
        clock.advance(timedelta(microseconds=VOUCHED_MAX_US * 3 // 4))
        assert await backend.jobs.rescue(limit=10) == []
        [beat] = await backend.jobs.heartbeat([claim.lease], extend=LEASE)
        assert beat.lease is not None


async def test_the_jobs_of_a_killed_process_come_back_before_their_lease_ends(
    backend: SqliteBackend, path: Path
) -> None:
    """The clock is frozen: only the kernel's word can have brought the job back."""
    [reply] = await backend.jobs.enqueue_many([job()])
    child = subprocess.Popen([sys.executable, "-c", CLAIM_AND_HANG, str(path)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"claimed\n"
    assert await backend.jobs.rescue(limit=10) == []
    child.kill()
    child.communicate()
    [rescued] = await backend.jobs.rescue(limit=10)
    assert (rescued.id, rescued.state, rescued.worker) == (reply.id, JobState.QUEUED, "w-child")
    [attempt] = await backend.reader.attempts(reply.id)
    assert attempt.outcome is AttemptOutcome.LOST
    assert not list(path.with_name("jobs.db-signals").glob("w-child*"))


async def test_a_child_that_a_handler_forked_does_not_keep_its_dead_parent_alive(
    backend: SqliteBackend, path: Path
) -> None:
    await backend.jobs.enqueue_many([job()])
    # Both say something, so that the fork is over, on both sides, before the parent dies.
    say = 'os.write(1, b"forked\\n" if os.fork() == 0 else b"claimed\\n")'
    program = CLAIM_AND_HANG.replace('print("claimed", flush=True)', say)
    child = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, start_new_session=True)
    assert child.stdout is not None
    assert {child.stdout.readline(), child.stdout.readline()} == {b"claimed\n", b"forked\n"}
    child.kill()
    child.wait()
    rescued = await backend.jobs.rescue(limit=10)
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate()
    assert [each.worker for each in rescued] == ["w-child"]


async def test_what_a_worker_left_behind_a_day_ago_is_swept_when_the_next_begins(
    backend: SqliteBackend, path: Path
) -> None:
    folder = path.with_name("jobs.db-signals")
    old, fresh = folder / "w-old.alive", folder / "w-fresh.alive"
    for each in (old, fresh):
        each.touch()
    os.utime(old, (0, 0))
    backend.vouch("w-1")
    assert not old.exists()
    assert fresh.exists()


CLAIM_AND_HANG = """
import asyncio, os, sys, threading
from datetime import timedelta
from headrace.backends.sqlite import SqliteBackend
from headrace.storage.jobs import ClaimRequest

async def main():
    backend = SqliteBackend(f"sqlite:///{sys.argv[1]}")
    await backend.open()
    backend.vouch("w-child")
    request = ClaimRequest(worker="w-child", demand={"default": 1}, lease_for=timedelta(hours=1))
    assert len(await backend.jobs.claim(request)) == 1
    print("claimed", flush=True)
    threading.Event().wait()

asyncio.run(main())
"""
