"""Whole systems in virtual time, seed by seed. A red test prints the call that shows it again."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from headrace.model.job import JobState, NewJob
from headrace.model.lease import Lease
from headrace.model.outcome import Finish
from headrace.storage.jobs import ClaimRequest, Enqueued, Heartbeat, JobStore, Settled
from headrace.testing.simulation import Settings, Violation, simulate
from tests.simulation.rounds import ROUNDS

SEEDS = range(30 * ROUNDS)
GROUPS = 6
"""The seeds are dealt out to a few tests, so that several processors can share them."""


@pytest.mark.parametrize("group", range(GROUPS))
def test_every_acknowledged_job_ends_exactly_once_whatever_happens(group: int) -> None:
    happened = dict.fromkeys(("kill", "stop", "cut", "rescue", "finish", "taken"), 0)
    for seed in SEEDS[group::GROUPS]:
        story = simulate(seed)
        assert sum(story.ended.values()) == Settings().jobs, f"seed {seed}"
        assert story.ended[JobState.SUCCEEDED] > 0, f"seed {seed}"
        for what in happened:
            happened[what] += story.happened.get(what, 0)
    assert min(happened.values()) > 0, f"a simulation in which nothing goes wrong proves nothing: {happened}"


def test_a_store_that_fails_every_third_call_still_loses_nothing() -> None:
    for seed in range(3 * ROUNDS):
        simulate(seed, Settings(error_rate=0.33, jobs=30))


def test_a_single_worker_that_is_killed_every_second_still_gets_through() -> None:
    for seed in range(3 * ROUNDS):
        simulate(seed, Settings(workers=1, producers=1, jobs=30, calamity=timedelta(seconds=1)))


def test_many_workers_on_few_jobs_never_run_one_twice() -> None:
    for seed in range(3 * ROUNDS):
        simulate(seed, Settings(workers=8, jobs=20))


def test_the_same_seed_gives_the_same_history_in_any_process() -> None:
    """Also where Python orders its sets differently, since the seed of a red test is run elsewhere."""
    histories = {_digest_elsewhere(hash_seed) for hash_seed in ("0", "1", "77")}
    assert histories == {_digest(5)}


def test_another_seed_gives_another_history() -> None:
    assert _digest(5) != _digest(6)


def _digest(seed: int) -> str:
    return hashlib.sha256(repr(simulate(seed).history).encode()).hexdigest()


def _digest_elsewhere(hash_seed: str) -> str:
    program = (
        "import hashlib; from headrace.testing.simulation import simulate; "
        "print(hashlib.sha256(repr(simulate(5).history).encode()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    answer = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return answer.stdout.strip()


# -- planted bugs: what the simulation must catch, or it is worth nothing --------------------------------------------


class Planted:
    """A store with a fault of its own; what it does not change it passes on."""

    def __init__(self, jobs: JobStore) -> None:
        self._jobs = jobs
        self._tokens: dict[str, str] = {}

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._jobs, verb)


class IgnoresTokens(Planted):
    """Finishes whatever it is told to, under whichever lease is current."""

    async def claim(self, request: ClaimRequest) -> list[Any]:
        claims = await self._jobs.claim(request)
        self._tokens.update({claim.job.id: claim.lease.token for claim in claims})
        return claims

    async def finish_many(self, finishes: Sequence[Finish]) -> list[Settled]:
        return await self._jobs.finish_many([Finish(lease=self._current(f.lease), outcome=f.outcome) for f in finishes])

    def _current(self, lease: Lease) -> Lease:
        return Lease(job_id=lease.job_id, token=self._tokens[lease.job_id], expires_at=lease.expires_at)


class ForgetsHeartbeats(Planted):
    """Answers that it extended every lease, and extends none."""

    async def heartbeat(self, leases: Sequence[Lease], *, extend: timedelta) -> list[Heartbeat]:
        return [Heartbeat(lease=lease) for lease in leases]


class NeverRescues(Planted):
    """Leaves jobs with workers that are gone."""

    async def rescue(self, *, limit: int, quarantine_after: int | None = None) -> list[Any]:
        return []


class SwallowsFinishes(Planted):
    """Answers that it applied what it did not store."""

    async def finish_many(self, finishes: Sequence[Finish]) -> list[Settled]:
        await self._jobs.finish_many(finishes[1:])
        return [Settled.APPLIED] * len(finishes)


class ForgetsUniqueKeys(Planted):
    """Stores every job as if it had none."""

    async def enqueue_many(self, jobs: Sequence[NewJob]) -> list[Enqueued]:
        return await self._jobs.enqueue_many([replace(job, unique=None) for job in jobs])


@pytest.mark.parametrize(
    "planted", [IgnoresTokens, ForgetsHeartbeats, NeverRescues, SwallowsFinishes, ForgetsUniqueKeys]
)
def test_a_store_with_a_planted_bug_is_caught_within_a_few_seeds(planted: type[Planted]) -> None:
    with pytest.raises(Violation, match=r"Seen again by simulate\(\d+"):
        _simulate_several(planted)


def _simulate_several(wrap: type[Planted]) -> None:
    for seed in range(10):
        simulate(seed, wrap=lambda jobs: wrap(jobs))
