"""``headrace error resolve``, ``ignore`` and ``reopen``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from headrace.cli.error.read import find_group
from headrace.cli.person import who
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace

note_option = click.option("--note", default="", metavar="TEXT", help="Why, for whoever looks next.")


@click.command("resolve")
@click.argument("fingerprint", metavar="FINGERPRINT")
@note_option
@store_option
def resolve(fingerprint: str, note: str, store: str | None) -> None:
    """Say that an error is mended. It leaves the list, and is back as regressed when a job fails so again.

    Its dead jobs stay as they are: headrace error retry queues them again.

    \b
    Examples:
      headrace error resolve 9f2b6a01c3d4 --note "the relay has a new certificate"
    """

    async def act(app: Headrace) -> None:
        await find_group(app, fingerprint)
        await app.triage.resolve(fingerprint, note=note, author=who())

    with_store(resolve_store(store), act)
    click.echo(f"{fingerprint}  resolved")


@click.command("ignore")
@click.argument("fingerprint", metavar="FINGERPRINT")
@note_option
@store_option
def ignore(fingerprint: str, note: str, store: str | None) -> None:
    """Say that nobody needs to look at an error. It leaves the list, also when more jobs fail so.

    \b
    Examples:
      headrace error ignore 9f2b6a01c3d4 --note "the test account"
    """

    async def act(app: Headrace) -> None:
        await find_group(app, fingerprint)
        await app.triage.ignore(fingerprint, note=note, author=who())

    with_store(resolve_store(store), act)
    click.echo(f"{fingerprint}  ignored")


@click.command("reopen")
@click.argument("fingerprint", metavar="FINGERPRINT")
@store_option
def reopen(fingerprint: str, store: str | None) -> None:
    """Take back that an error was resolved or is to be ignored.

    \b
    Examples:
      headrace error reopen 9f2b6a01c3d4
    """

    async def act(app: Headrace) -> None:
        await app.triage.reopen(fingerprint)

    with_store(resolve_store(store), act)
    click.echo(f"{fingerprint}  open")
