"""The root of the command: what it offers, and how every command begins and ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any

import click

from headrace._version import __version__
from headrace.cli.faults import Exit
from headrace.cli.lazy import Entry, LazyGroup
from headrace.cli.plugins import installed, load_plugin, origin
from headrace.cli.session import add_global_options, global_options, wants_color

TABLE = {
    "init": Entry("headrace.cli.init", "start a project from a template"),
    "dev": Entry("headrace.cli.dev", "run a worker and a server that start again whenever a file changes"),
    "worker": Entry("headrace.cli.worker", "run a worker; list the workers there are"),
    "server": Entry("headrace.cli.server", "serve the jobs of an app over HTTP"),
    "job": Entry("headrace.cli.job", "list, get, watch, enqueue, retry and cancel jobs"),
    "event": Entry("headrace.cli.event", "watch jobs change: the journal of job events"),
    "webhook": Entry("headrace.cli.webhook", "tell other systems of job events, by signed messages"),
    "batch": Entry("headrace.cli.batch", "carry out a list of operations from a file"),
    "error": Entry("headrace.cli.error", "dead letters by what they failed of; retry or discard them together"),
    "operation": Entry("headrace.cli.operation", "follow, pause, abort and undo changes to many jobs"),
    "queue": Entry("headrace.cli.queue", "list, limit, pause and resume queues"),
    "limit": Entry("headrace.cli.limit", "list, set and remove limits of stores, queues, tasks and keys"),
    "schedule": Entry("headrace.cli.schedule", "make, list, pause, trigger and backfill schedules"),
    "task": Entry("headrace.cli.task", "list tasks and their versions; compare stored jobs with a build"),
    "store": Entry("headrace.cli.store", "check a store, and tell its size and pace"),
    "metrics": Entry("headrace.cli.metrics", "print the metrics of a store for Prometheus"),
    "key": Entry("headrace.cli.key", "make, list and revoke the API keys of the HTTP service"),
    "status": Entry("headrace.cli.job.get", "everything about one job (the same as: job get)"),
    "config": Entry("headrace.cli.config", "list, check and change settings"),
    "profile": Entry("headrace.cli.profile", "name the stores you work with, and switch between them"),
    "doctor": Entry("headrace.cli.doctor", "look for what is wrong, and say how to put it right"),
    "completion": Entry("headrace.cli.completion", "print the completion script of bash, zsh or fish"),
    "explain": Entry("headrace.cli.explain", "what an error code means, and what helps"),
    "demo": Entry("headrace.cli.demo", "index the standard library with two workers, one of which is killed"),
    "version": Entry("headrace.cli.version", "the versions of headrace and of what it runs on"),
    "help": Entry("headrace.cli.topics", "explain queries, ids, formats, exit codes or the environment"),
}
ALIASES = {
    "workers": "worker",
    "jobs": "job",
    "errors": "error",
    "events": "event",
    "operations": "operation",
    "queues": "queue",
    "keys": "key",
    "limits": "limit",
    "schedules": "schedule",
    "tasks": "task",
    "stores": "store",
    "webhooks": "webhook",
    "profiles": "profile",
}


class PipeClosed(Exception):
    """The reader of our output went away: nobody is left to tell."""


class Root(LazyGroup):
    """Turns every error into a few lines and an exit code, unless ``--debug`` asks for the traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and write out what it printed while a closed pipe can still be told apart."""
        try:
            answer = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            raise PipeClosed from None
        return answer

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The built-in commands, then those of plugins."""
        return [*super().list_commands(ctx), *(name for name in installed() if name not in self.table)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; plugins are looked for only when no built-in one has the name."""
        command = super().get_command(ctx, cmd_name)
        if command is None and not cmd_name.startswith("-") and (entry := installed().get(cmd_name)):
            command = load_plugin(entry)
            add_global_options(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands, and below it that of plugins."""
        super().format_commands(ctx, formatter)
        plugins = [(name, origin(entry)) for name, entry in installed().items() if name not in self.table]
        if plugins:
            with formatter.section("Plugins"):
                formatter.write_dl(plugins)

    def main(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> None:
        """Run the command line, and end with SystemExit."""
        given = list(sys.argv[1:] if args is None else args)
        # Taken out here, so that it works even for a command line that cannot be parsed.
        debug = "--debug" in given
        given = [word for word in given if word != "--debug"]
        try:
            answer = super().main(
                given,
                prog_name or "headrace",
                complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                **extra,
            )
            code = answer if isinstance(answer, int) else Exit.DONE
        except click.Abort:
            code = Exit.INTERRUPTED
        except PipeClosed:
            _let_go_of_stdout()
            code = Exit.PIPE_CLOSED
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message())
            code = Exit.USAGE
        except Exception as error:
            if debug:
                raise
            code = _tell(error, given)
        sys.exit(int(code))


def _tell(error: Exception, args: Sequence[str]) -> Exit:
    from headrace.cli.translate import fault_of

    fault = fault_of(error)
    if fault is None:
        from headrace.cli.crash import crash_of

        fault = crash_of(error, args)
    if _wants_json(args):
        click.echo(fault.json(), err=True)
        return fault.exit_code
    text = fault.text(args)
    if wants_color(sys.stderr):
        head, separator, rest = text.partition(": ")
        text = f"{click.style(head, fg='red', bold=True)}{separator}{rest}"
    click.echo(text, err=True)
    return fault.exit_code


def _wants_json(args: Sequence[str]) -> bool:
    """Told from the words themselves, because the error may be that they cannot be parsed."""
    words = [*args, ""]
    for word, following in pairwise(words):
        if word == "--json" or word.startswith("--json="):
            return True
        if word.startswith(("-o", "--output", "--format")):
            name, equals, rest = word.partition("=")
            form = (
                following if name in ("-o", "--output", "--format") and not equals else rest or word.removeprefix("-o")
            )
            return form in ("json", "ndjson", "yaml")
    return False


def _let_go_of_stdout() -> None:
    """Python writes out stdout once more when it ends, and would complain."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


root = Root(
    name="headrace",
    table=TABLE,
    aliases=ALIASES,
    help="""Work that must not be lost: a durable job queue on one SQLite file, or on PostgreSQL.

    \b
    Examples:
      headrace demo
      headrace worker app:app
      headrace job enqueue myapp.greet --arg name=Ada
      headrace job list state:dead since:2h
    """,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=True,
    params=global_options(hidden=False),
)
click.version_option(__version__, prog_name="headrace", message="%(prog)s %(version)s")(root)
