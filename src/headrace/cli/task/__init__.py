"""``headrace task``: one module for each kind of question."""

from __future__ import annotations

from headrace.cli.lazy import Entry, LazyGroup

TABLE = {
    "list": Entry("headrace.cli.task.look:list_command", "the tasks that workers have told of"),
    "get": Entry("headrace.cli.task.look:get_command", "one task: its versions, limits, and what views hide"),
    "schema": Entry("headrace.cli.task.look:schema_command", "the JSON Schema of a task's arguments or result"),
    "check": Entry("headrace.cli.task.compare:check", "look for stored jobs that this build cannot run"),
    "migrate": Entry("headrace.cli.task.compare:migrate", "rewrite jobs of older versions for this build"),
}

command = LazyGroup(
    name="task",
    table=TABLE,
    aliases={"ls": "list"},
    no_args_is_help=True,
    help="""Look at tasks, and compare stored jobs with a build of the program.

    \b
    Examples:
      headrace task list
      headrace task check myapp:app
    """,
)
