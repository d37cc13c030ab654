"""``headrace store check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from headrace.cli.faults import Exit, Fault
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace

SHOWN_MAX = 20


@click.command("check")
@store_option
def command(store: str | None) -> None:
    """Read the whole store and say whether it is sound. Exit 9 if it is damaged, with what to do.

    \b
    Examples:
      headrace store check
    """
    url = resolve_store(store)
    problems = with_store(url, _check)
    if problems is None:
        click.echo(f"{url} has no check of its own; it answers")
    elif problems:
        more = [f"and {len(problems) - SHOWN_MAX} more"] if len(problems) > SHOWN_MAX else []
        raise Fault(
            Exit.BAD_ANSWER,
            "03",
            f"{url} is damaged",
            notes=[*problems[:SHOWN_MAX], *more, "stop all workers first, and keep a copy of the file and its -wal"],
            fixes=["sqlite3 damaged.db .recover | sqlite3 new.db", "or go back to a backup"],
        )
    else:
        click.echo(f"{url} is sound")


async def _check(app: Headrace) -> list[str] | None:
    check = getattr(app.backend, "check", None)
    return None if check is None else list(await check())
