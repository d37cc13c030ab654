"""``headrace limit``: one module for each verb."""

from __future__ import annotations

from headrace.cli.lazy import Entry, LazyGroup

TABLE = {
    "list": Entry("headrace.cli.limit.list", "every limit: what is in use, who waits, and when the next token comes"),
    "get": Entry("headrace.cli.limit.get", "one limit, with the jobs that hold it"),
    "set": Entry("headrace.cli.limit.change:set_limit", "limit a store, a queue, a task or a key"),
    "remove": Entry("headrace.cli.limit.change:remove", "take a limit away"),
}

command = LazyGroup(
    name="limit",
    table=TABLE,
    aliases={"ls": "list", "rm": "remove", "release": "remove"},
    no_args_is_help=True,
    help="""List, set and remove limits. They hold over all workers of the store, from the next claim on.

    TARGET is store, queue:QUEUE, task:TASK, keys:QUEUE (each of its keys) or key:QUEUE:KEY (one of them).

    \b
    Examples:
      headrace limit list
      headrace limit set task:app.report --concurrency 3 --rate 10/m
      headrace limit set key:mail:tenant-7 --concurrency 10
    """,
)
