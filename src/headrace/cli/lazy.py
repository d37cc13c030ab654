"""Groups of commands that import a command's module only when it is used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click

from headrace.cli.faults import did_you_mean, usage
from headrace.cli.session import add_global_options


class Entry(NamedTuple):
    """Where a command lives, and its line in the list of commands."""

    target: str
    help: str


class LazyGroup(click.Group):
    """A group whose commands are named in a table: printing its help imports none of them.

    ``aliases`` are other words for them; they are accepted and not listed.
    """

    def __init__(
        self,
        *args: Any,
        table: Mapping[str, Entry] | None = None,
        aliases: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(*args, **settings)
        self.table = table or {}
        self.aliases = aliases or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command, by its name or an alias."""
        entry = self.table.get(self.aliases.get(cmd_name, cmd_name))
        if entry is None:
            return None
        module, _, name = entry.target.partition(":")
        command = getattr(import_module(module), name or "command")
        assert isinstance(command, click.Command)
        add_global_options(command)
        if ctx.resilient_parsing:
            from headrace.cli.completing import complete_values

            complete_values(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command the user named, or raise a fault with the near names."""
        name = args[0]
        command = self.get_command(ctx, name)
        if command is None and not name.startswith("-") and not ctx.resilient_parsing:
            nouns = self._nouns_of(ctx, name)
            raise usage(
                f"no such command: {ctx.command_path} {name}",
                word=name,
                notes=[] if nouns else did_you_mean(name, self.list_commands(ctx), what="commands"),
                fixes=[f"{ctx.command_path} {noun} {name}" for noun in nouns] or [f"{ctx.command_path} --help"],
            )
        if command is None:
            return super().resolve_command(ctx, args)
        return self.aliases.get(name, name), command, args[1:]

    def _nouns_of(self, ctx: click.Context, verb: str) -> list[str]:
        """The commands that are groups and have this word as one of theirs: somebody left the noun out."""
        groups = {name: self.get_command(ctx, name) for name in self.table}
        return [name for name, group in groups.items() if isinstance(group, LazyGroup) and verb in group.table]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.table.items()])
