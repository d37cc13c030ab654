"""``headrace worker``: run one with ``headrace worker APP``, or list those there are."""

from __future__ import annotations

import click

from headrace.cli.lazy import Entry, LazyGroup
from headrace.cli.settings import configuration

TABLE = {
    "run": Entry("headrace.cli.worker.run", "run a worker; the word may be left out: headrace worker APP"),
    "list": Entry("headrace.cli.worker.list", "the workers heard of within the last half minute"),
    "quiet": Entry("headrace.cli.worker.order:quiet", "let workers claim nothing more"),
    "resume": Entry("headrace.cli.worker.order:resume", "let quiet workers claim jobs again"),
    "stop": Entry("headrace.cli.worker.order:stop", "let workers stop, wherever they are"),
    "log-level": Entry("headrace.cli.worker.order:log_level", "change what workers log while they run"),
}


class WorkerGroup(LazyGroup):
    """A group with a default: what is no verb is the app to run."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read ``worker APP ...`` as ``worker run APP ...``; no word at all, too, where a setting names the app."""
        if not args and not ctx.resilient_parsing and configuration().settings.app:
            args = ["run"]
        if args and args[0] not in self.table and args[0] not in ("-h", "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options of ``run`` are what most readers look for here."""
        run = self.get_command(ctx, "run")
        assert run is not None
        run.format_options(ctx, formatter)
        self.format_commands(ctx, formatter)


command = WorkerGroup(
    name="worker",
    table=TABLE,
    no_args_is_help=True,
    subcommand_metavar="[APP] [OPTIONS] | list | quiet | resume | stop | log-level",
    help="""Run a worker for the tasks of APP until it is told to stop.

    APP is module:attribute, such as myapp.tasks:app; the attribute may be left out when the module holds one Headrace.
    Without APP it is the setting app. SIGTERM or Ctrl-C lets running jobs finish within the grace; a second one stops
    at once.

    \b
    Examples:
      headrace worker app:app
      headrace worker app:app --queue mail=20 --queue reports=2
      headrace worker app --store sqlite:///jobs.db --lease 10s
      headrace worker list
    """,
)
