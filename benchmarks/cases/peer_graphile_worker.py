"""graphile-worker (Node): a local queue of 500 jobs, batched completions; finished jobs are deleted."""

from __future__ import annotations

from pathlib import Path

from benchmarks.cases.node_peers import measure_in_node


def measure(folder: Path, scale: float) -> dict[str, float]:
    return measure_in_node("graphile_worker.mjs", scale)
