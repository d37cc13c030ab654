"""``headrace queue``: one module for each verb."""

from __future__ import annotations

from headrace.cli.lazy import Entry, LazyGroup

TABLE = {
    "list": Entry("headrace.cli.queue.list", "every queue: its jobs by state, its pace, and whether it is paused"),
    "set": Entry("headrace.cli.queue.set", "change limits and order of a queue: concurrency, rate, keys, ageing"),
    "pause": Entry("headrace.cli.queue.change:pause", "let no job of a queue begin"),
    "resume": Entry("headrace.cli.queue.change:resume", "let the jobs of a paused queue begin again"),
    "drain": Entry("headrace.cli.queue.empty:drain", "wait until a queue has neither queued nor running jobs"),
    "purge": Entry("headrace.cli.queue.empty:purge", "delete the jobs of a queue that wait"),
}

command = LazyGroup(
    name="queue",
    table=TABLE,
    aliases={"ls": "list"},
    no_args_is_help=True,
    help="""List, limit, pause, resume, drain and purge queues.

    \b
    Examples:
      headrace queue list
      headrace queue pause mail --reason "the relay is down"
    """,
)
