"""``headrace job get`` and ``headrace status``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
import msgspec

from headrace.cli.durations import ago, rfc3339, short
from headrace.cli.ids import not_found, resolve_id
from headrace.cli.job.list import progress_text
from headrace.cli.output import ITEM, Item, encode, output_options, print_item
from headrace.cli.redacting import conceal, reveal_option
from headrace.cli.stores import resolve_store, store_option, with_store
from headrace.cli.views import attempt_view, whole_job_view

if TYPE_CHECKING:
    from headrace.app import Headrace

_MB = 1_000_000


@click.command("get")
@click.argument("job_id", metavar="ID")
@reveal_option
@store_option
@output_options(*ITEM)
def command(job_id: str, reveal: bool, store: str | None, output: str) -> None:
    """Everything about one job: arguments, result, every attempt with its traceback, progress and log lines.

    ID may be the beginning of an id, as long as only one job has it.

    \b
    Examples:
      headrace job get 019a0b0c-0d0e-7123-bfff-ffffffffffff
      headrace status 019a0b0c-0d0e-7123-bfff-ffffffffffff --json
    """

    async def ask(app: Headrace) -> dict[str, Any]:
        return await read_whole_job(app, await resolve_id(app, job_id), reveal=reveal)

    job = with_store(resolve_store(store), ask)
    print_item(output, "headrace.job.get/1", job, lambda job: _lines(job, datetime.now(UTC)))


async def read_whole_job(app: Headrace, job_id: str, *, reveal: bool = False) -> dict[str, Any]:
    """The job with its attempts and log lines, redacted unless ``reveal``. Exit code 3 where there is none."""
    from headrace.errors import JobNotFound

    try:
        job = await app.get(job_id)
    except JobNotFound:
        raise not_found(job_id) from None
    attempts = [attempt_view(attempt) for attempt in await app.attempts(job_id)]
    logs = [msgspec.to_builtins(line, builtin_types=(datetime,)) for line in await app.logs(job_id)]
    view = {**whole_job_view(job), "attempts": attempts, "logs": logs}
    return (await conceal(app, [job], [view], reveal=reveal))[0]


def _lines(job: Item, now: datetime) -> list[str]:
    lines = [
        f"Job        {job['id']}",
        f"Task       {job['task']}" + (f"  version {job['task_version']}" if job["task_version"] != 1 else ""),
        f"State      {job['state']}" + ("  (cancellation requested)" if job["cancel_requested"] else ""),
        f"Queue      {job['queue']}  priority {job['priority']}",
        f"Attempts   {job['attempt']} of {job['max_attempts']}",
        f"Enqueued   {_at(job['enqueued_at'], now)}",
        f"Runs at    {_at(job['run_at'], now)}",
    ]
    optional = {
        "Started": job["started_at"] and _at(job["started_at"], now),
        "Finished": job["finished_at"] and _at(job["finished_at"], now),
        "Worker": job["worker"],
        "Expires": job["expires_at"] and _at(job["expires_at"], now),
        "Timeout": job["timeout_s"] and f"{job['timeout_s']:g} s",
        "Key": job["idempotency_key"],
        "Unique": job["unique_key"],
        "Partition": job["partition"],
        "Tags": ", ".join(job["tags"]),
        "Metadata": encode(job["metadata"]) if job["metadata"] else None,
        "Reason": job["reason"],
        "Progress": job["progress"] and progress_text(job["progress"]),
    }
    lines += [f"{name:<11}{value}" for name, value in optional.items() if value]
    lines.append(f"Args       {encode(job['args'])}")
    if job["state"] == "succeeded":
        lines.append(f"Result     {encode(job['result'])}")
    for attempt in job["attempts"]:
        lines += _attempt_lines(attempt)
    if job["logs"]:
        lines.append("Log")
        lines += [log_text(line) for line in job["logs"]]
    return lines


def _attempt_lines(attempt: dict[str, Any]) -> list[str]:
    took = short(attempt["finished_at"] - attempt["started_at"])
    head = f"Attempt {attempt['number']:<3}{attempt['outcome']} after {took} on {attempt['worker']}"
    lines = [f"{head}, {rfc3339(attempt['started_at'])}"]
    used = [
        f"{attempt['cpu_s']:.3f} s of processor time" if attempt["cpu_s"] is not None else "",
        f"{attempt['peak_rss_bytes'] / _MB:.0f} MB of memory at most" if attempt["peak_rss_bytes"] is not None else "",
    ]
    if any(used):
        lines.append(f"           used {', '.join(filter(None, used))}")
    if attempt["error"]:
        lines.append(f"           {attempt['error']['type']}: {attempt['error']['message']}")
        lines += [f"           {line}" for line in attempt["error"]["traceback"].splitlines()]
    return lines


def log_text(line: dict[str, Any]) -> str:
    """A log line of a job for people."""
    return f"           {rfc3339(line['at'])}  {line['level']}  {line['message']}"


def _at(instant: datetime, now: datetime) -> str:
    return f"{rfc3339(instant)}  ({ago(instant, now)})"
