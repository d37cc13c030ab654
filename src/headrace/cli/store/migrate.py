"""``headrace store migrate``: the group."""

from __future__ import annotations

from headrace.cli.lazy import Entry, LazyGroup

TABLE = {
    "status": Entry(
        "headrace.cli.store.migrating:status", "which version the schema has, and which this release needs"
    ),
    "plan": Entry("headrace.cli.store.migrating:plan", "what up would do, as names or as SQL"),
    "up": Entry("headrace.cli.store.migrating:up", "apply what is pending"),
    "down": Entry("headrace.cli.store.migrating:down", "take steps back, where there is a way"),
}

command = LazyGroup(
    name="migrate",
    table=TABLE,
    no_args_is_help=True,
    help="""Bring the schema of a store to what this release needs, while older workers go on.

    A release is deployed in three parts: migrate up, deploy, and, where status says so, migrate up --after.

    \b
    Examples:
      headrace store migrate status
      headrace store migrate plan --dump-sql
      headrace store migrate up
    """,
)
