"""``headrace schedule pause``, ``resume``, ``trigger``, ``skip`` and ``delete``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.durations import rfc3339
from headrace.cli.person import signed
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.app.schedules import Schedules

names_argument = click.argument("names", metavar="NAME...", nargs=-1, required=True)


@click.command("pause")
@names_argument
@click.option("--reason", default="", metavar="TEXT", help="Why; shown with the schedule, with your name.")
@store_option
def pause(names: tuple[str, ...], reason: str, store: str | None) -> None:
    """Let nothing fire until the schedule is resumed. It holds through deploys, also where the code declares it.

    \b
    Examples:
      headrace schedule pause nightly --reason "the disk is full"
    """
    whole = signed(reason)
    _for_each(names, store, lambda schedules, name: schedules.pause(name, reason=whole))
    _say(names, "paused")


@click.command("resume")
@names_argument
@click.option("--skip-missed", is_flag=True, help="Forget what was missed meanwhile, whatever misfire says.")
@store_option
def resume(names: tuple[str, ...], skip_missed: bool, store: str | None) -> None:
    """Let paused schedules fire again. What was missed meanwhile is treated by their misfire policy.

    \b
    Examples:
      headrace schedule resume nightly
      headrace schedule resume nightly --skip-missed
    """
    _for_each(names, store, lambda schedules, name: schedules.resume(name, skip_missed=skip_missed))
    _say(names, "active")


@click.command("trigger")
@names_argument
@store_option
def trigger(names: tuple[str, ...], store: str | None) -> None:
    """Enqueue the job of a schedule now, beside what is planned, and print its id. Overlap is not looked at.

    \b
    Examples:
      headrace schedule trigger nightly
    """
    for handle in _for_each(names, store, lambda schedules, name: schedules.trigger(name)):
        click.echo(handle.id)


@click.command("skip")
@click.argument("name", metavar="NAME")
@click.option("--reason", default="", metavar="TEXT", help="Why; shown in the history, with your name.")
@store_option
def skip(name: str, reason: str, store: str | None) -> None:
    """Leave out the next occurrence, and print its time. Once more leaves out the one after.

    \b
    Examples:
      headrace schedule skip nightly --reason "holiday"
    """
    whole = signed(reason, "skipped")
    (planned,) = _for_each((name,), store, lambda schedules, name: schedules.skip_next(name, reason=whole))
    click.echo(f"{name}  {rfc3339(planned)}  skipped")


@click.command("delete")
@names_argument
@store_option
def delete(names: tuple[str, ...], store: str | None) -> None:
    """Delete schedules with their history. Their jobs stay; one that the code declares comes back with a worker.

    \b
    Examples:
      headrace schedule delete nightly
    """
    _for_each(names, store, lambda schedules, name: schedules.delete(name))
    _say(names, "deleted")


def _for_each(
    names: tuple[str, ...], store: str | None, change: Callable[[Schedules, str], Awaitable[Any]]
) -> list[Any]:
    """Change them in turn, or none where one of the names is wrong."""

    async def act(app: Headrace) -> list[Any]:
        for name in names:
            await app.schedules.get(name)
        return [await change(app.schedules, name) for name in names]

    return with_store(resolve_store(store), act)


def _say(names: tuple[str, ...], what: str) -> None:
    for name in names:
        click.echo(f"{name}  {what}")
