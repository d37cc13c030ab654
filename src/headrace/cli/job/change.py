"""``headrace job retry`` and ``headrace job cancel``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.faults import Exit
from headrace.cli.ids import read_ids, resolve_id
from headrace.cli.output import note, output_options, print_json
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.storage.jobs import Changed

PARTLY_DONE = 8


@click.command("retry")
@click.argument("ids", metavar="ID...", nargs=-1)
@store_option
@output_options("table", "json")
def retry(ids: tuple[str, ...], store: str | None, output: str) -> int:
    """Queue dead, cancelled or expired jobs again, with their attempts counted anew. - reads ids from stdin.

    Exit 3 when a job is not there, 5 when one is in a state that cannot be retried, 8 when only some were retried.

    \b
    Examples:
      headrace job retry 019a0b0c-0d0e-7123-bfff-ffffffffffff
      headrace job list state:dead -o name | headrace job retry -
    """
    return _change("retry", read_ids(ids), store, output, lambda app, whole: app.retry(whole))


@click.command("cancel")
@click.argument("ids", metavar="ID...", nargs=-1)
@click.option("--reason", default="cancelled by a person", metavar="TEXT", help="Kept with the job.")
@store_option
@output_options("table", "json")
def cancel(ids: tuple[str, ...], reason: str, store: str | None, output: str) -> int:
    """Cancel jobs that have not begun, and ask the workers of running ones to stop. - reads ids from stdin.

    \b
    Examples:
      headrace job cancel 019a0b0c-0d0e-7123-bfff-ffffffffffff --reason "wrong customer"
      headrace job list state:queued -o name | headrace job cancel -
    """
    return _change("cancel", read_ids(ids), store, output, lambda app, whole: app.cancel(whole, reason=reason))


def _change(
    verb: str,
    ids: Sequence[str],
    store: str | None,
    output: str,
    change: Callable[[Headrace, list[str]], Awaitable[list[Changed]]],
) -> int:
    async def act(app: Headrace) -> list[Changed]:
        whole = [await resolve_id(app, each) for each in ids]
        return await change(app, whole)

    answers = with_store(resolve_store(store), act)
    views = [_view(answer) for answer in answers]
    if output == "json":
        print_json({"schema": f"headrace.job.{verb}/1", "items": views, "next_cursor": None, "complete": True})
    else:
        for view in views:
            _tell(verb, view)
    return _exit_code(views)


def _view(answer: Changed) -> dict[str, Any]:
    view = {"id": answer.id, "changed": answer.changed, "state": answer.state and answer.state.value}
    return view if answer.conflict is None else {**view, "conflict": answer.conflict}


def _tell(verb: str, view: dict[str, Any]) -> None:
    if view["changed"]:
        asked = " (its worker is asked to stop)" if verb == "cancel" and view["state"] == "running" else ""
        click.echo(f"{view['id']}  {view['state']}{asked}")
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
        return PARTLY_DONE
    return Exit.NOT_FOUND if all(view["state"] is None for view in views) else Exit.WRONG_STATE
