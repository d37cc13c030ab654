"""The demo's outcome for people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from sysconfig import get_path

from headrace.cli.demo.driver import Outcome
from headrace.cli.demo.figures import Totals
from headrace.cli.secrets import masked


def summary(outcome: Outcome) -> Iterator[str]:
    """What happened and what was found, line by line."""
    history, victim = outcome.history, outcome.victim
    yield ""
    yield (
        f"Jobs       {history.jobs} ended in {history.attempts} attempts: {history.retried} were retried after an "
        f"injected fault, {history.dead} are dead"
    )
    yield f"Pace       {outcome.indexed / outcome.seconds:,.0f} files/s, {outcome.seconds:.1f} s for {outcome.indexed}"
    if victim is not None:
        yield (
            f"Killed     worker {victim.worker} held {len(victim.held)} jobs; {history.recovered} lost attempts were "
            "recovered, and their jobs ended on another worker"
        )
    yield ""
    yield from _report(outcome.report)
    yield ""
    if outcome.problems:
        yield "These do not agree:"
        yield from (f"  {problem}" for problem in outcome.problems)
    else:
        yield "Every figure agrees with a plain loop over the same files."


def _report(totals: Totals) -> Iterator[str]:
    yield f"Report     {totals.files:,} files, {totals.lines:,} lines"
    yield f"           {totals.functions:,} functions, {totals.classes:,} classes"
    root = Path(get_path("stdlib"))
    for index, longest in enumerate(totals.longest):
        path = Path(longest.path)
        where = path.relative_to(root) if path.is_relative_to(root) else path
        yield f"{'' if index else 'Longest':<11}{longest.lines:>5} lines  {longest.name}  in {where}"
    yield f"Imports    {', '.join(f'{name} {count}' for name, count in totals.imports.items())}"
    errors = ", ".join(f"{count} {kind}" for kind, count in totals.errors.items())
    yield f"Dead       {errors or 'none'}"


def next_steps(url: str | None, folder: Path) -> Iterator[str]:
    """Commands to look at what is left behind. ``url`` None: in a server that has ended."""
    if url is None:
        yield f"The server has ended and its jobs are gone; the workers' logs are in {folder}"
        yield "  headrace demo --store postgresql://user@host/database   # leaves them in a database of yours"
        return
    url = masked(url)
    yield f"Left in {folder} for you to look at:"
    yield f"  headrace job list state:dead --store {url}"
    yield f"  headrace job list task:report -o json --store {url}"
    yield f"  headrace store stats --store {url}"
