"""Commands that other packages add: entry points of the group ``headrace.commands``.

``[project.entry-points."headrace.commands"]`` with ``billing = "acme.headrace:command"`` adds ``headrace billing``. The
value is a Click command. It is imported when it is used, so a broken one breaks nothing else. A built-in name stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from headrace.cli.faults import Exit, Fault

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "headrace.commands"


def installed() -> dict[str, EntryPoint]:
    """The commands of other packages, by name; none is imported."""
    # Looking through all packages takes longer than most commands, so it is done only when no built-in one fits.
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name)}


def origin(entry: EntryPoint) -> str:
    """The line for the list of commands: which package it is from."""
    return f"from {entry.dist.name} {entry.dist.version}" if entry.dist is not None else f"from {entry.value}"


def load_plugin(entry: EntryPoint) -> click.Command:
    """Import a command. Raises a fault that says which package is broken, and how."""
    try:
        command = entry.load()
    except Exception as error:
        raise _broken(entry, f"importing it raised {type(error).__name__}: {error}") from error
    if not isinstance(command, click.Command):
        raise _broken(entry, f"{entry.value} is no Click command but a {type(command).__name__}")
    return command


def _broken(entry: EntryPoint, why: str) -> Fault:
    package = entry.dist.name if entry.dist is not None else entry.value.partition(":")[0]
    return Fault(
        Exit.FAILED,
        "03",
        f"the command {entry.name!r} of {package} cannot be used",
        word=entry.name,
        notes=[why, "all other commands work as before"],
        fixes=[f"pip install --upgrade {package}", f"pip uninstall {package}"],
    )
