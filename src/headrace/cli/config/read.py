"""``headrace config list``, ``get``, ``path`` and ``validate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.faults import Exit, Fault
from headrace.cli.output import ITEM, Column, note, output_options, print_item, print_list
from headrace.cli.secrets import masked, masked_setting
from headrace.cli.settings import configuration, inspected

if TYPE_CHECKING:
    from headrace.config.keys import Key
    from headrace.config.load import Configuration


@click.command("list")
@click.option("--origin", is_flag=True, help="Say where each value comes from.")
@click.option("--changed", is_flag=True, help="Only settings that are not at their default.")
@output_options()
def list_(origin: bool, changed: bool, output: str) -> None:
    """Every setting and its value; passwords in URLs are masked.

    \b
    Examples:
      headrace config list --origin
      headrace config list --changed --json
    """
    from headrace.config.keys import all_keys

    found = configuration()
    items = [_view(found, key) for key in all_keys().values()]
    items = [item for item in items if item["origin"] != "default" or not changed]
    columns = [
        Column("KEY", lambda item: item["key"]),
        Column("VALUE", lambda item: item["value"]),
        Column("ORIGIN", lambda item: item["origin"], wide=not origin),
        Column("VARIABLE", lambda item: item["variable"], wide=True),
    ]
    print_list(output, "headrace.config.list/1", items, columns, name="key")


@click.command("get")
@click.argument("key", metavar="KEY")
@output_options(*ITEM)
def get(key: str, output: str) -> None:
    """One setting's value.

    \b
    Examples:
      headrace config get worker.lease
      headrace config get store --json
    """
    from headrace.cli.config.names import find_key

    item = _view(configuration(), find_key(key))
    print_item(output, "headrace.config.get/1", item, lambda item: [item["value"]], name="key")


@click.command("path")
@output_options()
def path(output: str) -> None:
    """The files that settings are read from here, the strongest first.

    \b
    Examples:
      headrace config path
    """
    found = inspected()
    project = found.project or Path.cwd() / "headrace.toml"
    items = [_file("project", project), _file("user", found.user)]
    columns = [
        Column("KIND", lambda item: item["kind"]),
        Column("PATH", lambda item: item["path"]),
        Column("EXISTS", lambda item: "yes" if item["exists"] else "no"),
    ]
    print_list(output, "headrace.config.path/1", items, columns, name="path")


@click.command("validate")
@output_options("table", "json")
def validate(output: str) -> None:
    """Check every source and name all that is wrong, with file and line. Exit 9 if anything is.

    \b
    Examples:
      headrace config validate
    """
    found = inspected()
    problems = [masked(problem) for problem in (*found.problems, *_of_the_store(found))]
    if problems:
        raise Fault(
            Exit.BAD_ANSWER,
            "10",
            f"{len(problems)} setting{'s are' if len(problems) > 1 else ' is'} wrong",
            notes=problems,
            fixes=["headrace config path", "headrace config list --origin"],
        )
    item: dict[str, Any] = {"valid": True, "settings": len(found.origins), "profile": found.profile}
    print_item(output, "headrace.config.validate/1", item, lambda item: [f"{item['settings']} settings, all right"])
    if found.profile is not None:
        note(f"profile {found.profile} is in use")


def _of_the_store(found: Configuration) -> list[str]:
    """What is wrong with the store's URL as far as it can be told without opening it: nothing is read or made."""
    from headrace.app.backends import make_backend
    from headrace.errors import ConfigError

    url = found.settings.store
    if not url or url.startswith(("http://", "https://")):
        return []
    try:
        make_backend(url)
    except ConfigError as error:
        return [f"{found.origin('store')}: store: {error}"]
    return []


def _view(found: Configuration, key: Key) -> dict[str, Any]:
    from headrace.config.values import to_text

    return {
        "key": key.name,
        "value": masked_setting(key.name, to_text(found.value(key.name))),
        "default": to_text(key.default),
        "origin": found.origin(key.name),
        "variable": key.variable,
    }


def _file(kind: str, path: Path) -> dict[str, Any]:
    return {"kind": kind, "path": str(path), "exists": path.is_file()}
