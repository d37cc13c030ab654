"""``headrace limit set`` and ``headrace limit remove``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from headrace.cli.faults import Exit, Fault, did_you_mean, usage
from headrace.cli.limit.values import OrNone, RateOrNone, given
from headrace.cli.limit.views import figures
from headrace.cli.output import note
from headrace.cli.remote import is_remote
from headrace.cli.stores import resolve_store, store_option, with_store
from headrace.model.limits import LimitScope, LimitTarget

if TYPE_CHECKING:
    from headrace.app import Headrace


@click.command("set")
@click.argument("target", metavar="TARGET")
@click.option("--concurrency", type=OrNone("number"), help="How many jobs run at once, or none.")
@click.option("--rate", type=RateOrNone("rate"), help="How many begin, such as 100/s or '5/10s burst 1', or none.")
@store_option
def set_limit(target: str, concurrency: Any, rate: Any, store: str | None) -> None:
    """Limit a store, a queue, a task or a key. Only what is given changes; what runs, runs on.

    A single key may be set without a figure: it then has no limit, whatever is set for each.

    \b
    Examples:
      headrace limit set queue:mail --concurrency 20 --rate 100/s
      headrace limit set keys:mail --concurrency 2
      headrace limit set key:mail:ourselves
    """
    changes = given({"concurrency": concurrency, "rate": rate})
    if not changes and LimitTarget.parse(target).scope is not LimitScope.KEY:
        raise usage("nothing to set", fixes=[f"headrace limit set {target} --concurrency 20"])

    url = resolve_store(store)

    async def act(app: Headrace) -> tuple[str, list[str] | None]:
        await app.limit(target, **changes)
        found = await app.limit_usage(target)
        # A server offers no catalogue as it is stored.
        others = None if is_remote(url) else await _other_tasks(app, LimitTarget.parse(target))
        return figures(None if found is None else found.limit), others

    shown, others = with_store(url, act)
    click.echo(f"{target}  {shown}")
    if others is not None:
        name = target.partition(":")[2]
        note("; ".join([f"no worker has told of a task {name!r} yet", *did_you_mean(name, others, what="tasks")]))


async def _other_tasks(app: Headrace, target: LimitTarget) -> list[str] | None:
    """The tasks there are, where the limit is for one that nobody knows: it is kept, and may be a slip of the pen."""
    if target.scope is not LimitScope.TASK:
        return None
    known = [record.name for record in await app.catalogue()]
    return None if target.name in known else known


@click.command("remove")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True)
@store_option
def remove(targets: tuple[str, ...], store: str | None) -> None:
    """Take limits away. A single key then comes under the limit of each key again.

    \b
    Examples:
      headrace limit remove queue:mail key:mail:tenant-7
    """

    async def act(app: Headrace) -> None:
        known = {str(limit.target) for limit in await app.backend.limits.all()}
        for target in targets:
            if str(LimitTarget.parse(target)) not in known:
                raise Fault(Exit.NOT_FOUND, "03", f"no limit is set for {target}", fixes=["headrace limit list"])
        for target in targets:
            await app.remove_limit(target)

    with_store(resolve_store(store), act)
    for target in targets:
        click.echo(f"{target}  removed")
