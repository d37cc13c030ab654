"""``headrace job debug``."""

from __future__ import annotations

import asyncio
import inspect
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.faults import Exit, usage
from headrace.cli.ids import resolve_id
from headrace.cli.output import encode, note
from headrace.cli.session import session
from headrace.cli.stores import store_option, with_app
from headrace.model.redaction import for_arguments, redact, redact_result
from headrace.wire.values import decoded

if TYPE_CHECKING:
    from pdb import Pdb

    from headrace.app import Headrace
    from headrace.engine.context import JobContext
    from headrace.model.job import Job
    from headrace.tasks.task import Task

_BETWEEN = ("bdb.py", "contextlib.py", "concurrent/futures/thread.py")


@click.command("debug")
@click.argument("job_id", metavar="ID")
@click.option("--app", "app_name", metavar="APP", help="module:attribute of the app. [the setting app]")
@click.option("--no-pdb", is_flag=True, help="Only run it, and print its result or its traceback.")
@store_option
def command(job_id: str, app_name: str | None, no_pdb: bool, store: str | None) -> int:
    """Run a job once more in this process, under pdb: a dry attempt, of which the store hears nothing.

    The job is read, with its arguments, and its handler called here with what the app provides, with a stop at its
    first line and another where it fails. Its state, attempts, progress and log lines stay as they are, and what it
    enqueues goes to a store in memory that ends with the command. What the handler does elsewhere, it does. Exit 9 when
    it fails.

    \b
    Examples:
      headrace job debug 019a0b0c-0d0e-7123-bfff-ffffffffffff --app app:app --no-pdb
    """
    from headrace.cli.loading import load_app_at

    pdb = not no_pdb
    if pdb and not (session().ask and sys.stdin.isatty()):
        raise usage("pdb needs a terminal", code="27", fixes=["add --no-pdb"])
    app = load_app_at(app_name, store)

    async def read(app: Headrace) -> Job:
        return await app.get(await resolve_id(app, job_id))

    job = with_app(app, read)
    app.use_store("memory://")
    try:
        return _attempt(app, job, pdb=pdb)
    finally:
        app.sync.close()  # which the handler may have used


def _attempt(app: Headrace, job: Job, *, pdb: bool) -> int:
    task = app.find_task(job.task)
    note(f"dry attempt of {job.task} {job.id}: {encode(_shown_arguments(task, job))}")
    try:
        args, kwargs = task.decode(job)
    except Exception as error:  # of a codec, or of an upcast in the user's code
        click.echo(f"{type(error).__name__}: {error}", err=True)
        note(f"these arguments are not for {job.task}{task.schema.describe()}: an attempt fails before it is called")
        return Exit.BAD_ANSWER
    begun = datetime.now(UTC)
    debugger = _debugger(task.function) if pdb else None
    try:
        result = _run(task, app, job, ([*args],) if task.batch else args, kwargs, debugger)
        if task.batch is not None and isinstance(result, Sequence):
            [result] = result
            if isinstance(result, BaseException):
                raise result
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        # A handler's Retry, Snooze or Cancel derives from BaseException, and is an end like another here.
        _show_failure(error, pdb=pdb)
        return Exit.BAD_ANSWER
    click.echo(encode(redact_result(result, task.redact)) if result is not None else "null")
    note(f"it ended well after {(datetime.now(UTC) - begun).total_seconds():.3f} s; nothing was stored")
    return Exit.DONE


def _shown_arguments(task: Task[Any, Any], job: Job) -> Any:
    return redact(decoded(job.payload, job.codec), for_arguments(task.redact))


def _run(
    task: Task[Any, Any],
    app: Headrace,
    job: Job,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    debugger: Pdb | None,
) -> Any:
    """What the handler returns, with what its app gives it. A ``def`` has no event loop around it, as in a worker."""
    from headrace.engine.context import running_here
    from headrace.engine.resources import Resources, filled, in_thread

    dry = _DryRun(job)
    under = _call if debugger is None else debugger.runcall
    resources = Resources(app.surroundings.providers)
    plan = app.surroundings.providers.plan(task.name, task.needs, threaded=not task.is_async)

    async def main() -> Any:
        try:
            async with app, resources.of_attempt(plan, lambda: dry.context) as values:
                if task.is_async:
                    return await task.function(*args, **kwargs, **filled(plan, values))
                return await asyncio.to_thread(in_a_thread, values)
        finally:
            await resources.close()

    def in_a_thread(values: Any) -> Any:
        with in_thread(plan, values) as more:
            return under(_call, task.function, *args, **kwargs, **more)

    token = running_here.set(dry)
    try:
        if task.is_async:
            return under(asyncio.run, main())
        return asyncio.run(main()) if task.needs else under(_call, task.function, *args, **kwargs)
    finally:
        running_here.reset(token)


def _call(function: Any, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


class _DryRun:
    """What ``current_job()`` asks here: the job as it is stored, and nobody who would write down what it tells."""

    def __init__(self, job: Job) -> None:
        from headrace.engine.context import JobContext

        self.job = job

        async def complete(connection: object, result: Any) -> None: ...

        self.context: JobContext = JobContext(job, now=lambda: datetime.now(UTC), mark=lambda: None, complete=complete)


def _debugger(function: Any) -> Pdb:
    """One that will stop at the function's first line."""
    import pdb

    debugger = pdb.Pdb()
    lines, first = inspect.getsourcelines(function)
    body = first + next((number for number, line in enumerate(lines) if line.rstrip().endswith(":")), 0) + 1
    # Its first stop is in here; from there it goes on to the handler's first line.
    debugger.rcLines += [f"break {inspect.getsourcefile(function)}:{body}", "continue"]
    return debugger


def _show_failure(error: BaseException, *, pdb: bool) -> None:
    frames = _from_handler(error.__traceback__)
    click.echo("".join(traceback.format_exception(type(error), error, frames)).rstrip(), err=True)
    if pdb and frames is not None:
        from pdb import post_mortem

        post_mortem(frames)


def _from_handler(frames: TracebackType | None) -> TracebackType | None:
    """The frames from the handler on: those of this file, of pdb, of asyncio and of threads explain nothing."""
    inside = frames
    while inside is not None:
        file = inside.tb_frame.f_code.co_filename
        if file != __file__ and not file.endswith(_BETWEEN) and "asyncio" not in file:
            return inside
        inside = inside.tb_next
    return frames
