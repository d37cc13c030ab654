"""The pages of the command line: what each command's help says, and the codes of its errors."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import click

from generator.markdown import NOTE, cell
from headrace.cli.codes import CODES
from headrace.cli.lazy import LazyGroup
from headrace.cli.root import root
from headrace.cli.topics import TOPICS

HELP_WIDTH = 100


def page() -> str:
    """What ``--help`` prints, for every command."""
    parts = [
        "# The command line\n",
        NOTE,
        "What `headrace ... --help` prints, for every command. How to work with it is told at",
        "[The command line](../how-to/command-line.md); error codes are on [their own page](error-codes.md).\n",
    ]
    for words, command in _commands(root, ("headrace",)):
        name = " ".join(words)
        ctx = click.Context(command, info_name=name, terminal_width=HELP_WIDTH, help_option_names=["-h", "--help"])
        text = command.get_help(ctx)
        parts.append(f"{'#' * min(len(words) + 1, 3)} {name}\n\n```text\n{text}\n```\n")
    parts.append("## Topics\n")
    for name, text in TOPICS.items():
        parts.append(f"### headrace help {name}\n\n```text\n{textwrap.indent(text, '  ')}\n```\n")
    return "\n".join(parts).rstrip() + "\n"


def _commands(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """The built-in commands, in their order; what plugins add belongs to whoever generates the page."""
    yield words, command
    if isinstance(command, LazyGroup):
        for name in command.table:
            inner = command.get_command(click.Context(command), name)
            assert inner is not None
            yield from _commands(inner, (*words, name))


def codes_page() -> str:
    """The codes of errors."""
    rows = [f"| `{code}` | {each.title} | {cell(each.text)} |" for code, each in CODES.items()]
    return "\n".join(
        [
            "# Error codes\n",
            NOTE,
            "`headrace explain CODE` prints the same. The first two digits are the exit code of the command; a code",
            "keeps its meaning for ever.\n",
            "| code | what happened | what helps |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )
