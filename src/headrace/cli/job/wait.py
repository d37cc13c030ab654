"""``headrace job wait``."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.durations import Duration
from headrace.cli.faults import Exit
from headrace.cli.ids import not_found, read_ids, resolve_id
from headrace.cli.output import Column, note, output_options, print_list
from headrace.cli.stores import resolve_store, store_option, with_store
from headrace.cli.views import job_view

if TYPE_CHECKING:
    from headrace.app import Headrace


@click.command("wait")
@click.argument("ids", metavar="ID...", nargs=-1)
@click.option("--timeout", type=Duration(), metavar="TIME", help="Give up after this long, with exit code 7.")
@click.option("--any", "first", is_flag=True, help="Until one of them has ended, not all.")
@store_option
@output_options()
def command(ids: tuple[str, ...], timeout: timedelta | None, first: bool, store: str | None, output: str) -> int:
    """Wait until jobs have ended, several at once. - reads ids from stdin.

    Exit 0 when all that ended succeeded, 9 when one did not, 7 when time is up.

    \b
    Examples:
      headrace job wait 019a0b0c-0d0e-7123-bfff-ffffffffffff --timeout 30s
      headrace job list tag:import -o name | headrace job wait - --timeout 1h
    """
    given = read_ids(ids)
    seconds = None if timeout is None else timeout.total_seconds()

    async def wait(app: Headrace) -> list[dict[str, Any]]:
        whole = list(dict.fromkeys([await resolve_id(app, each) for each in given]))
        return await _wait(app, whole, seconds, first=first)

    jobs = with_store(resolve_store(store), wait)
    print_list(output, "headrace.job.wait/1", jobs, _COLUMNS)
    ended = [job for job in jobs if job["finished_at"] is not None]
    if any(job["state"] != "succeeded" for job in ended):
        return Exit.BAD_ANSWER
    if len(ended) < len(jobs) and not (first and ended):
        note(f"time is up: {len(jobs) - len(ended)} of {len(jobs)} jobs have not ended")
        return Exit.TIMED_OUT
    return Exit.DONE


async def _wait(app: Headrace, ids: list[str], seconds: float | None, *, first: bool) -> list[dict[str, Any]]:
    """The jobs as they are when the wait is over, ended or not, in the order they were named."""
    from headrace.errors import JobNotFound

    if not ids:
        return []
    waits = [asyncio.ensure_future(app.settled(job_id)) for job_id in ids]
    try:
        when = asyncio.FIRST_COMPLETED if first else asyncio.FIRST_EXCEPTION
        await asyncio.wait(waits, timeout=seconds, return_when=when)
    finally:
        for each in waits:
            each.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
    jobs = []
    for job_id in ids:
        try:
            jobs.append(job_view(await app.get(job_id)))
        except JobNotFound:
            raise not_found(job_id) from None
    return jobs


_COLUMNS = [
    Column("ID", lambda job: job["id"]),
    Column("TASK", lambda job: job["task"]),
    Column("STATE", lambda job: job["state"]),
    Column("TRY", lambda job: f"{job['attempt']}/{job['max_attempts']}"),
    Column("ERROR", lambda job: f"{job['error']['type']}: {job['error']['message']}" if job["error"] else "-"),
]
