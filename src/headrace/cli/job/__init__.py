"""``headrace job``: one module for each verb."""

from __future__ import annotations

from headrace.cli.lazy import Entry, LazyGroup

TABLE = {
    "list": Entry("headrace.cli.job.list", "the jobs that match, newest first"),
    "get": Entry("headrace.cli.job.get", "everything about one job"),
    "watch": Entry("headrace.cli.job.watch", "follow a job until it has ended"),
    "wait": Entry("headrace.cli.job.wait", "wait until jobs have ended, several at once"),
    "debug": Entry("headrace.cli.job.debug", "run a job here, under the debugger; nothing is stored"),
    "enqueue": Entry("headrace.cli.job.enqueue", "store a job and print its id"),
    "retry": Entry("headrace.cli.job.change:retry", "queue dead, cancelled or expired jobs again"),
    "cancel": Entry("headrace.cli.job.change:cancel", "cancel jobs, and ask running ones to stop"),
}

command = LazyGroup(
    name="job",
    table=TABLE,
    aliases={"ls": "list", "show": "get"},
    no_args_is_help=True,
    help="""List, get, watch, enqueue, retry and cancel jobs.

    \b
    Examples:
      headrace job list state:dead since:2h
      headrace job enqueue myapp.greet --arg name=Ada
    """,
)
