"""``headrace operation``: changes to many jobs, as they go on."""

from __future__ import annotations

from headrace.cli.lazy import Entry, LazyGroup

TABLE = {
    "list": Entry("headrace.cli.operation.read:list_operations", "changes to many jobs, the oldest first"),
    "get": Entry("headrace.cli.operation.read:get", "one of them: what it does, and how far it is"),
    "watch": Entry("headrace.cli.operation.read:watch", "follow it until it has ended or rests"),
    "items": Entry("headrace.cli.operation.undo:items", "the jobs it looked at, and what became of each"),
    "pause": Entry("headrace.cli.operation.change:pause", "let it rest"),
    "resume": Entry("headrace.cli.operation.change:resume", "let it go on, from here"),
    "abort": Entry("headrace.cli.operation.change:abort", "end it; what it changed stays changed"),
    "undo": Entry("headrace.cli.operation.undo:undo", "put the jobs it changed back to what they were"),
}

command = LazyGroup(
    name="operation",
    table=TABLE,
    aliases={"ls": "list", "show": "get"},
    no_args_is_help=True,
    help="""Follow, pause, abort and undo changes to many jobs, such as: headrace job retry --where QUERY.

    \b
    Examples:
      headrace operation list
      headrace operation abort op-019a0b0c-0d0e-7123-bfff-ffffffffffff
      headrace operation undo op-019a0b0c-0d0e-7123-bfff-ffffffffffff --dry-run
    """,
)
