"""headrace on PostgreSQL: from the call of ``enqueue`` to the first line of the handler, at 200 jobs a second."""

from __future__ import annotations

from pathlib import Path

from benchmarks.cases.headrace_pickup import across_processes, in_process, pickup_figures
from benchmarks.cases.postgres_common import MeasuredServer, served, under_uvloop


async def _measure(server: MeasuredServer, jobs: int, folder: Path) -> dict[str, float]:
    inside = pickup_figures("in process", await in_process(server.url(), jobs))
    return inside | pickup_figures("across processes", await across_processes(server.url(), jobs, folder / "waits.txt"))


def measure(folder: Path, scale: float) -> dict[str, float]:
    with served() as server:
        return under_uvloop(_measure, server, int(1_600 * scale), folder)
