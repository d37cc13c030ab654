"""``headrace batch``: operations from a file."""

from __future__ import annotations

from headrace.cli.lazy import Entry, LazyGroup

TABLE = {"run": Entry("headrace.cli.batch.run", "carry out a list of operations, in order")}

command = LazyGroup(
    name="batch",
    table=TABLE,
    no_args_is_help=True,
    help="""Carry out a list of operations from a file, or from stdin.

    \b
    Examples:
      headrace batch run nightly.yaml
    """,
)
