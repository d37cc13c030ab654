"""What a worker costs while it has nothing to do, however much lies ahead."""

from __future__ import annotations

from datetime import timedelta

import psutil

from tests.acceptance.harness import PATIENCE_S, Programs
from tests.acceptance.programs.common import Orders, make_app

RSS_MB_MAX = 60
CPU_PERCENT_MAX = 3.0
"""Generous, for a busy machine: the figures of a quiet one are below 50 MB and 1 %."""

SCHEDULED = 100_000
GROWTH_MB_MAX = 8


def test_an_idle_worker_costs_next_to_nothing(programs: Programs) -> None:
    figures = programs.start("idle").wait_for("idle")
    assert figures["rss_mb"] <= RSS_MB_MAX, figures
    assert figures["cpu_percent"] <= CPU_PERCENT_MAX, figures


async def test_a_hundred_thousand_scheduled_jobs_do_not_grow_the_worker(programs: Programs) -> None:
    worker = programs.worker()
    measured = psutil.Process(worker.process.pid)
    app = make_app(Orders(url=programs.url))
    effect = app.find_task("effect")
    tomorrow = effect.options(delay=timedelta(days=1))
    async with app:
        await app.enqueue_many([tomorrow.call(n) for n in range(1_000)])
        assert await (await effect.enqueue(1)).result(PATIENCE_S) == 1
        before = measured.memory_info().rss
        for _ in range(SCHEDULED // 1_000 - 1):
            await app.enqueue_many([tomorrow.call(n) for n in range(1_000)])
        assert await (await effect.enqueue(2)).result(PATIENCE_S) == 2
        grown = (measured.memory_info().rss - before) / 1e6
    assert grown <= GROWTH_MB_MAX, f"grown by {grown:.1f} MB"
