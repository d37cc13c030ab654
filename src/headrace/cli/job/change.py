"""``headrace job retry``, ``cancel``, ``discard``, ``delete`` and ``edit``: of named jobs, or of all that match."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from headrace.cli.durations import Instant
from headrace.cli.faults import Exit, usage
from headrace.cli.ids import read_ids, resolve_id
from headrace.cli.job.bulk import Bulk, bulk_options, change_all
from headrace.cli.job.values import Priority, read_object
from headrace.cli.output import Output, note, output_options, print_json
from headrace.cli.stores import resolve_store, store_option, with_store
from headrace.model import reasons

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.storage.jobs import Changed

F = TypeVar("F", bound=Callable[..., Any])
Change = Callable[["Headrace", list[str]], Awaitable["list[Changed]"]]


def edit_options(function: F) -> F:
    """The options that give jobs new values; the command receives ``edits``, what was given of them."""

    @wraps(function)
    def run(*args: Any, queue: str | None, priority: int | None, run_at: datetime | None, expires: Any,
            max_attempts: int | None, tags: tuple[str, ...], arguments: str | None, **options: Any) -> Any:  # fmt: skip
        given = {
            "queue": queue,
            "priority": priority,
            "run_at": run_at,
            "expires_at": expires,
            "max_attempts": max_attempts,
            "tags": tags or None,
            "args": None if arguments is None else read_object("--args", arguments),
        }
        edits = {name: value for name, value in given.items() if value is not None}
        if edits.get("expires_at") == _NEVER:
            edits["expires_at"] = None
        return function(*args, edits=edits, **options)

    options = [
        click.option("--queue", metavar="NAME", help="Move to this queue."),
        click.option("--priority", type=Priority(), help="0 to 9, or low, normal, high, critical; higher runs first."),
        click.option("--run-at", type=_Ahead(), metavar="TIME", help="Not before: now, 10m, 2025-01-31T09:00:00Z."),
        click.option("--expires", type=_Ahead(_NEVER), metavar="TIME", help="End it if not begun by then; or never."),
        click.option("--max-attempts", type=click.IntRange(1), metavar="N", help="Attempts at most."),
        click.option("--tag", "tags", multiple=True, metavar="TAG", help="The tags, instead of those it has."),
        click.option("--args", "arguments", metavar="JSON", help="All arguments anew, as a JSON object."),
    ]
    for option in reversed(options):
        run = option(run)
    return run  # type: ignore[return-value]


_NEVER = "never"


class _Ahead(Instant):
    """An instant ahead; ``now``; and perhaps a word that is handed on."""

    def __init__(self, word: str = "") -> None:
        super().__init__(ahead=True)
        self._word = word

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read it."""
        if self._word and value == self._word:
            return value
        return super().convert("0s" if value == "now" else value, param, ctx)


@click.command("retry")
@click.argument("ids", metavar="ID...", nargs=-1)
@bulk_options
@edit_options
@store_option
@output_options("table", "json")
def retry(ids: tuple[str, ...], bulk: Bulk, edits: dict[str, Any], store: str | None, output: Output) -> int:
    """Queue dead, cancelled or expired jobs again, with their attempts counted anew. - reads ids from stdin.

    With new values, such as --queue or --args, no worker sees the jobs as they were. Exit 3 when a job is not there, 5
    when it cannot be retried in its state, 8 when only some were retried.

    \b
    Examples:
      headrace job retry 019a0b0c-0d0e-7123-bfff-ffffffffffff
      headrace job retry 019a0b0c-0d0e-7123-bfff-ffffffffffff --args '{"name": "Ada"}'
      headrace job retry --where 'state:dead since:2h' --rate 20/s --yes
      headrace job list state:dead -o name | headrace job retry -
    """
    return _change("retry", ids, bulk, store, output, lambda app, whole: app.retry(whole, **edits), edits)


@click.command("cancel")
@click.argument("ids", metavar="ID...", nargs=-1)
@bulk_options
@store_option
@output_options("table", "json")
def cancel(ids: tuple[str, ...], bulk: Bulk, store: str | None, output: Output) -> int:
    """Cancel jobs that have not begun, and ask the workers of running ones to stop. - reads ids from stdin.

    \b
    Examples:
      headrace job cancel 019a0b0c-0d0e-7123-bfff-ffffffffffff --reason "wrong customer"
      headrace job cancel --where 'queue:mail args.name:Ada' --dry-run
      headrace job list state:queued -o name | headrace job cancel -
    """
    reason = bulk.reason or reasons.CANCELLED
    return _change("cancel", ids, bulk, store, output, lambda app, whole: app.cancel(whole, reason=reason))


@click.command("discard")
@click.argument("ids", metavar="ID...", nargs=-1)
@bulk_options
@store_option
@output_options("table", "json")
def discard(ids: tuple[str, ...], bulk: Bulk, store: str | None, output: Output) -> int:
    """End dead jobs as cancelled, so that nobody looks at them again. They can still be read, and retried.

    \b
    Examples:
      headrace job discard --where 'state:dead until:7d' --reason "too late" --yes
    """
    reason = bulk.reason or reasons.DISCARDED
    return _change("discard", ids, bulk, store, output, lambda app, whole: app.discard(whole, reason=reason))


@click.command("delete")
@click.argument("ids", metavar="ID...", nargs=-1)
@bulk_options
@store_option
@output_options("table", "json")
def delete(ids: tuple[str, ...], bulk: Bulk, store: str | None, output: Output) -> int:
    """Delete jobs that are not running, with their history. It cannot be undone.

    \b
    Examples:
      headrace job delete 019a0b0c-0d0e-7123-bfff-ffffffffffff
      headrace job delete --where 'tag:test state:ended' --dry-run
    """
    return _change("delete", ids, bulk, store, output, lambda app, whole: app.delete(whole))


@click.command("edit")
@click.argument("ids", metavar="ID...", nargs=-1)
@bulk_options
@edit_options
@store_option
@output_options("table", "json")
def edit(ids: tuple[str, ...], bulk: Bulk, edits: dict[str, Any], store: str | None, output: Output) -> int:
    """Give jobs that are not running and have not succeeded new values.

    \b
    Examples:
      headrace job edit 019a0b0c-0d0e-7123-bfff-ffffffffffff --run-at now --priority 9
      headrace job edit --where 'queue:mail state:queued' --queue slow-mail --yes
    """
    if not edits:
        notes = ["there are --queue, --priority, --run-at, --expires, --max-attempts, --tag and --args"]
        raise usage("edit what?", code="71", notes=notes)
    return _change("edit", ids, bulk, store, output, lambda app, whole: app.edit(whole, **edits), edits)


@click.command("wake")
@click.argument("ids", metavar="ID...", nargs=-1)
@store_option
@output_options("table", "json")
def wake(ids: tuple[str, ...], store: str | None, output: Output) -> int:
    """Queue jobs that are waiting, and note it for those that are about to wait. - reads ids from stdin.

    \b
    Examples:
      headrace job wake 019a0b0c-0d0e-7123-bfff-ffffffffffff
    """
    named = Bulk(None, None, None, "", dry_run=False)
    return _change_named("wake", read_ids(ids), named, store, output, lambda app, whole: app.wake(whole))


def _change(
    verb: str,
    ids: Sequence[str],
    bulk: Bulk,
    store: str | None,
    output: Output,
    change: Change,
    edits: dict[str, Any] | None = None,
) -> int:
    if bulk.where is None:
        return _change_named(verb, read_ids(ids), bulk, store, output, change)
    if ids:
        raise usage("name jobs or give --where, not both", code="72", word="--where")
    if edits and "args" in edits:
        raise usage(
            "--args is for jobs that are named: many jobs rarely have the same arguments", code="73", word="--args"
        )
    return change_all(verb, bulk, store, output, edits)


def _change_named(verb: str, ids: Sequence[str], bulk: Bulk, store: str | None, output: Output, change: Change) -> int:
    for name, given in (("--rate", bulk.rate), ("--as-of", bulk.as_of)):
        if given is not None:
            raise usage(f"{name} goes with --where", code="74", word=name)

    async def act(app: Headrace) -> list[Changed]:
        whole = [await resolve_id(app, each) for each in ids]
        return await (_would_change(app, verb, whole) if bulk.dry_run else change(app, whole))

    answers = with_store(resolve_store(store), act)
    views = [_view(answer) for answer in answers]
    if output == "json":
        print_json({"schema": f"headrace.job.{verb}/1", "items": views, "next_cursor": None, "complete": True})
    else:
        for view in views:
            _tell(verb, view, would="would " if bulk.dry_run else "")
    return _exit_code(views)


async def _would_change(app: Headrace, verb: str, ids: Sequence[str]) -> list[Changed]:
    from headrace.model.ids import JobId
    from headrace.model.operation import APPLIES_TO, OperationVerb
    from headrace.storage.jobs import Changed

    states = APPLIES_TO[OperationVerb(verb)]
    jobs = await app.backend.reader.get_many([JobId(each) for each in ids])
    return [
        Changed(
            id=JobId(job_id), state=None if job is None else job.state, changed=job is not None and job.state in states
        )
        for job_id, job in zip(ids, jobs, strict=True)
    ]


def _view(answer: Changed) -> dict[str, Any]:
    view = {"id": answer.id, "changed": answer.changed, "state": answer.state and answer.state.value}
    return view if answer.conflict is None else {**view, "conflict": answer.conflict}


def _tell(verb: str, view: dict[str, Any], *, would: str) -> None:
    if view["changed"] and would:
        click.echo(f"{view['id']}  {view['state']}, would {verb}")
    elif view["changed"]:
        asked = " (its worker is asked to stop)" if verb == "cancel" and view["state"] == "running" else ""
        click.echo(f"{view['id']}  {'deleted' if verb == 'delete' else view['state']}{asked}")
    elif view["state"] is None:
        note(f"error[HR-E0301]: the store holds no job {view['id']}")
    elif "conflict" in view:
        note(f"error[HR-E0501]: job {view['id']} stays {view['state']}: job {view['conflict']} holds its unique key")
    else:
        note(f"error[HR-E0501]: job {view['id']} is {view['state']}; {verb} does not apply")


def _exit_code(views: Sequence[dict[str, Any]]) -> int:
    if all(view["changed"] for view in views):
        return Exit.DONE
    if any(view["changed"] for view in views):
        return Exit.PARTLY_DONE
    return Exit.NOT_FOUND if all(view["state"] is None for view in views) else Exit.WRONG_STATE
