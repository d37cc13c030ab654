"""``headrace job enqueue``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.durations import Duration, Instant
from headrace.cli.faults import usage
from headrace.cli.job.values import Priority, read_arguments, read_mapping
from headrace.cli.output import encode, note, output_options, print_json
from headrace.cli.stores import resolve_store, store_option, with_app

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.tasks.call import Call
    from headrace.tasks.handle import JobHandle


@click.command("enqueue")
@click.argument("task", metavar="TASK")
@click.option("--arg", "pairs", multiple=True, metavar="K=V", help="An argument; V is JSON if it parses, else text.")
@click.option("--args", "whole", metavar="JSON", help="All arguments as one JSON object; - reads it from stdin.")
@click.option("--queue", metavar="NAME", help="The queue. [the task's with --app, or default]")
@click.option("--priority", type=Priority(), help="0 to 9, or low, normal, high, critical; higher runs first. [5]")
@click.option("--delay", type=Duration(), metavar="TIME", help="Not before this long from now: 30s, 1h30m.")
@click.option("--run-at", type=Instant(ahead=True), metavar="TIME", help="Not before: 2025-01-31T09:00:00Z.")
@click.option("--expires-in", type=Duration(), metavar="TIME", help="Not at all where it has not begun by then.")
@click.option("--retry", type=click.IntRange(0), metavar="N", help="Retries at most: N + 1 attempts.")
@click.option("--max-attempts", type=click.IntRange(1), metavar="N", help="Attempts at most, the first included.")
@click.option("--timeout", type=Duration(), metavar="TIME", help="How long one attempt may run.")
@click.option("--metadata", multiple=True, metavar="K=V|JSON", help="Data to carry along. Repeatable.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A label to find the job by. Repeatable.")
@click.option("--idempotency-key", metavar="KEY", help="Enqueue once: the same key again answers the first job.")
@click.option("--unique", metavar="KEY", help="Add no job while one of TASK with this key has not ended.")
@click.option("--partition", metavar="KEY", help="Whose job it is, where its queue takes turns or has limits by key.")
@click.option("--app", "app_name", metavar="APP", help="module:attribute of the app, to check the arguments.")
@click.option(
    "--task-version",
    type=click.IntRange(1),
    metavar="N",
    help="Without --app: the version the arguments are written for. [the newest that workers told of]",
)
@click.option("-v", "--verbose", is_flag=True, help="Say what could not be checked.")
@store_option
@output_options("table", "json", "name")
def command(
    task: str,
    pairs: tuple[str, ...],
    whole: str | None,
    app_name: str | None,
    task_version: int | None,
    verbose: bool,
    store: str | None,
    output: str,
    **options: Any,
) -> None:
    """Store a job for TASK and print its id.

    With --app the task must exist and the arguments must fit its signature. Without it they must fit what workers of
    the store have told of the task. Where none did, nothing is known, and the job waits until a worker knows it.

    \b
    Examples:
      headrace job enqueue myapp.greet --arg name=Ada
      headrace job enqueue myapp.greet --args '{"name": "Ada"}' --retry 5 --delay 30s
      headrace job enqueue myapp.greet --arg name=Ada --metadata source=cli --metadata '{"n": 1}'
      headrace job enqueue myapp.greet --arg name=Ada --app myapp:app
    """
    arguments = read_arguments(pairs, whole)
    app, call = make_call(task, app_name, arguments)
    call = call.options(**_job_options(**options))
    at = resolve_store(store, may_create=True) if app_name is None or store else None

    async def enqueue(app: Headrace) -> JobHandle[Any]:
        return await app.enqueue(
            call if app_name is not None else await of_told_version(app, call, task_version, verbose=verbose)
        )

    handle = with_app(app, enqueue, at=at)
    became = {"duplicate": handle.duplicate, "dropped": handle.dropped, "replaced": handle.replaced}
    if output == "json":
        print_json({"schema": "headrace.job.enqueue/1", "id": handle.id, "task": task, **became})
        return
    click.echo(handle.id)
    if handle.replaced:
        note("the key is taken: this is the id of the job that holds it, which has the new arguments now")
    elif any(became.values()):
        note("the key was used before: this is the id of that job, and nothing new was enqueued")


def make_call(task: str, app_name: str | None, arguments: dict[str, Any]) -> tuple[Headrace, Call[Any]]:
    """A call of the task, checked by the app that is named, or as it is where none is; and the app to hand it to."""
    if app_name is not None:
        from headrace.cli.loading import load_app

        app = load_app(app_name)
        return app, app.find_task(task).call(**arguments)
    from headrace.app import Headrace

    app = Headrace("memory://")
    return app, call_of_unknown(app, task, encode(arguments).encode())


def call_of_unknown(app: Headrace, task: str, payload: bytes) -> Call[Any]:
    """A call of a task that only workers know: nothing is checked but its options."""
    from headrace.tasks.call import Call

    stand_in = app.tasks.get(task) or app.task(name=task)(_unknown_here)
    return Call(stand_in, payload, dict(stand_in.defaults))


async def of_told_version(
    app: Headrace, call: Call[Any], version: int | None = None, *, verbose: bool = False
) -> Call[Any]:
    """A call as one of ``version``, or of the newest that workers have told of, and checked by what they told."""
    from msgspec import json

    from headrace.app.catalogue import find_tasks
    from headrace.app.naming import check_told

    name = call.task.name
    record = (await find_tasks(app.backend.kv, [name])).get(name)
    if record is not None:
        check_told(record, version or record.version, json.decode(call.payload))
    elif verbose:
        note("the task and its arguments were not checked: no worker of this store told of it; --app MODULE:APP does")
    if version is None:
        version = 1 if record is None else record.version
    return call.of_version(version)


def _unknown_here() -> None:
    """Stands for a task that only workers know. Its arguments are stored as any task's are: one JSON object."""


def _job_options(
    *,
    queue: str | None,
    priority: int | None,
    delay: timedelta | None,
    run_at: datetime | None,
    expires_in: timedelta | None,
    retry: int | None,
    max_attempts: int | None,
    timeout: timedelta | None,
    metadata: tuple[str, ...],
    tags: tuple[str, ...],
    idempotency_key: str | None,
    unique: str | None,
    partition: str | None,
) -> Any:
    if retry is not None and max_attempts is not None:
        raise usage(
            "--retry and --max-attempts say the same thing in two ways; give one",
            code="40",
            notes=["--retry N means N retries after the first attempt: --max-attempts N+1"],
        )
    given = {
        "queue": queue,
        "priority": priority,
        "delay": delay,
        "run_at": run_at,
        "expires_in": expires_in,
        "partition": partition,
        "max_attempts": max_attempts if retry is None else retry + 1,
        "timeout": timeout,
        "meta": read_mapping("--metadata", metadata) or None,
        "tags": list(tags) or None,
        "idempotency_key": idempotency_key,
        "unique": unique,
    }
    return {name: value for name, value in given.items() if value is not None}
