"""``headrace operation``: changes to many jobs, as they go on."""

from __future__ import annotations

from headrace.cli.lazy import Entry, LazyGroup

TABLE = {
    "list": Entry("headrace.cli.operation.read:list_operations", "changes to many jobs, the oldest first"),
    "get": Entry("headrace.cli.operation.read:get", "one of them: what it does, and how far it is"),
    "watch": Entry("headrace.cli.operation.read:watch", "follow it until it has ended or rests"),
    "pause": Entry("headrace.cli.operation.change:pause", "let it rest"),
    "resume": Entry("headrace.cli.operation.change:resume", "let it go on, from here"),
    "abort": Entry("headrace.cli.operation.change:abort", "end it; what it changed stays changed"),
}

command = LazyGroup(
    name="operation",
    table=TABLE,
    aliases={"ls": "list", "show": "get"},
    no_args_is_help=True,
    help="""Follow, pause and abort changes to many jobs, such as: headrace job retry --where QUERY.

    \b
    Examples:
      headrace operation list
      headrace operation abort op-019a0b0c-0d0e-7123-bfff-ffffffffffff
    """,
)
