"""Limits, fairness and order under misfortune: none is exceeded, and no key starves, whatever happens to workers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from headrace.model.lease import Claim
from headrace.model.limits import Limit
from headrace.storage.jobs import ClaimRequest, JobStore
from headrace.testing.simulation import Settings, Violation, simulate
from tests.simulation.rounds import ROUNDS

LIMITED = Settings(limited=True)
SEEDS = range(30 * ROUNDS)
GROUPS = 4


@pytest.mark.parametrize("group", range(GROUPS))
def test_no_limit_is_exceeded_and_every_key_is_served(group: int) -> None:
    for seed in SEEDS[group::GROUPS]:
        story = simulate(seed, LIMITED)
        assert sum(story.ended.values()) == LIMITED.jobs, f"seed {seed}"


def test_many_workers_with_many_deaths_keep_to_limits() -> None:
    for seed in range(5 * ROUNDS):
        simulate(seed, Settings(limited=True, workers=6, calamity=timedelta(seconds=1), error_rate=0.15))


class Forgetful:
    """A store that limits lets through one more job than it should, now and then."""

    def __init__(self, jobs: JobStore) -> None:
        self._jobs = jobs

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._jobs, verb)

    async def claim(self, request: ClaimRequest) -> Sequence[Claim]:
        state = self._jobs._session.state  # type: ignore[attr-defined]
        limits = dict(state.limits)
        for target, limit in limits.items():
            if limit.concurrency is not None:
                state.limits[target] = Limit(target=target, concurrency=limit.concurrency + 1, rate=limit.rate)
        claims = await self._jobs.claim(request)
        state.limits.update(limits)
        return claims


def test_a_limit_that_is_exceeded_by_one_is_noticed() -> None:
    with pytest.raises(Violation, match="run under the limit of"):
        _simulate_several()


def _simulate_several() -> None:
    for seed in range(10):
        simulate(seed, LIMITED, wrap=lambda jobs: Forgetful(jobs))  # type: ignore[arg-type, return-value]
