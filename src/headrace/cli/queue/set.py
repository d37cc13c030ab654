"""``headrace queue set``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from headrace.cli.faults import usage
from headrace.cli.limit.values import DurationOrNone, OrNone, RateOrNone, given
from headrace.cli.limit.views import queue_words
from headrace.cli.stores import resolve_store, store_option, with_store
from headrace.model.limits import LimitScope, LimitTarget
from headrace.model.queue import QueueSettings

if TYPE_CHECKING:
    from headrace.app import Headrace


@click.command("set")
@click.argument("name", metavar="QUEUE")
@click.option("--concurrency", type=OrNone("number"), help="How many jobs run at once, or none.")
@click.option("--rate", type=RateOrNone("rate"), help="How many begin, such as 100/s or '5/10s burst 1', or none.")
@click.option("--key-concurrency", "--per-key-concurrency", type=OrNone("number"), help="The same for each key.")
@click.option("--key-rate", "--per-key-rate", type=RateOrNone("rate"), help="The same for each key.")
@click.option("--fair/--no-fair", default=None, help="Let keys take turns within a priority.")
@click.option("--ordered/--no-ordered", default=None, help="Run the jobs of a key one at a time, in their order.")
@click.option("--ageing", type=DurationOrNone("duration"), help="Waiting so long is worth a level, or none.")
@store_option
def command(name: str, store: str | None, **options: Any) -> None:
    """Change limits and order of a queue, while workers run. Only what is given changes; none takes a figure away.

    \b
    Examples:
      headrace queue set mail --concurrency 20 --rate 100/s
      headrace queue set mail --key-concurrency 2 --fair
      headrace queue set reports --ageing 10m
    """
    changes = given(options)
    if not changes:
        raise usage("nothing to set", fixes=[f"headrace queue set {name} --concurrency 20"])

    async def act(app: Headrace) -> str:
        await app.configure_queue(name, **changes)
        known = {settings.name: settings for settings in await app.queues()}
        limits = {limit.target: limit for limit in await app.backend.limits.all()}
        queue, keys = (LimitTarget(scope, name) for scope in (LimitScope.QUEUE, LimitScope.KEYS))
        return queue_words(known.get(name, QueueSettings(name=name)), limits.get(queue), limits.get(keys))

    click.echo(f"{name}  {with_store(resolve_store(store), act)}")
