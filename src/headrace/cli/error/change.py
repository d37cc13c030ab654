"""``headrace error retry`` and ``headrace error discard``: a whole group at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from headrace.cli.error.read import find_group
from headrace.cli.job.bulk import Bulk, bulk_options, change_all
from headrace.cli.job.change import edit_options
from headrace.cli.output import Output, output_options
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace


@click.command("retry")
@click.argument("fingerprint", metavar="FINGERPRINT")
@bulk_options
@edit_options
@store_option
@output_options("table", "json")
def retry(fingerprint: str, bulk: Bulk, edits: dict[str, Any], store: str | None, output: Output) -> int:
    """Queue the dead jobs of a group again. --where narrows it further.

    \b
    Examples:
      headrace error retry 9f2b6a01c3d4 --rate 5/s --yes
      headrace error retry 9f2b6a01c3d4 --where 'since:2h' --dry-run
    """
    return change_all("retry", _of_group(fingerprint, bulk, store), store, output, edits)


@click.command("discard")
@click.argument("fingerprint", metavar="FINGERPRINT")
@bulk_options
@store_option
@output_options("table", "json")
def discard(fingerprint: str, bulk: Bulk, store: str | None, output: Output) -> int:
    """End the dead jobs of a group as cancelled. --where narrows it further.

    \b
    Examples:
      headrace error discard 9f2b6a01c3d4 --reason "fixed by hand" --yes
    """
    return change_all("discard", _of_group(fingerprint, bulk, store), store, output)


def _of_group(fingerprint: str, bulk: Bulk, store: str | None) -> Bulk:
    async def check(app: Headrace) -> None:
        await find_group(app, fingerprint)

    with_store(resolve_store(store), check)
    narrowed = f" ({bulk.where})" if bulk.where else ""
    return bulk._replace(where=f"fingerprint:{fingerprint} state:dead{narrowed}")
