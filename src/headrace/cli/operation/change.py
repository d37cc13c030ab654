"""``headrace operation pause``, ``resume`` and ``abort``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import click

from headrace.cli.faults import Exit
from headrace.cli.job.bulk import Progress, operation_view, summary, tell_end
from headrace.cli.output import Output, output_options, print_item
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.model.operation import Operation


@click.command("pause")
@click.argument("operation_id", metavar="OPERATION")
@store_option
@output_options("table", "json", "name")
def pause(operation_id: str, store: str | None, output: Output) -> int:
    """Let an operation rest after the step it is at.

    \b
    Examples:
      headrace operation pause op-019a0b0c-0d0e-7123-bfff-ffffffffffff
    """
    return _move(store, output, lambda app: app.bulk.pause(operation_id))


@click.command("abort")
@click.argument("operation_id", metavar="OPERATION")
@store_option
@output_options("table", "json", "name")
def abort(operation_id: str, store: str | None, output: Output) -> int:
    """End an operation after the step it is at. What it has changed stays changed.

    \b
    Examples:
      headrace operation abort op-019a0b0c-0d0e-7123-bfff-ffffffffffff
    """
    return _move(store, output, lambda app: app.bulk.abort(operation_id))


@click.command("resume")
@click.argument("operation_id", metavar="OPERATION")
@store_option
@output_options("table", "json")
def resume(operation_id: str, store: str | None, output: Output) -> int:
    """Let an operation go on, carried out here unless another process is at it.

    \b
    Examples:
      headrace operation resume op-019a0b0c-0d0e-7123-bfff-ffffffffffff
    """

    async def act(app: Headrace) -> Operation:
        progress = Progress(None)
        try:
            return await app.bulk.resume(operation_id, on_step=progress.step)
        finally:
            progress.end()

    return tell_end(with_store(resolve_store(store), act), output)


def _move(store: str | None, output: Output, move: Callable[[Headrace], Awaitable[Operation]]) -> int:
    operation = with_store(resolve_store(store), move)
    print_item(output, "headrace.operation.get/1", operation_view(operation), lambda item: [summary(item)])
    return Exit.DONE
