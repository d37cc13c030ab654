"""``headrace schedule create``."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.job.enqueue import make_call, of_told_version
from headrace.cli.job.values import read_arguments
from headrace.cli.output import note, output_options, print_json
from headrace.cli.schedule.get import UPCOMING
from headrace.cli.schedule.next import print_planned
from headrace.cli.schedule.options import given, parse_when, schedule_settings
from headrace.cli.schedule.views import occurrence_view, read_schedule
from headrace.cli.stores import resolve_store, store_option, with_app

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.tasks.call import Call


@click.command("create")
@click.argument("name", metavar="NAME")
@click.argument("when", metavar="WHEN")
@click.argument("task", metavar="TASK")
@click.option("--arg", "pairs", multiple=True, metavar="K=V", help="An argument; V is JSON if it parses, else text.")
@click.option("--args", "whole", metavar="JSON", help="All arguments as one JSON object; - reads it from stdin.")
@click.option("--queue", metavar="NAME", help="The queue. [the task's with --app, or default]")
@click.option("--app", "app_name", metavar="APP", help="module:attribute of the app, to check the arguments.")
@schedule_settings
@click.option("--dry-run", is_flag=True, help="Only show the first five occurrences; nothing is stored.")
@store_option
@output_options("table", "json", "name")
def command(
    name: str,
    when: str,
    task: str,
    pairs: tuple[str, ...],
    whole: str | None,
    queue: str | None,
    app_name: str | None,
    dry_run: bool,
    store: str | None,
    output: str,
    **settings: Any,
) -> None:
    """Run TASK whenever WHEN says: a cron expression, simple English, a duration such as 90m, or an instant for once.

    \b
    Examples:
      headrace schedule create report "last friday of the month at 17:00" myapp.greet --dry-run
      headrace schedule create report "every weekday at 9:00" myapp.greet --arg name=Ada
      headrace schedule create tick "*/5 * * * *" myapp.greet --arg name=Ada --overlap allow
      headrace schedule create once 2099-01-31T09:00:00Z myapp.greet --arg name=Ada --app myapp:app
    """
    app, call = make_call(task, app_name, read_arguments(pairs, whole))
    if queue is not None:
        call = call.options(queue=queue)
    if dry_run:
        print_planned(output, _preview(name, when, call, given(settings)))
        return
    at = resolve_store(store, may_create=True) if app_name is None or store else None

    async def create(app: Headrace) -> dict[str, Any]:
        written = call if app_name is not None else await of_told_version(app, call)
        await app.schedules.create(name, parse_when(when), written, **given(settings))
        return await read_schedule(app, name)

    schedule = with_app(app, create, at=at)
    if output == "json":
        print_json({"schema": "headrace.schedule.create/1", **schedule})
        return
    click.echo(name)
    if output == "table":
        note(f"{schedule['when']}; next at {schedule['next']['local']}")


def _preview(name: str, when: str, call: Call[Any], settings: Any) -> list[dict[str, Any]]:
    """The first occurrences it would have. Raises ConfigError for all that creating it would refuse but its name."""
    from headrace.model.rules import occurrences
    from headrace.model.schedule import Origin
    from headrace.tasks.schedules import define_schedule

    now = datetime.now(UTC)
    schedule = define_schedule(name, parse_when(when), call, settings, origin=Origin.API, now=now)
    return [occurrence_view(schedule, planned) for planned in islice(occurrences(schedule.rule, now), UPCOMING)]
