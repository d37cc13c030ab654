"""``headrace event``: the journal of job events."""

from __future__ import annotations

from headrace.cli.lazy import Entry, LazyGroup

TABLE = {
    "status": Entry("headrace.cli.event.switch:status", "whether the journal is on, and what it holds"),
    "enable": Entry("headrace.cli.event.switch:enable", "have the store write job events from now on"),
    "disable": Entry("headrace.cli.event.switch:disable", "have no more events written"),
    "list": Entry("headrace.cli.event.read:list_events", "events that are kept, the oldest first"),
    "tail": Entry("headrace.cli.event.read:tail", "events as they happen"),
}

command = LazyGroup(
    name="event",
    table=TABLE,
    aliases={"ls": "list"},
    no_args_is_help=True,
    help="""See what happens to jobs, as it happens: each change of a job's state is an event of the store's journal.

    \b
    Examples:
      headrace event enable
      headrace event tail --queue mail --kind dead
    """,
)
