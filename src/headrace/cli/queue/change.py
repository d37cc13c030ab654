"""``headrace queue pause`` and ``headrace queue resume``."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.faults import Exit, Fault, did_you_mean
from headrace.cli.person import signed
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace


@click.command("pause")
@click.argument("names", metavar="QUEUE...", nargs=-1, required=True)
@click.option("--reason", default="", metavar="TEXT", help="Why; shown with the queue, with your name.")
@store_option
def pause(names: tuple[str, ...], reason: str, store: str | None) -> None:
    """Let no job of these queues begin until they are resumed. Running jobs go on, and jobs can still be enqueued.

    \b
    Examples:
      headrace queue pause mail --reason "the relay is down"
    """
    whole = signed(reason)
    with_store(resolve_store(store), _each(names, lambda app, name: app.pause(name, reason=whole)))
    for name in names:
        click.echo(f"{name}  paused")


@click.command("resume")
@click.argument("names", metavar="QUEUE...", nargs=-1, required=True)
@store_option
def resume(names: tuple[str, ...], store: str | None) -> None:
    """Let the jobs of paused queues begin again.

    \b
    Examples:
      headrace queue resume mail
    """
    with_store(resolve_store(store), _each(names, lambda app, name: app.resume(name)))
    for name in names:
        click.echo(f"{name}  active")


def _each(
    names: tuple[str, ...], change: Callable[[Headrace, str], Coroutine[Any, Any, None]]
) -> Callable[[Headrace], Coroutine[Any, Any, None]]:
    async def act(app: Headrace) -> None:
        await check_known(app, names)
        for name in names:
            await change(app, name)

    return act


async def check_known(app: Headrace, names: Sequence[str]) -> None:
    """Raise a fault for a queue that is not there: a misspelt one must not look as if the real one were changed."""
    known = [queue.name for queue in await app.queues()]
    for name in names:
        if name not in known:
            notes = did_you_mean(name, known, what="queues")
            raise Fault(Exit.NOT_FOUND, "03", f"no queue {name!r}", notes=notes, fixes=["headrace queue list"])
