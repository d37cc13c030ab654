"""``headrace error list`` and ``headrace error get``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.durations import ago
from headrace.cli.faults import Exit, Fault
from headrace.cli.output import Column, Output, note, output_options, print_item, print_list
from headrace.cli.query import read_query
from headrace.cli.redacting import conceal, reveal_option
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.model.errors import ErrorGroup, ErrorMark


@click.command("list")
@click.argument("terms", metavar="[QUERY]...", nargs=-1)
@click.option("--limit", type=click.IntRange(1, 1000), default=50, metavar="N", help="Groups at most. [50]")
@click.option("--all", "every", is_flag=True, help="Also those that were resolved or are ignored.")
@reveal_option
@store_option
@output_options()
def list_errors(
    terms: tuple[str, ...], limit: int, every: bool, reveal: bool, store: str | None, output: Output
) -> None:
    """The errors of dead jobs, and of those that are to be retried; the group with most dead jobs first.

    Errors that differ in ids and numbers alone are one group. QUERY is a search that the jobs must match.

    \b
    Examples:
      headrace error list
      headrace error list queue:mail since:2h
      headrace error list -o name
    """
    from headrace.model.errors import status_of

    where = read_query(terms)

    async def ask(app: Headrace) -> list[dict[str, Any]]:
        groups = await app.error_groups(where=where, limit=limit)
        newest = await app.backend.reader.get_many([group.samples[0] for group in groups])
        # A group whose newest job was deleted meanwhile cannot be shown safely, and is not what it was.
        shown = [(job, _view(group)) for job, group in zip(newest, groups, strict=True) if job is not None]
        for (_, view), mark in zip(shown, await read_marks(app, [view for _, view in shown]), strict=True):
            view["status"] = status_of(view["last_seen"], mark).value
        return await conceal(app, [job for job, _ in shown], [view for _, view in shown], reveal=reveal)

    found = with_store(resolve_store(store), ask)
    items = [item for item in found if every or item["status"] in ("open", "regressed")]
    print_list(output, "headrace.error.list/1", items, _columns(datetime.now(UTC)), name="fingerprint")
    if len(items) < len(found) and output == "table":
        note(f"{len(found) - len(items)} more are resolved or ignored: --all")
    elif not items and output == "table":
        note("no job has failed, or all that had run again")


@click.command("get")
@click.argument("fingerprint", metavar="FINGERPRINT")
@reveal_option
@store_option
@output_options("table", "json", "name")
def get(fingerprint: str, reveal: bool, store: str | None, output: Output) -> None:
    """One group of errors: how many jobs, of which tasks, since when, and the traceback of the newest.

    \b
    Examples:
      headrace error get 9f2b6a01c3d4
    """

    from headrace.model.errors import status_of

    async def ask(app: Headrace) -> dict[str, Any]:
        group = await find_group(app, fingerprint)
        newest = await app.get(group.samples[0])
        [mark] = await read_marks(app, [_view(group)])
        status = {"status": status_of(group.last_seen, mark).value, "note": "" if mark is None else mark.note}
        view = {**_view(group), **status, "traceback": newest.error.traceback if newest.error else ""}
        return (await conceal(app, [newest], [view], reveal=reveal))[0]

    item = with_store(resolve_store(store), ask)
    print_item(output, "headrace.error.get/1", item, _lines, name="fingerprint")


async def read_marks(app: Headrace, groups: Sequence[Mapping[str, Any]]) -> list[ErrorMark | None]:
    """What people said of the groups."""
    return await app.triage.marks([group["fingerprint"] for group in groups])


async def find_group(app: Headrace, fingerprint: str) -> ErrorGroup:
    """The group. Raises a fault when no job has failed so."""
    for group in await app.error_groups(where=f'fingerprint:"{fingerprint}"'):
        return group
    raise Fault(
        Exit.NOT_FOUND,
        "08",
        f"no dead or retrying job has the error {fingerprint!r}",
        word=fingerprint,
        fixes=["headrace error list"],
    )


def _view(group: ErrorGroup) -> dict[str, Any]:
    import msgspec

    view: dict[str, Any] = msgspec.to_builtins(group, builtin_types=(datetime,))
    return view


def _columns(now: datetime) -> list[Column]:
    return [
        Column("ERROR", lambda group: group["fingerprint"]),
        Column("DEAD", lambda group: f"{group['dead']:,}"),
        Column("RETRYING", lambda group: f"{group['retrying']:,}"),
        Column("STATUS", lambda group: group["status"], wide=True),
        Column("LAST", lambda group: ago(group["last_seen"], now)),
        Column("TASK", lambda group: ", ".join(group["tasks"])),
        Column("WHAT", lambda group: f"{group['type']}: {group['message']}"),
    ]


def _lines(group: Mapping[str, Any]) -> Iterator[str]:
    now = datetime.now(UTC)
    yield f"Error      {group['fingerprint']}  {group['type']}: {group['message']}"
    said = f": {group['note']}" if group["note"] else ""
    yield f"Status     {group['status']}{said}"
    yield f"Jobs       {group['dead']:,} dead, {group['retrying']:,} retrying"
    yield f"Tasks      {', '.join(group['tasks'])}"
    yield f"Seen       {ago(group['first_seen'], now)}, and last {ago(group['last_seen'], now)}"
    yield f"Samples    {' '.join(group['samples'])}"
    yield from (f"           {line}" for line in group["traceback"].splitlines())
