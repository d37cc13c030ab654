"""``headrace job debug``."""

from __future__ import annotations

import asyncio
import inspect
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.faults import Exit, usage
from headrace.cli.ids import resolve_id
from headrace.cli.output import encode, note
from headrace.cli.session import session
from headrace.cli.stores import store_option, with_app

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.engine.context import JobContext
    from headrace.model.job import Job


@click.command("debug")
@click.argument("job_id", metavar="ID")
@click.option("--app", "app_name", metavar="APP", help="module:attribute of the app. [the setting app]")
@click.option("--no-pdb", is_flag=True, help="Only run it, and print its result or its traceback.")
@store_option
def command(job_id: str, app_name: str | None, no_pdb: bool, store: str | None) -> int:
    """Run a job once more in this process, under pdb: a dry attempt, of which the store hears nothing.

    The job is read, with its arguments, and its handler called here, with a stop at its first line and another where
    it fails. Its state, attempts, progress and log lines stay as they are, and what it enqueues goes to a store in
    memory that ends with the command. What the handler does elsewhere, it does. Exit 9 when it fails.

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
    return _attempt(app, job, pdb=pdb)


def _attempt(app: Headrace, job: Job, *, pdb: bool) -> int:
    task = app.find_task(job.task)
    args, kwargs = task.decode(job)
    note(f"dry attempt of {job.task} {job.id}: {encode({'args': args, 'kwargs': kwargs})}")
    begun = datetime.now(UTC)
    try:
        result = (
            _under_pdb(task.function, app, job, args, kwargs) if pdb else _run(task.function, app, job, args, kwargs)
        )
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        # A handler's Retry, Snooze or Cancel derives from BaseException, and is an end like another here.
        _show_failure(error, pdb=pdb)
        return Exit.BAD_ANSWER
    click.echo(encode(result) if result is not None else "null")
    note(f"it ended well after {(datetime.now(UTC) - begun).total_seconds():.3f} s; nothing was stored")
    return Exit.DONE


def _run(function: Any, app: Headrace, job: Job, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    from headrace.engine.context import running_here

    token = running_here.set(_DryRun(job))
    try:
        if not inspect.iscoroutinefunction(function):
            return function(*args, **kwargs)

        async def main() -> Any:
            async with app:
                return await function(*args, **kwargs)

        return asyncio.run(main())
    finally:
        running_here.reset(token)


class _DryRun:
    """What ``current_job()`` asks here: the job as it is stored, and nobody who would write down what it tells."""

    def __init__(self, job: Job) -> None:
        from headrace.engine.context import JobContext

        self.job = job
        self.context: JobContext = JobContext(
            job, now=lambda: datetime.now(UTC), mark=lambda: None, complete=lambda connection, result: None
        )


def _under_pdb(function: Any, app: Headrace, job: Job, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    import pdb

    debugger = pdb.Pdb()
    lines, first = inspect.getsourcelines(function)
    body = first + next((number for number, line in enumerate(lines) if line.rstrip().endswith(":")), 0) + 1
    # Its first stop is in here; from there it goes on to the handler's first line.
    debugger.rcLines += [f"break {inspect.getsourcefile(function)}:{body}", "continue"]
    return debugger.runcall(_run, function, app, job, args, kwargs)


def _show_failure(error: BaseException, *, pdb: bool) -> None:
    frames = _from_handler(error.__traceback__)
    click.echo("".join(traceback.format_exception(type(error), error, frames)).rstrip(), err=True)
    if pdb and frames is not None:
        from pdb import post_mortem

        post_mortem(frames)


def _from_handler(frames: TracebackType | None) -> TracebackType | None:
    """The frames from the handler on: those of this file, of pdb and of asyncio explain nothing."""
    inside = frames
    while inside is not None:
        file = inside.tb_frame.f_code.co_filename
        if file != __file__ and "asyncio" not in file and not file.endswith("bdb.py"):
            return inside
        inside = inside.tb_next
    return frames
