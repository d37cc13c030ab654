"""``headrace store migrate status``, ``plan``, ``up`` and ``down``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from headrace.cli.faults import Exit
from headrace.cli.output import output_options, print_json
from headrace.cli.store.migrator import migrator_of
from headrace.cli.stores import resolve_store, store_option

if TYPE_CHECKING:
    from headrace.storage.migrating import SchemaState

after_option = click.option(
    "--after", is_flag=True, help="Also what comes after the deploy, when no older worker is left."
)


@click.command("status")
@store_option
@output_options("table", "json")
def status(store: str | None, output: str) -> int:
    """Tell the version of the schema, and what is applied. Exit 1 when this release needs more than there is.

    \b
    Examples:
      headrace store migrate status || headrace store migrate up
    """
    state = asyncio.run(migrator_of(resolve_store(store, may_create=True)).state())
    if output == "json":
        steps = [
            {"name": step.name, "when": step.when, "applied": step.applied, "reversible": step.reversible}
            for step in state.steps
        ]
        document = {"schema": "headrace.store.migrate/1", "version": state.version, "wanted": state.wanted}
        print_json({**document, "current": _is_current(state), "steps": steps})
    else:
        click.echo(f"The schema has version {state.version or 'none'}; this release needs {state.wanted}")
        for step in state.steps:
            click.echo(f"  {'applied' if step.applied else 'pending'}  {step.name}{_when(step.when)}")
    return Exit.DONE if _is_current(state) else Exit.FAILED


def _is_current(state: SchemaState) -> bool:
    return not state.pending()


def _when(when: str) -> str:
    return "  (after the deploy)" if when == "after" else ""


@click.command("plan")
@store_option
@after_option
@click.option("--dump-sql", is_flag=True, help="Print the statements, for somebody else to run.")
def plan(store: str | None, after: bool, dump_sql: bool) -> None:
    """Tell what up would do. Changes nothing.

    \b
    Examples:
      headrace store migrate plan
      headrace store migrate plan --dump-sql
    """
    migrator = migrator_of(resolve_store(store, may_create=True))
    if dump_sql:
        click.echo(asyncio.run(migrator.dump(after=after)))
        return
    pending = asyncio.run(migrator.state()).pending(after=after)
    for step in pending:
        click.echo(f"{step.name}{_when(step.when)}")
    if not pending:
        click.echo("nothing is pending")


@click.command("up")
@store_option
@after_option
@click.option("--dump-sql", is_flag=True, help="Print the statements instead of running them.")
def up(store: str | None, after: bool, dump_sql: bool) -> None:
    """Apply what is pending, each step whole or not at all. Older workers go on meanwhile.

    A step that waits for a lock gives way after two seconds and comes again, so that nothing queues behind it.

    \b
    Examples:
      headrace store migrate up
      headrace store migrate up --after
    """
    migrator = migrator_of(resolve_store(store, may_create=True))
    if dump_sql:
        click.echo(asyncio.run(migrator.dump(after=after)))
        return
    done = asyncio.run(migrator.up(after=after))
    for name in done:
        click.echo(f"applied {name}")
    if not done:
        click.echo("the schema is as this release needs it")
    _tell_of_later(asyncio.run(migrator.state()))


def _tell_of_later(state: SchemaState) -> None:
    later = state.pending(after=True)
    if later:
        click.echo(f"once no older worker is left: headrace store migrate up --after ({len(later)} to come)")


@click.command("down")
@store_option
@click.option("--to", type=click.IntRange(1), required=True, metavar="N", help="The version to go back to.")
def down(store: str | None, to: int) -> None:
    """Take steps back until the schema has version N, for the release before. Refused where a step has no way back.

    \b
    Examples:
      headrace store migrate down --to 2
    """
    done = asyncio.run(migrator_of(resolve_store(store)).down(to=to))
    for name in done:
        click.echo(f"took back {name}")
    if not done:
        click.echo(f"the schema has no more than version {to}")
