"""``headrace job``: one module for each verb."""

from __future__ import annotations

from headrace.cli.lazy import Entry, LazyGroup

TABLE = {
    "list": Entry("headrace.cli.job.list", "the jobs that match, newest first"),
    "get": Entry("headrace.cli.job.get", "everything about one job"),
    "watch": Entry("headrace.cli.job.watch", "follow a job until it has ended"),
    "logs": Entry("headrace.cli.job.logs", "what a job's handler has logged"),
    "diff": Entry("headrace.cli.job.diff", "what differs between two jobs"),
    "wait": Entry("headrace.cli.job.wait", "wait until jobs have ended, several at once"),
    "debug": Entry("headrace.cli.job.debug", "run a job here, under the debugger; nothing is stored"),
    "enqueue": Entry("headrace.cli.job.enqueue", "store a job and print its id"),
    "retry": Entry("headrace.cli.job.change:retry", "queue dead, cancelled or expired jobs again"),
    "cancel": Entry("headrace.cli.job.change:cancel", "cancel jobs, and ask running ones to stop"),
    "edit": Entry("headrace.cli.job.change:edit", "give jobs another queue, priority, time or arguments"),
    "wake": Entry("headrace.cli.job.change:wake", "queue jobs that are waiting"),
    "discard": Entry("headrace.cli.job.change:discard", "end dead jobs as cancelled"),
    "delete": Entry("headrace.cli.job.change:delete", "delete jobs with their history"),
    "export": Entry("headrace.cli.job.transfer:export", "write the jobs that match into a file"),
    "import": Entry("headrace.cli.job.transfer:import_jobs", "enqueue the jobs of such a file"),
    "explain": Entry("headrace.cli.job.explain", "say why a job is not running, and what would change it"),
}

command = LazyGroup(
    name="job",
    table=TABLE,
    aliases={"ls": "list", "show": "get"},
    no_args_is_help=True,
    help="""List, get, explain, watch, enqueue, retry, cancel and change jobs.

    \b
    Examples:
      headrace job list state:dead since:2h
      headrace job enqueue myapp.greet --arg name=Ada
    """,
)
