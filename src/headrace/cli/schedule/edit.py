"""``headrace schedule edit``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from headrace.cli.faults import usage
from headrace.cli.job.enqueue import make_call
from headrace.cli.job.values import read_arguments
from headrace.cli.output import note, output_options, print_json
from headrace.cli.schedule.options import given, parse_when, schedule_settings
from headrace.cli.schedule.views import read_schedule
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.model.schedule import Schedule
    from headrace.tasks.call import Call


_OF_ONE_JOB = frozenset({"id", "payload", "id_is_new"})
"""What a new job has beside its options."""


@click.command("edit")
@click.argument("name", metavar="NAME")
@click.option("--when", metavar="WHEN", help="Another rule; occurrences then count from now on.")
@click.option("--arg", "pairs", multiple=True, metavar="K=V", help="Other arguments: all of them.")
@click.option("--args", "whole", metavar="JSON", help="Other arguments as one JSON object; - reads it from stdin.")
@click.option("--queue", metavar="NAME", help="Another queue.")
@schedule_settings
@store_option
@output_options("table", "json", "name")
def command(
    name: str,
    when: str | None,
    pairs: tuple[str, ...],
    whole: str | None,
    queue: str | None,
    store: str | None,
    output: str,
    **settings: Any,
) -> None:
    """Change what is given; the rest stays. A schedule that is declared in code is changed there.

    \b
    Examples:
      headrace schedule edit nightly --when "daily at 4:30" --timezone Europe/Paris
      headrace schedule edit nightly --overlap queue
    """
    changes = given(settings)
    if when is None and not (pairs or whole or queue or changes):
        raise usage(f"nothing to change in {name}", code="43", fixes=[f"headrace schedule edit {name} --when WHEN"])
    arguments = read_arguments(pairs, whole) if pairs or whole else None

    async def edit(app: Headrace) -> dict[str, Any]:
        call = None
        if arguments is not None or queue is not None:
            call = _changed_call(await app.schedules.get(name), arguments, queue)
        await app.schedules.update(name, when=None if when is None else parse_when(when), call=call, **changes)
        return await read_schedule(app, name)

    schedule = with_store(resolve_store(store), edit)
    if output == "json":
        print_json({"schema": "headrace.schedule.edit/1", **schedule})
        return
    click.echo(name)
    if output == "table":
        note(f"{schedule['when']}; next at {schedule['next']['local'] if schedule['next'] else 'no time'}")


def _changed_call(schedule: Schedule, arguments: dict[str, Any] | None, queue: str | None) -> Call[Any]:
    """The job of a schedule as a call, with other arguments or another queue, and all else as it was."""
    from headrace.tasks.call import Call

    job = schedule.job
    _, made = make_call(job.task, None, arguments or {})
    options = {name: getattr(job, name) for name in job.__struct_fields__ if name not in _OF_ONE_JOB}
    if queue is not None:
        options["queue"] = queue
    if arguments is None:
        return Call(made.task, job.payload, options)
    return Call(made.task, made.payload, {**options, "codec": made.task.codec})
