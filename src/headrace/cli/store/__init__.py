"""``headrace store``: one module for each verb."""

from __future__ import annotations

from headrace.cli.lazy import Entry, LazyGroup

TABLE = {
    "grants": Entry("headrace.cli.store.grants", "the SQL that gives a database user what headrace needs"),
    "migrate": Entry("headrace.cli.store.migrate", "bring the schema to what this release needs"),
    "check": Entry("headrace.cli.store.check", "read the whole store, and say whether it is sound"),
    "stats": Entry("headrace.cli.store.stats", "its size, its jobs, its pace and its versions"),
}

command = LazyGroup(
    name="store",
    table=TABLE,
    no_args_is_help=True,
    help="""Check a store, and tell its size and pace.

    \b
    Examples:
      headrace store check
      headrace store stats --json
    """,
)
