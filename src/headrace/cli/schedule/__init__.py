"""``headrace schedule``: one module for each verb, or a few that are alike."""

from __future__ import annotations

from headrace.cli.lazy import Entry, LazyGroup

TABLE = {
    "list": Entry("headrace.cli.schedule.list", "every schedule: when it is due, what it runs, and how it is"),
    "get": Entry("headrace.cli.schedule.get", "everything about one schedule, with what comes next"),
    "next": Entry("headrace.cli.schedule.next", "the next occurrences, with what is remarkable about them"),
    "history": Entry("headrace.cli.schedule.history", "what became of the latest occurrences"),
    "create": Entry("headrace.cli.schedule.create", "run a task by the clock, at an interval, or once"),
    "edit": Entry("headrace.cli.schedule.edit", "change when a schedule is due, or what it runs"),
    "pause": Entry("headrace.cli.schedule.change:pause", "let nothing fire until it is resumed"),
    "resume": Entry("headrace.cli.schedule.change:resume", "let a paused schedule fire again"),
    "trigger": Entry("headrace.cli.schedule.change:trigger", "enqueue its job now"),
    "skip": Entry("headrace.cli.schedule.change:skip", "leave out the next occurrence"),
    "backfill": Entry("headrace.cli.schedule.backfill", "run occurrences of the past that have not run"),
    "delete": Entry("headrace.cli.schedule.change:delete", "delete schedules with their history"),
}

command = LazyGroup(
    name="schedule",
    table=TABLE,
    aliases={"ls": "list", "show": "get", "run": "trigger", "update": "edit", "rm": "delete"},
    no_args_is_help=True,
    help="""Make, look at and change schedules: what is enqueued by itself.

    \b
    Examples:
      headrace schedule list
      headrace schedule create report "every weekday at 9:00" myapp.greet --arg name=Ada
      headrace schedule next nightly
    """,
)
