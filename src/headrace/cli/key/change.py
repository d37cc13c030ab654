"""``headrace key create`` and ``headrace key revoke``."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from headrace.cli.durations import Duration
from headrace.cli.key.views import key_view, lines
from headrace.cli.output import Output, note, output_options, print_item
from headrace.cli.person import who_and_where
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.app.keys import ApiKey, MadeKey


@click.command("create")
@click.argument("name", metavar="NAME")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    metavar="SCOPE",
    help="read, submit, work, operate, admin, or a single one such as jobs:read. Repeatable.",
)
@click.option(
    "--queue", "queues", multiple=True, metavar="QUEUE", help="Only for this queue, or mail.* for several. Repeatable."
)
@click.option("--expires", type=Duration(), metavar="TIME", help="How long it is taken. [until it is revoked]")
@store_option
@output_options("table", "json", "name")
def create(
    name: str,
    scopes: tuple[str, ...],
    queues: tuple[str, ...],
    expires: timedelta | None,
    store: str | None,
    output: Output,
) -> None:
    """Make a key for NAME and print its token, which nobody can find out later.

    \b
    Examples:
      headrace key create shop --scope submit --queue 'mail.*'
      HEADRACE_TOKEN=$(headrace key create ci --scope operate --expires 1h)
    """

    async def act(app: Headrace) -> MadeKey:
        return await app.keys.create(
            name, scopes=scopes, queues=queues or None, expires_in=expires, author=who_and_where()
        )

    key, token = with_store(resolve_store(store), act)
    print_item(output, "headrace.key.create/1", {**key_view(key), "token": token}, lambda item: [item["token"]])
    if output == "table":
        note(f"the token of {name!r} ({key.id}) is shown this once; callers send: Authorization: Bearer TOKEN")


@click.command("revoke")
@click.argument("keys", metavar="KEY...", nargs=-1, required=True)
@store_option
def revoke(keys: tuple[str, ...], store: str | None) -> None:
    """Take keys back, by id or name. Within five seconds no server takes them.

    \b
    Examples:
      headrace key revoke shop
    """

    async def act(app: Headrace) -> list[ApiKey]:
        for key in keys:
            await app.keys.get(key)
        return [await app.keys.revoke(key, author=who_and_where()) for key in keys]

    for key in with_store(resolve_store(store), act):
        click.echo("\n".join(lines(key_view(key))))
