"""``headrace operation list``, ``get`` and ``watch``."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.durations import ago, rfc3339
from headrace.cli.job.bulk import Progress, operation_view, summary, tell_end
from headrace.cli.output import Column, Output, note, output_options, print_item, print_list
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.model.operation import Operation
    from headrace.model.page import Page

LOOK_EVERY_S = 0.5


@click.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, metavar="N", help="Operations on a page. [100]")
@click.option("--cursor", metavar="CURSOR", help="Go on where a page ended.")
@store_option
@output_options()
def list_operations(limit: int, cursor: str | None, store: str | None, output: Output) -> None:
    """Changes to many jobs that are under way, rest, or ended within the last 30 days.

    \b
    Examples:
      headrace operation list
      headrace operation list --json
    """

    async def ask(app: Headrace) -> Page[Operation]:
        return await app.bulk.list(cursor=cursor, limit=limit)

    page = with_store(resolve_store(store), ask)
    items = [operation_view(operation) for operation in page.items]
    more = {"next_cursor": page.next_cursor}
    print_list(output, "headrace.operation.list/1", items, _columns(datetime.now(UTC)), more=more)
    if not items and output == "table":
        note("no operation has been begun")


@click.command("get")
@click.argument("operation_id", metavar="OPERATION")
@store_option
@output_options("table", "json", "name")
def get(operation_id: str, store: str | None, output: Output) -> None:
    """What an operation does, for whom, and how far it is.

    \b
    Examples:
      headrace operation get op-019a0b0c-0d0e-7123-bfff-ffffffffffff
    """

    async def ask(app: Headrace) -> Operation:
        return await app.bulk.get(operation_id)

    item = operation_view(with_store(resolve_store(store), ask))
    print_item(output, "headrace.operation.get/1", item, _lines)


@click.command("watch")
@click.argument("operation_id", metavar="OPERATION")
@store_option
@output_options("table", "json")
def watch(operation_id: str, store: str | None, output: Output) -> int:
    """Follow an operation until it has ended, or rests. Exit 0 if all was changed, 8 if some was not.

    \b
    Examples:
      headrace operation watch op-019a0b0c-0d0e-7123-bfff-ffffffffffff
    """

    async def follow(app: Headrace) -> Operation:
        progress = Progress(None)
        try:
            while True:
                operation = await app.bulk.get(operation_id)
                progress.step(operation)
                if operation.state != "running":
                    return operation
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            progress.end()

    return tell_end(with_store(resolve_store(store), follow), output)


def _columns(now: datetime) -> list[Column]:
    return [
        Column("ID", lambda operation: operation["id"]),
        Column("VERB", lambda operation: operation["verb"]),
        Column("STATE", lambda operation: operation["state"]),
        Column("CHANGED", lambda operation: f"{operation['changed']:,} of {operation['matched']:,}"),
        Column("BEGUN", lambda operation: ago(operation["created_at"], now)),
        Column("BY", lambda operation: operation["author"] or "-"),
        Column("WHERE", lambda operation: operation["where"]),
    ]


def _lines(operation: Mapping[str, Any]) -> Iterator[str]:
    yield summary(operation)
    yield f"Where      {operation['where']}"
    yield f"As of      {rfc3339(operation['as_of'])}"
    yield f"By         {operation['author'] or '-'}" + (f": {operation['reason']}" if operation["reason"] else "")
    yield f"Rate       {operation['rate']:g}/s" if operation["rate"] else "Rate       as fast as it goes"
    for name, value in operation["changes"].items():
        yield f"{name:<11}{value}"
