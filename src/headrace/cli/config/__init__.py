"""``headrace config``: one module for reading, one for changing."""

from __future__ import annotations

from headrace.cli.lazy import Entry, LazyGroup

TABLE = {
    "list": Entry("headrace.cli.config.read:list_", "every setting, its value and where it comes from"),
    "get": Entry("headrace.cli.config.read:get", "one setting's value"),
    "set": Entry("headrace.cli.config.change:set_", "write a setting into the project's file or your profile"),
    "unset": Entry("headrace.cli.config.change:unset", "take a setting out of a file"),
    "path": Entry("headrace.cli.config.read:path", "the files that settings are read from"),
    "validate": Entry("headrace.cli.config.read:validate", "check every source, and name all that is wrong"),
}

command = LazyGroup(
    name="config",
    table=TABLE,
    aliases={"ls": "list", "show": "list", "reset": "unset"},
    no_args_is_help=True,
    help="""List, check and change settings.

    The strongest first: arguments; the environment (HEADRACE_...); headrace.toml, or [tool.headrace] in
    pyproject.toml, in this folder or above it; the profile in use; the default.

    \b
    Examples:
      headrace config list
      headrace config set worker.grace 1m
    """,
)
