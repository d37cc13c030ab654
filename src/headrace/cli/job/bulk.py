"""Changing all jobs that match: previewed, confirmed, and carried out with a line of progress."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from headrace.cli.durations import Instant
from headrace.cli.faults import Exit, usage
from headrace.cli.output import Output, note, print_item
from headrace.cli.person import who
from headrace.cli.query import read_query
from headrace.cli.session import session
from headrace.cli.stores import resolve_store, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.model.operation import Operation, Preview

F = TypeVar("F", bound=Callable[..., Any])

TYPED_ABOVE = 1_000
"""Above this many jobs, and for what cannot be undone, the number is typed: a reflex must not confirm it."""

SHOWN_MAX = 4


class Bulk(NamedTuple):
    """The options of a change to many jobs. ``where`` None: the jobs are named."""

    where: str | None
    as_of: datetime | None
    rate: float | None
    reason: str
    dry_run: bool


class Rate(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """``20/s``, ``600/m``, ``100/h``."""

    name = "rate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read a rate."""
        from headrace.errors import ConfigError
        from headrace.model.operation import parse_rate

        try:
            return value if isinstance(value, float) else parse_rate(value)
        except ConfigError as error:
            self.fail(str(error), param, ctx)


def bulk_options(function: F) -> F:
    """The options of every change; the command receives ``bulk``."""

    @wraps(function)
    def run(
        *args: Any,
        where: str | None,
        as_of: datetime | None,
        rate: float | None,
        reason: str,
        dry_run: bool,
        **options: Any,
    ) -> Any:
        return function(*args, bulk=Bulk(where, as_of, rate, reason, dry_run), **options)

    options = [
        click.option("--where", metavar="QUERY", help="All jobs that match, as of now; see: headrace help query."),
        click.option("--as-of", type=Instant(), metavar="TIME", help="Leave out what came or changed after TIME."),
        click.option("--rate", type=Rate(), metavar="N/s", help="With --where: at most so many in a time, as 20/s."),
        click.option("--reason", default="", metavar="TEXT", help="Why; kept with the operation and the jobs."),
        click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing."),
    ]
    for option in reversed(options):
        run = option(run)
    return run  # type: ignore[return-value]


def change_all(
    verb: str, bulk: Bulk, store: str | None, output: Output, changes: Mapping[str, Any] | None = None
) -> int:
    """Preview, confirm and carry out; the exit code: 8 when some matched jobs were not changed, 5 when none was."""
    read_query([bulk.where or ""])
    url = resolve_store(store)

    async def act(app: Headrace) -> tuple[Preview, Operation | None]:
        where, as_of = bulk.where or "", bulk.as_of or app.backend.clock.now()
        preview = await app.bulk.preview(where, as_of=as_of)
        if bulk.dry_run or not preview.matched:
            return preview, None
        if not session().yes:
            # Asked on this thread: nothing else is done meanwhile, and the answer belongs to this preview.
            confirm(verb, preview, url, as_of)
        operation = await app.bulk.start(
            verb, where=where, as_of=as_of, rate=bulk.rate, reason=bulk.reason, author=who(), **(changes or {})
        )
        return preview, await carry_out(app, operation, preview)

    preview, operation = with_store(url, act)
    if operation is None:
        return tell_preview(verb, preview, output)
    return tell_end(operation, output)


async def carry_out(app: Headrace, operation: Operation, preview: Preview) -> Operation:
    """Carry an operation out here. Interrupted, it is paused: it must not go on behind the back of who stopped it."""
    progress = Progress(preview.matched if preview.complete else None)
    try:
        return await app.bulk.resume(operation.id, on_step=progress.step)
    except asyncio.CancelledError:
        paused = await app.bulk.pause(operation.id)
        note(f"\npaused after {paused.matched:,} jobs; to go on: headrace operation resume {operation.id}")
        raise
    finally:
        progress.end()


class Progress:
    """A line on stderr that tells how far it is, where that is a terminal."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._shown = sys.stderr.isatty() and not session().quiet

    def step(self, operation: Operation) -> None:
        """Write the line anew."""
        if self._shown:
            of = f" of {self._total:,}" if self._total is not None else ""
            click.echo(f"\r{operation.matched:,}{of} jobs, {operation.changed:,} changed ", err=True, nl=False)

    def end(self) -> None:
        """Leave the line."""
        if self._shown:
            click.echo("", err=True)


def tell_preview(verb: str, preview: Preview, output: Output, *, noun: str = "job") -> int:
    """What would be changed; the exit code."""
    import msgspec

    if not preview.matched and output == "table":
        note("no job matches")
        return Exit.DONE
    item = {"verb": verb, "dry_run": True, **msgspec.to_builtins(preview)}
    print_item(
        output, f"headrace.{noun}.{verb}/1", item, lambda _: [f"would {verb} {_jobs(preview)}", *_groups(preview)]
    )
    return Exit.DONE


def tell_end(operation: Operation, output: Output) -> int:
    """How an operation ended, or why it rests; and the exit code."""
    print_item(output, "headrace.operation.get/1", operation_view(operation), lambda item: [summary(item)])
    if operation.state == "failed":
        return Exit.FAILED
    if operation.state == "done" and operation.changed == operation.matched:
        return Exit.DONE
    return Exit.PARTLY_DONE if operation.changed or operation.state != "done" else Exit.WRONG_STATE


def operation_view(operation: Operation) -> dict[str, Any]:
    """An operation as plain values."""
    import msgspec

    view: dict[str, Any] = msgspec.to_builtins(operation, builtin_types=(datetime,))
    return view


def summary(operation: Mapping[str, Any]) -> str:
    """An operation in a line."""
    line = f"{operation['id']}  {operation['verb']} is {operation['state']}: "
    line += f"{operation['changed']:,} of {operation['matched']:,} jobs changed"
    line += "" if operation["state"] == "done" else ", of those it has come to so far"
    skipped = ", ".join(f"{count:,} {state}" for state, count in operation["skipped"].items())
    if skipped:
        line += f"; left alone: {skipped}"
    return f"{line}; {operation['error']}" if operation["error"] else line


def can_ask() -> bool:
    """Whether somebody is there to answer."""
    return session().ask and sys.stdin.isatty()


def confirm(verb: str, preview: Preview, url: str, as_of: datetime) -> None:
    """Ask whether to go on. Raises Abort for a no, and a usage fault where nobody can be asked."""
    from headrace.cli.secrets import masked

    if not can_ask():
        fixes = ["add --yes to go ahead", "add --dry-run to see what it is about"]
        raise usage(f"{verb} of {_jobs(preview)} needs a confirmation, and nobody can be asked", code="70", fixes=fixes)
    note(f"This will {verb} {_jobs(preview)} in {masked(url)}, as of {as_of:%H:%M:%S} UTC.")
    for line in _groups(preview):
        note(line)
    if preview.matched > TYPED_ABOVE or verb == "delete":
        number = str(preview.matched)
        question = f"Type {number} to go on, or press Enter to stop"
        answer = click.prompt(question, default="", show_default=False, err=True)
        if answer.replace(",", "").strip() != number:
            raise click.Abort
    else:
        click.confirm("Go on?", abort=True, err=True)


def _jobs(preview: Preview) -> str:
    if not preview.complete:
        return f"more than {preview.matched:,} jobs"
    return "1 job" if preview.matched == 1 else f"{preview.matched:,} jobs"


def _groups(preview: Preview) -> list[str]:
    return [f"  {_top(preview.tasks)}      {_top(preview.states)}      in {_top(preview.queues)}"]


def _top(counts: Mapping[str, int]) -> str:
    shown = [f"{name} {count:,}" for name, count in list(counts.items())[:SHOWN_MAX]]
    return " · ".join([*shown, *(["..."] if len(counts) > SHOWN_MAX else [])])
