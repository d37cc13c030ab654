"""``headrace operation undo`` and ``items``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from headrace.cli.job.bulk import Rate, carry_out, confirm, tell_end, tell_preview
from headrace.cli.output import Column, Output, note, output_options, print_list
from headrace.cli.person import who
from headrace.cli.session import session
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.model.operation import Operation, OperationItem, Preview
    from headrace.model.page import Page


@click.command("undo")
@click.argument("operation_id", metavar="OPERATION")
@click.option("--rate", type=Rate(), metavar="N/s", help="At most so many in a time, as 20/s.")
@click.option("--reason", default="", metavar="TEXT", help="Why; kept with the operation.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@store_option
@output_options("table", "json")
def undo(operation_id: str, rate: float | None, reason: str, dry_run: bool, store: str | None, output: Output) -> int:
    """Put the jobs that an operation changed back to what they were: their state, times, queue, and the other values.

    A job that has begun since, was deleted, or was changed by somebody else stays as it is; "headrace operation items"
    of the undo says so job by job. What was deleted cannot be brought back. Exit 0 if all were put back, 8 if some.

    \b
    Examples:
      headrace operation undo op-019a0b0c-0d0e-7123-bfff-ffffffffffff --dry-run
      headrace operation undo op-019a0b0c-0d0e-7123-bfff-ffffffffffff --reason "the wrong queue" --yes
    """
    url = resolve_store(store)

    async def act(app: Headrace) -> tuple[Preview, Operation | None]:
        preview = await app.bulk.preview_undo(operation_id)
        if dry_run or not preview.matched:
            return preview, None
        if not session().yes:
            confirm("undo", preview, url, app.backend.clock.now())
        begun = await app.bulk.start_undo(operation_id, rate=rate, reason=reason, author=who())
        return preview, await carry_out(app, begun, preview)

    preview, operation = with_store(url, act)
    if operation is None:
        return tell_preview("undo", preview, output, noun="operation")
    return tell_end(operation, output)


@click.command("items")
@click.argument("operation_id", metavar="OPERATION")
@click.option("--limit", type=click.IntRange(1, 1000), default=200, metavar="N", help="Jobs on a page. [200]")
@click.option("--cursor", metavar="CURSOR", help="Go on where a page ended.")
@store_option
@output_options()
def items(operation_id: str, limit: int, cursor: str | None, store: str | None, output: Output) -> None:
    """The jobs that an operation looked at: the state each was in, and why it was left alone, if it was.

    They are kept for a week, and of a delete not at all. A page can be shorter than its limit.

    \b
    Examples:
      headrace operation items op-019a0b0c-0d0e-7123-bfff-ffffffffffff
      headrace operation items op-019a0b0c-0d0e-7123-bfff-ffffffffffff -o name | headrace job retry -
    """

    async def ask(app: Headrace) -> Page[OperationItem]:
        return await app.bulk.items(operation_id, cursor=cursor, limit=limit)

    page = with_store(resolve_store(store), ask)
    views = [_view(each) for each in page.items]
    print_list(
        output, "headrace.operation.items/1", views, _COLUMNS, name="job", more={"next_cursor": page.next_cursor}
    )
    if output == "table":
        if not views:
            note("nothing is kept of its jobs")
        elif page.next_cursor is not None:
            note(f"there are more: --cursor {page.next_cursor}")


def _view(item: OperationItem) -> dict[str, Any]:
    return {
        "job": item.job_id,
        "changed": item.changed,
        "state_before": None if item.before is None else item.before.state.value,
        "left_alone": item.left_alone or None,
    }


_COLUMNS = [
    Column("JOB", lambda item: item["job"]),
    Column("WAS", lambda item: item["state_before"] or "-"),
    Column("OUTCOME", lambda item: "changed" if item["changed"] else f"left alone: {item['left_alone']}"),
]
