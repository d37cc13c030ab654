"""pg-boss (Node): handlers that are given 2,000 jobs at once, LISTEN on, its upkeep off; completed jobs are kept."""

from __future__ import annotations

from pathlib import Path

from benchmarks.cases.node_peers import measure_in_node


def measure(folder: Path, scale: float) -> dict[str, float]:
    return measure_in_node("pg_boss.mjs", scale)
