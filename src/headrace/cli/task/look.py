"""``headrace task list``, ``get`` and ``schema``: the catalogue, which needs no code of the tasks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click
import msgspec

from headrace.cli.durations import rfc3339
from headrace.cli.faults import Exit, Fault, did_you_mean
from headrace.cli.output import ITEM, Column, Item, note, output_options, print_item, print_json, print_list
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.model.catalogue import TaskRecord


@click.command("list")
@store_option
@output_options()
def list_command(store: str | None, output: str) -> None:
    """The tasks that workers of this store have told of when they started.

    \b
    Examples:
      headrace task list
      headrace task list --json
    """
    items = with_store(resolve_store(store), read_tasks)
    print_list(output, "headrace.task.list/1", items, _COLUMNS, name="name")
    if not items and output == "table":
        note("no worker has told of a task yet; start one with: headrace worker APP")


@click.command("get")
@click.argument("name", metavar="TASK")
@store_option
@output_options(*ITEM)
def get_command(name: str, store: str | None, output: str) -> None:
    """One task: its settings, its versions with their instants, and what views of its jobs hide.

    \b
    Examples:
      headrace task get greet
      headrace task get greet --json
    """
    print_item(output, "headrace.task.get/1", _find(store, name), _lines, name="name")


@click.command("schema")
@click.argument("name", metavar="TASK")
@click.option("--of-version", type=click.IntRange(1), metavar="N", help="Of this version. [the newest]")
@click.option("--result", is_flag=True, help="Of what the task answers, instead of its arguments.")
@store_option
def schema_command(name: str, of_version: int | None, result: bool, store: str | None) -> None:
    """The JSON Schema of a task's arguments, or of its result.

    \b
    Examples:
      headrace task schema greet
      headrace task schema greet --result
    """
    task = _find(store, name)
    wanted = of_version or task["version"]
    part = "result" if result else "arguments"
    schemas = {each["version"]: each[part] for each in task["versions"] if each[part] is not None}
    if wanted not in schemas:
        known = f"known: {', '.join(map(str, schemas))}"
        raise Fault(Exit.NOT_FOUND, "11", f"no schema of version {wanted} of {name} is known", notes=[known])
    print_json(schemas[wanted])


async def read_tasks(app: Headrace) -> list[dict[str, Any]]:
    """The tasks as plain values, by name."""
    return [_plain(record) for record in await app.catalogue()]


def _plain(record: TaskRecord) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(record, builtin_types=(datetime, date))
    return plain


def _find(store: str | None, name: str) -> dict[str, Any]:
    async def find(app: Headrace) -> tuple[dict[str, Any] | None, list[str]]:
        names = [record.name for record in await app.catalogue()]
        found = await app.catalogue(tasks=[name]) if name in names else []
        return next(map(_plain, found), None), names

    task, names = with_store(resolve_store(store), find)
    if task is not None:
        return task
    notes = did_you_mean(name, names, what="tasks") if names else ["no worker has told of a task yet"]
    raise Fault(Exit.NOT_FOUND, "10", f"no worker has told of a task named {name!r}", word=name, notes=notes)


def _lines(task: Item) -> Iterable[str]:
    yield f"Task       {task['name']}  version {task['version']}"
    optional = {
        "About": task["summary"],
        "Queue": task["queue"],
        "Executor": task["executor"] + (f", in batches of {task['batch_size']}" if task["batch_size"] else ""),
        "Attempts": task["max_attempts"],
        "Timeout": task["timeout_s"] and f"{task['timeout_s']:g} s",
        "Reads": ", ".join(f"version {each}" for each in task["readable"]),
        "Hides": ", ".join(task["redact"]),
        "Code": task["reference"],
    }
    yield from (f"{name:<11}{value}" for name, value in optional.items() if value)
    for version in task["versions"]:
        since = f"since {rfc3339(version['created_at'])}"
        until = f", read until {version['sunset']}" if version["sunset"] else ""
        why = f", deprecated: {version['deprecated']}" if version["deprecated"] else ""
        yield f"Version {version['version']:<3}{since}{until}{why}"


_COLUMNS = [
    Column("NAME", lambda task: task["name"]),
    Column("VERSION", lambda task: str(task["version"])),
    Column("QUEUE", lambda task: task["queue"]),
    Column("EXECUTOR", lambda task: task["executor"]),
    Column("ATTEMPTS", lambda task: str(task["max_attempts"])),
    Column("READS", lambda task: " ".join(map(str, task["readable"]))),
    Column("ABOUT", lambda task: task["summary"]),
]
