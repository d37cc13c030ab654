"""``headrace queue drain`` and ``headrace queue purge``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from headrace.cli.durations import Duration
from headrace.cli.faults import Exit
from headrace.cli.output import Output, note, output_options
from headrace.cli.queue.change import check_known
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.model.job import JobState

WAITS = ("scheduled", "queued", "waiting")


@click.command("drain")
@click.argument("name", metavar="QUEUE")
@click.option("--timeout", type=Duration(), metavar="TIME", help="Give up after this long, with code 7. [never]")
@store_option
def drain(name: str, timeout: timedelta | None, store: str | None) -> int:
    """Wait until no job of the queue is queued or running, for instance before a deploy.

    Nothing is paused or cancelled: stop enqueuing first. Scheduled and waiting jobs do not count.

    \b
    Examples:
      headrace queue drain mail --timeout 10m
    """

    async def wait(app: Headrace) -> Mapping[JobState, int] | str:
        await check_known(app, [name])
        try:
            return await app.drain(name, timeout=timeout)
        except TimeoutError as error:
            return str(error)

    left = with_store(resolve_store(store), wait)
    if isinstance(left, str):
        note(left)
        return Exit.TIMED_OUT
    rest = ", ".join(f"{count} {state}" for state, count in left.items() if state in WAITS)
    click.echo(f"{name}  drained{f', with {rest}' if rest else ''}")
    return Exit.DONE


@click.command("purge")
@click.argument("name", metavar="QUEUE")
@click.option(
    "--state", "states", multiple=True, metavar="STATE", help="Delete those in this state. [scheduled, queued, waiting]"
)
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
@store_option
@output_options("table", "json")
def purge(name: str, states: tuple[str, ...], dry_run: bool, store: str | None, output: Output) -> int:
    """Delete the jobs of a queue that wait, or are in the states that are named. It cannot be undone.

    Running jobs stay, and so do those that are enqueued later. It is a bulk operation: headrace operation list.

    \b
    Examples:
      headrace queue purge mail --dry-run
      headrace queue purge mail --state queued --yes
    """
    from headrace.app.emptying import purge_query
    from headrace.cli.job.bulk import Bulk, change_all
    from headrace.cli.query import check_states
    from headrace.model.job import JobState

    check_states(states)
    with_store(resolve_store(store), lambda app: check_known(app, [name]))
    where = purge_query(name, [JobState(state) for state in states or WAITS])
    return change_all("delete", Bulk(where, None, None, "purged", dry_run), store, output)
