"""``python -m benchmarks [--rounds 3] [--scale 1.0] [CASE ...]``: run cases in turns and print medians and ratios."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import apsw

SETS = {
    "sqlite": (
        "headrace_drain",
        "headrace_limits",
        "peer_huey",
        "headrace_single",
        "peer_litequeue",
        "headrace_pickup",
        "peer_persistqueue",
        "headrace_footprint",
    ),
    "postgres": (
        "postgres_drain",
        "peer_pgqueuer",
        "peer_graphile_worker",
        "postgres_single",
        "peer_pg_boss",
        "peer_chancy",
        "postgres_pickup",
        "peer_procrastinate",
        "postgres_snapshot",
    ),
    "http": ("http_submit", "http_worker", "http_events"),
}
"""What runs without names. Those with ten million or a million jobs are asked for by name: ``headrace_history``,
``postgres_history`` and ``http_reads``."""

BACKENDS = (
    "headrace_drain",
    "postgres_drain",
    "headrace_single",
    "postgres_single",
    "headrace_pickup",
    "postgres_pickup",
)
"""The set ``backends``: headrace alone, store beside store. It needs no peer, and does not run without its name."""

IN_NODE = {"peer_graphile_worker", "peer_pg_boss"}
"""Peers that npm installs; without npm they are left out."""

OURS = {
    "sqlite": ("headrace_drain", "headrace_single"),
    "postgres": ("postgres_drain", "postgres_single"),
    "http": (),
}
"""The cases that the peers of a set are compared with."""

CASE_S_MAX = 1_200.0

CASES = Path(__file__).with_name("cases")

Figures = dict[str, dict[str, list[float]]]


def is_case(name: str) -> bool:
    """Whether there is a measurement of that name."""
    return name.isidentifier() and "def measure(" in _text_of(CASES / f"{name}.py")


def all_cases() -> list[str]:
    """Everything that can be measured."""
    return sorted(each.stem for each in CASES.glob("*.py") if is_case(each.stem))


def _text_of(file: Path) -> str:
    """Read, not imported: a case may need a peer that is not installed."""
    return file.read_text("utf-8") if file.exists() else ""


def run_case(name: str, scale: float) -> dict[str, float]:
    """One measurement, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.case", name, str(scale)],
        capture_output=True,
        text=True,
        timeout=CASE_S_MAX,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr}")
    return {str(key): float(value) for key, value in json.loads(done.stdout.splitlines()[-1]).items()}


def collect(names: list[str], rounds: int, scale: float) -> Figures:
    """All rounds; the cases take turns."""
    figures: Figures = {name: defaultdict(list) for name in names}
    for turn in range(rounds):
        for name in names:
            print(f"round {turn + 1} of {rounds}: {name}", file=sys.stderr)
            for key, value in run_case(name, scale).items():
                figures[name][key].append(value)
    return figures


def describe_machine() -> str:
    """What the figures were measured on, without naming the machine."""
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"SQLite {apsw.sqlite_lib_version()} (headrace) and {sqlite3.sqlite_version} (peers)"
    )


def render(figures: Figures, rounds: int, scale: float) -> str:
    """A table in Markdown: the median, with the smallest and the largest."""
    lines = [
        f"{describe_machine()}; median (min-max) of {rounds}, scale {scale:g}",
        "",
        "| case | figure | value |",
        "|---|---|---|",
    ]
    for name, each in figures.items():
        for key, values in each.items():
            spread = f" ({_short(min(values))}-{_short(max(values))})" if len(values) > 1 else ""
            lines.append(f"| {name} | {key} | {_short(statistics.median(values))}{spread} |")
    lines += ["", *_ratios(figures)]
    return "\n".join(lines)


def _ratios(figures: Figures) -> list[str]:
    lines = []
    for name, cases in SETS.items():
        ours = {key: values for case in OURS[name] for key, values in figures.get(case, {}).items()}
        for peer in cases:
            for key in ours.keys() & figures.get(peer, {}).keys() if peer.startswith("peer_") else ():
                if key.endswith("jobs/s"):
                    ratio = statistics.median(ours[key]) / statistics.median(figures[peer][key])
                    lines.append(f"- {key}: headrace is {ratio:.1f} times {peer.removeprefix('peer_')}")
    return lines


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    sets = {**SETS, "backends": BACKENDS}
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"a set ({', '.join(sets)}) or a case")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="0.1 for a quick look; figures then mean little")
    options = parser.parse_args()
    names = [case for name in options.cases or SETS for case in sets.get(name, (name,))]
    if unknown := [name for name in names if not is_case(name)]:
        parser.error(f"no set or case {', '.join(unknown)}\nsets:  {' '.join(sets)}\ncases: {' '.join(all_cases())}")
    if shutil.which("npm") is None and IN_NODE.intersection(names):
        print("there is no npm here: peers in Node are left out", file=sys.stderr)
        names = [name for name in names if name not in IN_NODE]
    print(render(collect(names, options.rounds, options.scale), options.rounds, options.scale))


if __name__ == "__main__":
    main()
