"""``headrace task check`` and ``migrate``: stored jobs and a build of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from headrace.cli.faults import Exit
from headrace.cli.loading import load_app_at, named_app
from headrace.cli.output import ITEM, Column, Item, note, output_options, print_item, print_list
from headrace.cli.stores import store_option, with_app

if TYPE_CHECKING:
    from headrace.app import Headrace


@click.command("check")
@click.argument("app_name", metavar="[APP]", required=False)
@store_option
@output_options()
def check(app_name: str | None, store: str | None, output: str) -> int:
    """Look for stored jobs that the app APP cannot run: unknown tasks, newer versions, arguments it cannot read.

    Ask it of a new build before it is deployed: with exit code 9 there are such jobs, with 0 there are none. Nothing
    is changed. Without APP it is the setting app.

    \b
    Examples:
      headrace task check myapp:app
      headrace task check myapp:app --json
    """
    app = load_app_at(app_name, store)

    async def ask(app: Headrace) -> list[dict[str, Any]]:
        return [msgspec.to_builtins(misfit) for misfit in await app.check_jobs()]

    misfits = with_app(app, ask)
    print_list(output, "headrace.task.check/1", misfits, _COLUMNS, name="task")
    if not misfits and output == "table":
        note("this build can run every stored job")
    return Exit.BAD_ANSWER if misfits else Exit.DONE


@click.command("migrate")
@click.argument("app_name", metavar="[APP]", required=False)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@store_option
@output_options(*ITEM)
def migrate(app_name: str | None, dry_run: bool, store: str | None, output: str) -> int:
    """Rewrite the arguments of waiting and dead jobs of older versions as the app APP stores them now.

    Workers go on meanwhile. A job that runs or changes just then is left alone; it is upcast when it runs. The exit
    code is 9 when there are jobs whose arguments cannot be rewritten. Without APP it is the setting app.

    \b
    Examples:
      headrace task migrate myapp:app --dry-run
      headrace task migrate myapp:app
    """
    app = load_app_at(app_name, store)

    async def ask(app: Headrace) -> dict[str, Any]:
        return {"dry_run": dry_run, **msgspec.to_builtins(await app.migrate_jobs(dry_run=dry_run))}

    answer = with_app(app, ask)
    print_item(output, "headrace.task.migrate/1", {"app": named_app(app_name), **answer}, _lines, name="app")
    return Exit.BAD_ANSWER if answer["misfits"] else Exit.DONE


def _lines(answer: Item) -> list[str]:
    verb = "would be rewritten" if answer["dry_run"] else "rewritten"
    lines = [f"{answer['migrated']} jobs {verb}"]
    if answer["left"]:
        lines.append(f"{answer['left']} left alone: they were claimed or changed meanwhile")
    lines += [
        f"{each['count']} of {each['task']} version {each['version']} cannot be: {each['reason']}"
        for each in answer["misfits"]
    ]
    return lines


_COLUMNS = [
    Column("TASK", lambda misfit: misfit["task"]),
    Column("VERSION", lambda misfit: str(misfit["version"])),
    Column("JOBS", lambda misfit: str(misfit["count"])),
    Column("WHY", lambda misfit: misfit["reason"]),
    Column("FOR INSTANCE", lambda misfit: misfit["examples"][0]),
]
