"""``headrace worker list``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
import msgspec

from headrace.cli.durations import ago
from headrace.cli.output import Column, note, output_options, print_list
from headrace.cli.sizes import format_bytes
from headrace.cli.stores import resolve_store, store_option, with_store

if TYPE_CHECKING:
    from headrace.app import Headrace


@click.command("list")
@store_option
@output_options()
def command(store: str | None, output: str) -> None:
    """The workers heard of within the last half minute.

    \b
    Examples:
      headrace worker list
      headrace worker list --json
    """
    items = with_store(resolve_store(store), read_workers)
    print_list(output, "headrace.worker.list/1", items, _columns(datetime.now(UTC)))
    if not items and output == "table":
        note("no worker was heard of within the last half minute; start one with: headrace worker APP")


async def read_workers(app: Headrace) -> list[dict[str, Any]]:
    """The workers as plain values."""
    return [msgspec.to_builtins(record, builtin_types=(datetime,)) for record in await app.workers()]


def _columns(now: datetime) -> list[Column]:
    return [
        Column("ID", lambda worker: worker["id"]),
        Column("HOST", lambda worker: worker["hostname"]),
        Column("PID", lambda worker: str(worker["pid"])),
        Column("QUEUES", lambda worker: " ".join(f"{name}={slots}" for name, slots in worker["queues"].items())),
        Column("RUNNING", lambda worker: str(worker["running"])),
        Column("MEMORY", lambda worker: format_bytes(worker["memory_bytes"]) if worker["memory_bytes"] else "-"),
        Column("CPU", lambda worker: f"{worker['cpu_s']:.1f} s"),
        Column("LAG", lambda worker: "-" if worker["loop_lag_s"] is None else f"{worker['loop_lag_s'] * 1000:.0f} ms"),
        Column("STARTED", lambda worker: ago(worker["started_at"], now)),
        Column("LAST CLAIM", lambda worker: ago(worker["last_claim_at"], now)),
        Column("VERSION", lambda worker: worker["version"]),
        Column("HEALTH", lambda worker: "; ".join(worker["problems"]) or "ok"),
    ]
