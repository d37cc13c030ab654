"""``headrace error``: failures in groups of equal ones."""

from __future__ import annotations

from headrace.cli.lazy import Entry, LazyGroup

TABLE = {
    "list": Entry("headrace.cli.error.read:list_errors", "the errors of dead and retrying jobs, in groups"),
    "get": Entry("headrace.cli.error.read:get", "one group: its jobs, and the traceback of the newest"),
    "retry": Entry("headrace.cli.error.change:retry", "retry the dead jobs of a group"),
    "resolve": Entry("headrace.cli.error.mark:resolve", "say that it is mended"),
    "ignore": Entry("headrace.cli.error.mark:ignore", "say that nobody needs to look at it"),
    "reopen": Entry("headrace.cli.error.mark:reopen", "take that back"),
    "discard": Entry("headrace.cli.error.change:discard", "end the dead jobs of a group as cancelled"),
}

command = LazyGroup(
    name="error",
    table=TABLE,
    aliases={"ls": "list", "show": "get"},
    no_args_is_help=True,
    help="""Look at dead letters by what they failed of, and retry or discard them together.

    \b
    Examples:
      headrace error list
      headrace error retry 9f2b6a01c3d4 --rate 5/s --yes
    """,
)
