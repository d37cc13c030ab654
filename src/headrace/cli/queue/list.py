"""``headrace queue list``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from headrace.cli.durations import short
from headrace.cli.output import Column, Item, note, output_options, print_list
from headrace.cli.query import STATES
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.model.queue import QueueSettings, QueueStats

WINDOW = timedelta(minutes=1)


@click.command("list")
@store_option
@output_options()
def command(store: str | None, output: str) -> None:
    """Every queue: its jobs by state, how long the oldest waits, jobs a second over the last minute, and pauses.

    \b
    Examples:
      headrace queue list
      headrace queue list --json
    """
    items = with_store(resolve_store(store), read_queues)
    print_list(output, "headrace.queue.list/1", items, _COLUMNS, name="name")
    if not items and output == "table":
        note("no queue has had a job yet")


async def read_queues(app: Headrace) -> list[dict[str, Any]]:
    """The queues as plain values, by name."""
    settings = {each.name: each for each in await app.queues()}
    now = datetime.now(UTC)
    # A queue that came between the two looks is in the next list.
    return [
        _queue_view(settings[stats.queue], stats, now)
        for stats in await app.stats(window=WINDOW)
        if stats.queue in settings
    ]


def _queue_view(settings: QueueSettings, stats: QueueStats, now: datetime) -> dict[str, Any]:
    since, rate = stats.oldest_queued_at, stats.rate
    counts = {state.value: count for state, count in stats.counts.items()}
    return {
        "name": settings.name,
        "paused": settings.paused,
        "pause_reason": settings.pause_reason,
        "paused_at": settings.paused_at,
        "counts": {state: counts.get(state, 0) for state in STATES},
        "oldest_waiting_s": None if since is None else max(0.0, (now - since).total_seconds()),
        "enqueued_per_s": round(rate.per_second("enqueued"), 2),
        "finished_per_s": round(rate.per_second("succeeded", "dead"), 2),
        "failed_per_s": round(rate.per_second("failed"), 2),
    }


def _paused(queue: Item) -> str:
    if not queue["paused"]:
        return "active"
    return f"paused: {queue['pause_reason']}" if queue["pause_reason"] else "paused"


def _oldest(queue: Item) -> str:
    age = queue["oldest_waiting_s"]
    return "-" if age is None else short(timedelta(seconds=age))


def _count(state: str) -> Column:
    return Column(state.upper(), lambda queue: str(queue["counts"][state]))


_COLUMNS = [
    Column("QUEUE", lambda queue: queue["name"]),
    Column("STATUS", _paused),
    *(_count(state) for state in STATES),
    Column("OLDEST", _oldest),
    Column("IN/S", lambda queue: f"{queue['enqueued_per_s']:g}"),
    Column("OUT/S", lambda queue: f"{queue['finished_per_s']:g}"),
]
