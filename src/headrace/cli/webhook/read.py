"""``headrace webhook list``, ``get`` and ``deliveries``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from headrace.cli.durations import ago
from headrace.cli.output import Column, Output, note, output_options, print_item, print_list
from headrace.cli.stores import resolve_store, store_option, with_store
from headrace.cli.webhook.views import state_of, webhook_lines, webhook_view

if TYPE_CHECKING:
    from headrace.app import Headrace
    from headrace.model.job import Job
    from headrace.model.page import Page
    from headrace.model.webhook import Webhook


@click.command("list")
@store_option
@output_options()
def list_webhooks(store: str | None, output: Output) -> None:
    """Every webhook, the oldest first.

    \b
    Examples:
      headrace webhook list
      headrace webhook list --json id,url,active
    """

    async def ask(app: Headrace) -> list[Webhook]:
        return await app.webhooks.list()

    items = [webhook_view(webhook) for webhook in with_store(resolve_store(store), ask)]
    print_list(output, "headrace.webhook.list/1", items, _COLUMNS)
    if not items and output == "table":
        note("there is no webhook; headrace webhook add URL makes one")


@click.command("get")
@click.argument("webhook_id", metavar="WEBHOOK")
@store_option
@output_options("table", "json", "name")
def get(webhook_id: str, store: str | None, output: Output) -> None:
    """Everything about a webhook, but its secret.

    \b
    Examples:
      headrace webhook get wh-019a0b0c-0d0e-7123-bfff-ffffffffffff
    """

    async def ask(app: Headrace) -> Webhook:
        return await app.webhooks.get(webhook_id)

    found = webhook_view(with_store(resolve_store(store), ask))
    print_item(output, "headrace.webhook.get/1", found, webhook_lines)


@click.command("deliveries")
@click.argument("webhook_id", metavar="WEBHOOK")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, metavar="N", help="Deliveries on a page. [50]")
@click.option("--cursor", metavar="CURSOR", help="Go on where a page ended.")
@store_option
@output_options()
def deliveries(webhook_id: str, limit: int, cursor: str | None, store: str | None, output: Output) -> None:
    """What was sent to a webhook, and is to be sent, the newest first. Deliveries are jobs: get, retry, cancel them.

    \b
    Examples:
      headrace webhook deliveries wh-019a0b0c-0d0e-7123-bfff-ffffffffffff
    """

    async def ask(app: Headrace) -> Page[Job]:
        return await app.webhooks.deliveries(webhook_id, cursor=cursor, limit=limit)

    page = with_store(resolve_store(store), ask)
    items = [
        {
            "id": job.id,
            "kind": next((tag for tag in job.tags if tag != webhook_id), None),
            "state": job.state.value,
            "attempt": job.attempt,
            "max_attempts": job.max_attempts,
            "enqueued_at": job.enqueued_at,
            "finished_at": job.finished_at,
            "error": None if job.error is None else job.error.message,
            "reason": job.reason,
        }
        for job in page.items
    ]
    now = datetime.now(UTC)
    columns = [
        Column("JOB", lambda job: job["id"]),
        Column("KIND", lambda job: job["kind"] or "-"),
        Column("STATE", lambda job: job["state"]),
        Column("ATTEMPT", lambda job: f"{job['attempt']} of {job['max_attempts']}"),
        Column("ENQUEUED", lambda job: ago(job["enqueued_at"], now)),
        Column("LAST ERROR", lambda job: job["error"] or job["reason"] or "-"),
    ]
    more = {"next_cursor": page.next_cursor}
    print_list(output, "headrace.webhook.deliveries/1", items, columns, more=more)


_COLUMNS = [
    Column("ID", lambda webhook: webhook["id"]),
    Column("URL", lambda webhook: webhook["url"]),
    Column("STATE", state_of),
    Column("KINDS", lambda webhook: ", ".join(webhook["kinds"]) or "all"),
    Column("QUEUES", lambda webhook: ", ".join(webhook["queues"]) or "all"),
    Column("TASKS", lambda webhook: ", ".join(webhook["tasks"]) or "all"),
]
