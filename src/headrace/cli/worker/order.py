"""``headrace worker quiet``, ``resume``, ``stop`` and ``log-level``: orders to workers anywhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import click

from headrace.cli.faults import Exit, Fault
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace


@click.command("quiet")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@store_option
def quiet(ids: tuple[str, ...], store: str | None) -> None:
    """Let workers claim nothing more. They finish what they have, and stay; all stands for every worker.

    \b
    Examples:
      headrace worker quiet all
    """
    _order(ids, "quiet", "claims nothing more", store)


@click.command("resume")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@store_option
def resume(ids: tuple[str, ...], store: str | None) -> None:
    """Let quiet workers claim jobs again; all stands for every worker.

    \b
    Examples:
      headrace worker resume all
    """
    _order(ids, "work", "works", store)


@click.command("stop")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@store_option
def stop(ids: tuple[str, ...], store: str | None) -> None:
    """Let workers stop as SIGTERM does: they finish what they have within their grace. all stands for every worker.

    \b
    Examples:
      headrace worker stop all
    """
    _order(ids, "stop", "stops", store)


@click.command("log-level")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.argument("levels", metavar="LEVELS")
@store_option
def log_level(ids: tuple[str, ...], levels: str, store: str | None) -> None:
    """Change what workers log while they run, until they end; all stands for every worker.

    LEVELS is a level for everything, LOGGER=LEVEL, or several with commas. Loggers that are not named keep theirs.

    \b
    Examples:
      headrace worker log-level all headrace.sqlite=debug
      headrace worker log-level all warning,headrace=info
    """

    async def tell(app: Headrace, worker: str) -> None:
        await app.set_worker_log(worker, levels)

    _tell(ids, tell, f"logs {levels}", store)


def _order(ids: tuple[str, ...], order: str, done: str, store: str | None) -> None:
    async def tell(app: Headrace, worker: str) -> None:
        await app.order_worker(worker, order)

    _tell(ids, tell, done, store)


def _tell(ids: tuple[str, ...], tell: Callable[[Headrace, str], Awaitable[None]], done: str, store: str | None) -> None:
    async def act(app: Headrace) -> list[str]:
        known: list[str] = [worker.id for worker in await app.workers()]
        wanted = known if "all" in ids else list(ids)
        missing = [each for each in wanted if each not in known]
        if missing:
            message = f"no worker {missing[0]!r} was heard of within the last half minute"
            raise Fault(Exit.NOT_FOUND, "21", message, fixes=["headrace worker list"])
        for each in wanted:
            await tell(app, each)
        return wanted

    for each in with_store(resolve_store(store), act):
        click.echo(f"{each}  {done}")
